#include "delineate/beats.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "delineate/beat_lead.h"

namespace cfm::delineate {
namespace {

constexpr double kLowestRate = 50;       // Hz
constexpr double kLearning = 2.4;        // s before the first decision
constexpr double kLongest = 2.5;         // s, intervals beyond are pauses and no part of the mean
constexpr double kPreferred = 0.5;       // of the best lead's worth, that the first needs to give the marks
constexpr double kLeastTolerance = 0.2;  // of the penalty for early beats, in the most irregular rhythm
constexpr double kUnknownTolerance = 0.5;
constexpr double kNever = -std::numeric_limits<double>::infinity();

struct Candidate {
  std::int64_t at = 0;  // sample of the record, low rate
  std::vector<LeadCandidate> leads;
  double odds = 0, slope = 0;
  double best = 0;  // of the paths that end here
  int from = -1;    // the candidate before on the best one; -1: the last beat
};

}  // namespace

struct BeatDetector::Impl {
  BeatOptions options;
  std::vector<BeatLead> leads;
  std::vector<double> shares;  // of each lead, in all
  double rate;
  std::int64_t apart, delay, reach;
  std::int64_t samples = 0, now = 0;  // low rate: taken in; before which all candidates are known
  std::int64_t wake = std::numeric_limits<std::int64_t>::max();
  double height = 0, previous = 0;  // of the candidate that is not settled yet; of the feature before
  std::int64_t place = -1;
  std::vector<Candidate> waiting;
  Level<8> intervals, irregularity;
  double last_interval = 0, last_slope = 0;
  std::int64_t last = 0, patience = 0;
  bool begun = false, has_beat = false;
  std::vector<double> found;

  Impl(double fs, std::size_t count, const BeatOptions& o) : options(o) {
    for (std::size_t l = 0; l < count; ++l) leads.emplace_back(fs);
    shares.assign(count, 1.0 / static_cast<double>(count));
    rate = leads.front().rate();
    delay = leads.front().delay();
    reach = leads.front().reach();
    apart = std::max(static_cast<std::int64_t>(o.apart * rate) + 1, reach - leads.front().delay());
  }

  double feature_at(std::int64_t at) const {
    if (leads.size() == 1) return leads.front().feature(at);
    double feature = 0;
    for (std::size_t l = 0; l < leads.size(); ++l) feature += shares[l] * leads[l].scaled_feature(at);
    return feature;
  }

  void step() {
    const std::int64_t at = samples++;
    const double feature = feature_at(at);
    if (feature > height && feature > previous) {
      height = feature;
      place = at;
    }
    previous = feature;
    if (place >= 0 && at - place >= apart) {
      take(place);
      height = 0;
      place = -1;
    }
    now = at - delay - apart;
    if (now < wake) return;
    settle();
    if (leads.size() == 1) return;
    // The leads' scales have changed.
    previous = feature_at(at);
    if (place >= 0) height = feature_at(place);
  }

  // Place from which settle() has something to do.
  void set_wake() {
    if (!begun) {
      wake = waiting.empty() ? std::numeric_limits<std::int64_t>::max() : static_cast<std::int64_t>(kLearning * rate);
      return;
    }
    wake = std::max(last, patience) + static_cast<std::int64_t>(options.patience * rate);
    if (!waiting.empty()) wake = std::min(wake, waiting.front().at + static_cast<std::int64_t>(options.lag * rate));
  }

  void take(std::int64_t at) {
    Candidate c;
    c.at = at - delay;
    for (BeatLead& lead : leads) c.leads.push_back(lead.measure(at, samples - 1));
    if (begun) judge(c, true);
    waiting.push_back(std::move(c));
    set_wake();
  }

  // all: compare with all shapes, not only with the one that the last beat changed.
  void judge(Candidate& c, bool all) {
    double sum = 0, weight = 0;
    for (std::size_t l = 0; l < leads.size(); ++l) {
      if (!c.leads[l].there) continue;
      leads[l].compare(c.leads[l], all);
      sum += shares[l] * leads[l].odds(c.leads[l]);
      weight += shares[l];
    }
    constexpr double kNothing = -8;
    c.odds = weight > 0 ? sum / weight : kNothing;
    c.slope = slope_of(c);
  }

