#include "signal/pulses.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "signal/picker.h"

namespace cfm::signal {
namespace {

constexpr double kLowestRate = 20;  // Hz
constexpr double kUpstroke = 0.45;  // s, the longest from the steepest point to foot or summit
constexpr double kRipple = 0.05;    // s, a foot or summit is one over this time
constexpr double kDust = 1e-6;      // of the sample's size: what rounding may leave of a flat line

PickerOptions picker_options(const PulseOptions& o, double fs) {
  PickerOptions p;
  p.refractory = o.refractory * fs;
  p.slope_window = o.slope_window * fs;
  p.slope_fraction = o.slope_fraction;
  p.level = o.level;
  p.back_level = o.back_level;
  p.back_after = o.back_after;
  p.learning = o.learning * fs;
  p.give_up = o.give_up * fs;
  p.floor = 1.5;
  return p;
}

}  // namespace

struct PulseDetector::Impl {
  BoxFilter smooth1, smooth2, integrate;
  PeakPicker picker;
  std::int64_t reach, apart, upstroke, ripple, wait, delay;  // samples
  std::vector<double> low, slopes;                           // rings: smoothed samples, rising slope
  std::int64_t n = 0;
  double held = 0, offset = 0;  // last sample, and what closes the step over a gap
  bool in_gap = false, begun = false;
  double best = 0, previous = 0;
  std::int64_t best_at = -1;
  std::vector<Peak> ripe;  // peaks whose summit is still to come; `at` is that of the feature
  std::vector<Peak> chosen;

  Impl(double fs, const PulseOptions& o)
      : smooth1(width_in_samples(o.smooth, fs)),
        smooth2(width_in_samples(o.smooth, fs)),
        integrate(width_in_samples(o.integration, fs)),
        picker(picker_options(o, fs)),
        reach(std::max<std::int64_t>(1, std::llround(0.008 * fs))),
        apart(std::llround(o.apart * fs) + 1),
        upstroke(std::llround(kUpstroke * fs)),
        ripple(std::max<std::int64_t>(1, std::llround(kRipple * fs))),
        wait(std::max(apart, upstroke + ripple)),  // the summit is at hand when a peak is judged
        delay(static_cast<std::int64_t>(2 * smooth1.delay())) {
    std::size_t size = 1;
    while (size < static_cast<std::size_t>(wait + 2 * (upstroke + ripple + reach)) + 4 * integrate.delay() + 4)
      size *= 2;
    low.assign(size, 0.0);
    slopes.assign(size, 0.0);
  }

  double& ring(std::vector<double>& values, std::int64_t at) {
    return values[static_cast<std::size_t>(at) & (values.size() - 1)];
  }

  void push(float sample) {
    if (!std::isfinite(sample)) {
      in_gap = true;
    } else {
      const double value = static_cast<double>(sample);
      if (!begun) held = offset = value;
      begun = true;
      if (in_gap) offset += value - held;
      in_gap = false;
      held = value;
    }
    step(held - offset);
  }

  void step(double x) {
    const std::int64_t at = n++;
    ring(low, at) = smooth2.push(smooth1.push(x));
    double slope = at >= 2 * reach ? ring(low, at) - ring(low, at - 2 * reach) : 0;
    if (slope < kDust * std::abs(held)) slope = 0;
    ring(slopes, at) = slope;
    const double feature = integrate.push(slope);
    if (feature > best && feature > previous) {
      best = feature;
      best_at = at;
    }
    previous = feature;
    if (best_at >= 0 && at - best_at >= apart) {
      ripe.push_back({.at = best_at, .height = best});
      best = 0;
      best_at = -1;
    }
    if (!ripe.empty() && at - ripe.front().at >= wait) {
      picker.offer(peak(ripe.front()), chosen);
      ripe.erase(ripe.begin());
    }
    if (best_at < 0 && ripe.empty())
      picker.advance(at - static_cast<std::int64_t>(integrate.delay()) - reach - delay, chosen);
  }

  Peak peak(Peak p) {
    const std::int64_t middle = p.at - static_cast<std::int64_t>(integrate.delay());
    const auto half = static_cast<std::int64_t>(integrate.delay());
    std::int64_t steepest = middle;
    for (std::int64_t i = std::max(2 * reach, middle - half); i <= middle + half; ++i) {
      if (ring(slopes, i) <= p.slope) continue;
      p.slope = ring(slopes, i);
      steepest = i;
    }
    steepest -= reach;
    const auto beyond = [&](std::int64_t from, int direction) {
      std::int64_t at = from;
      for (std::int64_t i = from; std::abs(i - at) <= ripple && std::abs(i - from) <= upstroke; i += direction) {
        if (i < 0) break;
        const double rise = (ring(low, i) - ring(low, at)) * direction;
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
  for (const float sample : in) impl_->push(sample);
  impl_->report(pulses, impl_->n);
}

void PulseDetector::flush(std::vector<Pulse>& pulses) {
  const std::int64_t samples = impl_->n;
  const std::int64_t rest = impl_->delay + 2 * impl_->reach + static_cast<std::int64_t>(impl_->integrate.delay()) +
                            impl_->apart + impl_->wait + 2;
  for (std::int64_t i = 0; i < rest; ++i) impl_->step(impl_->held - impl_->offset);
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

}  // namespace cfm::signal
