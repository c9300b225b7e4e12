#include "signal/beats.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "signal/picker.h"

namespace cfm::signal {
namespace {

constexpr double kLowestRate = 50;    // Hz
constexpr double kMarkWindow = 0.07;  // s, either side of the feature's peak
constexpr double kDust = 1e-6;        // of the sample's size: what rounding may leave of a flat line

PickerOptions picker_options(const BeatOptions& o, double fs) {
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

struct BeatDetector::Impl {
  BoxFilter smooth1, smooth2, baseline, integrate;
  PeakPicker picker;
  std::size_t reach;                 // samples between which the slope is taken, either side
  std::size_t apart, window, delay;  // delay: from sample to band-passed sample
  std::vector<double> late;          // smoothed samples waiting for the baseline
  std::vector<double> band;          // band-passed samples, a ring
  std::vector<double> slopes;        // |slope|, the same ring
  std::int64_t n = 0;                // samples pushed
  double held = 0, offset = 0;       // last sample, and what closes the step over a gap
  bool in_gap = false, begun = false;
  double best = 0, previous = 0;
  std::int64_t best_at = -1;
  std::vector<Peak> chosen;

  Impl(double fs, const BeatOptions& o)
      : smooth1(width_in_samples(o.smooth, fs)),
        smooth2(width_in_samples(o.smooth, fs)),
        baseline(width_in_samples(o.baseline, fs)),
        integrate(width_in_samples(o.integration, fs)),
        picker(picker_options(o, fs)),
        reach(std::max<std::size_t>(1, static_cast<std::size_t>(0.008 * fs + 0.5))),
        apart(static_cast<std::size_t>(o.apart * fs) + 1),
        window(static_cast<std::size_t>(kMarkWindow * fs) + 1),
        delay(2 * smooth1.delay() + baseline.delay()),
        late(baseline.delay() + 1, 0.0) {
    std::size_t size = 1;
    while (size < apart + 2 * window + 2 * integrate.delay() + 2 * reach + 4) size *= 2;
    band.assign(size, 0.0);
    slopes.assign(size, 0.0);
  }

  double& ring(std::vector<double>& values, std::int64_t at) {
    return values[static_cast<std::size_t>(at) & (values.size() - 1)];
  }

  void begin(double value) {
    begun = true;
    held = offset = value;
  }

  void push(float sample) {
    if (!std::isfinite(sample)) {
      in_gap = true;
    } else {
      const double value = static_cast<double>(sample);
      if (!begun) begin(value);
      if (in_gap) offset += value - held;
      in_gap = false;
      held = value;
    }
    step(held - offset);
  }

  void step(double x) {
    const double low = smooth2.push(smooth1.push(x));
    double& oldest = late[static_cast<std::size_t>(n) % late.size()];
    oldest = low;
    const double middle = late[static_cast<std::size_t>(n + 1) % late.size()];
    const std::int64_t at = n++;
    ring(band, at) = middle - baseline.push(low);  // belongs to sample at - delay
    const auto r = static_cast<std::int64_t>(reach);
    double slope = at >= 2 * r ? std::abs(ring(band, at) - ring(band, at - 2 * r)) : 0;
    if (slope < kDust * std::abs(held)) slope = 0;
    ring(slopes, at) = slope;
    const double feature = integrate.push(slope);
    track(feature, at);
  }

  // A peak of the feature is the largest value until `apart` samples after it.
  void track(double feature, std::int64_t at) {
    if (feature > best && feature > previous) {
      best = feature;
      best_at = at;
    }
    previous = feature;
    if (best_at >= 0 && at - best_at >= static_cast<std::int64_t>(apart)) {
      picker.offer(peak(), chosen);
      best = 0;
      best_at = -1;
    }
    if (best_at < 0) picker.advance(centre(at), chosen);
  }

  // The sample that a feature value belongs to, on the clock of the slope's middle.
  std::int64_t centre(std::int64_t at) const {
    return at - static_cast<std::int64_t>(integrate.delay() + reach + delay);
  }

  Peak peak() {
    Peak p;
    const std::int64_t middle = best_at - static_cast<std::int64_t>(integrate.delay() + reach);  // in `band`
    p.at = centre(best_at);
    p.height = best;
    const auto w = static_cast<std::int64_t>(window);
    double tallest = -1;
    for (std::int64_t i = std::max<std::int64_t>(0, middle - w); i <= middle + w; ++i) {
      const double size = std::abs(ring(band, i));
      if (size > tallest) {
        tallest = size;
        p.mark = i - static_cast<std::int64_t>(delay);
      }
      p.slope = std::max(p.slope, ring(slopes, i + static_cast<std::int64_t>(reach)));
    }
    return p;
  }

  void report(std::vector<double>& beats, std::int64_t samples) {
    for (const Peak& p : chosen)
      if (p.mark >= 0 && p.mark < samples) beats.push_back(static_cast<double>(p.mark));
    chosen.clear();
  }
};

BeatDetector::BeatDetector(double fs, const BeatOptions& options) : fs_(fs), options_(options) {
  if (!(fs >= kLowestRate) || !std::isfinite(fs))
    throw Error(Status::kUsage, "beats at {} Hz: {} Hz and more are needed", fs, kLowestRate);
  impl_ = std::make_unique<Impl>(fs, options);
}
BeatDetector::BeatDetector(BeatDetector&&) noexcept = default;
BeatDetector::~BeatDetector() = default;

void BeatDetector::process(std::span<const float> in, std::vector<double>& beats) {
  for (const float sample : in) impl_->push(sample);
  impl_->report(beats, impl_->n);
}

void BeatDetector::flush(std::vector<double>& beats) {
  const std::int64_t samples = impl_->n;
  const std::size_t rest = impl_->delay + impl_->integrate.delay() + impl_->reach + impl_->apart + 1;
  for (std::size_t i = 0; i < rest; ++i) impl_->step(impl_->held - impl_->offset);
  impl_->picker.flush(impl_->chosen);
  impl_->report(beats, samples);
  impl_ = std::make_unique<Impl>(fs_, options_);
}

std::vector<double> detect_beats(std::span<const float> x, double fs, const BeatOptions& options) {
  std::vector<double> beats;
  BeatDetector detector(fs, options);
  detector.process(x, beats);
  detector.flush(beats);
  return beats;
}

}  // namespace cfm::signal
