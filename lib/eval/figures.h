// The figures of one system on one problem, each with its interval over subjects.
//
//   System model{.name = "model", .scores = scores, .decisions = decisions};     // scores: [n, outputs]
//   Figures figures(problem, model, bootstrap);
//   std::vector<Row> rows = figures.rows();                                      // auroc first
//   std::vector<Comparison> gains = compare(figures, Figures(problem, control, bootstrap), bootstrap);
//
// Two classes: auroc auprc f1 balanced_accuracy score2015 se sp ppv npv accuracy mcc brier log_loss ece mce. Several:
// auroc auprc f1 balanced_accuracy (macro), auroc_weighted auprc_weighted f1_weighted (by how often a class is),
// accuracy kappa mcc brier log_loss ece, score2017 where the classes are N, A, O and ~; each class's auroc auprc f1 se
// sp ppv. Grades: also mae (in grades) and quadratic_kappa. Several labels: auroc map f1 (macro), auroc_weighted
// map_weighted auroc_micro map_micro f1_micro, ranking_precision ranking_loss label_coverage hamming_loss
// subset_accuracy; each label's auroc auprc f1 se sp ppv. Numbers: mae rmse r2 pearson ccc bias sd loa_low loa_high
// mase; of blood pressure also bhs5 bhs10 bhs15. With a confidence aurc; with abstentions coverage and
// selective_accuracy.
#pragma once

#include "eval/bootstrap.h"
#include "eval/results.h"
#include "eval/system.h"

namespace cfm::eval {

// Which way a metric is better; a bias is neither.
enum class Better { kMore, kLess, kNeither };

struct Figure {
  std::string metric = {}, klass = {}, note = {};
  Better better = Better::kMore;
};

class Figures {
 public:
  Figures(const Problem& problem, const System& system, const Bootstrap& bootstrap);

  std::vector<Row> rows() const;  // the headline first

 private:
  friend std::vector<Comparison> compare(const Figures& model, const Figures& control, const Bootstrap& bootstrap);
  std::string name_, label_, note_;
  std::size_t subjects_, segments_;
  std::vector<Figure> figures_;
  Bootstrap::Sample sample_;
  std::vector<Interval> intervals_;
};

// The metric systems are compared by: auroc (macro) or, of a regression, mae.
const char* headline(TaskKind kind);
// Every figure of all classes that both have and that can be better; the headline first.
std::vector<Comparison> compare(const Figures& model, const Figures& control, const Bootstrap& bootstrap);

}  // namespace cfm::eval
