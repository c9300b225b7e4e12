#include "delineate/rhythm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <deque>

#include "base/error.h"

namespace cfm::delineate {
namespace {

constexpr std::int64_t kPairs = 8;                    // intervals whose pairs are counted
constexpr std::int64_t kBack = 12, kAhead = 20;       // their window about an interval, centred: it looks back itself
constexpr double kShortest = 0.2, kLongest = 3;       // s; other intervals are none
constexpr double kUsual = 0.8;                        // s, up to which `differ` is constant
constexpr std::size_t kMostWaiting = 256;             // beats
constexpr std::size_t kRateBack = 3, kRateAhead = 4;  // intervals about one whose mean is its rate
constexpr std::size_t kNear = 8;                      // beats over which a verdict reaches
constexpr std::size_t kRun = 3;                       // beats of a ventricular run

// Which of a series of intervals are fibrillation, some 40 intervals later.
class Fibrillation {
 public:
  explicit Fibrillation(const RhythmOptions& options) : options_(options) {}

  struct Verdict {
    std::int64_t beat;
    bool fibrillates;
  };

  void push(std::int64_t beat, double interval, std::vector<Verdict>& out) {
    series_.push_back({.beat = beat, .interval = interval, .middle = interval});
    ++pushed_;
    if (pushed_ >= 2) settle(pushed_ - 2);
    while (decided_ + kAhead < pushed_) decide(out);
  }

  void flush(std::vector<Verdict>& out) {
    if (pushed_ > 0) settle(pushed_ - 1);
    while (decided_ < pushed_) decide(out);
    release(out, on_ && run_ >= options_.shortest);
    *this = Fibrillation(options_);
  }

 private:
  struct Item {
    std::int64_t beat;
    double interval, middle;  // s; middle: median of three
    double share = 0;         // of the pairs that differ
    double bigeminy = 0;
  };
  Item& item(std::int64_t at) { return series_[static_cast<std::size_t>(at - first_)]; }

  // The measures of interval `at`, whose neighbour is known (or which is the last).
  void settle(std::int64_t at) {
    if (at > 0 && at + 1 < pushed_) {
      const double a = item(at - 1).interval, b = item(at).interval, c = item(at + 1).interval;
      item(at).middle = std::max(std::min(a, b), std::min(std::max(a, b), c));
    }
    if (at < kPairs - 1) return;
    std::array<int, 2> differ{}, pairs{};  // an even and an odd number of beats apart
    double sum = 0, middles = 0;
    for (std::int64_t i = at - kPairs + 1; i <= at; ++i) {
      sum += item(i).interval;
      middles += item(i).middle;
      for (std::int64_t j = at - kPairs + 1; j < i; ++j) {
        const double a = item(i).middle, b = item(j).middle, slow = std::max(1.0, (a + b) / 2 / kUsual);
        const auto odd = static_cast<std::size_t>((i - j) % 2);
        differ[odd] += std::abs(a - b) >= options_.differ * slow * slow;
        ++pairs[odd];
      }
    }
    item(at).share = std::min(static_cast<double>(differ[0]) / pairs[0], static_cast<double>(differ[1]) / pairs[1]);
    item(at).bigeminy = (middles / sum - 1) * (middles / sum - 1);
  }

  double measure(std::int64_t at) {
    const std::int64_t from = std::max({first_, at - kBack, kPairs - 1}), to = std::min(pushed_, at + kAhead);
    if (from >= to) return 0;
    double share = 0, bigeminy = 0, middle = 0;
    for (std::int64_t i = from; i < to; ++i) {
      share += item(i).share;
      bigeminy += item(i).bigeminy;
      middle += item(i).middle;
    }
    bigeminy /= static_cast<double>(to - from);
    return bigeminy >= options_.bigeminy ? share / middle : bigeminy;
  }

  void decide(std::vector<Verdict>& out) {
    const double value = measure(decided_);
    const bool on = value > (on_ ? options_.ends : options_.fibrillates);
    if (on != on_) {
      release(out, on_ && run_ >= options_.shortest);
      on_ = on;
      run_ = 0;
    }
    ++run_;
    held_.push_back(item(decided_).beat);
    ++decided_;
    if (!on_ || run_ >= options_.shortest) release(out, on_);
    while (first_ < decided_ - kBack - kPairs) {
      series_.pop_front();
      ++first_;
    }
  }

  void release(std::vector<Verdict>& out, bool fibrillates) {
    for (const std::int64_t beat : held_) out.push_back({beat, fibrillates});
    held_.clear();
  }

  RhythmOptions options_;
  std::deque<Item> series_;
  std::int64_t first_ = 0, pushed_ = 0, decided_ = 0;  // intervals
  bool on_ = false;
  int run_ = 0;                     // intervals since on_ changed
  std::vector<std::int64_t> held_;  // beats of a run that may be too short
};

bool ventricular(const ClassifiedBeat& b) { return b.code == kVentricularBeat; }
bool sinus(const ClassifiedBeat& b) { return b.code == kNormalBeat || b.code == kPacedBeat; }

}  // namespace

struct RhythmFinder::Impl {
  struct Waiting {
    ClassifiedBeat beat;
    double interval = 0;  // s, before it; 0: none
    bool decided = false, fibrillates = false;
  };
  double fs;
  RhythmOptions options;
  Fibrillation fibrillation;
  std::deque<Waiting> beats;  // without a rhythm, after kContext of those that have one
  std::int64_t first = 0;     // number of the first of them
  std::size_t done = 0;       // of `beats`, kept as context
  bool af = false, slow = false, reported = false;
  RhythmSpan current;
  double last = 0;
  std::vector<Fibrillation::Verdict> verdicts;

