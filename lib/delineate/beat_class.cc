#include "delineate/beat_class.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

#include "base/error.h"
#include "delineate/beat_class_weights.h"
#include "delineate/class_features.h"

namespace cfm::delineate {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLowestRate = 100;          // Hz
constexpr double kWarmUp = 10;               // s of beats before the first decision
constexpr double kLongest = 3;               // s; a longer interval is none
constexpr int kMostMissing = kShape / 4;     // steps
constexpr double kVentricularFrom = 0;       // logit
constexpr double kSupraventricularFrom = 1;  // logit, swept: see the commit

template <int kDepth, std::size_t kTrees>
double sum_of(const std::array<ClassTree<kDepth>, kTrees>& trees, double base, const Features& f) {
  double sum = base;
  for (const auto& tree : trees) {
    std::size_t node = 0;
    for (int level = 0; level < kDepth; ++level)
      node = 2 * node + (f[tree.feature[node]] <= tree.threshold[node] ? 1 : 2);
    sum += static_cast<double>(tree.leaf[node - tree.kNodes]);
  }
  return sum;
}

double ventricular_logit(const Features& f) { return sum_of(kVentricularTrees, kVentricularBase, f); }
double supraventricular_logit(const Features& f) { return sum_of(kSupraventricularTrees, kSupraventricularBase, f); }

}  // namespace

struct BeatClassifier::Impl {
  struct Waiting {
    double sample;
    bool shaped = false;
    Shape shape = {};
  };
  double fs;
  ShapeGrid grid;
  FamilyTracker tracker;
  std::deque<Waiting> waiting;  // beats without a class
  std::size_t shaped = 0;       // of them
  double known = 0, previous = -kInfinity, latest = -kInfinity;
  std::int64_t gaps = 0;  // steps with NaN up to the last beat
  bool warm = false;

  explicit Impl(double rate) : fs(rate), grid(rate) {}

  double interval(double from, double to) const {
    const double seconds = (to - from) / fs;
    return seconds <= kLongest ? seconds : 0;
  }
  double before(std::size_t i) const { return interval(i > 0 ? waiting[i - 1].sample : previous, waiting[i].sample); }
  double after(std::size_t i) const {
    return i + 1 < waiting.size() ? interval(waiting[i].sample, waiting[i + 1].sample) : 0;
  }
  // Whether its shape and the interval after it are there.
  bool complete(std::size_t i) const {
    return i < shaped && (i + 1 < waiting.size() || known >= waiting[i].sample + kLongest * fs);
  }
  static bool usable(const Shape& s) { return s.missing <= kMostMissing && s.size > 0 && std::isfinite(s.size); }

  void advance(std::vector<ClassifiedBeat>& out, bool end) {
    for (; shaped < waiting.size() && (end || grid.settled(waiting[shaped].sample)); ++shaped) {
      if (end) grid.hold_until(waiting[shaped].sample);
      waiting[shaped].shape = shape_at(grid, waiting[shaped].sample);
    }
    if (!warm && !waiting.empty()) warm_up(out, end);
    while (warm && !waiting.empty() && (end || complete(0))) {
      const Waiting& beat = waiting.front();
      if (usable(beat.shape)) {
        const auto own = tracker.match(beat.shape);
        const Features f = tracker.measure(beat.shape, own, before(0), after(0));
        const double logit = ventricular_logit(f);
        out.push_back(decided(beat.sample, own, f, tracker.agreed(own, logit)));
        tracker.note(own, logit);
        tracker.learn(beat.shape, own, before(0), after(0));
      } else {
        out.push_back({.sample = beat.sample});
      }
      next(out.back());
    }
    grid.forget(shaped < waiting.size() ? std::min(known, waiting[shaped].sample) : known);
  }

