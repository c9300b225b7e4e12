#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "eval/metrics.h"

namespace cfm::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kSmallestProbability = 1e-7;
constexpr int kBins = 10;

double ratio(double part, double whole) { return whole > 0 ? part / whole : kNaN; }

void require_lengths(std::size_t labels, std::size_t others, Weights weights) {
  if (labels != others || (!weights.empty() && weights.size() != labels))
    throw std::invalid_argument("labels, scores and weights differ in length");
}

double weight_of(Weights weights, std::size_t i) { return weights.empty() ? 1.0 : weights[i]; }

template <typename Loss>
double mean_loss(std::span<const int> labels, std::span<const double> p, Weights weights, const Loss& loss) {
  require_lengths(labels.size(), p.size(), weights);
  double sum = 0, all = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!(p[i] >= 0 && p[i] <= 1)) return kNaN;
    const double w = weight_of(weights, i);
    sum += w * loss(p[i], labels[i] != 0);
    all += w;
  }
  return ratio(sum, all);
}

}  // namespace

double mean_defined(std::span<const double> values) {
  double sum = 0, n = 0;
  for (const double v : values) {
    if (std::isnan(v)) continue;
    sum += v;
    ++n;
  }
  return ratio(sum, n);
}

Ranking::Ranking(std::span<const int> labels, std::span<const double> scores) : order_(scores.size()) {
  require_lengths(labels.size(), scores.size(), {});
  std::iota(order_.begin(), order_.end(), 0U);
  std::stable_sort(order_.begin(), order_.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
  for (std::size_t i = 0; i < order_.size(); ++i) {
    positive_.push_back(labels[order_[i]] != 0);
    score_.push_back(scores[order_[i]]);
    last_of_tie_.push_back(i + 1 == order_.size() || scores[order_[i + 1]] != scores[order_[i]]);
  }
}

template <typename Step>
void Ranking::descend(Weights weights, const Step& step) const {
  require_lengths(order_.size(), order_.size(), weights);
  double sums[2] = {0, 0};
  for (std::size_t i = 0; i < order_.size(); ++i) {
    sums[positive_[i]] += weight_of(weights, order_[i]);
    if (!last_of_tie_[i]) continue;
    step(score_[i], sums[1], sums[0]);
    sums[0] = sums[1] = 0;
  }
}

Areas Ranking::areas(Weights weights) const {
  double tp = 0, fp = 0, pairs = 0, sum = 0;
  descend(weights, [&](double, double positive, double negative) {
    pairs += negative * (tp + positive / 2);
    tp += positive;
    fp += negative;
    if (positive > 0) sum += positive * tp / (tp + fp);
  });
  return {.auroc = ratio(pairs, tp * fp), .average_precision = ratio(sum, tp), .positive = tp};
}

std::vector<PrPoint> Ranking::pr(Weights weights) const {
  std::vector<PrPoint> points;
  double tp = 0, fp = 0;
  descend(weights, [&](double score, double positive, double negative) {
    tp += positive;
    fp += negative;
    points.push_back({.recall = tp, .precision = ratio(tp, tp + fp), .threshold = score});
  });
  for (PrPoint& point : points) point.recall = ratio(point.recall, tp);
  return points;
}

std::vector<RocPoint> Ranking::roc(Weights weights) const {
  std::vector<RocPoint> points = {{0, 0, std::numeric_limits<double>::infinity()}};
  descend(weights, [&](double score, double positive, double negative) {
    points.push_back({points.back().fpr + negative, points.back().tpr + positive, score});
  });
  const RocPoint all = points.back();
  for (RocPoint& point : points) {
    point.fpr = ratio(point.fpr, all.fpr);
    point.tpr = ratio(point.tpr, all.tpr);
  }
  return points;
}

std::vector<int> decide(std::span<const double> scores, double threshold) {
  std::vector<int> decisions(scores.size());
  std::transform(scores.begin(), scores.end(), decisions.begin(), [&](double s) { return s >= threshold ? 1 : 0; });
  return decisions;
}

Confusion confusion(std::span<const int> labels, std::span<const int> decisions, Weights weights) {
  require_lengths(labels.size(), decisions.size(), weights);
  double cells[2][2] = {{0, 0}, {0, 0}};
  for (std::size_t i = 0; i < labels.size(); ++i) cells[labels[i] != 0][decisions[i] != 0] += weight_of(weights, i);
  return {.tn = cells[0][0], .fp = cells[0][1], .fn = cells[1][0], .tp = cells[1][1]};
}

double Confusion::accuracy() const { return ratio(tp + tn, tp + tn + fp + fn); }
double Confusion::sensitivity() const { return ratio(tp, tp + fn); }
double Confusion::specificity() const { return ratio(tn, tn + fp); }
double Confusion::ppv() const { return ratio(tp, tp + fp); }
double Confusion::npv() const { return ratio(tn, tn + fn); }
double Confusion::f1() const { return ratio(2 * tp, 2 * tp + fp + fn); }
double Confusion::balanced_accuracy() const { return (sensitivity() + specificity()) / 2; }
double Confusion::mcc() const {
  return ratio(tp * tn - fp * fn, std::sqrt(tp + fp) * std::sqrt(tp + fn) * std::sqrt(tn + fp) * std::sqrt(tn + fn));
}
double Confusion::challenge2015() const { return ratio(100 * (tp + tn), tp + tn + fp + 5 * fn); }

double weighted_mean(std::span<const double> values, Weights weights) {
  require_lengths(values.size(), values.size(), weights);
  double sum = 0, all = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double w = weight_of(weights, i);
    sum += w * values[i];
    all += w;
  }
  return ratio(sum, all);
}

