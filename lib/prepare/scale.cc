#include "prepare/scale.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "signal/moments.h"

namespace cfm::prepare {
namespace {

constexpr double kQuartilesOfNormal = 1.349;  // IQR of a normal distribution in standard deviations
constexpr double kLeastSpread = 0.1;  // of the SD: below it the middle half is flat and says nothing of the rest

struct Moments {
  double mean = 0, sd = 0;
};

Moments moments_of(std::span<const std::span<const float>> channels) {
  double count = 0, sum = 0, square = 0;
  for (const auto& x : channels) {
    count += static_cast<double>(x.size());
    for (const float value : x) sum += value;
  }
  const double mean = sum / count;
  for (const auto& x : channels) {
    for (const float value : x) square += (value - mean) * (value - mean);
  }
  return {mean, std::sqrt(square / count)};
}

Scale of_extremes(std::span<const std::span<const float>> channels) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto& x : channels) {
    for (const float value : x) low = std::min<double>(low, value), high = std::max<double>(high, value);
  }
  return {(low + high) / 2, high > low ? 2 / (high - low) : 0};
}

}  // namespace

Scale joint_scale(std::span<const std::span<const float>> channels, Scaling scaling) {
  if (channels.empty()) return {};
  if (scaling == Scaling::kJoint || scaling == Scaling::kMinmax) return of_extremes(channels);
  const auto [mean, sd] = moments_of(channels);
  return {mean, sd > 0 ? 1 / sd : 0};
}

Scale scale_of(std::span<const float> x, Scaling scaling) {
  if (scaling == Scaling::kNone) return {};
  if (scaling != Scaling::kRobust) return joint_scale({&x, 1}, scaling);
  const auto [mean, sd] = moments_of({&x, 1});
  if (sd == 0) return {mean, 0};
  const std::vector<float> values(x.begin(), x.end());
  const double median = signal::median(values);
  const double spread = (signal::quantile(values, 0.75) - signal::quantile(values, 0.25)) / kQuartilesOfNormal;
  return {median, 1 / std::max(spread, kLeastSpread * sd)};
}

}  // namespace cfm::prepare