  // The first beats are learnt from before any of them is judged.
  void warm_up(std::vector<ClassifiedBeat>& out, bool end) {
    const double until = waiting.front().sample + kWarmUp * fs;
    std::size_t n = 0;
    while (n < waiting.size() && waiting[n].sample < until) ++n;
    if (!end && (known < until || !complete(n - 1))) return;
    warm = true;
    for (std::size_t i = 0; i < n; ++i)
      if (usable(waiting[i].shape))
        tracker.learn(waiting[i].shape, tracker.match(waiting[i].shape), before(i), after(i));
    struct Judged {
      FamilyTracker::Match own;
      Features features;
      double logit;
    };
    std::vector<Judged> judged(n);
    for (std::size_t i = 0; i < n; ++i) {
      if (!usable(waiting[i].shape)) continue;
      Judged& j = judged[i];
      j.own = tracker.match(waiting[i].shape);
      j.features = tracker.measure(waiting[i].shape, j.own, before(i), after(i));
      j.logit = ventricular_logit(j.features);
      tracker.note(j.own, j.logit);
    }
    for (std::size_t i = 0; i < n; ++i) {
      const Judged& j = judged[i];
      if (usable(waiting.front().shape))
        out.push_back(decided(waiting.front().sample, j.own, j.features, tracker.agreed(j.own, j.logit)));
      else
        out.push_back({.sample = waiting.front().sample});
      next(out.back());
    }
  }

  ClassifiedBeat decided(double sample, const FamilyTracker::Match& own, const Features& f, double logit) const {
    int code = kNormalBeat;
    if (tracker.paced(own))
      code = kPacedBeat;
    else if (logit > kVentricularFrom)
      code = kVentricularBeat;
    else if (supraventricular_logit(f) > kSupraventricularFrom)
      code = kSupraventricularBeat;
    return {.sample = sample, .code = code, .ventricular = 1 / (1 + std::exp(-logit))};
  }

  void next(ClassifiedBeat& done) {
    done.gap = waiting.front().shape.missing_before > gaps;
    gaps = waiting.front().shape.missing_before;
    previous = waiting.front().sample;
    waiting.pop_front();
    --shaped;
  }
};

BeatClassifier::BeatClassifier(double fs) : fs_(fs) {
  if (!(fs >= kLowestRate) || !std::isfinite(fs))
    throw Error(Status::kUsage, "classes of beats at {} Hz: {} Hz and more are needed", fs, kLowestRate);
  impl_ = std::make_unique<Impl>(fs);
}
BeatClassifier::BeatClassifier(BeatClassifier&&) noexcept = default;
BeatClassifier::~BeatClassifier() = default;

void BeatClassifier::process(std::span<const float> in, std::span<const double> beats, double known_until,
                             std::vector<ClassifiedBeat>& out) {
  impl_->grid.push(in);
  for (const double beat : beats) {
    if (!std::isfinite(beat) || beat < impl_->latest)
      throw Error(Status::kUsage, "a beat at sample {} after one at {}: beats come in the order of time", beat,
                  impl_->latest);
    impl_->latest = beat;
    impl_->waiting.push_back({.sample = beat});
  }
  impl_->known = std::max(impl_->known, known_until);
  impl_->advance(out, false);
}

void BeatClassifier::flush(std::vector<ClassifiedBeat>& out) {
  impl_->advance(out, true);
  impl_ = std::make_unique<Impl>(fs_);
}

std::vector<ClassifiedBeat> classify_beats(std::span<const float> x, double fs, std::span<const double> beats) {
  std::vector<ClassifiedBeat> out;
  BeatClassifier classifier(fs);
  constexpr std::size_t kChunk = 1 << 16;  // samples
  std::size_t next = 0;
  for (std::size_t at = 0; at < x.size(); at += kChunk) {
    const std::size_t end = std::min(x.size(), at + kChunk);
    const std::size_t first = next;
    while (next < beats.size() && (end == x.size() || beats[next] < static_cast<double>(end))) ++next;
    classifier.process(x.subspan(at, end - at), beats.subspan(first, next - first), static_cast<double>(end), out);
  }
  classifier.flush(out);
  return out;
}

}  // namespace cfm::delineate
