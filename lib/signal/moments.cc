#include "signal/moments.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cfm::signal {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <typename T>
Moments moments_of(std::span<const T> x) {
  Moments m{x.size(), kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN};
  if (x.empty()) return m;
  const double n = static_cast<double>(x.size()), origin = static_cast<double>(x.front());
  double sum = 0;
  bool constant = true;
  for (const T v : x) {
    sum += static_cast<double>(v) - origin;
    constant = constant && v == x.front();
  }
  m.mean = origin + sum / n;
  if (std::isnan(m.mean)) return m;
  const double shift = sum / n;
  double m2 = 0, m3 = 0, m4 = 0;
  for (const T v : x) {
    const double d = static_cast<double>(v) - origin - shift, d2 = d * d;
    m2 += d2;
    m3 += d2 * d;
    m4 += d2 * d2;
  }
  if (constant) m2 = 0;
  m2 /= n, m3 /= n, m4 /= n;
  m.sd = std::sqrt(m2);
  if (n > 1) m.sd_sample = std::sqrt(m2 * n / (n - 1));
  if (constant) return m;
  m.skewness = m3 / (m2 * m.sd);
  m.kurtosis = m4 / (m2 * m2);
  if (n > 2) m.skewness_unbiased = m.skewness * std::sqrt(n * (n - 1)) / (n - 2);
  if (n > 3) m.excess_kurtosis_unbiased = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m.kurtosis - 3) + 6);
  return m;
}

template <typename T>
double entropy_of(std::span<const T> x, std::size_t bins) {
  if (x.empty() || bins == 0) return kNaN;
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  const double from = static_cast<double>(*low), width = static_cast<double>(*high) - from;
  if (!(width > 0)) return kNaN;
  std::vector<std::size_t> count(bins, 0);
  for (const T v : x) {
    const double place = (static_cast<double>(v) - from) / width * static_cast<double>(bins);
    if (!(place >= 0)) return kNaN;
    ++count[std::min(static_cast<std::size_t>(place), bins - 1)];
  }
  double entropy = 0;
  for (const std::size_t c : count) {
    if (c == 0) continue;
    const double p = static_cast<double>(c) / static_cast<double>(x.size());
    entropy -= p * std::log2(p);
  }
  return entropy;
}

double variance(std::span<const double> x) {
  const double sd = moments_of(x).sd;
  return sd * sd;
}

}  // namespace

Moments moments(std::span<const double> x) { return moments_of(x); }
Moments moments(std::span<const float> x) { return moments_of(x); }

Hjorth hjorth(std::span<const double> x) {
  std::vector<double> first, second;
  for (std::size_t i = 1; i < x.size(); ++i) first.push_back(x[i] - x[i - 1]);
  for (std::size_t i = 1; i < first.size(); ++i) second.push_back(first[i] - first[i - 1]);
  const double v0 = variance(x), v1 = variance(first), v2 = variance(second);
  const double mobility = v0 > 0 ? std::sqrt(v1 / v0) : kNaN;
  return {v0, mobility, v1 > 0 ? std::sqrt(v2 / v1) / mobility : kNaN};
}

double shannon_entropy(std::span<const double> x, std::size_t bins) { return entropy_of(x, bins); }
double shannon_entropy(std::span<const float> x, std::size_t bins) { return entropy_of(x, bins); }

std::vector<float> present(std::span<const float> x) {
  std::vector<float> out;
  out.reserve(x.size());
  std::copy_if(x.begin(), x.end(), std::back_inserter(out), [](float v) { return !std::isnan(v); });
  return out;
}

double quantile(std::vector<float> x, double q) {
  if (x.empty()) return kNaN;
  const double place = q * static_cast<double>(x.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto at = x.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(x.begin(), at, x.end());
  const double low = static_cast<double>(*at), part = place - static_cast<double>(below);
  if (part == 0) return low;
  return low + part * (static_cast<double>(*std::min_element(at + 1, x.end())) - low);
}

}  // namespace cfm::signal
