// Figures of classification and regression, each with weights, so that a bootstrap only changes the weights.
//
//   Ranking ranking(labels, scores);                       // labels: 0 or 1, [n]; scores: [n]
//   ranking.auroc();  ranking.average_precision();
//   Confusion table = confusion(labels, decide(scores, 0.5));  table.f1();  table.challenge2015();
//
// What is undefined (one class only, a zero denominator) is NaN, never 0 or 1. Weights are [n] and not negative; empty
// means 1 each. Arrays whose lengths differ are a bug of the caller (std::invalid_argument). Scores hold no NaN.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "eval/matrix.h"

namespace cfm::eval {

using Weights = std::span<const double>;

// Mean of the values that are not NaN; NaN when there is none.
double mean_defined(std::span<const double> values);

// ---- two classes
// -----------------------------------------------------------------------------------------------------

struct RocPoint {
  double fpr, tpr, threshold;  // positive when score >= threshold
};

struct PrPoint {
  double recall, precision, threshold;  // positive when score >= threshold
};
struct Areas {
  double auroc, average_precision;
  double positive;  // weight of the positives
};

// Scores sorted once; each figure is then one pass.
class Ranking {
 public:
  Ranking(std::span<const int> labels, std::span<const double> scores);

  // Both areas in one pass: the probability that a positive outranks a negative, ties count half (Hanley and McNeil
  // 1982); and the sum over distinct thresholds of (R_n − R_(n−1)) P_n, which is AUPRC here.
  Areas areas(Weights weights = {}) const;
  double auroc(Weights weights = {}) const { return areas(weights).auroc; }
  double average_precision(Weights weights = {}) const { return areas(weights).average_precision; }
  // Every distinct threshold, descending.
  std::vector<PrPoint> pr(Weights weights = {}) const;
  // Every distinct threshold, descending; the first is above all scores (infinity).
  std::vector<RocPoint> roc(Weights weights = {}) const;

 private:
  template <typename Step>
  void descend(Weights weights, const Step& step) const;  // step(score, positive weight, negative weight) a tie
  std::vector<std::uint32_t> order_;                      // items, by descending score
  std::vector<std::uint8_t> positive_, last_of_tie_;      // of order_
  std::vector<double> score_;
};

// 1 where score >= threshold.
std::vector<int> decide(std::span<const double> scores, double threshold);

struct Confusion {
  double tn = 0, fp = 0, fn = 0, tp = 0;

  double accuracy() const;
  double sensitivity() const;
  double specificity() const;
  double ppv() const;
  double npv() const;
  double f1() const;
  double balanced_accuracy() const;  // mean of sensitivity and specificity
  double mcc() const;                // Matthews 1975
  double challenge2015() const;      // 100 (TP + TN) / (TP + TN + FP + 5 FN), Clifford et al. 2015
};
Confusion confusion(std::span<const int> labels, std::span<const int> decisions, Weights weights = {});

// Mean of (p − y)²; NaN when a score is no probability.
double brier(std::span<const int> labels, std::span<const double> probabilities, Weights weights = {});
// Mean of −log p(true), p within [1e-7, 1 − 1e-7]; NaN when a score is no probability.
double log_loss(std::span<const int> labels, std::span<const double> probabilities, Weights weights = {});

struct ReliabilityBin {
  int bin;                       // min(floor(10 p), 9)
  double n;                      // weight in the bin
  double mean_score, frequency;  // of the positive class
};
struct Calibration {
  double ece, mce;                   // mean and largest |frequency − mean score| (Naeini et al. 2015), ten bins
  std::vector<ReliabilityBin> bins;  // those that are not empty
};
Calibration calibration(std::span<const int> labels, std::span<const double> probabilities, Weights weights = {});

// ---- several classes
// -------------------------------------------------------------------------------------------------

// The first of the largest, a row.
std::vector<int> argmax(const Matrix& scores);

struct ClassTable {
  Matrix counts;  // [truth, decision]