  Impl(double rate, const RhythmOptions& o) : fs(rate), options(o), fibrillation(o) {}

  void push(const ClassifiedBeat& beat, std::vector<RhythmSpan>& out) {
    Waiting next{.beat = beat};
    if (!beats.empty()) {
      const ClassifiedBeat& previous = beats.back().beat;
      const double seconds = (beat.sample - previous.sample) / fs;
      if (!beat.gap && seconds > options.pause)
        out.push_back({.start = previous.sample, .end = beat.sample, .aux = "(PAUSE"});
      if (!beat.gap) next.interval = seconds;
      if (!beat.gap && seconds > kShortest && seconds < kLongest && sinus(previous) && sinus(beat))
        fibrillation.push(first + static_cast<std::int64_t>(beats.size()), seconds, verdicts);
    }
    beats.push_back(next);
    if (beats.size() - done > kMostWaiting) fibrillation.flush(verdicts);
    advance(out, false);
    if (beats.size() - done > kMostWaiting) settle(out, beats.size() - kRateAhead - 1);
  }

  void advance(std::vector<RhythmSpan>& out, bool end) {
    std::size_t until = done;
    for (const auto& [beat, fibrillates] : verdicts) {
      Waiting& w = beats[static_cast<std::size_t>(beat - first)];
      w.decided = true;
      w.fibrillates = fibrillates;
      until = std::max(until, static_cast<std::size_t>(beat - first) + 1);
    }
    verdicts.clear();
    settle(out, end ? beats.size() : std::min(until, beats.size() - std::min(beats.size(), kRateAhead + 1)));
  }

  void settle(std::vector<RhythmSpan>& out, std::size_t until) {
    for (; done < until; ++done) {
      begin(rhythm_of(done), beats[done].beat.sample, out);
      last = beats[done].beat.sample;
    }
    while (done > kRateBack + kRun) {
      beats.pop_front();
      ++first;
      --done;
    }
  }

  std::string_view rhythm_of(std::size_t i) {
    // A beat without a verdict goes with the next one that has one, if it is near; the last ones with those before.
    std::size_t next = i;
    while (next < beats.size() && next < i + kNear && !beats[next].decided) ++next;
    if (next < beats.size()) af = beats[next].decided && beats[next].fibrillates;
    double sum = 0;
    int n = 0;
    for (std::size_t k = i - std::min(i, kRateBack); k <= std::min(i + kRateAhead, beats.size() - 1); ++k) {
      const Waiting& w = beats[k];
      if (!(w.interval > 0) || w.interval >= kLongest) continue;
      sum += w.interval;
      ++n;
    }
    slow = n > static_cast<int>(kRateAhead) && sum > (slow ? options.recovers : options.bradycardia) * n;
    if (in_run(i)) return "(VT";
    if (af) return "(AFIB";
    return slow ? "(SBR" : "(N";
  }

  // Whether three ventricular beats in a row hold this one, near enough to each other.
  bool in_run(std::size_t i) const {
    for (std::size_t from = i - std::min(i, kRun - 1); from <= i && from + kRun <= beats.size(); ++from) {
      bool run = true;
      double sum = 0;
      for (std::size_t k = from; k < from + kRun; ++k) {
        run = run && ventricular(beats[k].beat);
        if (k > from) {
          run = run && beats[k].interval > 0;
          sum += beats[k].interval;
        }
      }
      if (run && sum <= options.tachycardia * static_cast<double>(kRun - 1)) return true;
    }
    return false;
  }

  void begin(std::string_view aux, double sample, std::vector<RhythmSpan>& out) {
    if (aux == current.aux) return;
    if (!current.aux.empty()) {
      out.push_back({.start = current.start, .end = sample, .aux = current.aux});
      reported = true;
    }
    current = {.start = sample, .end = sample, .aux = aux};
  }

  void finish(std::vector<RhythmSpan>& out) {
    fibrillation.flush(verdicts);
    advance(out, true);
    // A rhythm of the last beat alone has no length; it is told only where there is no other.
    if (!current.aux.empty() && (last > current.start || !reported))
      out.push_back({.start = current.start, .end = last, .aux = current.aux});
  }
};

RhythmFinder::RhythmFinder(double fs, const RhythmOptions& options) : fs_(fs), options_(options) {
  if (!(fs > 0) || !std::isfinite(fs)) throw Error(Status::kUsage, "rhythm at {} Hz: a positive rate is needed", fs);
  impl_ = std::make_unique<Impl>(fs, options);
}
RhythmFinder::RhythmFinder(RhythmFinder&&) noexcept = default;
RhythmFinder::~RhythmFinder() = default;

void RhythmFinder::process(std::span<const ClassifiedBeat> beats, std::vector<RhythmSpan>& out) {
  for (const ClassifiedBeat& beat : beats) impl_->push(beat, out);
}

void RhythmFinder::flush(std::vector<RhythmSpan>& out) {
  impl_->finish(out);
  impl_ = std::make_unique<Impl>(fs_, options_);
}

RhythmSpan RhythmFinder::going_on() const {
  return {.start = impl_->current.start, .end = impl_->last, .aux = impl_->current.aux};
}

std::vector<RhythmSpan> find_rhythms(std::span<const ClassifiedBeat> beats, double fs, const RhythmOptions& options) {
  std::vector<RhythmSpan> out;
  RhythmFinder finder(fs, options);
  finder.process(beats, out);
  finder.flush(out);
  return out;
}

}  // namespace cfm::delineate
