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
#include "base/logistic.h"
#include "base/parallel.h"
#include "base/random.h"

namespace cfm::eval {
namespace {

using RowNumbers = std::vector<std::size_t>;

constexpr std::size_t kLeastHolders = 3;  // subjects of a class: one to score, two to choose and fit

RowNumbers all_rows(const Problem& problem) {
  RowNumbers rows(problem.size());
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

// What folds are stratified by: the class; of several labels the first that holds; of a number nothing.
std::string class_of(const Problem& problem, std::size_t i) {
  if (problem.task.kind == TaskKind::kNumber) return {};
  if (problem.task.kind != TaskKind::kMultilabel)
    return problem.task.classes[static_cast<std::size_t>(problem.truth[i])];
  const auto held = problem.members.row(i);
  const auto first = std::find_if(held.begin(), held.end(), [](double m) { return m != 0; });
  return first == held.end() ? std::string() : problem.task.classes[static_cast<std::size_t>(first - held.begin())];
}

// Whether each class needs subjects in every part.
bool needs_classes(const Problem& problem) {
  return problem.task.kind != TaskKind::kNumber && problem.task.kind != TaskKind::kMultilabel;
}

// Folds over the subjects of `rows`: no more than subjects hold the second most common class, so that each training
// part can have two.
dataset::Folds folds_over(const Problem& problem, const RowNumbers& rows, int wanted, int least, std::uint64_t seed) {
  std::map<std::string, std::set<std::size_t>> holders;
  std::set<std::size_t> all;
  std::vector<std::pair<std::string, std::string>> subject_and_label;
  for (const std::size_t i : rows) {
    holders[class_of(problem, i)].insert(problem.subject[i]);
    all.insert(problem.subject[i]);
    subject_and_label.emplace_back(problem.subject_of(i), class_of(problem, i));
  }
  std::vector<std::size_t> counts;
  for (const auto& [name, subjects] : holders) counts.push_back(subjects.size());
  std::sort(counts.rbegin(), counts.rend());
  const bool classes = needs_classes(problem);
  const std::size_t limit = !classes ? all.size() : counts.size() > 1 ? counts[1] : 0;
  if (limit < static_cast<std::size_t>(least))
    throw Error(Status::kUsage, "label '{}': {} subject{} {}: a probe with inner folds needs at least {}",
                problem.task.label, limit, limit == 1 ? "" : "s",
                classes ? "of the second most common class" : "in all", least);
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

// Subjects whose labels are used: `fraction` of those of each class, at least kLeastHolders.
RowNumbers few_labels(const Problem& problem, const RowNumbers& rows, double fraction, std::uint64_t seed) {
  if (fraction >= 1) return rows;
  std::vector<std::pair<std::string, std::string>> subject_and_label;
  for (const std::size_t i : rows) subject_and_label.emplace_back(problem.subject_of(i), class_of(problem, i));
  const dataset::Strata who = dataset::strata_of(subject_and_label);
  std::map<int, std::vector<std::string>> members;
  for (std::size_t i = 0; i < who.subjects.size(); ++i) members[who.strata[i]].push_back(who.subjects[i]);
  std::set<std::string> kept;
  for (auto& [stratum, names] : members) {
    Random random(seed, "cfm-eval/fraction", std::to_string(stratum));
    random.shuffle(names);
    const auto wanted = static_cast<std::size_t>(std::lround(fraction * static_cast<double>(names.size())));
    names.resize(std::min(names.size(), std::max(wanted, kLeastHolders)));
    kept.insert(names.begin(), names.end());
  }
  RowNumbers few;
  std::ranges::copy_if(rows, std::back_inserter(few),
                       [&](std::size_t i) { return kept.contains(problem.subject_of(i)); });
  return few;
}

double loss(const Problem& problem, const RowNumbers& rows, const Matrix& scores) {
  if (problem.task.kind == TaskKind::kNumber) return regression(truth_of(problem, rows), scores.values).rmse;
  if (problem.task.kind == TaskKind::kBinary) return log_loss(labels_of(problem, rows), scores.values);
  return log_loss(labels_of(problem, rows), scores);
}

struct Choice {
  double setting = 1, threshold = 0.5, threshold_f1 = 0.5, threshold2015 = 0.5;
  double centre = 0, scale = 1;  // mean and SD of the logits of inner folds
};

// By inner folds over the subjects of `rows` alone.
Choice choose(const Problem& problem, const Inputs& inputs, const RowNumbers& rows, const NestedOptions& options,
              int outer) {
  const std::uint64_t seed = options.seed ^ fnv1a64(fmt::format("cfm-eval/inner/{}", outer));
  const std::vector<double> settings = settings_of(options.learner);
  const dataset::Folds folds = folds_over(problem, rows, options.inner_folds, 2, seed);
  RowNumbers scored;
  std::vector<Matrix> held_out(settings.size());
  for (int fold = 0; fold < folds.n; ++fold) {
    const Split part = split(problem, rows, folds, fold);
    if (part.test.empty() || one_class(problem, part.train)) continue;
    const std::vector<Matrix> each =
        learned(options.learner, problem, inputs, part.train, part.test, settings, options.seed);
    for (std::size_t s = 0; s < each.size(); ++s) {
      held_out[s].columns = each[s].columns;
      held_out[s].rows += each[s].rows;
      held_out[s].values.insert(held_out[s].values.end(), each[s].values.begin(), each[s].values.end());
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
  Choice choice{.setting = settings[best]};
  if (problem.task.kind == TaskKind::kBinary) {
    const std::vector<int> labels = labels_of(problem, scored);
    choice.threshold = best_threshold(labels, held_out[best].values, &Confusion::balanced_accuracy);
    choice.threshold_f1 = best_threshold(labels, held_out[best].values, &Confusion::f1);
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

namespace {

// What one fold's probe says of its test segments; of a label that all training segments have, or none, its share.
void score_fold(System& system, const Problem& problem, const Inputs& inputs, const dataset::Folds& folds, int fold,
                const NestedOptions& options, bool of_many) {
  const Split part = split(problem, all_rows(problem), folds, fold);
  if (part.test.empty()) return;
  const std::uint64_t seed = options.seed ^ fnv1a64(fmt::format("cfm-eval/fold/{}", fold));
  const RowNumbers train = few_labels(problem, part.train, options.fraction, seed);
  const bool hopeless = of_many && one_class(problem, train);
  const Choice choice = hopeless ? Choice{} : choose(problem, inputs, train, options, fold);
  Matrix p(part.test.size(), problem.task.outputs());
  if (hopeless)
    std::ranges::fill(p.values, train.empty() ? 0.0 : problem.truth[train.front()]);
  else
    p = learned(options.learner, problem, inputs, train, part.test, std::span(&choice.setting, 1), options.seed)
            .front();
  for (std::size_t i = 0; i < part.test.size(); ++i) {
    const std::size_t at = part.test[i];
    std::ranges::copy(p.row(i), system.scores.row(at).begin());
    if (problem.task.kind != TaskKind::kBinary) continue;
    const double threshold = of_many ? choice.threshold_f1 : choice.threshold;
    system.decisions[at] = p.values[i] >= threshold;
    system.decisions2015[at] = p.values[i] >= choice.threshold2015;
    system.ranking.values[at] = (logit(p.values[i]) - choice.centre) / choice.scale;
    system.confidence[at] = std::abs(logit(p.values[i]) - logit(threshold)) / choice.scale;
  }
}

// The first grade up to which half of the probability lies.
std::vector<int> median_grades(const Matrix& probabilities) {
  std::vector<int> grades;
  for (std::size_t i = 0; i < probabilities.rows; ++i) {
    const auto p = probabilities.row(i);
    std::size_t k = 0;
    for (double sum = p[0]; sum < 0.5 && k + 1 < p.size();) sum += p[++k];
    grades.push_back(static_cast<int>(k));
  }
  return grades;
}

System one_probe(const std::string& name, const Problem& problem, const Inputs& inputs, const dataset::Folds& folds,
                 const NestedOptions& options, bool of_many) {
  System system{.name = name, .scores = Matrix(problem.size(), problem.task.outputs())};
  system.fold = fold_numbers(problem, folds);
  if (problem.task.kind == TaskKind::kBinary) {
    system.decisions.resize(problem.size());
    system.decisions2015.resize(problem.size());
    system.confidence.resize(problem.size());
    system.ranking = Matrix(problem.size(), 1);
    system.decided = "thresholds of largest balanced accuracy in inner folds";
    system.decided2015 = "thresholds of largest score2015 in inner folds";
  }
  parallel_for(options.threads, static_cast<std::size_t>(folds.n), [&](std::size_t k) {
    score_fold(system, problem, inputs, folds, static_cast<int>(k), options, of_many);
  });
  if (problem.task.several_classes()) {
    system.decisions = problem.task.kind == TaskKind::kOrdinal ? median_grades(system.scores) : argmax(system.scores);
    for (std::size_t i = 0; i < problem.size(); ++i)
      system.confidence.push_back(*std::ranges::max_element(system.scores.row(i)));
  }
  return system;
}

System many_probes(const std::string& name, const Problem& problem, const Inputs& inputs, const dataset::Folds& folds,
                   const NestedOptions& options) {
  const std::size_t n = problem.size(), labels = problem.task.classes.size();
  System system{.name = name, .scores = Matrix(n, labels), .members = Matrix(n, labels), .ranking = Matrix(n, labels)};
  system.confidence.resize(n);
  system.decided = "thresholds of largest F1 in inner folds, label by label";
  for (std::size_t k = 0; k < labels; ++k) {
    const System one = one_probe(name, one_label(problem, k), inputs, folds, options, true);
    for (std::size_t i = 0; i < n; ++i) {
      system.scores.row(i)[k] = one.scores.values[i];
      system.members.row(i)[k] = one.decisions[i];
      system.ranking.row(i)[k] = one.ranking.values[i];
      system.confidence[i] += one.confidence[i] / static_cast<double>(labels);
    }
    system.fold = one.fold;
  }
  return system;
}

}  // namespace

System probe_out_of_fold(const std::string& name, const Problem& problem, const Inputs& inputs,
                         const dataset::Folds& folds, const NestedOptions& options) {
  System system = problem.task.kind == TaskKind::kMultilabel ? many_probes(name, problem, inputs, folds, options)
                                                             : one_probe(name, problem, inputs, folds, options, false);
  if (options.fraction < 1)
    system.note = fmt::format("with the labels of {:g} % of the training subjects", 100 * options.fraction);
  return system;
}

std::vector<std::size_t> frequent_labels(const Problem& problem) {
  std::vector<std::size_t> labels;
  for (std::size_t k = 0; k < problem.task.classes.size(); ++k) {
    std::set<std::size_t> with, without;
    for (std::size_t i = 0; i < problem.size(); ++i)
      (problem.members.row(i)[k] != 0 ? with : without).insert(problem.subject[i]);
    if (std::min(with.size(), without.size()) >= kLeastHolders) labels.push_back(k);
  }
  return labels;
}

Problem with_labels(const Problem& problem, std::span<const std::size_t> labels) {
  Problem some = problem;
  some.task.classes.clear();
  some.members = Matrix(problem.size(), labels.size());
  for (std::size_t j = 0; j < labels.size(); ++j) {
    some.task.classes.push_back(problem.task.classes[labels[j]]);
    for (std::size_t i = 0; i < problem.size(); ++i) some.members.row(i)[j] = problem.members.row(i)[labels[j]];
  }
  return some;
}

System constant_out_of_fold(const Problem& problem, const dataset::Folds* folds) {
  const TaskKind kind = problem.task.kind;
  const bool regression = kind == TaskKind::kNumber, many = kind == TaskKind::kMultilabel;
  const std::size_t outputs = problem.task.outputs();
  System system{.name = regression ? "mean" : "majority", .scores = Matrix(problem.size(), outputs)};
  system.ranking = Matrix(problem.size(), outputs);
  if (many) system.members = Matrix(problem.size(), outputs);
  if (folds == nullptr) system.note = fmt::format("{} of the scored segments themselves", system.name);
  const RowNumbers rows = all_rows(problem);
  for (int fold = 0; fold < (folds != nullptr ? folds->n : 1); ++fold) {
    const Split part = folds != nullptr ? split(problem, rows, *folds, fold) : Split{rows, rows};
    const double n = static_cast<double>(part.train.size());
    std::vector<double> share(regression ? 1 : problem.task.classes.size());
    for (const std::size_t i : part.train) {
      if (many)
        for (std::size_t k = 0; k < share.size(); ++k) share[k] += problem.members.row(i)[k] / n;
      else
        share[regression ? 0 : static_cast<std::size_t>(problem.truth[i])] += (regression ? problem.truth[i] : 1) / n;
    }
    const auto most = static_cast<int>(std::max_element(share.begin(), share.end()) - share.begin());
    for (const std::size_t i : part.test) {
      if (kind == TaskKind::kBinary)
        system.scores.row(i)[0] = share[1];
      else
        std::ranges::copy(share, system.scores.row(i).begin());
      if (many)
        std::ranges::transform(share, system.members.row(i).begin(), [](double p) { return p >= 0.5 ? 1.0 : 0.0; });
    }
    if (regression || many) continue;
    system.decisions.resize(problem.size());
    for (const std::size_t i : part.test) system.decisions[i] = most;
  }
  return system;
}

}  // namespace cfm::eval
