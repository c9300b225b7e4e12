// A probe scored on subjects it has not seen, with everything that is chosen chosen on the others.
//
//   Folds folds = probe_folds(problem, 5, seed);
//   System model = probe_out_of_fold("model", problem, inputs, folds, options);     // inputs: [n, d]
//   System control = constant_out_of_fold(problem, &folds);
//
// Outer folds are stratified over subjects (dataset/folds.h). Within the training subjects of each, inner folds choose
// the penalty (least log loss, or squared error) and the thresholds (largest balanced accuracy, of several labels the
// largest F1 each; for the Challenge 2015 score the largest such score); then the probe is fitted on all of them.
// Intercepts lean away from the subjects held out (a positive held out is one less to train on), so pooled
// probabilities rank worse than each fold does: ranking is by logits less the mean, over the SD, of those of the inner
// folds. Grades are decided by the median of their probabilities. Fewer than three subjects of a class is status 2; of
// several labels, such a one is left out before (frequent_labels()).
#pragma once

#include "dataset/folds.h"
#include "eval/learner.h"
#include "eval/metrics.h"
#include "eval/system.h"

namespace cfm::eval {

struct NestedOptions {
  Learner learner = Learner::kLinear;
  int inner_folds = 5;
  std::uint64_t seed = 0;
  int threads = 1;
  // Share of the training subjects of each class whose labels are used, at least three of them: what a label is worth.
  double fraction = 1;
};

// At most `wanted` folds, fewer where a class has fewer subjects.
dataset::Folds probe_folds(const Problem& problem, int wanted, std::uint64_t seed);

System probe_out_of_fold(const std::string& name, const Problem& problem, const Inputs& inputs,
                         const dataset::Folds& folds, const NestedOptions& options);

// "majority" (the training subjects' most frequent class, with their shares as probabilities) or "mean". Without folds,
// of the scored segments themselves, which favours this control.
System constant_out_of_fold(const Problem& problem, const dataset::Folds* folds);

// Of several labels those that at least three subjects have and three have not.
std::vector<std::size_t> frequent_labels(const Problem& problem);
Problem with_labels(const Problem& problem, std::span<const std::size_t> labels);

// The lowest threshold at which `criterion` of (labels, decisions) is largest.
double best_threshold(std::span<const int> labels, std::span<const double> scores,
                      double (Confusion::*criterion)() const);

}  // namespace cfm::eval
