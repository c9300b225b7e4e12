#include "delineate/beats.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace cfm::delineate {
namespace {

constexpr double kLowestRate = 50;    // Hz
constexpr double kMarkWindow = 0.07;  // s, either side of the feature's peak
constexpr double kDust = 1e-6;        // of the sample's size: what rounding may leave of a flat line

}  // namespace

struct BeatDetector::Impl {
  GapHold hold;
  BoxFilter smooth1, smooth2, baseline, integrate;
  PeakFinder finder;
  PeakPicker picker;
  std::int64_t reach;                // samples between which the slope is taken, either side
  std::int64_t window, delay, rest;  // delay: from sample to band-passed sample; rest: until the last beat is settled
  Ring late;                         // smoothed samples waiting for the baseline
  Ring band;                         // band-passed samples
  Ring slopes;                       // |slope|, on the same clock
  std::int64_t n = 0;                // samples pushed
  std::vector<Peak> chosen;

  Impl(double fs, const BeatOptions& o)
      : smooth1(width_in_samples(o.smooth, fs)),
        smooth2(width_in_samples(o.smooth, fs)),
        baseline(width_in_samples(o.baseline, fs)),
        integrate(width_in_samples(o.integration, fs)),
        finder(static_cast<std::int64_t>(o.apart * fs) + 1),
        picker(o.thresholds, fs),
        reach(std::max<std::int64_t>(1, static_cast<std::int64_t>(0.008 * fs + 0.5))),
        window(static_cast<std::int64_t>(kMarkWindow * fs) + 1),
        delay(2 * smooth1.delay() + baseline.delay()),
        rest(delay + integrate.delay() + reach + finder.apart() + 1),
        late(baseline.delay() + 1),
        band(finder.apart() + 2 * window + 2 * integrate.delay() + 2 * reach + 4),
        slopes(band.span()) {}

  void step(double x) {
    const std::int64_t at = n++;
    const double low = smooth2.push(smooth1.push(x));
    late[at] = low;
    band[at] = late[at - baseline.delay()] - baseline.push(low);  // belongs to sample at - delay
    double slope = at >= 2 * reach ? std::abs(band[at] - band[at - 2 * reach]) : 0;
    if (slope < kDust * std::abs(hold.last())) slope = 0;
    slopes[at] = slope;
    if (finder.push(integrate.push(slope), at)) picker.offer(measured(finder.peak()), chosen);
    if (!finder.pending()) picker.advance(centre(at), chosen);
  }

  // The sample that a feature value belongs to, on the clock of the slope's middle.
  std::int64_t centre(std::int64_t at) const { return at - integrate.delay() - reach - delay; }

  // The mark is where the band-passed signal is largest.
  Peak measured(Peak p) {
    const std::int64_t middle = p.at - integrate.delay() - reach;  // in `band`
    p.at = centre(p.at);
    double tallest = -1;
    for (std::int64_t i = std::max<std::int64_t>(0, middle - window); i <= middle + window; ++i) {
      const double size = std::abs(band[i]);
      if (size > tallest) {
        tallest = size;
        p.mark = i - delay;
      }
      p.slope = std::max(p.slope, slopes[i + reach]);
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
  for (const float sample : in) impl_->step(impl_->hold.push(sample));
  impl_->report(beats, impl_->n);
}

void BeatDetector::flush(std::vector<double>& beats) {
  const std::int64_t samples = impl_->n;
  for (std::int64_t i = 0; i < impl_->rest; ++i) impl_->step(impl_->hold.value());
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

}  // namespace cfm::delineate
