#include "signal/segment_resampler.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "signal/resample.h"
#include "signal/spectrum.h"

namespace cfm::signal {
namespace {

constexpr std::size_t kLongest = std::size_t{1} << 20;  // samples: the spectrum of more would not stay in the cache
constexpr double kPassBand = 0.913;  // of the lower Nyquist frequency, where soxr's very high quality ends it, too
constexpr double kBeta = 12;         // of the Kaiser window: the kernel is below 1e-6 beyond some 50 samples
constexpr double kMargin = 300;      // samples of the lower rate: both ends held for 100, and 100 from one to the other

// Convergents of the ratio until it is met: whole numbers, or {0, 0}.
std::pair<std::size_t, std::size_t> ratio_of(double a, double b) {
  constexpr double kMet = 1e-13;     // relative: a sample in 10^13
  constexpr double kLargest = 4096;  // periods must be short against a segment
  double rest = a / b, p0 = 1, p1 = std::floor(rest), q0 = 0, q1 = 1;
  while (p1 <= kLargest && q1 <= kLargest) {
    if (std::abs(p1 / q1 * b / a - 1) < kMet) return {static_cast<std::size_t>(p1), static_cast<std::size_t>(q1)};
    rest = 1 / (rest - std::floor(rest));
    if (!std::isfinite(rest)) break;
    const double digit = std::floor(rest);
    p0 = std::exchange(p1, digit * p1 + p0);
    q0 = std::exchange(q1, digit * q1 + q0);
  }
  return {0, 0};
}

// Falls from 1 to 0 for u from −1 to 1: what is left of the area of a Kaiser window.
class Slope {
 public:
  Slope() : area_(kSteps + 1, 0.0) {
    for (std::size_t i = 0; i < kSteps; ++i) {
      const double u = (2.0 * static_cast<double>(i) + 1) / kSteps - 1;
      area_[i + 1] = area_[i] + std::cyl_bessel_i(0.0, kBeta * std::sqrt(1 - u * u));
    }
  }
  double at(double u) const {
    const double place = (std::clamp(u, -1.0, 1.0) + 1) / 2 * kSteps;
    const auto below = std::min(static_cast<std::size_t>(place), kSteps - 1);
    const double part = place - static_cast<double>(below);
    return 1 - (area_[below] + part * (area_[below + 1] - area_[below])) / area_[kSteps];
  }

 private:
  static constexpr std::size_t kSteps = 4096;
  std::vector<double> area_;
};

}  // namespace

struct SegmentResampler::Plan {
  RealFft<float> forward, inverse;
  std::vector<float> weights;  // of the bins that are kept
};

SegmentResampler::SegmentResampler(double fs_in, double fs_out) : fs_in_(fs_in), fs_out_(fs_out) {
  resampled_size(1, fs_in, fs_out);  // throws for what are no rates
  std::tie(per_in_, per_out_) = ratio_of(fs_in, fs_out);
  margin_ = static_cast<std::size_t>(std::ceil(kMargin * std::max(1.0, fs_in / fs_out)));
}

SegmentResampler::~SegmentResampler() = default;

const SegmentResampler::Plan& SegmentResampler::plan_for(std::size_t n) const {
  const std::size_t periods = smooth_at_least((n + margin_ + per_in_ - 1) / per_in_);
  const std::lock_guard lock(mutex_);
  auto& plan = plans_[periods];
  if (plan) return *plan;
  const RealFft<float> forward(periods * per_in_, Memory::kAligned), inverse(periods * per_out_, Memory::kAligned);
  const double step = fs_in_ / static_cast<double>(forward.size());  // Hz
  const double nyquist = std::min(fs_in_, fs_out_) / 2, middle = (1 + kPassBand) / 2 * nyquist,
               half = (1 - kPassBand) / 2 * nyquist;
  const double scale = static_cast<double>(inverse.size()) / static_cast<double>(forward.size());
  const Slope slope;
  std::vector<float> weights;
  for (std::size_t k = 0; static_cast<double>(k) * step < nyquist; ++k) {
    weights.push_back(static_cast<float>(scale * slope.at((static_cast<double>(k) * step - middle) / half)));
  }
  plan = std::make_unique<const Plan>(Plan{forward, inverse, std::move(weights)});
  return *plan;
}

void SegmentResampler::run(std::span<const float> in, std::span<float> out) const {
  if (out.size() != resampled_size(in.size(), fs_in_, fs_out_)) {
    throw Error(Status::kBug, "resampling {} samples from {} Hz to {} Hz into {}", in.size(), fs_in_, fs_out_,
                out.size());
  }
  if (in.empty() || fs_in_ == fs_out_) {
    std::ranges::copy(in, out.begin());
    return;
  }
  if (per_in_ == 0 || in.size() > kLongest) {
    std::ranges::copy(resample(in, fs_in_, fs_out_), out.begin());
    return;
  }
  const Plan& plan = plan_for(in.size());
  const std::size_t n = in.size(), size = plan.forward.size();
  AlignedVector<float> circle(std::max(size, plan.inverse.size()));
  const float base = in.front(), last = in.back() - base;
  for (std::size_t i = 0; i < n; ++i) circle[i] = in[i] - base;
  const std::size_t held = (size - n) / 3, way = size - n - 2 * held;
  std::fill_n(circle.begin() + static_cast<std::ptrdiff_t>(n), held, last);
  for (std::size_t i = 0; i < way; ++i) {
    const float part = (static_cast<float>(i) + 0.5F) / static_cast<float>(way);
    circle[n + held + i] = last * (1 - part * part * (3 - 2 * part));
  }
  std::fill(circle.begin() + static_cast<std::ptrdiff_t>(n + held + way), circle.end(), 0.0F);

  AlignedVector<std::complex<float>> bins(std::max(plan.forward.bins(), plan.inverse.bins()));
  plan.forward.forward(std::span(circle).first(size), std::span(bins).first(plan.forward.bins()));
  for (std::size_t k = 0; k < plan.weights.size(); ++k) bins[k] *= plan.weights[k];
  std::fill(bins.begin() + static_cast<std::ptrdiff_t>(plan.weights.size()), bins.end(), 0.0F);
  plan.inverse.inverse(std::span(bins).first(plan.inverse.bins()), std::span(circle).first(plan.inverse.size()));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = circle[i] + base;
}

}  // namespace cfm::signal
