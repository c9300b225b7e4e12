#include "eval/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

namespace cfm::eval {
namespace {

constexpr double kAamiBias = 5, kAamiSd = 8;  // mmHg: ANSI/AAMI SP10
constexpr std::size_t kAamiSubjects = 85;

// Figures and what measures them, part by part: a part gives several figures from one pass over the segments.
class Parts {
 public:
  using Part = std::function<void(Weights weights, double* values)>;

  void add(std::vector<Figure> figures, Part part) {
    parts_.emplace_back(figures_.size(), std::move(part));
    figures_.insert(figures_.end(), figures.begin(), figures.end());
  }
  // A weighted mean over the segments.
  void add_mean(Figure figure, std::vector<double> rows) {
    add({std::move(figure)}, [rows = std::move(rows)](Weights w, double* v) { *v = weighted_mean(rows, w); });
  }
  const std::vector<Figure>& figures() const { return figures_; }
  void measure(Weights weights, std::span<double> values) const {
    for (const auto& [first, part] : parts_) part(weights, values.data() + first);
  }

 private:
  std::vector<Figure> figures_;
  std::vector<std::pair<std::size_t, Part>> parts_;
};

Figure more(std::string metric, std::string note = {}) {
  return {.metric = std::move(metric), .note = std::move(note)};
}
Figure less(const char* metric, std::string note = {}) {
  return {.metric = metric, .note = std::move(note), .better = Better::kLess};
}
Figure neither(const char* metric, std::string note = {}) {
  return {.metric = metric, .note = std::move(note), .better = Better::kNeither};
}

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

void add_confidence(Parts& parts, const Problem& problem, const System& system) {
  const std::vector<double> wrong = wrong_decisions(problem, system);
  if (!system.confidence.empty() && !is_constant(system)) {
    const auto risk = std::make_shared<RiskCoverage>(wrong, system.confidence);
    parts.add({less("aurc", "error rate, mean over all coverages")},
              [risk](Weights w, double* v) { *v = risk->area(w); });
  }
  if (system.abstained.empty()) return;
  std::vector<double> kept, right;
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    kept.push_back(system.abstained[i] != 0 ? 0 : 1);
    right.push_back(kept.back() * (1 - wrong[i]));
  }
  parts.add({neither("coverage", "share that it did not abstain from"), more("selective_accuracy", "of these")},
            [kept, right](Weights w, double* v) {
              v[0] = weighted_mean(kept, w);
              v[1] = weighted_mean(right, w) / v[0];
            });
}

void add_binary(Parts& parts, const Problem& problem, const System& system) {
  const std::vector<int> labels = problem.labels();
  const auto ranking = std::make_shared<Ranking>(labels, ranked(system).values);
  std::string pooled;
  if (!system.fold.empty() && system.ranking.rows > 0 && !is_constant(system))
    pooled = fmt::format(
        "pooled out-of-fold logits, each fold's centred and scaled by its inner folds; mean of folds {:.3f}",
        mean_of_folds(labels, system));
  parts.add({more("auroc", pooled), more("auprc")}, [ranking](Weights w, double* v) {
    const Areas areas = ranking->areas(w);
    v[0] = areas.auroc;
    v[1] = areas.average_precision;
  });
  const std::string& by = system.decided;
  const std::vector<int>& alarms = system.decisions2015.empty() ? system.decisions : system.decisions2015;
  parts.add({more("f1", by), more("balanced_accuracy", by),
             more("score2015", system.decided2015.empty() ? by : system.decided2015), more("se", by), more("sp", by),
             more("ppv", by), more("npv", by), more("accuracy", by), more("mcc", by)},
            [labels, decisions = system.decisions, alarms](Weights w, double* v) {
              const Confusion table = confusion(labels, decisions, w);
              for (const double value :
                   {table.f1(), table.balanced_accuracy(), confusion(labels, alarms, w).challenge2015(),
                    table.sensitivity(), table.specificity(), table.ppv(), table.npv(), table.accuracy(), table.mcc()})
                *v++ = value;
            });
  const std::vector<double>& p = system.scores.values;
  parts.add({less("brier"), less("log_loss"), less("ece"), less("mce")}, [labels, p](Weights w, double* v) {
    v[0] = brier(labels, p, w);
    v[1] = log_loss(labels, p, w);
    const Calibration bins = calibration(labels, p, w);
    v[2] = bins.ece;
    v[3] = bins.mce;
  });
  add_confidence(parts, problem, system);
}

// auroc, auprc, f1, se, sp, ppv of one class or label against the rest.
void add_one(Parts& parts, const std::string& klass, const std::vector<int>& labels, const std::vector<double>& scores,
             const std::vector<int>& decided) {
  std::vector<Figure> figures;
  for (const char* metric : {"auroc", "auprc", "f1", "se", "sp", "ppv"})
    figures.push_back({.metric = metric, .klass = klass});
  const auto ranking = std::make_shared<Ranking>(labels, scores);
  parts.add(std::move(figures), [ranking, labels, decided](Weights w, double* v) {
    const Areas areas = ranking->areas(w);
    const Confusion table = confusion(labels, decided, w);
    for (const double value :
         {areas.auroc, areas.average_precision, table.f1(), table.sensitivity(), table.specificity(), table.ppv()})
      *v++ = value;
  });
}

// Means of the classes' areas, of those that are defined: each as much as the others, then by how often it is.
void add_areas(Parts& parts, const char* precision_name, const std::vector<Ranking>& rankings) {
  const auto each = std::make_shared<std::vector<Ranking>>(rankings);
  const std::string weighted = "by how often each is";
  parts.add({more("auroc", "macro"), more(precision_name, "macro"), more("auroc_weighted", weighted),
             more(fmt::format("{}_weighted", precision_name), weighted)},
            [each](Weights w, double* v) {
              std::vector<double> auroc, precision, often;
              for (const Ranking& ranking : *each) {
                const Areas areas = ranking.areas(w);
                if (std::isnan(areas.auroc)) continue;
                auroc.push_back(areas.auroc);
                precision.push_back(areas.average_precision);
                often.push_back(areas.positive);
              }
              v[0] = weighted_mean(auroc);
              v[1] = weighted_mean(precision);
              v[2] = weighted_mean(auroc, often);
              v[3] = weighted_mean(precision, often);
            });
}

void add_classes(Parts& parts, const Problem& problem, const System& system) {
  const std::vector<int> labels = problem.labels();
  const std::vector<std::string>& classes = problem.task.classes;
  const std::size_t n = classes.size();
  add_areas(parts, "auprc", rankings(labels, ranked(system)));
  // Challenge 2017: normal, atrial fibrillation, other, noise; in byte order.
  const bool challenge = classes == std::vector<std::string>{"A", "N", "O", "~"};
  const bool grades = problem.task.kind == TaskKind::kOrdinal;
  std::vector<Figure> figures = {more("f1", "macro"), more("balanced_accuracy"),
                                 more("accuracy"),    more("f1_weighted"),
                                 more("kappa"),       more("mcc")};
  if (challenge) figures.push_back(more("score2017", "mean F1 of N, A and O"));
  if (grades) {
    figures.push_back(less("mae", "in grades"));
    figures.push_back(more("quadratic_kappa"));
  }
  parts.add(std::move(figures), [=, decisions = system.decisions](Weights w, double* v) {
    const ClassTable table = class_table(labels, decisions, n, w);
    for (const double value : {table.f1_macro(), table.balanced_accuracy(), table.accuracy(), table.f1_weighted(),
                               table.kappa(), table.mcc()})
      *v++ = value;
    if (challenge) *v++ = table.challenge2017({1, 0, 2});
    if (!grades) return;
    *v++ = table.grade_error();
    *v++ = table.quadratic_kappa();
  });
  parts.add({less("brier"), less("log_loss"), less("ece")}, [labels, p = system.scores](Weights w, double* v) {
    v[0] = brier_sum(labels, p, w);
    v[1] = log_loss(labels, p, w);
    v[2] = calibration_top(labels, p, w).ece;
  });
  add_confidence(parts, problem, system);
  for (std::size_t k = 0; k < n; ++k)
    add_one(parts, classes[k], is_class(labels, k), ranked(system).column(k), is_class(system.decisions, k));
}

void add_labels(Parts& parts, const Problem& problem, const System& system) {
  const std::size_t n = problem.task.classes.size();
  const auto as_labels = [](std::span<const double> values) { return std::vector<int>(values.begin(), values.end()); };
  std::vector<Ranking> each;
  for (std::size_t k = 0; k < n; ++k) each.emplace_back(as_labels(problem.members.column(k)), ranked(system).column(k));
  add_areas(parts, "map", each);
  const auto micro = std::make_shared<Ranking>(as_labels(problem.members.values), ranked(system).values);
  parts.add({more("f1", "macro"), more("f1_micro"), more("auroc_micro"), more("map_micro")},
            [n, micro, truth = problem.members, said = system.members, as_labels](Weights w, double* v) {
              std::vector<double> f1, repeated;
              Confusion all;
              for (std::size_t k = 0; k < n; ++k) {
                const Confusion table = confusion(as_labels(truth.column(k)), as_labels(said.column(k)), w);
                f1.push_back(table.f1());
                all = {
                    .tn = all.tn + table.tn, .fp = all.fp + table.fp, .fn = all.fn + table.fn, .tp = all.tp + table.tp};
              }
              for (const double weight : w) repeated.insert(repeated.end(), n, weight);
              const Areas areas = micro->areas(repeated);
              v[0] = mean_defined(f1);
              v[1] = all.f1();
              v[2] = areas.auroc;
              v[3] = areas.average_precision;
            });
  MultiLabelRows rows = multi_label_rows(problem.members, system.scores, system.members);
  parts.add_mean(more("ranking_precision"), std::move(rows.label_ranking_precision));
  parts.add_mean(less("ranking_loss"), std::move(rows.ranking_loss));
  parts.add_mean(less("label_coverage", "how far down the list all true labels are had"), std::move(rows.coverage));
  parts.add_mean(less("hamming_loss"), std::move(rows.hamming_loss));
  parts.add_mean(more("subset_accuracy"), std::move(rows.subset_accuracy));
  add_confidence(parts, problem, system);
  for (std::size_t k = 0; k < n; ++k)
    add_one(parts, problem.task.classes[k], as_labels(problem.members.column(k)), ranked(system).column(k),
            as_labels(system.members.column(k)));
}

bool is_pressure(const std::string& label) {
  static const std::set<std::string> names = {"sbp", "dbp", "map", "systolic", "diastolic"};
  return names.contains(label);
}

void add_numbers(Parts& parts, const Problem& problem, const System& system) {
  std::vector<Figure> figures = {less("mae"),     less("rmse"), more("r2"),         more("pearson"),     more("ccc"),
                                 neither("bias"), less("sd"),   neither("loa_low"), neither("loa_high"), less("mase")};
  // A constant predictor's correlation is rounding.
  const bool constant = is_constant(system);
  const bool pressure = is_pressure(problem.task.label);
  if (pressure) {
    const Regression all = regression(problem.truth, system.scores.values);
    const bool aami = std::abs(all.bias) <= kAamiBias && all.sd <= kAamiSd;
    const std::string note =
        fmt::format("BHS grade {}; AAMI 5 ± 8 mmHg {}{}", all.bhs_grade, aami ? "kept" : "not kept",
                    problem.subject_names.size() < kAamiSubjects ? ", which wants 85 subjects" : "");
    for (const char* metric : {"bhs5", "bhs10", "bhs15"}) figures.push_back(more(metric, note));
  }
  parts.add(std::move(figures),
            [truth = problem.truth, estimate = system.scores.values, constant, pressure](Weights w, double* v) {
              const Regression r = regression(truth, estimate, w);
              constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
              for (const double value : {r.mae, r.rmse, r.r2, constant ? kNone : r.pearson, constant ? kNone : r.ccc,
                                         r.bias, r.sd, r.loa_low, r.loa_high, r.mase})
                *v++ = value;
              if (!pressure) return;
              for (const double percent : r.bhs_percent) *v++ = percent / 100;
            });
}

Parts parts_of(const Problem& problem, const System& system) {
  Parts parts;
  switch (problem.task.kind) {
    case TaskKind::kBinary:
      add_binary(parts, problem, system);
      break;
    case TaskKind::kClasses:
    case TaskKind::kOrdinal:
      add_classes(parts, problem, system);
      break;
    case TaskKind::kMultilabel:
      add_labels(parts, problem, system);
      break;
    case TaskKind::kNumber:
      add_numbers(parts, problem, system);
      break;
  }
  return parts;
}

void join(std::string& note, const std::string& more) {
  if (!more.empty()) note += note.empty() ? more : "; " + more;
}

}  // namespace

