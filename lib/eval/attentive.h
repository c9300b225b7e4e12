// A probe that learns where to look: attention of one query over a segment's tokens, then a linear model.
//
//   AttentiveProbe probe = fit_attentive(ProbeKind::kLogistic, x, 18, train, y, 2, {.l2 = 10});   // x: [n, 18 * d]
//   Matrix p = probe.predict(x, test);                                                            // [test, 1]
//
// pooled = Σ_t a_t z_t, a = softmax_t(q · z_t / √d), z the tokens standardised by the mean and SD of the training rows'
// tokens; the rest as in probe.h: Σ loss + l2 / 2 (|W|² + |q|²), for numbers Σ (y − ŷ)² + l2 (…). Minimised by L-BFGS
// (Nocedal and Wright, chapter 7) from W = 0 and a small random q of the seed, so that the first steps pool evenly.
// The one-query form of the attentive probing of Chen et al. 2024 (context autoencoder) and of V-JEPA's frozen
// protocol.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval/matrix.h"
#include "eval/probe.h"

namespace cfm::eval {

struct AttentiveOptions {
  double l2 = 10;
  int most_steps = 200;
  std::uint64_t seed = 0;
};

struct AttentiveProbe {
  ProbeKind kind = ProbeKind::kLogistic;
  std::size_t tokens = 1;
  std::vector<double> mean, sd;    // [d]
  std::vector<double> query;       // [d]
  Matrix weights;                  // [outputs, d]
  std::vector<double> intercepts;  // [outputs]

  // [rows, outputs]: the value, the probability of class 1, or the probabilities of all classes.
  Matrix predict(const Matrix& x, std::span<const std::size_t> rows) const;
  // [tokens]: where it looks.
  std::vector<double> attention(std::span<const double> segment) const;
};

// x: [n, tokens * d]; y: of the training rows in their order, numbers or class indices.
AttentiveProbe fit_attentive(ProbeKind kind, const Matrix& x, std::size_t tokens, std::span<const std::size_t> rows,
                             std::span<const double> y, std::size_t classes, const AttentiveOptions& options);

}  // namespace cfm::eval
