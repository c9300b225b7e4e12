#include "train/calibration.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <utility>

#include "base/logistic.h"

namespace cfm::train {
namespace {

constexpr double kSteepest = 20;      // slope; its inverse is the flattest
constexpr double kSmallest = 1e-12;   // probability whose logarithm is taken
constexpr double kConverged = 1e-10;  // change of a parameter
constexpr int kIterations = 100;

// What a row of class `truth` should be given for each class.
class SmoothedTargets {
 public:
  SmoothedTargets(std::span<const std::size_t> truth, std::size_t classes) : counts_(classes, 0) {
    for (const std::size_t c : truth) counts_[c] += 1;
  }
  double of(std::size_t truth, std::size_t c) const {
    const double all = counts_[truth] + static_cast<double>(counts_.size());
    return (c == truth ? counts_[truth] + 1 : 1) / all;
  }

 private:
  std::vector<double> counts_;
};

// Slope with the least cross-entropy of probabilities(slope · row): golden section over its logarithm, in which the
// loss has one minimum (it is convex in the slope).
double best_slope(std::span<const double> logits, std::size_t width, std::span<const std::size_t> truth,
                  std::size_t classes,
                  const std::function<std::vector<double>(std::span<const double>)>& probabilities) {
  const SmoothedTargets targets(truth, classes);
  std::vector<double> row(width);
  const auto loss = [&](double log_slope) {
    double sum = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      for (std::size_t k = 0; k < width; ++k) row[k] = std::exp(log_slope) * logits[i * width + k];
      const std::vector<double> p = probabilities(row);
      for (std::size_t c = 0; c < classes; ++c) sum -= targets.of(truth[i], c) * std::log(std::max(p[c], kSmallest));
    }
    return sum;
  };
  double low = -std::log(kSteepest), high = std::log(kSteepest);
  const double part = 1 / std::numbers::phi;
  double a = high - part * (high - low), b = low + part * (high - low), at_a = loss(a), at_b = loss(b);
  while (high - low > 1e-6) {
    if (at_a < at_b) {
      high = std::exchange(b, a);
      at_b = at_a;
      a = high - part * (high - low);
      at_a = loss(a);
    } else {
      low = std::exchange(a, b);
      at_a = at_b;
      b = low + part * (high - low);
      at_b = loss(b);
    }
  }
  return std::exp((low + high) / 2);
}

}  // namespace

std::vector<double> Calibration::operator()(std::span<const double> logits) const {
  std::vector<double> moved(logits.begin(), logits.end());
  if (slope.empty()) return moved;
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const std::size_t k = slope.size() == 1 ? 0 : i;
    moved[i] = slope[k] * moved[i] + intercept[k];
  }
  return moved;
}

std::vector<double> softmax(std::span<const double> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> p;
  double sum = 0;
  for (const double x : logits) sum += p.emplace_back(std::exp(x - largest));
  for (double& x : p) x /= sum;
  return p;
}

std::vector<double> grade_probabilities(std::span<const double> logits) {
  std::vector<double> p;
  double above = 1;  // P(grade >= k)
  for (const double x : logits) {
    const double next = std::min(above, sigmoid(x));
    p.push_back(above - next);
    above = next;
  }
  p.push_back(above);
  return p;
}

// Newton's method with halved steps, as Lin, Lin and Weng 2007 do it; the loss is convex.
Calibration platt(std::span<const double> logits, std::span<const int> positive) {
  const std::vector<std::size_t> truth(positive.begin(), positive.end());
  const SmoothedTargets targets(truth, 2);
  const auto loss = [&](double slope, double intercept) {
    double sum = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
      const double z = slope * logits[i] + intercept;
      sum += std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) - targets.of(truth[i], 1) * z;
    }
    return sum;
  };
  double a = 1, b = 0;
  const auto descend = [&](bool move_slope) {
    for (int round = 0; round < kIterations; ++round) {
      double ga = 0, gb = 0, haa = kSmallest, hab = 0, hbb = kSmallest;
      for (std::size_t i = 0; i < logits.size(); ++i) {
        const double x = logits[i], p = sigmoid(a * x + b), error = p - targets.of(truth[i], 1), weight = p * (1 - p);
        ga += error * x;
        gb += error;
        haa += weight * x * x;
        hab += weight * x;
        hbb += weight;
      }
      const double determinant = haa * hbb - hab * hab;
      const bool both = move_slope && determinant > kSmallest;
      const double da = both ? -(hbb * ga - hab * gb) / determinant : 0;
      const double db = both ? -(haa * gb - hab * ga) / determinant : -gb / hbb;
      const double before = loss(a, b);
      double step = 1;
      while (step > kConverged && loss(a + step * da, b + step * db) > before) step /= 2;
      a += step * da;
      b += step * db;
      if (step * std::max(std::abs(da), std::abs(db)) < kConverged) return;
    }
  };
  descend(true);
  if (const double held = std::clamp(a, 1 / kSteepest, kSteepest); held != a) {
    a = held;
    descend(false);
  }
  return {{a}, {b}};
}

Calibration temperature(std::span<const double> logits, std::span<const std::size_t> truth, std::size_t classes) {
  return {{best_slope(logits, classes, truth, classes, softmax)}, {0}};
}

Calibration grade_temperature(std::span<const double> logits, std::span<const std::size_t> truth, std::size_t grades) {
  return {{best_slope(logits, grades - 1, truth, grades, grade_probabilities)}, {0}};
}

}  // namespace cfm::train
