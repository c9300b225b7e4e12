#include "eval/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace cfm::eval {
namespace {

struct Figure {
  std::string metric, klass;
  Statistic statistic;
  std::string note = {};
};

const Matrix& ranked(const System& system) { return system.ranking.rows > 0 ? system.ranking : system.scores; }

// Mean over folds of the area within each, where it is defined.
double mean_of_folds(const std::vector<int>& labels, const System& system) {
  const int folds = *std::max_element(system.fold.begin(), system.fold.end()) + 1;
  std::vector<double> areas;
  for (int k = 0; k < folds; ++k) {
    std::vector<int> y;
    std::vector<double> s;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (system.fold[i] != k) continue;
      y.push_back(labels[i]);
      s.push_back(system.scores.values[i]);
    }
    areas.push_back(Ranking(y, s).auroc());
  }
  return mean_defined(areas);
}

std::vector<Figure> binary_figures(const Problem& problem, const System& system) {
  const std::vector<int> labels = problem.labels();
  const auto ranking = std::make_shared<Ranking>(labels, ranked(system).values);
  const auto table = [labels, &system](double (Confusion::*figure)() const) -> Statistic {
    return [labels, &system, figure](Weights w) { return (confusion(labels, system.decisions, w).*figure)(); };
  };
  const std::vector<int>& alarms = system.decisions2015.empty() ? system.decisions : system.decisions2015;
  const std::vector<double>& p = system.scores.values;
  std::string pooled;
  if (!system.fold.empty())
    pooled = fmt::format(
        "pooled out-of-fold logits, each fold's centred and scaled by its inner folds; mean of folds {:.3f}",
        mean_of_folds(labels, system));
  return {
      {"auroc", "", [ranking](Weights w) { return ranking->auroc(w); }, pooled},
      {"auprc", "", [ranking](Weights w) { return ranking->average_precision(w); }},
      {"f1", "", table(&Confusion::f1), system.decided},
      {"balanced_accuracy", "", table(&Confusion::balanced_accuracy), system.decided},
      {"score2015", "", [labels, &alarms](Weights w) { return confusion(labels, alarms, w).challenge2015(); },
       system.decided2015.empty() ? system.decided : system.decided2015},
      {"se", "", table(&Confusion::sensitivity), system.decided},
      {"sp", "", table(&Confusion::specificity), system.decided},
      {"ppv", "", table(&Confusion::ppv), system.decided},
      {"accuracy", "", table(&Confusion::accuracy), system.decided},
      {"brier", "", [labels, &p](Weights w) { return brier(labels, p, w); }},
      {"ece", "", [labels, &p](Weights w) { return calibration(labels, p, w).ece; }},
  };
}

std::vector<Figure> class_figures(const Problem& problem, const System& system) {
  const std::vector<int> labels = problem.labels();
  const std::vector<std::string>& classes = problem.task.classes;
  const auto each = std::make_shared<std::vector<Ranking>>(rankings(labels, ranked(system)));
  const auto macro = [each](double (Ranking::*figure)(Weights) const) -> Statistic {
    return [each, figure](Weights w) {
      std::vector<double> values;
      for (const Ranking& ranking : *each) values.push_back((ranking.*figure)(w));
      return mean_defined(values);
    };
  };
  const auto table = [labels, &system, n = classes.size()](Weights w) {
    return class_table(labels, system.decisions, n, w);
  };
  std::vector<Figure> list = {
      {"auroc", "", macro(&Ranking::auroc), "macro"},
      {"auprc", "", macro(&Ranking::average_precision), "macro"},
      {"f1", "", [table](Weights w) { return table(w).f1_macro(); }, "macro"},
      {"balanced_accuracy", "", [table](Weights w) { return table(w).balanced_accuracy(); }},
      {"accuracy", "", [table](Weights w) { return table(w).accuracy(); }},
  };
  // Challenge 2017: normal, atrial fibrillation, other, noise; in byte order.
  if (classes == std::vector<std::string>{"A", "N", "O", "~"})
    list.push_back({"score2017", "", [table](Weights w) { return table(w).challenge2017({1, 0, 2}); }});
  for (std::size_t k = 0; k < classes.size(); ++k) {
    list.push_back({"auroc", classes[k], [each, k](Weights w) { return (*each)[k].auroc(w); }});
    list.push_back({"auprc", classes[k], [each, k](Weights w) { return (*each)[k].average_precision(w); }});
    list.push_back({"f1", classes[k], [table, k](Weights w) { return table(w).f1(k); }});
    list.push_back({"se", classes[k], [table, k](Weights w) { return table(w).sensitivity(k); }});
    list.push_back({"ppv", classes[k], [table, k](Weights w) { return table(w).ppv(k); }});
  }
  return list;
}

