// Moments and entropies of a sample, in two passes, so that a large offset costs nothing.
//
//   Moments m = moments(x);                 // NaN among the values: everything NaN but n
//   m.kurtosis;                             // Pearson: a normal distribution has 3
//   double h = shannon_entropy(x, 64);      // bits
//
// x: values in any unit. Undefined is NaN, never 0: a constant has no skewness, an empty sample no mean. Biased moments
// (divided by n) unless a name says otherwise. Joanes & Gill 1998.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace cfm::signal {

struct Moments {
  std::size_t n = 0;
  double mean, sd;            // sd: of the population
  double sd_sample;           // divided by n - 1
  double skewness, kurtosis;  // m3 / m2^1.5, m4 / m2^2
  double skewness_unbiased, excess_kurtosis_unbiased;
};

Moments moments(std::span<const double> x);
Moments moments(std::span<const float> x);

// Hjorth 1970, of the plain first difference.
struct Hjorth {
  double activity, mobility, complexity;
};
Hjorth hjorth(std::span<const double> x);

// Of a histogram of `bins` equal bins from minimum to maximum, in bits. NaN for a constant or an empty sample.
double shannon_entropy(std::span<const double> x, std::size_t bins);
double shannon_entropy(std::span<const float> x, std::size_t bins);

// The smallest and the largest of at least one value, none of them NaN.
std::pair<float, float> extremes(std::span<const float> x);

// By partial sorting, of finite values; NaN when empty. q in [0, 1], interpolated linearly between ranks.
double quantile(std::vector<float> x, double q);
inline double median(std::vector<float> x) { return quantile(static_cast<std::vector<float>&&>(x), 0.5); }

}  // namespace cfm::signal
