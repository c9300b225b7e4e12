#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "eval/metrics.h"

namespace cfm::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kSmallestProbability = 1e-7;

double ratio(double part, double whole) { return whole > 0 ? part / whole : kNaN; }
double weight_of(Weights weights, std::size_t i) { return weights.empty() ? 1.0 : weights[i]; }

// Weighted mean of loss(i) over the rows; NaN when a cell is no probability.
template <typename Loss>
double mean_loss(const Matrix& p, Weights weights, const Loss& loss) {
  if (!std::all_of(p.values.begin(), p.values.end(), [](double v) { return v >= 0 && v <= 1; })) return kNaN;
  double sum = 0, all = 0;
  for (std::size_t i = 0; i < p.rows; ++i) {
    const double w = weight_of(weights, i);
    sum += w * loss(i);
    all += w;
  }
  return ratio(sum, all);
}

template <typename Of>
std::vector<double> each_class(std::size_t classes, const Of& of) {
  std::vector<double> values(classes);
  for (std::size_t k = 0; k < classes; ++k) values[k] = of(k);
  return values;
}

double row_sum(const Matrix& counts, std::size_t k) {
  double sum = 0;
  for (const double c : counts.row(k)) sum += c;
  return sum;
}

double column_sum(const Matrix& counts, std::size_t k) {
  double sum = 0;
  for (std::size_t i = 0; i < counts.rows; ++i) sum += counts.row(i)[k];
  return sum;
}

double trace(const Matrix& counts) {
  double sum = 0;
  for (std::size_t k = 0; k < counts.rows; ++k) sum += counts.row(k)[k];
  return sum;
}

double total(const Matrix& counts) {
  double sum = 0;
  for (const double c : counts.values) sum += c;
  return sum;
}

}  // namespace

std::vector<int> argmax(const Matrix& scores) {
  std::vector<int> best(scores.rows);
  for (std::size_t i = 0; i < scores.rows; ++i) {
    const auto row = scores.row(i);
    best[i] = static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin());
  }
  return best;
}

ClassTable class_table(std::span<const int> labels, std::span<const int> decisions, std::size_t classes,
                       Weights weights) {
  if (labels.size() != decisions.size()) throw std::invalid_argument("labels and decisions differ in length");
  ClassTable table{Matrix(classes, classes)};
  for (std::size_t i = 0; i < labels.size(); ++i)
    table.counts.row(static_cast<std::size_t>(labels[i]))[static_cast<std::size_t>(decisions[i])] +=
        weight_of(weights, i);
  return table;
}

double ClassTable::support(std::size_t k) const { return row_sum(counts, k); }
double ClassTable::sensitivity(std::size_t k) const { return ratio(counts.row(k)[k], row_sum(counts, k)); }
double ClassTable::ppv(std::size_t k) const { return ratio(counts.row(k)[k], column_sum(counts, k)); }
double ClassTable::f1(std::size_t k) const {
  return ratio(2 * counts.row(k)[k], row_sum(counts, k) + column_sum(counts, k));
}
double ClassTable::accuracy() const { return ratio(trace(counts), total(counts)); }
double ClassTable::f1_macro() const {
  return mean_defined(each_class(counts.rows, [&](std::size_t k) { return f1(k); }));
}
double ClassTable::f1_weighted() const {
  double sum = 0;
  for (std::size_t k = 0; k < counts.rows; ++k)
    if (support(k) > 0) sum += support(k) * f1(k);
  return ratio(sum, total(counts));
}
double ClassTable::balanced_accuracy() const {
  return mean_defined(each_class(counts.rows, [&](std::size_t k) { return sensitivity(k); }));
}

double ClassTable::mcc() const {
  const double n = total(counts);
  double agreed = trace(counts) * n, truth = n * n, decided = n * n;
  std::size_t true_classes = 0, decided_classes = 0;
  for (std::size_t k = 0; k < counts.rows; ++k) {
    const double t = row_sum(counts, k), d = column_sum(counts, k);
    agreed -= t * d;
    truth -= t * t;
    decided -= d * d;
    true_classes += t > 0;
    decided_classes += d > 0;
  }
  if (true_classes < 2 || decided_classes < 2) return kNaN;
  return agreed / (std::sqrt(truth) * std::sqrt(decided));
}

double ClassTable::kappa() const {
  const double n = total(counts);
  double chance = 0;
  for (std::size_t k = 0; k < counts.rows; ++k) chance += row_sum(counts, k) * column_sum(counts, k) / n;
  return ratio(trace(counts) - chance, n - chance);
}

double ClassTable::grade_error() const {
  double sum = 0;
  for (std::size_t i = 0; i < counts.rows; ++i)
    for (std::size_t j = 0; j < counts.columns; ++j)
      sum += counts.row(i)[j] * std::abs(static_cast<double>(i) - static_cast<double>(j));
  return ratio(sum, total(counts));
}

double ClassTable::quadratic_kappa() const {
  const double n = total(counts);
  double seen = 0, chance = 0;
  for (std::size_t i = 0; i < counts.rows; ++i)
    for (std::size_t j = 0; j < counts.columns; ++j) {
      const double gap = static_cast<double>(i) - static_cast<double>(j);
      seen += gap * gap * counts.row(i)[j];
      chance += gap * gap * row_sum(counts, i) * column_sum(counts, j) / n;
    }
  return ratio(chance - seen, chance);
}

