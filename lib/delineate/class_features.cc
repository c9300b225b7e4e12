#include "delineate/class_features.h"

#include <algorithm>
#include <cmath>

namespace cfm::delineate {
namespace {

constexpr double kJoin = 0.9;          // likeness from which a beat belongs to a family
constexpr std::size_t kFamilies = 10;  // at most; the rarest makes room
constexpr double kFading = 0.99;       // of a family's weight, a beat: what counts are the last 100 beats
constexpr double kMemory = 24;         // beats in a family's running means
constexpr double kOtherSize = 0.1;     // likeness lost for each factor e in size
constexpr double kEarlyCost = 4;       // a dominant family is not early: its weight falls by e for 0.25 of ln interval
constexpr double kWideCost = 0.1;      // nor wide: by e for 10 steps of `rise` beyond
constexpr double kUsualRise = 12;      // steps
constexpr double kNoiseRate = 0.12;    // running means of noise: 8 beats
constexpr double kVotes = 60;          // beats in a family's mean logit
constexpr double kDraw = 0.85, kHalfDraw = 3;      // the most that the mean counts; half of it from so many beats on
constexpr float kPace = 3.5F, kPaceSize = 0.015F;  // means of a family from which its beats are paced

double ln(double x) { return std::log(std::clamp(x, 0.05, 20.0)); }
double ln_ratio(float a, float b, float least) { return ln(static_cast<double>(a / std::max(least, b))); }
constexpr float kTiny = 1e-30F;

}  // namespace

FamilyTracker::Match FamilyTracker::match(const Shape& s) const {
  Match best;
  for (std::size_t i = 0; i < families_.size(); ++i) {
    const Agreement a = best_qrs_agreement(s, families_[i].mean, 2);
    const double likeness = a.correlation - kOtherSize * std::abs(ln(a.ratio));
    if (likeness > best.likeness) best = {.family = static_cast<int>(i), .likeness = likeness, .lag = a.lag};
  }
  best.member = best.family >= 0 && best.likeness >= kJoin;
  return best;
}

int FamilyTracker::dominant() const {
  int best = -1;
  double top = -1;
  for (std::size_t i = 0; i < families_.size(); ++i) {
    const Family& f = families_[i];
    const double early = std::min(0.0, f.pre + 0.05),
                 wide = std::max(0.0, static_cast<double>(f.mean.rise) - kUsualRise);
    const double score = f.weight * std::exp(kEarlyCost * early - kWideCost * wide);
    if (score > top) {
      top = score;
      best = static_cast<int>(i);
    }
  }
  return best;
}

void FamilyTracker::note_interval(double seconds) {
  intervals_[noted_++ % kIntervals] = std::clamp(seconds, 0.2, 2.5);
  const std::size_t n = std::min(kIntervals, noted_);
  const auto median = [n](std::array<double, kIntervals> a) {
    const auto middle = a.begin() + static_cast<std::ptrdiff_t>(n / 2);
    std::nth_element(a.begin(), middle, a.begin() + static_cast<std::ptrdiff_t>(n));
    return *middle;
  };
  const double usual = median(intervals_);
  mean_ = 0;
  for (std::size_t i = 0; i < n; ++i)
    mean_ += std::clamp(intervals_[i], 0.5 * usual, 1.6 * usual) / static_cast<double>(n);
  if (n < 4) return;
  std::array<double, kIntervals> off{};
  for (std::size_t i = 0; i < n; ++i) off[i] = std::abs(intervals_[i] - mean_) / mean_;
  irregularity_ = median(off);
}

Features FamilyTracker::measure(const Shape& s, const Match& own, double before, double after) const {
  Features f{};
  if (own.family < 0) return f;
  const Family &d = families_[static_cast<std::size_t>(dominant_)],
               &o = families_[static_cast<std::size_t>(own.family)];
  const Agreement a = best_qrs_agreement(s, d.mean, 3), b = best_qrs_agreement(o.mean, d.mean, 4);
  const double normal = normal_ > 0 ? normal_ : mean_, spread = irregularity_ + 0.05;
  const double pre = before > 0 ? ln(before / mean_) : 0, post = after > 0 ? ln(after / mean_) : 0;
  const bool both = before > 0 && after > 0;
  const double values[kFeatures] = {
      // timing
      pre, both ? ln(before / after) : 0, before > 0 && last_ > 0 ? ln(before / last_) : 0,
      before > 0 ? ln(before / normal) : 0, after > 0 ? ln(after / normal) : 0,
      both ? ln((before + after) / 2 / normal) : 0, irregularity_, ln(mean_), std::clamp(pre / spread, -5.0, 5.0),
      std::clamp(post / spread, -5.0, 5.0),
      // the beat's own shape
      ln(static_cast<double>(s.width)), ln(static_cast<double>(s.rise)), static_cast<double>(s.noise),
      ln(static_cast<double>(s.fat)), static_cast<double>(s.t_level),
      // beside the dominant family: QRS, QRS and T, T, P
      a.correlation, ln_ratio(s.size, d.mean.size, kTiny), area_between(s, d.mean, kQrsFrom, kQrsTo, a.lag),
      compare(s, d.mean, -10, 50, a.lag).correlation, compare(s, d.mean, 14, 50, a.lag).correlation,
      compare(s, d.mean, -34, -8, a.lag).correlation, area_between(s, d.mean, -34, -8, a.lag),
      ln_ratio(s.rise, d.mean.rise, 0.1F), ln_ratio(s.fat, d.mean.fat, 0.1F), ln(static_cast<double>(d.mean.rise)),
      // its family beside the dominant one
      o.pre, o.post, b.correlation, ln_ratio(o.mean.rise, d.mean.rise, 0.1F),
      area_between(o.mean, d.mean, kQrsFrom, kQrsTo, b.lag), own.likeness,
      // noise of late
      ln(stray_), ln(stray_from_dominant_), ln(0.02 + static_cast<double>(s.drift / std::max(kTiny, d.mean.size))),
      ln_ratio(s.before, d.mean.before, kTiny), activity_};
  std::transform(std::begin(values), std::end(values), f.begin(), [](double v) { return static_cast<float>(v); });
  return f;
}

void FamilyTracker::learn(const Shape& s, Match own, double before, double after) {
  if (own.family >= 0) {
    const Family& o = families_[static_cast<std::size_t>(own.family)];
    const Family& d = families_[static_cast<std::size_t>(dominant_)];
    stray_ += kNoiseRate * (1 - own.likeness - stray_);
    stray_from_dominant_ += kNoiseRate * (1 - best_qrs_agreement(s, d.mean, 3).correlation - stray_from_dominant_);
    activity_ += kNoiseRate * (ln_ratio(s.before, o.mean.before, kTiny) - activity_);
  }
  for (Family& f : families_) f.weight *= kFading;
  if (!own.member) {
    auto place = families_.end();
    if (families_.size() < kFamilies)
      place = families_.emplace(families_.end());
    else
      place = std::min_element(families_.begin(), families_.end(),
                               [](const Family& a, const Family& b) { return a.weight < b.weight; });
    *place = Family{.mean = s};
    own = {.family = static_cast<int>(place - families_.begin()), .lag = 0};
  }
  Family& f = families_[static_cast<std::size_t>(own.family)];
  f.count += 1;
  f.weight += 1;
  const double rate = 1 / std::min(f.count, kMemory);
  const auto step = static_cast<float>(rate);
  Shape& m = f.mean;
  for (int i = 0; i < kShape; ++i) {
    const float next = s.v[static_cast<std::size_t>(std::clamp(i - own.lag, 0, kShape - 1))];
    m.v[static_cast<std::size_t>(i)] += step * (next - m.v[static_cast<std::size_t>(i)]);
  }
  for (const auto measure : {&Shape::size, &Shape::width, &Shape::rise, &Shape::noise, &Shape::fat, &Shape::t_level,
                             &Shape::before, &Shape::after, &Shape::drift, &Shape::pace, &Shape::pace_size})
    m.*measure += step * (s.*measure - m.*measure);
  if (before > 0) f.pre += rate * (ln(before / mean_) - f.pre);
  if (after > 0) f.post += rate * (ln(after / mean_) - f.post);
  dominant_ = dominant();
  if (before > 0) {
    if (own.family == dominant_ && std::abs(ln(before / mean_)) < 0.25)
      normal_ = normal_ > 0 ? normal_ + 0.125 * (before - normal_) : before;
    note_interval(before);
    last_ = before;
  }
}

double FamilyTracker::agreed(const Match& own, double logit) const {
  if (!own.member) return logit;
  const Family& f = families_[static_cast<std::size_t>(own.family)];
  const double draw = kDraw * f.votes / (f.votes + kHalfDraw);
  return logit + draw * (f.logits - logit);
}

void FamilyTracker::note(const Match& own, double logit) {
  if (!own.member) return;
  Family& f = families_[static_cast<std::size_t>(own.family)];
  f.votes += 1;
  f.logits += (logit - f.logits) / std::min(f.votes, kVotes);
}

bool FamilyTracker::paced(const Match& own) const {
  if (!own.member) return false;
  const Shape& m = families_[static_cast<std::size_t>(own.family)].mean;
  return m.pace > kPace && m.pace_size > kPaceSize;
}

}  // namespace cfm::delineate