  // The first levels: the middle of the largest of three spans, so that one artefact does not set them.
  void begin() {
    begun = true;
    patience = now;
    constexpr std::size_t kSpans = 3;
    constexpr double kLargestShare = 0.4;  // at slow rates two of the spans may hold no beat
    const double span = std::max(1.0, static_cast<double>(now)) / static_cast<double>(kSpans);
    for (std::size_t l = 0; l < leads.size(); ++l) {
      std::array<double, kSpans> largest{};
      std::vector<const LeadCandidate*> all;
      for (const Candidate& c : waiting) {
        const double part = std::clamp(static_cast<double>(c.at) / span, 0.0, static_cast<double>(kSpans - 1));
        double& most = largest[static_cast<std::size_t>(part)];
        most = std::max(most, c.leads[l].height);
        all.push_back(&c.leads[l]);
      }
      std::sort(largest.begin(), largest.end());
      leads[l].begin(std::max(largest[1], kLargestShare * largest[2]), all);
    }
    for (Candidate& c : waiting) judge(c, true);
  }

  void settle() {
    if (!begun) {
      if (static_cast<double>(now) < kLearning * rate || waiting.empty()) return;
      begin();
    }
    while (!waiting.empty() && static_cast<double>(now - waiting.front().at) >= options.lag * rate) decide();
    if (static_cast<double>(now - std::max(last, patience)) > options.patience * rate) {
      patience = now;
      for (BeatLead& lead : leads) lead.lose_patience();
      for (Candidate& c : waiting) judge(c, false);
    }
    set_wake();
  }

  double mean_interval() const { return intervals.median(); }

  // Penalty for an interval after a beat of that slope.
  double rhythm(double interval, double slope_before, double slope, double tolerance) const {
    if (interval < options.refractory * rate) return kNever;
    double penalty = 0;
    if (interval < options.t_window * rate && slope < options.t_slope * slope_before) {
      constexpr double kFlattest = 1e-9;
      penalty -= options.t_weight * std::log(options.t_slope * slope_before / std::max(slope, kFlattest));
    }
    const double mean = mean_interval();
    if (mean <= 0) return penalty;
    const double share = interval / mean;
    if (share < options.early_below) penalty -= tolerance * options.early * std::log(options.early_below / share);
    return penalty + lateness(share);
  }

  // Penalty for an interval of that many mean ones.
  double lateness(double share) const {
    if (share <= options.late_above) return 0;
    return -options.late * std::log(std::min(share, options.late_most) / options.late_above);
  }

  double waited(std::int64_t since) const {
    return mean_interval() > 0 ? lateness(static_cast<double>(now - since) / mean_interval()) : 0;
  }

  // The best path's first candidate; -1 where it has none.
  int first_on_best_path() {
    constexpr std::size_t kKnown = 4;
    const double tolerance =
        irregularity.count() < kKnown
            ? kUnknownTolerance
            : std::clamp(options.irregular / std::max(irregularity.median(), 1e-3), kLeastTolerance, 1.0);
    double most = has_beat ? waited(last) : 0;
    int end = -1;
    for (std::size_t k = 0; k < waiting.size(); ++k) {
      Candidate& c = waiting[k];
      c.best = has_beat ? rhythm(static_cast<double>(c.at - last), last_slope, c.slope, tolerance) : 0;
      c.from = -1;
      for (std::size_t j = 0; j < k; ++j) {
        const Candidate& before = waiting[j];
        if (before.best <= c.best) continue;  // penalties only take away
        const double value =
            before.best + rhythm(static_cast<double>(c.at - before.at), before.slope, c.slope, tolerance);
        if (value <= c.best) continue;
        c.best = value;
        c.from = static_cast<int>(j);
      }
      c.best += c.odds;
      const double value = c.best + waited(c.at);
      if (value <= most) continue;
      most = value;
      end = static_cast<int>(k);
    }
    while (end >= 0 && waiting[static_cast<std::size_t>(end)].from >= 0)
      end = waiting[static_cast<std::size_t>(end)].from;
    return end;
  }

  void decide() {
    const bool beat = first_on_best_path() == 0;
    const Candidate oldest = std::move(waiting.front());
    waiting.erase(waiting.begin());
    if (leads.size() > 1) weigh(oldest, beat);
    if (!beat) return;
    if (has_beat) {
      const auto interval = static_cast<double>(oldest.at - last);
      if (last_interval > 0) irregularity.add(std::abs(std::log(interval / last_interval)));
      last_interval = interval;
      if (interval < kLongest * rate) intervals.add(interval);
    }
    has_beat = true;
    last = patience = oldest.at;
    for (std::size_t l = 0; l < leads.size(); ++l) {
      if (oldest.leads[l].there) leads[l].learn(oldest.leads[l]);
    }
    last_slope = slope_of(oldest);
    for (Candidate& c : waiting) judge(c, false);
    if (const double at = mark(oldest); at >= 0) found.push_back(at);
  }