Figures::Figures(const Problem& problem, const System& system, const Bootstrap& bootstrap)
    : name_(system.name),
      label_(problem.task.label),
      note_(system.note),
      subjects_(problem.subject_names.size()),
      segments_(problem.size()) {
  const Parts parts = parts_of(problem, system);
  figures_ = parts.figures();
  sample_ = bootstrap.sample(figures_.size(), [&](Weights w, std::span<double> v) { parts.measure(w, v); });
  for (std::size_t i = 0; i < figures_.size(); ++i) intervals_.push_back(bootstrap.interval(sample_, i));
}

std::vector<Row> Figures::rows() const {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < figures_.size(); ++i) {
    Row row{.system = name_, .label = label_, .klass = figures_[i].klass, .metric = figures_[i].metric};
    const Interval& interval = intervals_[i];
    row.value = interval.value;
    row.low = interval.low;
    row.high = interval.high;
    row.subjects = subjects_;
    row.segments = segments_;
    row.note = figures_[i].note;
    join(row.note, note_);
    join(row.note, interval.why);
    if (interval.why.empty() && interval.undefined > 0)
      join(row.note, fmt::format("{} draws left out as undefined", interval.undefined));
    rows.push_back(std::move(row));
  }
  return rows;
}

const char* headline(TaskKind kind) { return kind == TaskKind::kNumber ? "mae" : "auroc"; }

std::vector<Comparison> compare(const Figures& model, const Figures& control, const Bootstrap& bootstrap) {
  std::vector<Comparison> gains;
  for (std::size_t i = 0; i < model.figures_.size(); ++i) {
    const Figure& figure = model.figures_[i];
    if (!figure.klass.empty() || figure.better == Better::kNeither) continue;
    const auto at = std::find_if(control.figures_.begin(), control.figures_.end(), [&](const Figure& other) {
      return other.metric == figure.metric && other.klass.empty();
    });
    if (at == control.figures_.end()) continue;
    const Paired paired = bootstrap.paired(control.sample_, static_cast<std::size_t>(at - control.figures_.begin()),
                                           model.sample_, i, figure.better == Better::kLess ? -1 : 1);
    gains.push_back({.control = control.name_,
                     .metric = figure.metric,
                     .gain = paired.difference.value,
                     .low = paired.difference.low,
                     .high = paired.difference.high,
                     .probability = paired.probability_better,
                     .why = paired.difference.why});
  }
  return gains;
}

}  // namespace cfm::eval