  double support(std::size_t k) const;
  double sensitivity(std::size_t k) const;
  double ppv(std::size_t k) const;
  double f1(std::size_t k) const;
  double accuracy() const;
  double f1_macro() const;           // mean over the classes where it is defined
  double f1_weighted() const;        // by support
  double balanced_accuracy() const;  // mean sensitivity over the classes where it is defined
  double mcc() const;                // Gorodkin 2004
  double kappa() const;              // Cohen 1960
  double quadratic_kappa() const;    // of grades: weights (i − j)² (Cohen 1968)
  double grade_error() const;        // mean |i − j|
  // Mean F1 of the three classes given (N, A, O); an F1 without any case counts 0 (Clifford et al. 2017).
  double challenge2017(const std::array<std::size_t, 3>& normal_af_other) const;
};
ClassTable class_table(std::span<const int> labels, std::span<const int> decisions, std::size_t classes,
                       Weights weights = {});

// 1 where a label is class k, else 0.
std::vector<int> is_class(std::span<const int> labels, std::size_t k);

// Each class against the rest; scores [n, classes].
std::vector<Ranking> rankings(std::span<const int> labels, const Matrix& scores);

double log_loss(std::span<const int> labels, const Matrix& probabilities, Weights weights = {});
double brier_sum(std::span<const int> labels, const Matrix& probabilities, Weights weights = {});
// Of the largest probability and whether it was right.
Calibration calibration_top(std::span<const int> labels, const Matrix& probabilities, Weights weights = {});

// ---- several labels at once
// ------------------------------------------------------------------------------------------

// labels: 0 or 1, [n, labels]; scores: [n, labels]; a cell is positive at score >= threshold.
struct MultiLabel {
  double map_macro, map_micro;  // average precision: mean over the labels with a positive, all cells as one
  double auroc_macro, auroc_micro;
  double f1_macro, f1_micro;       // macro: over the labels where it is defined
  double ranking_loss;             // share of (true, false) pairs in the wrong order, ties are wrong
  double label_ranking_precision;  // Schapire and Singer 2000; ties take the larger rank
  double coverage;                 // how far down the list all true labels are had; 1 is the best with one label
  double hamming_loss;             // share of wrong cells
  double subset_accuracy;          // rows all right
};
MultiLabel multi_label(const Matrix& labels, const Matrix& scores, double threshold);

// What each row adds to the means above, so that a bootstrap only weighs the rows. decided: 0 or 1, [n, labels].
struct MultiLabelRows {
  std::vector<double> ranking_loss, label_ranking_precision, coverage, hamming_loss, subset_accuracy;  // [n]
};
MultiLabelRows multi_label_rows(const Matrix& labels, const Matrix& scores, const Matrix& decided);

// ---- sure and unsure
// -----------------------------------------------------------------------------------------------------

struct RiskPoint {
  double coverage, risk;  // share that is kept, and its mean loss
};
// Risk when the least confident are left out, at every distinct confidence, from the smallest coverage on (El-Yaniv and
// Wiener 2010).
class RiskCoverage {
 public:
  RiskCoverage(std::span<const double> losses, std::span<const double> confidence);
  std::vector<RiskPoint> curve(Weights weights = {}) const;
  // Mean risk over all coverages, which is the area under the curve (Geifman and El-Yaniv 2017); ties share theirs.
  double area(Weights weights = {}) const;

 private:
  template <typename Step>
  void descend(Weights weights, const Step& step) const;  // step(weight of a tie, weight so far, loss so far)
  std::vector<std::uint32_t> order_;                      // by descending confidence
  std::vector<std::uint8_t> last_of_tie_;
  std::vector<double> losses_;
};

// Weighted mean of values, [n]; NaN without weight.
double weighted_mean(std::span<const double> values, Weights weights = {});

// ---- numbers
// ---------------------------------------------------------------------------------------------------------

struct Regression {
  double n = 0;              // weight of the pairs compared
  std::size_t left_out = 0;  // pairs with a NaN
  double mae, rmse;
  double r2;                 // 1 − SSE / SST
  double mase;               // Σ|d| / Σ|reference − mean predictor|
  double bias, sd;           // mean and sample SD of d = estimate − reference
  double loa_low, loa_high;  // bias ∓ 1.96 SD (Bland and Altman 1986)
  double pearson;
  double ccc;                         // Lin 1989
  std::array<double, 3> bhs_percent;  // of |d| <= 5, 10, 15 mmHg (O'Brien et al. 1993)
  char bhs_grade = 'D';
};
// Weights count as repetitions. train_mean: what the mean predictor says; NaN: the mean of this reference.
Regression regression(std::span<const double> reference, std::span<const double> estimate, Weights weights = {},
                      double train_mean = std::numeric_limits<double>::quiet_NaN());

// Pearson of mean ranks; a pair with NaN is left out.
double spearman(std::span<const double> reference, std::span<const double> estimate);

}  // namespace cfm::eval
