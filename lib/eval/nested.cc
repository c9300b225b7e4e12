#include "eval/nested.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "eval/probe.h"

namespace cfm::eval {
namespace {

using RowNumbers = std::vector<std::size_t>;

RowNumbers all_rows(const Problem& problem) {
  RowNumbers rows(problem.size());
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

std::string class_of(const Problem& problem, std::size_t i) {
  return problem.task.kind == TaskKind::kNumber ? std::string()
                                                : problem.task.classes[static_cast<std::size_t>(problem.truth[i])];
}

// Folds over the subjects of `rows`: no more than subjects hold the second most common class, so that each training
// part can have two.
dataset::Folds folds_over(const Problem& problem, const RowNumbers& rows, int wanted, int least, std::uint64_t seed) {
  std::map<std::string, std::set<std::size_t>> holders;
  std::vector<std::pair<std::string, std::string>> subject_and_label;
  for (const std::size_t i : rows) {
    holders[class_of(problem, i)].insert(problem.subject[i]);
    subject_and_label.emplace_back(problem.subject_of(i), class_of(problem, i));
  }
  std::vector<std::size_t> counts;
  for (const auto& [name, subjects] : holders) counts.push_back(subjects.size());
  std::sort(counts.rbegin(), counts.rend());
  const bool regression = problem.task.kind == TaskKind::kNumber;
  const std::size_t limit = regression ? counts[0] : counts.size() > 1 ? counts[1] : 0;
  if (limit < static_cast<std::size_t>(least))
    throw Error(Status::kUsage, "label '{}': {} subject{} {}: a probe with inner folds needs at least {}",
                problem.task.label, limit, limit == 1 ? "" : "s",
                regression ? "in all" : "of the second most common class", least);
  return dataset::make_folds(subject_and_label, std::min(wanted, static_cast<int>(limit)), seed);
}

struct Split {
  RowNumbers train, test;
};
Split split(const Problem& problem, const RowNumbers& rows, const dataset::Folds& folds, int fold) {
  Split result;
  for (const std::size_t i : rows) (folds.of(problem.subject_of(i)) == fold ? result.test : result.train).push_back(i);
  return result;
}

std::vector<double> truth_of(const Problem& problem, const RowNumbers& rows) {
  std::vector<double> truth;
  for (const std::size_t i : rows) truth.push_back(problem.truth[i]);
  return truth;
}

std::vector<int> labels_of(const Problem& problem, const RowNumbers& rows) {
  const std::vector<double> truth = truth_of(problem, rows);
  return {truth.begin(), truth.end()};
}

bool one_class(const Problem& problem, const RowNumbers& rows) {
  const std::vector<double> truth = truth_of(problem, rows);
  return problem.task.kind != TaskKind::kNumber &&
         std::all_of(truth.begin(), truth.end(), [&](double t) { return t == truth.front(); });
}

LinearProbe fit(const Problem& problem, const ProbeFitter& fitter, const RowNumbers& rows, double l2) {
  switch (problem.task.kind) {
    case TaskKind::kBinary:
      return fitter.logistic(labels_of(problem, rows), l2);
    case TaskKind::kClasses:
      return fitter.softmax(labels_of(problem, rows), problem.task.classes.size(), l2);
    case TaskKind::kNumber:
      break;
  }
  return fitter.ridge(truth_of(problem, rows), l2);
}

double loss(const Problem& problem, const RowNumbers& rows, const Matrix& scores) {
  switch (problem.task.kind) {
    case TaskKind::kBinary:
      return log_loss(labels_of(problem, rows), scores.values);
    case TaskKind::kClasses:
      return log_loss(labels_of(problem, rows), scores);
    case TaskKind::kNumber:
      break;
  }
  return regression(truth_of(problem, rows), scores.values).rmse;
}

double logit(double p) {
  constexpr double kClosest = 1e-15;  // to 0 or 1
  p = std::clamp(p, kClosest, 1 - kClosest);
  return std::log(p / (1 - p));
}

struct Choice {
  double l2 = 1, threshold = 0.5, threshold2015 = 0.5;
  double centre = 0, scale = 1;  // mean and SD of the logits of inner folds
};

// By inner folds over the subjects of `rows` alone.
Choice choose(const Problem& problem, const Matrix& features, const RowNumbers& rows, const NestedOptions& options,
              int outer) {
  const std::uint64_t seed = options.seed ^ fnv1a64(fmt::format("cfm-eval/inner/{}", outer));
  const dataset::Folds folds = folds_over(problem, rows, options.inner_folds, 2, seed);
  RowNumbers scored;
  std::vector<Matrix> held_out(options.strengths.size());
  for (int fold = 0; fold < folds.n; ++fold) {
    const Split part = split(problem, rows, folds, fold);
    if (part.test.empty() || one_class(problem, part.train)) continue;
    const ProbeFitter fitter(features, part.train);
    for (std::size_t s = 0; s < held_out.size(); ++s) {
      const Matrix p = fit(problem, fitter, part.train, options.strengths[s]).predict(features, part.test);
      held_out[s].columns = p.columns;
      held_out[s].rows += p.rows;
      held_out[s].values.insert(held_out[s].values.end(), p.values.begin(), p.values.end());
    }
    scored.insert(scored.end(), part.test.begin(), part.test.end());
  }
  if (scored.empty())
    throw Error(Status::kUsage,
                "label '{}': each inner fold leaves one class to train on; try another --seed or fewer --folds",
                problem.task.label);
  std::size_t best = 0;
  std::vector<double> losses;
  for (const Matrix& scores : held_out) losses.push_back(loss(problem, scored, scores));
  for (std::size_t s = 1; s < losses.size(); ++s)
    if (losses[s] < losses[best]) best = s;
  Choice choice{.l2 = options.strengths[best]};
  if (problem.task.kind == TaskKind::kBinary) {
    const std::vector<int> labels = labels_of(problem, scored);
    choice.threshold = best_threshold(labels, held_out[best].values, &Confusion::balanced_accuracy);
    choice.threshold2015 = best_threshold(labels, held_out[best].values, &Confusion::challenge2015);
    double sum = 0, squares = 0;
    for (const double p : held_out[best].values) sum += logit(p);
    choice.centre = sum / static_cast<double>(labels.size());
    for (const double p : held_out[best].values) squares += (logit(p) - choice.centre) * (logit(p) - choice.centre);
    if (squares > 0) choice.scale = std::sqrt(squares / static_cast<double>(labels.size()));
  }
  return choice;
}

std::vector<int> fold_numbers(const Problem& problem, const dataset::Folds& folds) {
  std::vector<int> numbers;
  for (std::size_t i = 0; i < problem.size(); ++i) numbers.push_back(folds.of(problem.subject_of(i)));
  return numbers;
}

}  // namespace

double best_threshold(std::span<const int> labels, std::span<const double> scores,
                      double (Confusion::*criterion)() const) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return scores[a] < scores[b]; });
  Confusion table;  // of the lowest threshold: all are positive
  for (const int label : labels) (label != 0 ? table.tp : table.fp) += 1;
  double threshold = scores[order.front()], best = (table.*criterion)();
  for (std::size_t i = 0; i < order.size();) {
    const double score = scores[order[i]];
    for (; i < order.size() && scores[order[i]] == score; ++i) {
      const bool positive = labels[order[i]] != 0;
      (positive ? table.tp : table.fp) -= 1;
      (positive ? table.fn : table.tn) += 1;
    }
    const double value = (table.*criterion)();
    if (!(value > best) && !std::isnan(best)) continue;
    best = value;
    threshold = i < order.size() ? (score + scores[order[i]]) / 2
                                 : std::nextafter(score, std::numeric_limits<double>::infinity());
  }
  return threshold;
}

