#include "signal/moments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace cfm::signal {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Four sums side by side.
using Sums = std::array<double, 4>;
double total(const Sums& s) { return (s[0] + s[1]) + (s[2] + s[3]); }

template <typename T>
Moments moments_of(std::span<const T> x) {
  Moments m{x.size(), kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, kNaN};
  if (x.empty()) return m;
  const double n = static_cast<double>(x.size()), origin = static_cast<double>(x.front());
  const std::size_t whole = x.size() - x.size() % 4;
  Sums sums{}, sizes{};
  for (std::size_t i = 0; i < whole; i += 4) {
    for (std::size_t k = 0; k < 4; ++k) {
      const double d = static_cast<double>(x[i + k]) - origin;
      sums[k] += d;
      sizes[k] += d * d;
    }
  }
  double sum = total(sums), size = total(sizes);
  for (std::size_t i = whole; i < x.size(); ++i) {
    const double d = static_cast<double>(x[i]) - origin;
    sum += d;
    size += d * d;
  }
  m.mean = origin + sum / n;
  if (std::isnan(m.mean)) return m;
  // A square of what is not 0 may be 0; then the values themselves say whether they are all the same.
  const bool constant = size == 0 && std::ranges::all_of(x, [&](T v) { return v == x.front(); });
  const double shift = sum / n;
  Sums seconds{}, thirds{}, fourths{};
  for (std::size_t i = 0; i < whole; i += 4) {
    for (std::size_t k = 0; k < 4; ++k) {
      const double d = static_cast<double>(x[i + k]) - origin - shift, d2 = d * d;
      seconds[k] += d2;
      thirds[k] += d2 * d;
      fourths[k] += d2 * d2;
    }
  }
  double m2 = total(seconds), m3 = total(thirds), m4 = total(fourths);
  for (std::size_t i = whole; i < x.size(); ++i) {
    const double d = static_cast<double>(x[i]) - origin - shift, d2 = d * d;
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
std::pair<T, T> extremes_of(std::span<const T> x) {
  std::array<T, 4> low, high;
  low.fill(x.front());
  high.fill(x.front());
  const std::size_t whole = x.size() - x.size() % 4;
  for (std::size_t i = 0; i < whole; i += 4) {
    for (std::size_t k = 0; k < 4; ++k) {
      low[k] = x[i + k] < low[k] ? x[i + k] : low[k];
      high[k] = x[i + k] > high[k] ? x[i + k] : high[k];
    }
  }
  for (std::size_t i = whole; i < x.size(); ++i) {
    low[0] = std::min(low[0], x[i]);
    high[0] = std::max(high[0], x[i]);
  }
  return {*std::ranges::min_element(low), *std::ranges::max_element(high)};
}

template <typename T>
double entropy_of(std::span<const T> x, std::size_t bins) {
  if (x.empty() || bins == 0) return kNaN;
  const auto [low, high] = extremes_of(x);
  const double from = static_cast<double>(low), width = static_cast<double>(high) - from;
  if (!(width > 0)) return kNaN;
  std::vector<std::uint32_t> count(bins, 0);
  constexpr double kBorder = 1e-9;  // of a bin
  const double per_unit = static_cast<double>(bins) / width;
  for (const T v : x) {
    double place = (static_cast<double>(v) - from) * per_unit;
    if (!(place >= 0)) return kNaN;
    // At the border of a bin the quick product may round to the other side.
    const double part = place - static_cast<double>(static_cast<std::size_t>(place));
    if (part < kBorder || part > 1 - kBorder)
      place = (static_cast<double>(v) - from) / width * static_cast<double>(bins);
    ++count[std::min(static_cast<std::size_t>(place), bins - 1)];
  }
  double entropy = 0;
  for (const std::uint32_t c : count) {
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

std::pair<float, float> extremes(std::span<const float> x) { return extremes_of(x); }

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
