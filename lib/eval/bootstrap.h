// 95 % intervals from a bootstrap over subjects: all segments of a drawn subject come along, twice if it is drawn
// twice.
//
//   Bootstrap bootstrap(subject_of_segment, {.seed = seed});
//   Interval i = bootstrap.interval([&](Weights w) { return ranking.auroc(w); });     // i.value, i.low, i.high
//   Paired p = bootstrap.paired(statistic_a, statistic_b);                            // b − a over the same draws
//
// Percentile intervals (Efron and Tibshirani 1993). The draws are a function of the seed and the number of subjects;
// the same for every statistic and any number of threads. Statistics are called from several threads.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "eval/metrics.h"

namespace cfm::eval {

struct BootstrapOptions {
  int draws = 2000;
  double level = 0.95;
  std::size_t least_subjects = 10;  // with fewer there is no interval
  std::uint64_t seed = 0;
  int threads = 1;
};

// weights: how often each segment was drawn, [segments]; empty: once each. NaN where undefined.
using Statistic = std::function<double(Weights weights)>;

// Several statistics of the same weights at once, into values.
using Measure = std::function<void(Weights weights, std::span<double> values)>;

struct Interval {
  double value, low, high;  // low and high NaN when there is no interval
  int undefined = 0;        // draws in which the statistic is undefined; they are left out
  std::string why;          // there is no interval; "" when there is one
};

struct Paired {
  Interval difference;        // b − a
  double probability_better;  // share of draws with b > a, equal ones half; NaN without an interval
};

// Of sorted values, at least one; linear between the order statistics (Hyndman and Fan 1996, type 7). p in [0, 1].
double quantile(std::span<const double> sorted, double p);

class Bootstrap {
 public:
  // subject_of_segment: 0 … subjects − 1, [segments]; each number occurs.
  Bootstrap(std::span<const std::size_t> subject_of_segment, const BootstrapOptions& options);

  // All statistics of all draws. Those of two systems on the same segments are of the same draws, so that their
  // differences are paired.
  struct Sample {
    std::vector<double> values;  // of the segments as they are, [statistics]
    Matrix draws;                // [statistics, draws]; empty with too few subjects
  };
  Sample sample(std::size_t statistics, const Measure& measure) const;
  Interval interval(const Sample& sample, std::size_t statistic) const;
  // b − a, times sign.
  Paired paired(const Sample& a, std::size_t of_a, const Sample& b, std::size_t of_b, double sign = 1) const;

  Interval interval(const Statistic& statistic) const;
  // All from one pass over the draws.
  std::vector<Interval> intervals(std::span<const Statistic> statistics) const;
  Paired paired(const Statistic& a, const Statistic& b) const;

  std::size_t subjects() const { return subjects_; }

 private:
  Interval percentiles(double value, std::span<const double> draws) const;

  std::vector<std::size_t> subject_of_;
  std::size_t subjects_ = 0;
  BootstrapOptions options_;
};

}  // namespace cfm::eval
