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

Matrix Bootstrap::draw(std::span<const Statistic> statistics) const {
  Matrix values(statistics.size(), static_cast<std::size_t>(options_.draws));
  parallel_for(options_.threads, values.columns, [&](std::size_t d) {
    Random random(options_.seed, "cfm-eval/bootstrap", std::to_string(d));
    std::vector<double> times(subjects_), weights(subject_of_.size());
    for (std::size_t i = 0; i < subjects_; ++i) times[random.below(subjects_)] += 1;
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = times[subject_of_[i]];
    for (std::size_t s = 0; s < statistics.size(); ++s) values.row(s)[d] = statistics[s](weights);
  });
  return values;
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

std::vector<Interval> Bootstrap::intervals(std::span<const Statistic> statistics) const {
  std::vector<Interval> result;
  const bool enough = subjects_ >= options_.least_subjects;
  const Matrix draws = enough ? draw(statistics) : Matrix();
  for (std::size_t s = 0; s < statistics.size(); ++s) {
    const double value = statistics[s]({});
    if (enough) {
      result.push_back(percentiles(value, draws.row(s)));
    } else {
      result.push_back(
          {.value = value,
           .low = kNaN,
           .high = kNaN,
           .undefined = 0,
           .why = fmt::format("no interval: {} subjects, fewer than {}", subjects_, options_.least_subjects)});
    }
  }
  return result;
}

Interval Bootstrap::interval(const Statistic& statistic) const { return intervals(std::span(&statistic, 1)).front(); }

Paired Bootstrap::paired(const Statistic& a, const Statistic& b) const {
  const Statistic difference = [&](Weights weights) { return b(weights) - a(weights); };
  Paired result{.difference = {.value = difference({}), .low = kNaN, .high = kNaN, .undefined = 0, .why = {}},
                .probability_better = kNaN};
  if (subjects_ < options_.least_subjects) {
    result.difference = interval(difference);
    return result;
  }
  const Matrix draws = draw(std::span(&difference, 1));
  result.difference = percentiles(result.difference.value, draws.row(0));
  double better = 0, defined = 0;
  for (const double d : draws.row(0)) {
    if (std::isnan(d)) continue;
    better += d > 0 ? 1 : d == 0 ? 0.5 : 0;
    ++defined;
  }
  if (result.difference.why.empty()) result.probability_better = better / defined;
  return result;
}

}  // namespace cfm::eval