RiskCoverage::RiskCoverage(std::span<const double> losses, std::span<const double> confidence)
    : order_(losses.size()), losses_(losses.begin(), losses.end()) {
  require_lengths(losses.size(), confidence.size(), {});
  std::iota(order_.begin(), order_.end(), 0U);
  std::stable_sort(order_.begin(), order_.end(), [&](auto a, auto b) { return confidence[a] > confidence[b]; });
  for (std::size_t i = 0; i < order_.size(); ++i)
    last_of_tie_.push_back(i + 1 == order_.size() || confidence[order_[i + 1]] != confidence[order_[i]]);
}

template <typename Step>
void RiskCoverage::descend(Weights weights, const Step& step) const {
  require_lengths(order_.size(), order_.size(), weights);
  double all = 0, loss = 0, tie = 0;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const double w = weight_of(weights, order_[i]);
    tie += w;
    loss += w * losses_[order_[i]];
    if (!last_of_tie_[i]) continue;
    all += tie;
    step(tie, all, loss);
    tie = 0;
  }
}

std::vector<RiskPoint> RiskCoverage::curve(Weights weights) const {
  std::vector<RiskPoint> points;
  double total = 0;
  descend(weights, [&](double tie, double all, double loss) {
    total = all;
    if (tie > 0) points.push_back({.coverage = all, .risk = loss / all});
  });
  for (RiskPoint& point : points) point.coverage /= total;
  return points;
}

double RiskCoverage::area(Weights weights) const {
  double total = 0, sum = 0;
  descend(weights, [&](double tie, double all, double loss) {
    total = all;
    if (tie > 0) sum += tie * loss / all;
  });
  return ratio(sum, total);
}

double brier(std::span<const int> labels, std::span<const double> probabilities, Weights weights) {
  return mean_loss(labels, probabilities, weights, [](double p, bool y) { return (p - y) * (p - y); });
}

double log_loss(std::span<const int> labels, std::span<const double> probabilities, Weights weights) {
  return mean_loss(labels, probabilities, weights, [](double p, bool y) {
    p = std::clamp(p, kSmallestProbability, 1 - kSmallestProbability);
    return -std::log(y ? p : 1 - p);
  });
}

Calibration calibration(std::span<const int> labels, std::span<const double> probabilities, Weights weights) {
  require_lengths(labels.size(), probabilities.size(), weights);
  Calibration result{.ece = kNaN, .mce = kNaN, .bins = {}};
  double n[kBins] = {}, score[kBins] = {}, truth[kBins] = {}, all = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double p = probabilities[i];
    if (!(p >= 0 && p <= 1)) return result;
    const int bin = std::min(static_cast<int>(std::floor(kBins * p)), kBins - 1);
    const double w = weight_of(weights, i);
    n[bin] += w;
    score[bin] += w * p;
    truth[bin] += labels[i] != 0 ? w : 0;
    all += w;
  }
  if (all <= 0) return result;
  result.ece = result.mce = 0;
  for (int b = 0; b < kBins; ++b) {
    if (n[b] <= 0) continue;
    result.bins.push_back({.bin = b, .n = n[b], .mean_score = score[b] / n[b], .frequency = truth[b] / n[b]});
    const double gap = std::abs(truth[b] - score[b]) / n[b];
    result.ece += n[b] / all * gap;
    result.mce = std::max(result.mce, gap);
  }
  return result;
}

}  // namespace cfm::eval
