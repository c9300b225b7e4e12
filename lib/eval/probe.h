// Linear probes with a ridge penalty on standardised features: ridge, logistic, softmax.
//
//   ProbeFitter fitter(features, training_rows);          // features: [n, d]
//   LinearProbe probe = fitter.logistic(y, l2);           // y: 0 or 1, of the training rows, in their order
//   Matrix p = probe.predict(features, test_rows);        // [rows, 1]: probability of 1
//
// Mean and SD come from the training rows alone; a NaN is missing and takes the mean. Objectives: Σ(y − xw − b)² +
// l2|w|², Σ log(1 + exp(−s(xw + b))) + l2/2 |w|², −Σ log p(true) + l2/2 |W|²: sums, not means; the intercept is free. A
// constant feature gets coefficient 0. The training set is turned once onto its principal axes (at most min(n, d)),
// which serve every strength: d may exceed n by far. One class only is status 2.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "eval/matrix.h"

namespace cfm::eval {

enum class ProbeKind { kRidge, kLogistic, kSoftmax };

struct LinearProbe {
  ProbeKind kind = ProbeKind::kLogistic;
  std::vector<double> mean, sd;    // of the training rows, [d]
  Matrix coefficients;             // [outputs, d], on standardised features
  std::vector<double> intercepts;  // [outputs]; those of softmax sum to 0

  // [rows, outputs]: the value, the probability of class 1, or the probabilities of all classes.
  Matrix predict(const Matrix& features, std::span<const std::size_t> rows) const;
};

class ProbeFitter {
 public:
  ProbeFitter(const Matrix& features, std::span<const std::size_t> rows);
  ~ProbeFitter();
  ProbeFitter(ProbeFitter&&) noexcept;

  LinearProbe ridge(std::span<const double> y, double l2) const;
  LinearProbe logistic(std::span<const int> y, double l2) const;
  LinearProbe softmax(std::span<const int> y, std::size_t classes, double l2) const;

 private:
  struct Axes;
  std::unique_ptr<Axes> axes_;
};

}  // namespace cfm::eval
