#include "eval/bootstrap.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "base/random.h"

namespace cfm::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double quantile(std::span<const double> sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Bootstrap::Bootstrap(std::span<const std::size_t> subject_of_segment, const BootstrapOptions& options)
    : subject_of_(subject_of_segment.begin(), subject_of_segment.end()), options_(options) {
  for (const std::size_t subject : subject_of_) subjects_ = std::max(subjects_, subject + 1);
}

Bootstrap::Sample Bootstrap::sample(std::size_t statistics, const Measure& measure) const {
  Sample result{.values = std::vector<double>(statistics), .draws = {}};
  measure({}, result.values);
  if (subjects_ < options_.least_subjects) return result;
  result.draws = Matrix(statistics, static_cast<std::size_t>(options_.draws));
  parallel_for(options_.threads, result.draws.columns, [&](std::size_t d) {
    Random random(options_.seed, "cfm-eval/bootstrap", std::to_string(d));
    std::vector<double> times(subjects_), weights(subject_of_.size()), values(statistics);
    for (std::size_t i = 0; i < subjects_; ++i) times[random.below(subjects_)] += 1;
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = times[subject_of_[i]];
    measure(weights, values);
    for (std::size_t s = 0; s < statistics; ++s) result.draws.row(s)[d] = values[s];
  });
  return result;
}

Interval Bootstrap::percentiles(double value, std::span<const double> draws) const {
  Interval result{.value = value, .low = kNaN, .high = kNaN, .undefined = 0, .why = {}};
  std::vector<double> defined;
  std::copy_if(draws.begin(), draws.end(), std::back_inserter(defined), [](double v) { return !std::isnan(v); });
  result.undefined = static_cast<int>(draws.size() - defined.size());
  if (std::isnan(value)) {
    result.why = "undefined";
  } else if (defined.size() * 2 < draws.size()) {
    result.why = fmt::format("no interval: undefined in {} of {} draws", result.undefined, draws.size());
  } else {
    std::sort(defined.begin(), defined.end());
    result.low = quantile(defined, (1 - options_.level) / 2);
    result.high = quantile(defined, (1 + options_.level) / 2);
  }
  return result;
}

Interval Bootstrap::interval(const Sample& sample, std::size_t statistic) const {
  if (sample.draws.rows > 0) return percentiles(sample.values[statistic], sample.draws.row(statistic));
  return {.value = sample.values[statistic],
          .low = kNaN,
          .high = kNaN,
          .undefined = 0,
          .why = fmt::format("no interval: {} subjects, fewer than {}", subjects_, options_.least_subjects)};
}

std::vector<Interval> Bootstrap::intervals(std::span<const Statistic> statistics) const {
  const Sample all = sample(statistics.size(), [&](Weights weights, std::span<double> values) {
    for (std::size_t s = 0; s < statistics.size(); ++s) values[s] = statistics[s](weights);
  });
  std::vector<Interval> result;
  for (std::size_t s = 0; s < statistics.size(); ++s) result.push_back(interval(all, s));
  return result;
}

Interval Bootstrap::interval(const Statistic& statistic) const { return intervals(std::span(&statistic, 1)).front(); }

Paired Bootstrap::paired(const Sample& a, std::size_t of_a, const Sample& b, std::size_t of_b, double sign) const {
  Sample difference{.values = {sign * (b.values[of_b] - a.values[of_a])},
                    .draws = Matrix(a.draws.rows > 0 ? 1 : 0, a.draws.columns)};
  for (std::size_t d = 0; d < difference.draws.values.size(); ++d)
    difference.draws.values[d] = sign * (b.draws.row(of_b)[d] - a.draws.row(of_a)[d]);
  Paired result{.difference = interval(difference, 0), .probability_better = kNaN};
  if (!result.difference.why.empty()) return result;
  double better = 0, defined = 0;
  for (const double d : difference.draws.values) {
    if (std::isnan(d)) continue;
    better += d > 0 ? 1 : d == 0 ? 0.5 : 0;
    ++defined;
  }
  result.probability_better = better / defined;
  return result;
}

Paired Bootstrap::paired(const Statistic& a, const Statistic& b) const {
  const auto sampled = [&](const Statistic& statistic) {
    return sample(1, [&](Weights weights, std::span<double> values) { values[0] = statistic(weights); });
  };
  return paired(sampled(a), 0, sampled(b), 0);
}

}  // namespace cfm::eval
