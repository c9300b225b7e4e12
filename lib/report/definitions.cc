#include "report/definitions.h"

#include <algorithm>
#include <array>
#include <limits>

#include "report/html.h"

namespace cfm::report {
namespace {

struct Definition {
  const char *metric, *name, *text;
};

constexpr std::array kDefinitions = {
    Definition{"auroc", "AUROC",
               "Chance that a positive segment gets a higher score than a negative one; ties count half. 0.5 is "
               "guessing, 1 perfect. With several classes the mean over the classes, each against the rest."},
    Definition{"auprc", "AUPRC",
               "Average precision: the precision at each threshold, weighted by the recall it adds. Guessing gets the "
               "prevalence."},
    Definition{"map", "mAP", "Mean over the labels of the average precision."},
    Definition{"auroc_micro", "AUROC (micro)", "AUROC of all labels of all segments as one."},
    Definition{"map_micro", "mAP (micro)", "Average precision of all labels of all segments as one."},
    Definition{"f1_micro", "F1 (micro)", "F1 of all labels of all segments as one."},
    Definition{"auroc_weighted", "AUROC (weighted)", "Mean of the classes’ AUROC, weighted by how often each is."},
    Definition{"auprc_weighted", "AUPRC (weighted)", "Mean of the classes’ AUPRC, weighted by how often each is."},
    Definition{"map_weighted", "mAP (weighted)",
               "Mean of the labels’ average precision, weighted by how often each is."},
    Definition{"f1_weighted", "F1 (weighted)", "Mean of the classes’ F1, weighted by how many segments they have."},
    Definition{"f1", "F1",
               "Harmonic mean of sensitivity and positive predictive value at the threshold of the "
               "decisions; with several classes the mean over the classes."},
    Definition{"accuracy", "Accuracy", "Share of segments decided right."},
    Definition{"balanced_accuracy", "Balanced accuracy",
               "Mean of the sensitivities of the classes; 1 divided by their number is guessing."},
    Definition{"se", "Sensitivity", "Share of the positives that are found."},
    Definition{"sp", "Specificity", "Share of the negatives that are left alone."},
    Definition{"ppv", "PPV", "Positive predictive value: share of what is called positive that is."},
    Definition{"npv", "NPV", "Negative predictive value: share of what is called negative that is."},
    Definition{"mcc", "MCC", "Matthews correlation of decisions and truth (1975): 0 is guessing, 1 perfect."},
    Definition{"kappa", "Cohen’s κ", "Agreement beyond chance of decisions and truth (Cohen 1960)."},
    Definition{"quadratic_kappa", "Weighted κ",
               "Agreement of grades beyond chance, a miss weighted by its square (Cohen 1968)."},
    Definition{"brier", "Brier score", "Mean squared difference of probability and truth; 0 is perfect."},
    Definition{"log_loss", "Log loss", "Mean of −log of the probability given to the truth; 0 is perfect."},
    Definition{"ece", "ECE",
               "Expected calibration error: mean distance of the probability said from the frequency seen, over ten "
               "bins, weighted by their size."},
    Definition{"mce", "MCE", "Maximum calibration error: the largest such distance in a bin."},
    Definition{"score2015", "Challenge 2015 score",
               "100 (TP + TN) / (TP + TN + FP + 5 FN): a suppressed true alarm costs five times a false one "
               "(Clifford et al. 2015)."},
    Definition{"score2017", "Challenge 2017 score", "Mean F1 of the classes N, A and O (Clifford et al. 2017)."},
    Definition{"hamming_loss", "Hamming loss", "Share of single labels decided wrong."},
    Definition{"ranking_loss", "Ranking loss", "Share of pairs of a true and a false label in the wrong order."},
    Definition{
        "ranking_precision", "Ranking precision",
        "At each true label the share of true ones among those ranked as high; mean (Schapire and Singer 2000)."},
    Definition{"label_coverage", "Label coverage",
               "How far down the ranked labels one has to go to have all the true ones."},
    Definition{"subset_accuracy", "Subset accuracy", "Share of segments with all labels right."},
    Definition{"mae", "MAE", "Mean absolute error, in the label’s unit."},
    Definition{"rmse", "RMSE", "Root of the mean squared error, in the label’s unit."},
    Definition{"r2", "R²", "1 − squared error / variance of the truth: 0 is what the mean gets; it can be negative."},
    Definition{"pearson", "Pearson r", "Linear correlation of estimate and truth."},
    Definition{"spearman", "Spearman ρ", "Correlation of the ranks of estimate and truth."},
    Definition{"ccc", "CCC", "Concordance of estimate and truth: correlation that bias and scale lower (Lin 1989)."},
    Definition{"bias", "Bias", "Mean of estimate − truth, in the label’s unit."},
    Definition{"sd", "SD of error", "Sample standard deviation of estimate − truth, in the label’s unit."},
    Definition{"loa_low", "Lower limit of agreement", "Bias − 1.96 SD (Bland and Altman 1986)."},
    Definition{"loa_high", "Upper limit of agreement", "Bias + 1.96 SD (Bland and Altman 1986)."},
    Definition{"mase", "MASE",
               "Absolute error divided by that of the mean predictor: below 1 is better than the mean."},
    Definition{"bhs5", "Within 5 mmHg", "Share of errors of at most 5 mmHg (O’Brien et al. 1993)."},
    Definition{"bhs10", "Within 10 mmHg", "Share of errors of at most 10 mmHg."},
    Definition{"bhs15", "Within 15 mmHg", "Share of errors of at most 15 mmHg."},
    Definition{"aurc", "AURC",
               "Area under the risk–coverage curve: error rate, mean over all coverages when the least confident "
               "segments are left out first; 0 is perfect."},
    Definition{"coverage", "Coverage", "Share of the segments that the system did not abstain from."},
    Definition{"selective_accuracy", "Selective accuracy", "Accuracy on the segments that it did not abstain from."},
    Definition{"fpr", "False positive rate", "Share of false ones among the negatives."},
    Definition{"median", "Median error", "Median of estimate − truth."},
    Definition{"robust_sd", "Robust SD", "Interquartile range of the error / 1.35."},
    Definition{"centred_sd", "SD within records", "Of the error less the median of its record."},
    Definition{"centred_robust_sd", "Robust SD within records", "The same, from the interquartile range."},
    Definition{"tp", "True positives", "Marks that are found."},
    Definition{"fn", "Missed", "Marks that are not found."},
    Definition{"fp", "False positives", "Marks that are found where there is none."},
    Definition{"rr_rms", "RR error", "Root mean square difference of RR intervals."},
};

const Definition* find(const std::string& metric) {
  const auto* const at =
      std::find_if(kDefinitions.begin(), kDefinitions.end(), [&](const Definition& d) { return metric == d.metric; });
  return at == kDefinitions.end() ? nullptr : at;
}

}  // namespace

std::string metric_name(const std::string& metric) {
  const Definition* known = find(metric);
  return known != nullptr ? known->name : metric;
}

double value_of_guessing(const std::string& metric) {
  if (metric == "auroc") return 0.5;
  if (metric == "mcc" || metric == "kappa" || metric == "r2") return 0;
  return std::numeric_limits<double>::quiet_NaN();
}

std::string definitions(const std::set<std::string>& metrics) {
  std::string list;
  for (const Definition& d : kDefinitions)
    if (metrics.contains(d.metric))
      list += element("dt", "", escaped(d.name) + " " + element("code", "", escaped(d.metric))) +
              element("dd", "", escaped(d.text)) + "\n";
  list +=
      "<dt>95 % interval</dt><dd>From the 2.5th to the 97.5th percentile of the figure over draws of the subjects, "
      "with replacement; all segments of a subject go together. With fewer than 10 subjects there is none.</dd>\n";
  list +=
      "<dt>Probability better</dt><dd>Share of those draws in which the model is better than the system beside it, "
      "both on the same draw.</dd>\n";
  return "<details><summary>What the figures mean</summary><dl>" + list + "</dl></details>\n";
}

}  // namespace cfm::report
