#include "eval/evaluate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "eval/nested.h"

namespace cfm::eval {
namespace {

struct Chosen {
  std::vector<const Item*> items;
  std::map<std::string, std::uint64_t> excluded;
};

Json label_of(const Item& item, const std::string& label) {
  const auto at = item.labels.find(label);
  return at == item.labels.end() ? Json(nullptr) : *at;
}

// Items with the label for which reason() is empty; the others counted by reason.
template <typename Reason>
Chosen choose(const Evidence& evidence, const std::string& label, const Reason& reason) {
  Chosen chosen;
  bool labelled = false;
  for (const Item& item : evidence.items()) {
    const bool has_label = !label_of(item, label).is_null();
    labelled = labelled || has_label;
    const std::string why = has_label ? reason(item) : "without label";
    if (why.empty())
      chosen.items.push_back(&item);
    else
      ++chosen.excluded[why];
  }
  if (labelled && !chosen.items.empty()) return chosen;
  if (labelled)
    throw Error(Status::kUsage, "none of the {} segments can be scored on '{}' ({} {})", evidence.items().size(), label,
                chosen.excluded.begin()->second, chosen.excluded.begin()->first);
  const std::set<std::string> there = evidence.label_names();
  throw Error(Status::kUsage, "no segment has a label '{}'; {}", label,
              there.empty() ? "there are no labels: join them with cfm-segment --labels FILE"
                            : fmt::format("there are {}", fmt::join(there, ", ")));
}

Problem problem_of(const Chosen& chosen, const std::string& label, const std::optional<std::string>& positive) {
  std::vector<Json> values;
  std::vector<std::string> subjects;
  for (const Item* item : chosen.items) {
    values.push_back(label_of(*item, label));
    subjects.push_back(item->subject);
  }
  Task task = Task::of(label, values, positive);
  std::vector<double> truth;
  for (const Json& value : values) truth.push_back(task.number(value));
  return make_problem(std::move(task), std::move(truth), subjects);
}

Context context_of(const Problem& problem, const Chosen& chosen) {
  static constexpr const char* kTasks[] = {"binary", "multiclass", "regression"};
  Context context;
  context.label = problem.task.label;
  context.task = kTasks[static_cast<int>(problem.task.kind)];
  context.classes = problem.task.classes;
  context.class_segments.resize(context.classes.size());
  if (!context.classes.empty())
    for (const int label : problem.labels()) ++context.class_segments[static_cast<std::size_t>(label)];
  context.subjects = problem.subject_names.size();
  context.segments = problem.size();
  context.excluded = chosen.excluded;
  return context;
}

// The model's rows first, then those of its controls; each control is compared with it.
void add_figures(Context& context, const Problem& problem, const std::vector<System>& systems,
                 const EvaluateOptions& options) {
  const Bootstrap bootstrap(problem.subject,
                            {.draws = options.draws, .seed = options.seed, .threads = options.threads});
  for (const System& system : systems) {
    const std::vector<Row> rows = figures(problem, system, bootstrap);
    context.rows.insert(context.rows.end(), rows.begin(), rows.end());
    if (&system != &systems.front())
      context.comparisons.push_back(compare(problem, systems.front(), system, bootstrap));
  }
  for (Row& row : context.rows) {
    if (row.system != "model" || context.seen_segments == 0) continue;
    row.note += fmt::format("{}{} segments seen in training", row.note.empty() ? "" : "; ", context.seen_segments);
  }
}

// ---- probes
// ----------------------------------------------------------------------------------------------------------

Matrix features_of(const Chosen& chosen, std::vector<float> Item::*vector) {
  const Item& first = *chosen.items.front();
  Matrix features(chosen.items.size(), (first.*vector).size());
  for (std::size_t i = 0; i < features.rows; ++i) {
    const std::vector<float>& values = chosen.items[i]->*vector;
    if (values.size() != features.columns)
      throw Error(Status::kIncompatible, "the embedding of '{}' has {} values, that of '{}' {}: they are of two models",
                  first.id, features.columns, chosen.items[i]->id, values.size());
    std::copy(values.begin(), values.end(), features.row(i).begin());
  }
  return features;
}

bool finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

Context evaluate_probe(const Evidence& evidence, const EvaluateOptions& options) {
  if (!evidence.items().empty() && !evidence.tensor_names().contains("embedding"))
    throw Error(
        Status::kUsage, "no segment has an embedding to probe; the input holds {}: cfm-embed -m MODEL makes one",
        evidence.tensor_names().empty() ? "no tensors" : fmt::format("{}", fmt::join(evidence.tensor_names(), ", ")));
  const Chosen chosen = choose(evidence, options.probe, [](const Item& item) {
    if (item.embedding.empty()) return "without embedding";
    return finite(item.embedding) ? "" : "with an embedding that is not finite";
  });
  const Problem problem = problem_of(chosen, options.probe, options.positive);
  const Matrix features = features_of(chosen, &Item::embedding);
  const dataset::Folds folds = probe_folds(problem, options.folds, options.seed);
  const NestedOptions nested{.seed = options.seed, .threads = options.threads};

  Context context = context_of(problem, chosen);
  const char* probe = problem.task.kind == TaskKind::kBinary    ? "logistic"
                      : problem.task.kind == TaskKind::kClasses ? "softmax"
                                                                : "ridge";
  context.protocol = fmt::format(
      "linear probe ({}) on embedding [{}]: {} folds over subjects, penalty{} from inner folds, out-of-fold scores "
      "pooled, "
      "seed {}",
      probe, features.columns, folds.n, problem.task.kind == TaskKind::kBinary ? " and thresholds" : "", options.seed);
  std::vector<System> systems = {probe_out_of_fold("model", problem, features, folds, nested)};
  const bool has_random = std::all_of(chosen.items.begin(), chosen.items.end(),
                                      [](const Item* item) { return !item->random.empty() && finite(item->random); });
  if (has_random)
    systems.push_back(probe_out_of_fold("random", problem, features_of(chosen, &Item::random), folds, nested));
  else
    context.missing.push_back({.control = "random", .add = "cfm-embed --control"});
  systems.push_back(constant_out_of_fold(problem, &folds));
  add_figures(context, problem, systems, options);
  return context;
}

// ---- predictions
// -----------------------------------------------------------------------------------------------------

const Json& prediction_of(const Item& item, const std::string& label) { return item.predictions.at(label); }

// A member that is not null.
const Json* member(const Json& prediction, const char* key) {
  const auto at = prediction.find(key);
  return at == prediction.end() || at->is_null() ? nullptr : &*at;
}

std::optional<double> number_at(const Json& prediction, const char* key) {
  const Json* value = member(prediction, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

std::string why_unscored(const Item& item, const std::string& label) {
  if (!item.predictions.contains(label) || !item.predictions[label].is_object()) return "without prediction";
  const Json& prediction = prediction_of(item, label);
  return member(prediction, "score") || member(prediction, "scores") || member(prediction, "value") ? ""
                                                                                                    : "without score";
}

// Score of a class, from an object by name or a list in the order of the classes.
std::optional<double> score_of(const Json& prediction, const Task& task, std::size_t k) {
  const Json* scores = member(prediction, "scores");
  if (scores == nullptr) return std::nullopt;
  if (scores->is_object()) return number_at(*scores, task.classes[k].c_str());
  if (scores->is_array() && scores->size() == task.classes.size() && scores->at(k).is_number())
    return scores->at(k).get<double>();
  return std::nullopt;
}

System binary_system(const Problem& problem, const Chosen& chosen) {
  const Task& task = problem.task;
  System system{.name = "model", .scores = Matrix(problem.size(), 1)};
  std::size_t own = 0, half = 0, unscored = 0;
  for (std::size_t i = 0; i < problem.size(); ++i) {
    const Json& prediction = prediction_of(*chosen.items[i], task.label);
    std::optional<double> score = score_of(prediction, task, 1);
    if (!score) score = number_at(prediction, "score");
    const std::optional<double> threshold = number_at(prediction, "threshold");
    const Json* value = member(prediction, "value");
    const bool positive = value != nullptr && task.number(*value) == 1;
    unscored += !score;
    system.scores.values[i] = score.value_or(positive ? 1 : 0);
    if (score && threshold) {
      system.decisions.push_back(*score >= *threshold);
    } else if (value != nullptr) {
      system.decisions.push_back(positive);
    } else {
      system.decisions.push_back(system.scores.values[i] >= 0.5);
      ++half;
    }
    own += score && threshold;
  }
  if (half > 0)
    system.decided = "at 0.5, which was not chosen on validation";
  else
    system.decided = own == problem.size() ? "at the prediction's threshold" : "the prediction's own decision";
  if (unscored > 0) system.note = fmt::format("{} segments ranked by their decision, without score", unscored);
  return system;
}

System class_system(const Problem& problem, const Chosen& chosen) {
  const Task& task = problem.task;
  System system{.name = "model", .scores = Matrix(problem.size(), task.classes.size())};
  std::size_t unscored = 0;
  for (std::size_t i = 0; i < problem.size(); ++i) {
    const Json& prediction = prediction_of(*chosen.items[i], task.label);
    const Json* value = member(prediction, "value");
    const auto out = system.scores.row(i);
    bool scored = true;
    for (std::size_t k = 0; k < out.size(); ++k) {
      const std::optional<double> score = score_of(prediction, task, k);
      out[k] = score.value_or(0);
      scored = scored && score.has_value();
    }
    if (!scored && value == nullptr)
      throw Error(Status::kUsage, "the prediction of '{}' has neither a value nor a score for each of {}",
                  chosen.items[i]->id, fmt::join(task.classes, ", "));
    const std::size_t decided = value != nullptr
                                    ? static_cast<std::size_t>(task.number(*value))
                                    : static_cast<std::size_t>(std::max_element(out.begin(), out.end()) - out.begin());
    system.decisions.push_back(static_cast<int>(decided));
    if (!scored) {
      std::fill(out.begin(), out.end(), 0.0);
      out[decided] = 1;
      ++unscored;
    }
  }
  if (unscored > 0) system.note = fmt::format("{} segments ranked by their decision, without scores", unscored);
  return system;
}

System regression_system(const Problem& problem, const Chosen& chosen) {
  System system{.name = "model", .scores = Matrix(problem.size(), 1)};
  for (std::size_t i = 0; i < problem.size(); ++i) {
    const Json& prediction = prediction_of(*chosen.items[i], problem.task.label);
    const std::optional<double> value = number_at(prediction, "value"), score = number_at(prediction, "score");
    if (!value && !score)
      throw Error(Status::kUsage, "the prediction of '{}' is no number, as label '{}' is", chosen.items[i]->id,
                  problem.task.label);
    system.scores.values[i] = value ? *value : *score;
  }
  return system;
}

// How many folds scored; status 2 when two scored one subject: the model of one was trained on it.
std::size_t check_folds(const Chosen& chosen, const std::string& label) {
  std::set<std::string> folds;
  std::map<std::string, std::string> fold_of;
  for (const Item* item : chosen.items) {
    const Json& prediction = prediction_of(*item, label);
    const Json* fold = member(prediction, "fold");
    if (fold == nullptr) continue;
    const std::string name = dataset::label_text(*fold);
    folds.insert(name);
    const auto [at, fresh] = fold_of.emplace(item->subject, name);
    if (!fresh && at->second != name && prediction.value("seen", Json(false)) != Json(true))
      throw Error(Status::kUsage, "subject '{}' is scored in fold {} and in fold {}: one of the two was trained on it",
                  item->subject, at->second, name);
  }
  return folds.size();
}

Context evaluate_predictions(const Evidence& evidence, const std::string& label, const EvaluateOptions& options) {
  const Chosen chosen = choose(evidence, label, [&](const Item& item) { return why_unscored(item, label); });
  const std::size_t folds = check_folds(chosen, label);
  const Problem problem = problem_of(chosen, label, options.positive);
  Context context = context_of(problem, chosen);
  context.protocol = folds > 0 ? fmt::format("predictions of {} fold{}, pooled", folds, folds == 1 ? "" : "s")
                               : "predictions as they came; nothing tells which subjects the model was fitted on";
  std::set<std::string> seen;
  for (const Item* item : chosen.items) {
    const Json* mark = member(prediction_of(*item, label), "seen");
    if (mark == nullptr || (*mark != Json(true) && *mark != Json(1))) continue;
    ++context.seen_segments;
    seen.insert(item->subject);
  }
  context.seen_subjects = seen.size();
  std::vector<System> systems;
  switch (problem.task.kind) {
    case TaskKind::kBinary:
      systems.push_back(binary_system(problem, chosen));
      break;
    case TaskKind::kClasses:
      systems.push_back(class_system(problem, chosen));
      break;
    case TaskKind::kNumber:
      systems.push_back(regression_system(problem, chosen));
      break;
  }
  for (const double score : systems.front().scores.values)
    if (!std::isfinite(score)) throw Error(Status::kMalformed, "a score of label '{}' is not finite", label);
  systems.push_back(constant_out_of_fold(problem, nullptr));
  add_figures(context, problem, systems, options);
  return context;
}

}  // namespace

Results evaluate(const Evidence& evidence, const EvaluateOptions& options) {
  Results results;
  results.read = evidence.read();
  results.partial = evidence.partial();
  results.upstream = evidence.notes();
  results.seed = options.seed;
  results.draws = options.draws;
  if (evidence.items().empty()) throw Error(Status::kUsage, "the input holds no segments: there is nothing to score");
  if (!options.probe.empty()) {
    results.labels.push_back(evaluate_probe(evidence, options));
    return results;
  }
  const std::set<std::string> there = evidence.prediction_names();
  const auto listed = [](const std::set<std::string>& names) {
    return names.empty() ? std::string("none") : fmt::format("{}", fmt::join(names, ", "));
  };
  if (there.empty())
    throw Error(Status::kUsage,
                "the input holds no predictions (labels: {}; tensors: {}): make some with cfm-predict, or probe an "
                "embedding with --probe LABEL",
                listed(evidence.label_names()), listed(evidence.tensor_names()));
  std::vector<std::string> wanted = options.labels;
  if (wanted.empty()) wanted.assign(there.begin(), there.end());
  for (const std::string& label : wanted) {
    if (!there.contains(label))
      throw Error(Status::kUsage, "there are no predictions of '{}'; there are of {}", label, listed(there));
    results.labels.push_back(evaluate_predictions(evidence, label, options));
  }
  return results;
}

}  // namespace cfm::eval
