// A probe scored on subjects it has not seen, with everything that is chosen chosen on the others.
//
//   Folds folds = probe_folds(problem, 5, seed);
//   System model = probe_out_of_fold("model", problem, features, folds, options);     // features: [n, d]
//   System control = constant_out_of_fold(problem, folds);
//
// Outer folds are stratified over subjects (dataset/folds.h). Within the training subjects of each, inner folds choose
// the penalty (least log loss, or squared error) and the thresholds (largest balanced accuracy; for the Challenge 2015
// score the largest such score); then the probe is fitted on all of them. Intercepts lean away from the subjects held
// out (a positive held out is one less to train on), so pooled probabilities rank worse than each fold does: ranking is
// by logits less the mean, over the SD, of those of the inner folds. Fewer than three subjects of a class is status 2.
#pragma once

#include "dataset/folds.h"
#include "eval/figures.h"

namespace cfm::eval {

struct NestedOptions {
  int inner_folds = 5;
  std::vector<double> strengths = {1e4, 1e3, 1e2, 10, 1, 0.1, 0.01};  // l2, strongest first
  std::uint64_t seed = 0;
  int threads = 1;
};

// At most `wanted` folds, fewer where a class has fewer subjects.
dataset::Folds probe_folds(const Problem& problem, int wanted, std::uint64_t seed);

System probe_out_of_fold(const std::string& name, const Problem& problem, const Matrix& features,
                         const dataset::Folds& folds, const NestedOptions& options);

// "majority" (the training subjects' most frequent class, with their shares as probabilities) or "mean". Without folds,
// of the scored segments themselves, which favours this control.
System constant_out_of_fold(const Problem& problem, const dataset::Folds* folds);

// The lowest threshold at which `criterion` of (labels, decisions) is largest.
double best_threshold(std::span<const int> labels, std::span<const double> scores,
                      double (Confusion::*criterion)() const);

}  // namespace cfm::eval