double ClassTable::challenge2017(const std::array<std::size_t, 3>& normal_af_other) const {
  double sum = 0;
  for (const std::size_t k : normal_af_other) {
    const double value = f1(k);
    if (!std::isnan(value)) sum += value;
  }
  return sum / 3;
}

std::vector<int> is_class(std::span<const int> labels, std::size_t k) {
  std::vector<int> is(labels.size());
  std::ranges::transform(labels, is.begin(), [&](int label) { return label == static_cast<int>(k) ? 1 : 0; });
  return is;
}

std::vector<Ranking> rankings(std::span<const int> labels, const Matrix& scores) {
  std::vector<Ranking> each;
  for (std::size_t k = 0; k < scores.columns; ++k) each.emplace_back(is_class(labels, k), scores.column(k));
  return each;
}

double log_loss(std::span<const int> labels, const Matrix& probabilities, Weights weights) {
  return mean_loss(probabilities, weights, [&](std::size_t i) {
    return -std::log(std::max(probabilities.row(i)[static_cast<std::size_t>(labels[i])], kSmallestProbability));
  });
}

double brier_sum(std::span<const int> labels, const Matrix& probabilities, Weights weights) {
  return mean_loss(probabilities, weights, [&](std::size_t i) {
    double sum = 0;
    for (std::size_t k = 0; k < probabilities.columns; ++k) {
      const double gap = probabilities.row(i)[k] - (labels[i] == static_cast<int>(k) ? 1 : 0);
      sum += gap * gap;
    }
    return sum;
  });
}

Calibration calibration_top(std::span<const int> labels, const Matrix& probabilities, Weights weights) {
  const std::vector<int> decisions = argmax(probabilities);
  std::vector<int> right(labels.size());
  std::vector<double> top(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    right[i] = decisions[i] == labels[i];
    top[i] = probabilities.row(i)[static_cast<std::size_t>(decisions[i])];
  }
  return calibration(right, top, weights);
}

MultiLabelRows multi_label_rows(const Matrix& labels, const Matrix& scores, const Matrix& decided) {
  const std::size_t n = labels.rows, m = labels.columns;
  const auto rows = [&] { return std::vector<double>(n); };
  MultiLabelRows result{.ranking_loss = rows(),
                        .label_ranking_precision = rows(),
                        .coverage = rows(),
                        .hamming_loss = rows(),
                        .subset_accuracy = rows()};
  for (std::size_t i = 0; i < n; ++i) {
    const auto truth = labels.row(i), score = scores.row(i), said = decided.row(i);
    double positives = 0, right = 0, wrong_pairs = 0, rank_precision = 0, deepest = 0;
    for (std::size_t k = 0; k < m; ++k) {
      right += (truth[k] != 0) == (said[k] != 0);
      if (truth[k] == 0) continue;
      ++positives;
      double rank = 0, true_rank = 0;
      for (std::size_t j = 0; j < m; ++j) {
        if (score[j] < score[k]) continue;
        ++rank;
        true_rank += truth[j] != 0;
      }
      rank_precision += true_rank / rank;
      wrong_pairs += rank - true_rank;
      deepest = std::max(deepest, rank);
    }
    const double negatives = static_cast<double>(m) - positives;
    const bool mixed = positives > 0 && negatives > 0;
    result.label_ranking_precision[i] = mixed ? rank_precision / positives : 1;
    result.ranking_loss[i] = mixed ? wrong_pairs / (positives * negatives) : 0;
    result.coverage[i] = deepest;
    result.hamming_loss[i] = 1 - right / static_cast<double>(m);
    result.subset_accuracy[i] = right == static_cast<double>(m);
  }
  return result;
}

MultiLabel multi_label(const Matrix& labels, const Matrix& scores, double threshold) {
  std::vector<double> precision, area, f1;
  const auto as_labels = [](std::span<const double> values) { return std::vector<int>(values.begin(), values.end()); };
  for (std::size_t k = 0; k < labels.columns; ++k) {
    const std::vector<double> column = labels.column(k), score = scores.column(k);
    const std::vector<int> truth = as_labels(column);
    const Ranking ranking(truth, score);
    precision.push_back(ranking.average_precision());
    area.push_back(ranking.auroc());
    f1.push_back(confusion(truth, decide(score, threshold)).f1());
  }
  const std::vector<int> cells = as_labels(labels.values), decided_cells = decide(scores.values, threshold);
  const Ranking micro(cells, scores.values);
  const Confusion table = confusion(cells, decided_cells);
  Matrix decided(labels.rows, labels.columns);
  std::ranges::copy(decided_cells, decided.values.begin());
  const MultiLabelRows rows = multi_label_rows(labels, scores, decided);
  return {.map_macro = mean_defined(precision),
          .map_micro = micro.average_precision(),
          .auroc_macro = mean_defined(area),
          .auroc_micro = micro.auroc(),
          .f1_macro = mean_defined(f1),
          .f1_micro = table.f1(),
          .ranking_loss = weighted_mean(rows.ranking_loss),
          .label_ranking_precision = weighted_mean(rows.label_ranking_precision),
          .coverage = weighted_mean(rows.coverage),
          .hamming_loss = 1 - table.accuracy(),
          .subset_accuracy = weighted_mean(rows.subset_accuracy)};
}

}  // namespace cfm::eval
