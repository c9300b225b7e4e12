// The figures of one system on one problem, each with its interval over subjects.
//
//   System model{.name = "model", .scores = scores, .decisions = decisions};     // scores: [n, outputs]
//   std::vector<Row> rows = figures(problem, model, bootstrap);                  // auroc first
//   Comparison c = compare(problem, model, control, bootstrap);                  // model − control, paired
//
// Classes: auroc auprc f1 accuracy balanced_accuracy se sp ppv brier ece score2015 (two), their macro means and
// score2017 where the classes are N, A, O and ~ (several). Numbers: mae rmse r2 pearson bias sd mase.
#pragma once

#include "eval/bootstrap.h"
#include "eval/results.h"
#include "eval/task.h"

namespace cfm::eval {

struct System {
  std::string name = {};  // "model", or the control's
  Matrix scores = {};     // [n, outputs]: probability of the positive or of each class, or the number estimated
  std::vector<int> decisions = {};      // [n] class; empty for a regression
  std::vector<int> decisions2015 = {};  // [n] made for the Challenge 2015 score; empty: decisions
  Matrix ranking = {};  // [n, outputs] what auroc and auprc rank by; empty: scores; all equal: a constant predictor
  std::string decided = {};  // how decisions were made, for the notes
  std::string decided2015 = {};
  std::string note = {};       // of every figure of this system
  std::vector<int> fold = {};  // [n]; empty: no folds
};

std::vector<Row> figures(const Problem& problem, const System& system, const Bootstrap& bootstrap);

// The metric systems are compared by: auroc (macro) or, of a regression, mae.
const char* headline(TaskKind kind);
Comparison compare(const Problem& problem, const System& model, const System& control, const Bootstrap& bootstrap);

}  // namespace cfm::eval