  double slope_of(const Candidate& c) const {
    double sum = 0, weight = 0;
    for (std::size_t l = 0; l < leads.size(); ++l) {
      if (!c.leads[l].there) continue;
      sum += shares[l] * leads[l].relative_slope(c.leads[l]);
      weight += shares[l];
    }
    return weight > 0 ? sum / weight : 0;
  }

  void weigh(const Candidate& c, bool beat) {
    double all = 0;
    for (std::size_t l = 0; l < leads.size(); ++l) {
      if (c.leads[l].there) leads[l].note(leads[l].odds(c.leads[l]), beat);
      shares[l] = leads[l].worth() * leads[l].worth();
      all += shares[l];
    }
    for (double& share : shares) share /= all;
  }

  double mark(const Candidate& c) const {
    double most = 0;
    for (std::size_t l = 0; l < leads.size(); ++l) most = std::max(most, c.leads[l].there ? leads[l].worth() : 0);
    std::size_t l = 0;
    while (!c.leads[l].there || leads[l].worth() < kPreferred * most) ++l;
    return leads[l].mark(c.leads[l], c.at);
  }

  void finish() {
    auto rest = static_cast<std::size_t>((delay + apart + reach + 2) * leads.front().decimation());
    while (rest > 0) {
      const std::size_t now = std::min(rest, BeatLead::kBlock);
      std::size_t complete = 0;
      for (BeatLead& lead : leads) complete = lead.push_last(now);
      for (; complete > 0; --complete) step();
      rest -= now;
    }
    if (!begun && !waiting.empty()) begin();
    while (!waiting.empty()) decide();
  }
};

BeatDetector::BeatDetector(double fs, std::size_t leads, const BeatOptions& options)
    : fs_(fs), leads_(leads), options_(options) {
  if (!(fs >= kLowestRate) || !std::isfinite(fs)) {
    throw Error(Status::kUsage, "beats at {} Hz: {} Hz and more are needed", fs, kLowestRate);
  }
  if (leads == 0) throw Error(Status::kUsage, "beats of no lead");
  impl_ = std::make_unique<Impl>(fs, leads, options);
}
BeatDetector::BeatDetector(BeatDetector&&) noexcept = default;
BeatDetector::~BeatDetector() = default;

void BeatDetector::process(std::span<const std::span<const float>> in, std::vector<double>& beats) {
  if (in.size() != leads_) throw Error(Status::kUsage, "beats: {} leads where {} are promised", in.size(), leads_);
  for (const auto& lead : in) {
    if (lead.size() != in.front().size()) throw Error(Status::kUsage, "beats: leads of different lengths");
  }
  for (std::size_t from = 0; from < in.front().size(); from += BeatLead::kBlock) {
    const std::size_t count = std::min(BeatLead::kBlock, in.front().size() - from);
    std::size_t complete = 0;
    for (std::size_t l = 0; l < leads_; ++l) complete = impl_->leads[l].push(in[l].subspan(from, count));
    for (; complete > 0; --complete) impl_->step();
  }
  beats.insert(beats.end(), impl_->found.begin(), impl_->found.end());
  impl_->found.clear();
}

void BeatDetector::process(std::span<const float> in, std::vector<double>& beats) {
  process(std::span<const std::span<const float>>(&in, 1), beats);
}

void BeatDetector::finish(std::vector<double>& beats) {
  // What the end cuts through within this time of its mark is no complex.
  constexpr double kRest = 0.04;  // s
  const double samples = static_cast<double>(impl_->leads.front().record_samples()) - kRest * fs_;
  impl_->finish();
  for (const double beat : impl_->found) {
    if (beat < samples) beats.push_back(beat);
  }
}

void BeatDetector::flush(std::vector<double>& beats) {
  finish(beats);
  impl_ = std::make_unique<Impl>(fs_, leads_, options_);
}

double BeatDetector::known_until() const {
  const std::int64_t next = impl_->waiting.empty() ? impl_->now : std::min(impl_->now, impl_->waiting.front().at);
  return static_cast<double>(next) * impl_->leads.front().decimation() - 0.1 * fs_;
}

std::vector<double> detect_beats_of_leads(std::span<const std::span<const float>> x, double fs,
                                          const BeatOptions& options) {
  std::vector<double> beats;
  BeatDetector detector(fs, x.size(), options);
  detector.process(x, beats);
  detector.finish(beats);
  return beats;
}

std::vector<double> detect_beats(std::span<const float> x, double fs, const BeatOptions& options) {
  return detect_beats_of_leads(std::span<const std::span<const float>>(&x, 1), fs, options);
}

}  // namespace cfm::delineate
