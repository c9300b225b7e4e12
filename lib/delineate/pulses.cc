#include "delineate/pulses.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace cfm::delineate {
namespace {

constexpr double kLowestRate = 20;  // Hz
constexpr double kUpstroke = 0.45;  // s, the longest from the steepest point to foot or summit
constexpr double kRipple = 0.05;    // s, a foot or summit is one over this time
constexpr double kDust = 1e-6;      // of the sample's size: what rounding may leave of a flat line

}  // namespace

struct PulseDetector::Impl {
  GapHold hold;
  BoxFilter smooth1, smooth2, integrate;
  PeakFinder finder;
  PeakPicker picker;
  std::int64_t reach, upstroke, ripple, wait, delay, rest;  // samples
  Ring low, slopes;                                         // smoothed samples, rising slope
  std::int64_t n = 0;                                       // samples pushed
  std::vector<Peak> ripe;  // peaks whose summit is still to come; `at` is that of the feature
  std::vector<Peak> chosen;

  Impl(double fs, const PulseOptions& o)
      : smooth1(width_in_samples(o.smooth, fs)),
        smooth2(width_in_samples(o.smooth, fs)),
        integrate(width_in_samples(o.integration, fs)),
        finder(std::llround(o.apart * fs) + 1),
        picker(o.thresholds, fs),
        reach(std::max<std::int64_t>(1, std::llround(0.008 * fs))),
        upstroke(std::llround(kUpstroke * fs)),
        ripple(std::max<std::int64_t>(1, std::llround(kRipple * fs))),
        wait(std::max(finder.apart(), upstroke + ripple)),  // the summit is at hand when a peak is judged
        delay(2 * smooth1.delay()),
        rest(delay + 2 * reach + integrate.delay() + finder.apart() + wait + 2),
        low(wait + 2 * (upstroke + ripple + reach) + 4 * integrate.delay() + 4),
        slopes(low.span()) {}

  void step(double x) {
    const std::int64_t at = n++;
    low[at] = smooth2.push(smooth1.push(x));
    double slope = at >= 2 * reach ? low[at] - low[at - 2 * reach] : 0;
    if (slope < kDust * std::abs(hold.last())) slope = 0;
    slopes[at] = slope;
    if (finder.push(integrate.push(slope), at)) ripe.push_back(finder.peak());
    if (!ripe.empty() && at - ripe.front().at >= wait) {
      picker.offer(measured(ripe.front()), chosen);
      ripe.erase(ripe.begin());
    }
    if (!finder.pending() && ripe.empty()) picker.advance(at - integrate.delay() - reach - delay, chosen);
  }

  // Foot and summit, from the steepest point of the upstroke.
  Peak measured(Peak p) {
    const std::int64_t half = integrate.delay(), middle = p.at - half;
    std::int64_t steepest = middle;
    for (std::int64_t i = std::max(2 * reach, middle - half); i <= middle + half; ++i) {
      if (slopes[i] <= p.slope) continue;
      p.slope = slopes[i];
      steepest = i;
    }
    steepest -= reach;
    const auto beyond = [&](std::int64_t from, int direction) {
      std::int64_t at = from;
      for (std::int64_t i = from; std::abs(i - at) <= ripple && std::abs(i - from) <= upstroke; i += direction) {
        if (i < 0) break;
        const double rise = (low[i] - low[at]) * direction;
        if (rise > 0) at = i;
      }
      return at;
    };
    p.mark = beyond(steepest, 1) - delay;
    p.onset = beyond(steepest, -1) - delay;
    p.at = middle - reach - delay;
    return p;
  }

  void report(std::vector<Pulse>& pulses, std::int64_t samples) {
    for (const Peak& p : chosen)
      if (p.onset >= 0 && p.mark < samples)
        pulses.push_back({static_cast<double>(p.onset), static_cast<double>(p.mark)});
    chosen.clear();
  }
};

PulseDetector::PulseDetector(double fs, const PulseOptions& options) : fs_(fs), options_(options) {
  if (!(fs >= kLowestRate) || !std::isfinite(fs))
    throw Error(Status::kUsage, "pulses at {} Hz: {} Hz and more are needed", fs, kLowestRate);
  impl_ = std::make_unique<Impl>(fs, options);
}
PulseDetector::PulseDetector(PulseDetector&&) noexcept = default;
PulseDetector::~PulseDetector() = default;

void PulseDetector::process(std::span<const float> in, std::vector<Pulse>& pulses) {
  for (const float sample : in) impl_->step(impl_->hold.push(sample));
  impl_->report(pulses, impl_->n);
}

void PulseDetector::flush(std::vector<Pulse>& pulses) {
  const std::int64_t samples = impl_->n;
  for (std::int64_t i = 0; i < impl_->rest; ++i) impl_->step(impl_->hold.value());
  impl_->picker.flush(impl_->chosen);
  impl_->report(pulses, samples);
  impl_ = std::make_unique<Impl>(fs_, options_);
}

std::vector<Pulse> detect_pulses(std::span<const float> x, double fs, const PulseOptions& options) {
  std::vector<Pulse> pulses;
  PulseDetector detector(fs, options);
  detector.process(x, pulses);
  detector.flush(pulses);
  return pulses;
}

}  // namespace cfm::delineate
