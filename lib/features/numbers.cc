#include "features/numbers.h"

#include <cmath>

#include "signal/moments.h"

namespace cfm::features {
namespace {

std::vector<float> known(std::span<const double> x) {
  std::vector<float> out;
  for (const double v : x)
    if (!std::isnan(v)) out.push_back(static_cast<float>(v));
  return out;
}

}  // namespace

double lowest(std::span<const double> x) {
  double low = kNaN;
  for (const double v : x) low = std::fmin(low, v);
  return low;
}

double highest(std::span<const double> x) {
  double high = kNaN;
  for (const double v : x) high = std::fmax(high, v);
  return high;
}

double median(std::span<const double> x) { return signal::median(known(x)); }
double quantile(std::span<const double> x, double q) { return signal::quantile(known(x), q); }

double variation(std::span<const double> x) {
  const std::vector<float> values = known(x);
  if (values.size() < 2) return kNaN;
  const signal::Moments m = signal::moments(values);
  return ratio(m.sd, m.mean);
}

std::vector<double> differences(std::span<const double> x) {
  std::vector<double> out;
  for (std::size_t i = 1; i < x.size(); ++i) out.push_back(x[i] - x[i - 1]);
  return out;
}

double typical_step(std::span<const double> x) {
  std::vector<double> steps = differences(x);
  for (double& step : steps) step = std::abs(step);
  return median(steps);
}

std::vector<double> rates_of_five(std::span<const double> times) {
  std::vector<double> out;
  for (std::size_t i = 4; i < times.size(); ++i) out.push_back(60 * 4 / (times[i] - times[i - 4]));
  return out;
}

double correlation(std::span<const float> a, std::span<const float> b) {
  double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    sa += x;
    sb += y;
    saa += x * x;
    sbb += y * y;
    sab += x * y;
  }
  const double n = static_cast<double>(a.size()), va = saa - sa * sa / n, vb = sbb - sb * sb / n;
  return va > 0 && vb > 0 ? (sab - sa * sb / n) / std::sqrt(va * vb) : kNaN;
}

}  // namespace cfm::features
