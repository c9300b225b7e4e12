#include "eval/marks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "signal/moments.h"

namespace cfm::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kQuartilesOfNormal = 1.35;  // SD, between the quartiles of a normal distribution
constexpr double kRounding = 1e-6;           // samples, of a distance that equals the window

double quotient(double part, double whole, bool root) {
  if (!(whole > 0)) return kNaN;
  return root ? std::sqrt(part / whole) : part / whole;
}

Statistic gross_of(const Share& share) {
  return [&share](Weights weights) {
    double part = 0, whole = 0;
    for (std::size_t i = 0; i < share.part.size(); ++i) {
      const double weight = weights.empty() ? 1 : weights[i];
      part += weight * share.part[i];
      whole += weight * share.whole[i];
    }
    return quotient(part, whole, share.root);
  };
}

Statistic average_of(const Share& share) {
  return [&share](Weights weights) {
    double sum = 0, n = 0;
    for (std::size_t i = 0; i < share.part.size(); ++i) {
      const double value = share.of(i);
      if (std::isnan(value)) continue;
      const double weight = weights.empty() ? 1 : weights[i];
      sum += weight * value;
      n += weight;
    }
    return quotient(sum, n, false);
  };
}

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> match_marks(std::span<const double> reference,
                                                             std::span<const double> test, double window) {
  struct Candidate {
    double distance;
    std::size_t reference, test;
  };
  std::vector<Candidate> candidates;
  std::size_t first = 0;
  for (std::size_t r = 0; r < reference.size(); ++r) {
    while (first < test.size() && test[first] < reference[r] - window - kRounding) ++first;
    for (std::size_t t = first; t < test.size() && test[t] <= reference[r] + window + kRounding; ++t)
      candidates.push_back({std::abs(test[t] - reference[r]), r, t});
  }
  std::ranges::sort(candidates, {}, [](const Candidate& c) { return std::tuple(c.distance, c.reference, c.test); });
  std::vector<bool> reference_taken(reference.size()), test_taken(test.size());
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (const Candidate& c : candidates) {
    if (reference_taken[c.reference] || test_taken[c.test]) continue;
    reference_taken[c.reference] = test_taken[c.test] = true;
    pairs.emplace_back(c.reference, c.test);
  }
  std::ranges::sort(pairs);
  return pairs;
}

Spread spread_of(std::span<const double> errors) {
  Spread spread{.n = errors.size(), .bias = kNaN, .sd = kNaN, .median = kNaN, .robust_sd = kNaN};
  if (errors.empty()) return spread;
  const signal::Moments moments = signal::moments(errors);
  spread.bias = moments.mean;
  std::vector<double> sorted(errors.begin(), errors.end());
  std::ranges::sort(sorted);
  spread.median = quantile(sorted, 0.5);
  if (errors.size() == 1) return spread;
  spread.sd = moments.sd_sample;
  spread.robust_sd = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / kQuartilesOfNormal;
  return spread;
}

double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? kNaN : quantile(values, 0.5);
}

std::vector<double> centred(std::span<const std::vector<double>> errors) {
  std::vector<double> all;
  for (const std::vector<double>& list : errors) {
    const double median = median_of(list);
    for (const double error : list) all.push_back(error - median);
  }
  return all;
}

std::vector<double> pooled(std::span<const std::vector<double>> errors) {
  std::vector<double> all;
  for (const std::vector<double>& list : errors) all.insert(all.end(), list.begin(), list.end());
  return all;
}

double Share::of(std::size_t record) const { return quotient(part[record], whole[record], root); }

std::vector<ShareRows> share_rows(std::span<const Share> shares, const Bootstrap& bootstrap, const Row& common) {
  std::vector<Statistic> statistics;
  for (const Share& share : shares) {
    statistics.push_back(gross_of(share));
    statistics.push_back(average_of(share));
  }
  const std::vector<Interval> intervals = bootstrap.intervals(statistics);
  std::vector<ShareRows> rows;
  for (std::size_t s = 0; s < shares.size(); ++s) {
    const auto row = [&](const Interval& interval, const char* note) {
      Row row = common;
      row.klass = shares[s].klass;
      row.metric = shares[s].metric;
      row.value = interval.value;
      row.low = interval.low;
      row.high = interval.high;
      row.note = note;
      return row;
    };
    rows.push_back({row(intervals[2 * s], "gross"), row(intervals[2 * s + 1], "average")});
  }
  return rows;
}

std::vector<std::size_t> numbered(std::span<const std::string> names) {
  std::map<std::string, std::size_t> numbers;
  std::vector<std::size_t> result;
  for (const std::string& name : names) result.push_back(numbers.emplace(name, numbers.size()).first->second);
  return result;
}

}  // namespace cfm::eval
