#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "eval/metrics.h"

namespace cfm::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLimitsOfAgreement = 1.96;  // SD: 95 % of a normal distribution
// Per cent within 5, 10 and 15 mmHg that grades A, B and C ask for (O'Brien et al. 1993).
constexpr double kBhs[3][3] = {{60, 85, 95}, {50, 75, 90}, {40, 65, 85}};

struct Pairs {
  std::vector<double> x, y, w;  // reference, estimate, weight > 0
  double n = 0;

  double mean(const std::vector<double>& values) const {
    return std::inner_product(values.begin(), values.end(), w.begin(), 0.0) / n;
  }
  // Σ w (a − mean a)(b − mean b)
  double cross(const std::vector<double>& a, const std::vector<double>& b) const {
    const double mean_a = mean(a), mean_b = mean(b);
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += w[i] * (a[i] - mean_a) * (b[i] - mean_b);
    return sum;
  }
};

bool constant(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
}

double correlation(const Pairs& pairs, const std::vector<double>& a, const std::vector<double>& b) {
  if (constant(a) || constant(b)) return kNaN;
  return pairs.cross(a, b) / std::sqrt(pairs.cross(a, a) * pairs.cross(b, b));
}

// Equal values share their mean rank.
std::vector<double> mean_ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t i = 0, end = 0; i < order.size();) {
    while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
    const double rank = static_cast<double>(i + end + 1) / 2;
    for (; i < end; ++i) ranks[order[i]] = rank;
  }
  return ranks;
}

Pairs pairs_of(std::span<const double> reference, std::span<const double> estimate, Weights weights,
               std::size_t& left_out) {
  if (reference.size() != estimate.size() || (!weights.empty() && weights.size() != reference.size()))
    throw std::invalid_argument("reference, estimate and weights differ in length");
  Pairs pairs;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double w = weights.empty() ? 1.0 : weights[i];
    if (std::isnan(reference[i]) || std::isnan(estimate[i])) {
      ++left_out;
    } else if (w > 0) {
      pairs.x.push_back(reference[i]);
      pairs.y.push_back(estimate[i]);
      pairs.w.push_back(w);
      pairs.n += w;
    }
  }
  return pairs;
}

}  // namespace

Regression regression(std::span<const double> reference, std::span<const double> estimate, Weights weights,
                      double train_mean) {
  Regression result{};
  const Pairs pairs = pairs_of(reference, estimate, weights, result.left_out);
  result.n = pairs.n;
  result.mae = result.rmse = result.r2 = result.mase = result.bias = result.sd = result.loa_low = result.loa_high =
      result.pearson = result.ccc = kNaN;
  result.bhs_percent = {kNaN, kNaN, kNaN};
  if (pairs.x.empty()) return result;

  const double centre = std::isnan(train_mean) ? pairs.mean(pairs.x) : train_mean;
  std::vector<double> difference(pairs.x.size());
  double absolute = 0, squared = 0, by_mean = 0, within[3] = {0, 0, 0};
  for (std::size_t i = 0; i < difference.size(); ++i) {
    const double d = difference[i] = pairs.y[i] - pairs.x[i];
    absolute += pairs.w[i] * std::abs(d);
    squared += pairs.w[i] * d * d;
    by_mean += pairs.w[i] * std::abs(pairs.x[i] - centre);
    for (int k = 0; k < 3; ++k) within[k] += std::abs(d) <= 5 * (k + 1) ? pairs.w[i] : 0;
  }
  result.mae = absolute / pairs.n;
  result.rmse = std::sqrt(squared / pairs.n);
  const bool flat = constant(pairs.x);
  if (!flat) result.r2 = 1 - squared / pairs.cross(pairs.x, pairs.x);
  if (by_mean > 0 && !(flat && std::isnan(train_mean))) result.mase = absolute / by_mean;
  result.bias = pairs.mean(difference);
  if (pairs.n > 1)
    result.sd = constant(difference) ? 0 : std::sqrt(pairs.cross(difference, difference) / (pairs.n - 1));
  result.loa_low = result.bias - kLimitsOfAgreement * result.sd;
  result.loa_high = result.bias + kLimitsOfAgreement * result.sd;
  result.pearson = correlation(pairs, pairs.x, pairs.y);
  const double spread =
      pairs.cross(pairs.x, pairs.x) + pairs.cross(pairs.y, pairs.y) + pairs.n * result.bias * result.bias;
  if (pairs.n > 1 && spread > 0) result.ccc = 2 * pairs.cross(pairs.x, pairs.y) / spread;

  for (std::size_t k = 0; k < 3; ++k) result.bhs_percent[k] = 100 * within[k] / pairs.n;
  for (int grade = 0; grade < 3 && result.bhs_grade == 'D'; ++grade) {
    bool reached = true;
    for (std::size_t k = 0; k < 3; ++k) reached = reached && result.bhs_percent[k] >= kBhs[grade][k];
    if (reached) result.bhs_grade = static_cast<char>('A' + grade);
  }
  return result;
}

double spearman(std::span<const double> reference, std::span<const double> estimate) {
  std::size_t left_out = 0;
  const Pairs pairs = pairs_of(reference, estimate, {}, left_out);
  return pairs.x.empty() ? kNaN : correlation(pairs, mean_ranks(pairs.x), mean_ranks(pairs.y));
}

}  // namespace cfm::eval