std::vector<Figure> regression_figures(const Problem& problem, const System& system) {
  const auto figure = [&](double Regression::*value) -> Statistic {
    return [&, value](Weights w) { return regression(problem.truth, system.scores.values, w).*value; };
  };
  std::vector<Figure> list = {{"mae", "", figure(&Regression::mae)},   {"rmse", "", figure(&Regression::rmse)},
                              {"r2", "", figure(&Regression::r2)},     {"pearson", "", figure(&Regression::pearson)},
                              {"bias", "", figure(&Regression::bias)}, {"sd", "", figure(&Regression::sd)},
                              {"mase", "", figure(&Regression::mase)}};
  if (system.ranking.rows > 0) std::erase_if(list, [](const Figure& f) { return f.metric == "pearson"; });
  return list;
}

std::vector<Figure> figures_of(const Problem& problem, const System& system) {
  switch (problem.task.kind) {
    case TaskKind::kBinary:
      return binary_figures(problem, system);
    case TaskKind::kClasses:
      return class_figures(problem, system);
    case TaskKind::kNumber:
      break;
  }
  return regression_figures(problem, system);
}

void join(std::string& note, const std::string& more) {
  if (!more.empty()) note += note.empty() ? more : "; " + more;
}

}  // namespace

std::vector<Row> figures(const Problem& problem, const System& system, const Bootstrap& bootstrap) {
  const std::vector<Figure> list = figures_of(problem, system);
  std::vector<Statistic> statistics;
  for (const Figure& figure : list) statistics.push_back(figure.statistic);
  const std::vector<Interval> intervals = bootstrap.intervals(statistics);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Row row{.system = system.name, .label = problem.task.label, .klass = list[i].klass, .metric = list[i].metric};
    row.value = intervals[i].value;
    row.low = intervals[i].low;
    row.high = intervals[i].high;
    row.subjects = problem.subject_names.size();
    row.segments = problem.size();
    row.note = list[i].note;
    join(row.note, system.note);
    join(row.note, intervals[i].why);
    if (intervals[i].why.empty() && intervals[i].undefined > 0)
      join(row.note, fmt::format("{} draws left out as undefined", intervals[i].undefined));
    rows.push_back(std::move(row));
  }
  return rows;
}

const char* headline(TaskKind kind) { return kind == TaskKind::kNumber ? "mae" : "auroc"; }

Comparison compare(const Problem& problem, const System& model, const System& control, const Bootstrap& bootstrap) {
  const Statistic a = figures_of(problem, control).front().statistic, b = figures_of(problem, model).front().statistic;
  const bool less_is_better = problem.task.kind == TaskKind::kNumber;
  const Paired paired = less_is_better ? bootstrap.paired(b, a) : bootstrap.paired(a, b);
  return {.control = control.name,
          .metric = headline(problem.task.kind),
          .gain = paired.difference.value,
          .low = paired.difference.low,
          .high = paired.difference.high,
          .probability = paired.probability_better,
          .why = paired.difference.why};
}

}  // namespace cfm::eval
