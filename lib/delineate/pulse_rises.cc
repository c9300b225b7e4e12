#include "delineate/pulse_rises.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace cfm::delineate {
namespace {

constexpr double kDust = 1e-6;    // of the sample's size: what rounding may leave of a flat line
constexpr double kDip = 0.2;      // of the joined height: a shallower dip is a shoulder
constexpr double kLarge = 0.5;    // of the local height: a rise that counts for the rhythm
constexpr double kSecond = 0.4;   // of the second highest second: the local height at slow rates is at least that
constexpr double kFollow = 0.6;   // s after a rise in which a larger one speaks against it
constexpr double kFastest = 0.2;  // s, the shortest period: 300 a minute
constexpr double kSlowest = 3.0;  // s
constexpr double kApart = 0.3;    // s, no two pulses within;
constexpr double kFast = 0.36;    // s, where the period is shorter than that, within kApartShare of it
constexpr double kApartShare = 0.6;
constexpr double kCrowd = 0.6;  // of a period: nearer to a large rise than that is a dicrotic wave's place
constexpr std::size_t kSeconds = static_cast<std::size_t>(kRiseBack + kRiseAhead);

// Logistic regression on rises of the challenge2015 records with PLETH against the beats of their ECG; see the commit.
constexpr std::array kWeights = {0.443, 1.026, -0.396, 3.419, 0.272, -2.164, -1.025};

double middle(std::span<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

}  // namespace

void RiseFinder::push(double y, double level, bool whole) {
  const std::int64_t at = n_++;
  if (!whole) gap_ = at;
  double step = at == 0 ? 0 : y - last_;
  if (std::abs(step) <= kDust * std::abs(level)) step = 0;
  if (step > 0) {
    if (!rising_) now_ = {.foot = at - 1, .low = last_};
    rising_ = true;
    if (step > now_.slope) {
      now_.slope = step;
      now_.steepest = static_cast<double>(at) - 0.5;
    }
    now_.top = at;
    now_.high = y;
  } else if (step < 0) {
    end();
  }
  last_ = y;
}

void RiseFinder::end() {
  if (!rising_) return;
  rising_ = false;
  if (gap_ >= now_.foot || !(now_.height() > 0)) return;
  if (!rises_.empty()) {
    const Rise& p = rises_.back();
    if (now_.high > p.high && now_.low > p.low && p.high - now_.low < kDip * (now_.high - p.low) &&
        static_cast<double>(now_.top - p.foot) < shoulder_) {
      if (p.slope > now_.slope) {
        now_.slope = p.slope;
        now_.steepest = p.steepest;
      }
      now_.foot = p.foot;
      now_.low = p.low;
      rises_.pop_back();
    }
  }
  rises_.push_back(now_);
}

RiseScore score_rise(std::span<const Rise> rises, std::size_t at, double fs) {
  const Rise& rise = rises[at];
  const auto seconds = [&](std::size_t i) { return static_cast<double>(rises[i].top - rise.top) / fs; };
  std::size_t from = at, to = at + 1, follow = at + 1;
  while (from > 0 && seconds(from - 1) >= -kRiseBack) --from;
  while (to < rises.size() && seconds(to) <= kRiseAhead) ++to;
  double larger = 0;
  for (; follow < to && seconds(follow) <= kFollow; ++follow) larger = std::max(larger, rises[follow].height());

  std::array<double, kSeconds + 1> highest{};
  for (std::size_t i = from; i < to; ++i) {
    double& h = highest[static_cast<std::size_t>(seconds(i) + kRiseBack)];
    h = std::max(h, rises[i].height());
  }
  const auto last = std::remove(highest.begin(), highest.end(), 0.0);
  const std::span<double> sorted(highest.begin(), last);
  double local = middle(sorted);
  if (sorted.size() > 1) local = std::max(local, kSecond * sorted[sorted.size() - 2]);

  std::array<double, 64> gaps{};  // between large rises
  std::size_t count = 0;
  double before = -1, after = -1, previous = 0;
  bool any = false;
  for (std::size_t i = from; i < to; ++i) {
    if (rises[i].height() <= kLarge * local) continue;
    const double t = seconds(i);
    if (any && count < gaps.size()) gaps[count++] = t - previous;
    any = true;
    previous = t;
    if (i < at) before = -t;
    if (i > at && after < 0) after = t;
  }
  const double period = count < 2 ? 1 : std::clamp(middle(std::span(gaps).first(count)), kFastest, kSlowest);
  const auto place = [&](double t) { return t < 0 ? 1 : std::min(t / period, 2.0); };
  const double x = place(before), y = place(after);
  const double next = larger > 0 ? std::clamp(std::log(larger / rise.height()), -3.0, 3.0) : -3;
  const std::array features = {1.0,
                               std::clamp(std::log(rise.height() / local), -4.0, 2.0),
                               next,
                               std::min(std::abs(x + y - 1), 0.5),
                               y,
                               std::max(kCrowd - x, 0.0),
                               std::max(kCrowd - y, 0.0)};
  static_assert(features.size() == kWeights.size());
  RiseScore score{.apart = (period < kFast ? kApartShare * period : kApart) * fs};
  for (std::size_t i = 0; i < features.size(); ++i) score.logit += kWeights[i] * features[i];
  return score;
}

}  // namespace cfm::delineate