dataset::Folds probe_folds(const Problem& problem, int wanted, std::uint64_t seed) {
  return folds_over(problem, all_rows(problem), wanted, 3, seed);
}

System probe_out_of_fold(const std::string& name, const Problem& problem, const Matrix& features,
                         const dataset::Folds& folds, const NestedOptions& options) {
  System system{.name = name, .scores = Matrix(problem.size(), problem.task.outputs())};
  system.fold = fold_numbers(problem, folds);
  const bool binary = problem.task.kind == TaskKind::kBinary;
  if (binary) {
    system.decisions.resize(problem.size());
    system.decisions2015.resize(problem.size());
    system.ranking = Matrix(problem.size(), 1);
    system.decided = "thresholds of largest balanced accuracy in inner folds";
    system.decided2015 = "thresholds of largest score2015 in inner folds";
  }
  const RowNumbers rows = all_rows(problem);
  parallel_for(options.threads, static_cast<std::size_t>(folds.n), [&](std::size_t k) {
    const int fold = static_cast<int>(k);
    const Split part = split(problem, rows, folds, fold);
    const Choice choice = choose(problem, features, part.train, options, fold);
    const ProbeFitter fitter(features, part.train);
    const Matrix p = fit(problem, fitter, part.train, choice.l2).predict(features, part.test);
    for (std::size_t i = 0; i < part.test.size(); ++i) {
      std::copy(p.row(i).begin(), p.row(i).end(), system.scores.row(part.test[i]).begin());
      if (!binary) continue;
      system.decisions[part.test[i]] = p.values[i] >= choice.threshold;
      system.decisions2015[part.test[i]] = p.values[i] >= choice.threshold2015;
      system.ranking.values[part.test[i]] = (logit(p.values[i]) - choice.centre) / choice.scale;
    }
  });
  if (problem.task.kind == TaskKind::kClasses) system.decisions = argmax(system.scores);
  return system;
}

System constant_out_of_fold(const Problem& problem, const dataset::Folds* folds) {
  const bool regression = problem.task.kind == TaskKind::kNumber;
  System system{.name = regression ? "mean" : "majority", .scores = Matrix(problem.size(), problem.task.outputs())};
  system.ranking = Matrix(problem.size(), problem.task.outputs());
  if (folds == nullptr) system.note = fmt::format("{} of the scored segments themselves", system.name);
  const RowNumbers rows = all_rows(problem);
  for (int fold = 0; fold < (folds != nullptr ? folds->n : 1); ++fold) {
    const Split part = folds != nullptr ? split(problem, rows, *folds, fold) : Split{rows, rows};
    const std::vector<double> truth = truth_of(problem, part.train);
    const double n = static_cast<double>(truth.size());
    std::vector<double> share(regression ? 1 : problem.task.classes.size());
    for (const double t : truth) share[regression ? 0 : static_cast<std::size_t>(t)] += (regression ? t : 1) / n;
    const auto most = static_cast<int>(std::max_element(share.begin(), share.end()) - share.begin());
    for (const std::size_t i : part.test) {
      const auto out = system.scores.row(i);
      if (problem.task.kind == TaskKind::kBinary)
        out[0] = share[1];
      else
        std::copy(share.begin(), share.end(), out.begin());
    }
    if (regression) continue;
    system.decisions.resize(problem.size());
    for (const std::size_t i : part.test) system.decisions[i] = most;
  }
  return system;
}

}  // namespace cfm::eval
