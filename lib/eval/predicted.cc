#include "eval/predicted.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "base/logistic.h"
#include "dataset/label_kind.h"

namespace cfm::eval {
namespace {

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

// Score of a class, from an object by name or a list in the order of the classes.
std::optional<double> score_of(const Json& prediction, const Task& task, std::size_t k) {
  const Json* scores = member(prediction, "scores");
  if (scores == nullptr) return std::nullopt;
  if (scores->is_object()) return number_at(*scores, task.classes[k].c_str());
  if (scores->is_array() && scores->size() == task.classes.size() && scores->at(k).is_number())
    return scores->at(k).get<double>();
  return std::nullopt;
}

System binary_system(const Problem& problem, Items items) {
  const Task& task = problem.task;
  System system{.scores = Matrix(problem.size(), 1)};
  std::size_t own = 0, half = 0, unscored = 0;
  for (std::size_t i = 0; i < problem.size(); ++i) {
    const Json& prediction = prediction_of(*items[i], task.label);
    std::optional<double> score = score_of(prediction, task, 1);
    if (!score) score = number_at(prediction, "score");
    const std::optional<double> threshold = number_at(prediction, "threshold");
    const Json* value = member(prediction, "value");
    const bool positive = value != nullptr && task.number(*value) == 1;
    unscored += !score;
    system.scores.values[i] = score.value_or(positive ? 1 : 0);
    const double p = system.scores.values[i], at = threshold.value_or(0.5);
    const bool probabilities = p >= 0 && p <= 1 && at >= 0 && at <= 1;
    system.confidence.push_back(probabilities ? std::abs(logit(p) - logit(at)) : std::abs(p - at));
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

System class_system(const Problem& problem, Items items) {
  const Task& task = problem.task;
  System system{.scores = Matrix(problem.size(), task.classes.size())};
  std::size_t unscored = 0;
  for (std::size_t i = 0; i < problem.size(); ++i) {
    const Json& prediction = prediction_of(*items[i], task.label);
    const Json* value = member(prediction, "value");
    const auto out = system.scores.row(i);
    bool scored = true;
    for (std::size_t k = 0; k < out.size(); ++k) {
      const std::optional<double> score = score_of(prediction, task, k);
      out[k] = score.value_or(0);
      scored = scored && score.has_value();
    }
    if (!scored && value == nullptr)
      throw Error(Status::kUsage, "the prediction of '{}' has neither a value nor a score for each of {}", items[i]->id,
                  fmt::join(task.classes, ", "));
    const std::size_t decided = value != nullptr
                                    ? static_cast<std::size_t>(task.number(*value))
                                    : static_cast<std::size_t>(std::max_element(out.begin(), out.end()) - out.begin());
    system.decisions.push_back(static_cast<int>(decided));
    system.confidence.push_back(*std::max_element(out.begin(), out.end()));
    if (!scored) {
      std::fill(out.begin(), out.end(), 0.0);
      out[decided] = 1;
      ++unscored;
    }
  }
  if (unscored > 0) system.note = fmt::format("{} segments ranked by their decision, without scores", unscored);
  return system;
}

// Cells of labels without a score are 1 where the value lists them.
System label_system(const Problem& problem, Items items) {
  const Task& task = problem.task;
  System system{.scores = Matrix(problem.size(), task.classes.size()),
                .members = Matrix(problem.size(), task.classes.size()),
                .confidence = std::vector<double>(problem.size())};
  std::size_t half = 0, unscored = 0;
  for (std::size_t i = 0; i < problem.size(); ++i) {
    const Json& prediction = prediction_of(*items[i], task.label);
    const Json* value = member(prediction, "value");
    const Json* thresholds = member(prediction, "thresholds");
    const std::vector<std::string> listed = value != nullptr ? dataset::label_list(*value) : std::vector<std::string>();
    for (std::size_t k = 0; k < task.classes.size(); ++k) {
      const bool said = std::ranges::find(listed, task.classes[k]) != listed.end();
      const std::optional<double> score = score_of(prediction, task, k);
      std::optional<double> threshold;
      if (thresholds != nullptr && thresholds->is_object()) threshold = number_at(*thresholds, task.classes[k].c_str());
      system.scores.row(i)[k] = score.value_or(said ? 1 : 0);
      const bool decided = score && threshold ? *score >= *threshold
                           : value != nullptr ? said
                                              : score.value_or(0) >= 0.5;
      system.members.row(i)[k] = decided;
      system.confidence[i] += std::abs(logit(score.value_or(0.5)) - logit(threshold.value_or(0.5))) /
                              static_cast<double>(task.classes.size());
      unscored += !score;
      half += value == nullptr && !threshold;
    }
  }
  system.decided = half > 0 ? "at 0.5, which was not chosen on validation" : "at the prediction's thresholds";
  if (unscored > 0)
    system.note = fmt::format("{} labels of segments ranked by their decision, without score", unscored);
  return system;
}

System regression_system(const Problem& problem, Items items) {
  System system{.scores = Matrix(problem.size(), 1)};
  for (std::size_t i = 0; i < problem.size(); ++i) {
    const Json& prediction = prediction_of(*items[i], problem.task.label);
    const std::optional<double> value = number_at(prediction, "value"), score = number_at(prediction, "score");
    if (!value && !score)
      throw Error(Status::kUsage, "the prediction of '{}' is no number, as label '{}' is", items[i]->id,
                  problem.task.label);
    system.scores.values[i] = value ? *value : *score;
  }
  return system;
}

System system_of(const Problem& problem, Items items) {
  switch (problem.task.kind) {
    case TaskKind::kBinary:
      return binary_system(problem, items);
    case TaskKind::kMultilabel:
      return label_system(problem, items);
    case TaskKind::kNumber:
      return regression_system(problem, items);
    case TaskKind::kClasses:
    case TaskKind::kOrdinal:
      break;
  }
  return class_system(problem, items);
}

// What the predictions themselves say of how sure they are, where all do; and what they abstained from.
void read_confidence(System& system, const Problem& problem, Items items) {
  std::vector<double> told;
  std::vector<int> abstained;
  for (const Item* item : items) {
    const Json& prediction = prediction_of(*item, problem.task.label);
    if (const std::optional<double> confidence = number_at(prediction, "confidence")) told.push_back(*confidence);
    if (const Json* mark = member(prediction, "abstain")) abstained.push_back(*mark == Json(true) || *mark == Json(1));
  }
  if (told.size() == items.size()) system.confidence = std::move(told);
  if (abstained.size() == items.size()) system.abstained = std::move(abstained);
}

}  // namespace

std::string why_unscored(const Item& item, const std::string& label) {
  if (!item.predictions.contains(label) || !item.predictions[label].is_object()) return "without prediction";
  const Json& prediction = prediction_of(item, label);
  return member(prediction, "score") || member(prediction, "scores") || member(prediction, "value") ? ""
                                                                                                    : "without score";
}

System predicted(const Problem& problem, Items items, const std::string& name) {
  System system = system_of(problem, items);
  system.name = name;
  for (const double score : system.scores.values)
    if (!std::isfinite(score))
      throw Error(Status::kMalformed, "a score of label '{}' is not finite", problem.task.label);
  read_confidence(system, problem, items);
  return system;
}

std::optional<TaskKind> kind_told(Items items, const std::string& label) {
  for (const Item* item : items) {
    const Json* task = member(prediction_of(*item, label), "task");
    if (task != nullptr && task->is_string()) return dataset::label_kind_named(task->get<std::string>());
  }
  return std::nullopt;
}

std::optional<dataset::Folds> folds_told(Items items, const std::string& label) {
  std::map<std::string, int> number;
  std::map<std::string, std::string> fold_of;
  bool all = true;
  for (const Item* item : items) {
    const Json* fold = member(prediction_of(*item, label), "fold");
    all = all && fold != nullptr;
    if (fold == nullptr) continue;
    const std::string name = dataset::label_text(*fold);
    number.emplace(name, 0);
    const auto [at, fresh] = fold_of.emplace(item->subject, name);
    if (!fresh && at->second != name && seen_by_model(*item, label) != "labels")
      throw Error(Status::kUsage, "subject '{}' is scored in fold {} and in fold {}: one of the two was trained on it",
                  item->subject, at->second, name);
  }
  if (!all) return std::nullopt;
  dataset::Folds folds;
  for (auto& [name, value] : number) value = folds.n++;
  for (const auto& [subject, name] : fold_of) folds.fold_of[subject] = number[name];
  return folds;
}

std::string seen_by_model(const Item& item, const std::string& label) {
  const Json* mark = member(prediction_of(item, label), "seen");
  if (mark == nullptr) return "";
  if (mark->is_string()) return mark->get<std::string>();
  return *mark == Json(true) || *mark == Json(1) ? "labels" : "";
}

std::string control_told(Items items, const std::string& label) {
  const auto all = [&](const char* key, const char* value) {
    return std::ranges::all_of(items, [&](const Item* item) {
      const Json* told = member(prediction_of(*item, label), key);
      return told != nullptr && *told == Json(value);
    });
  };
  if (all("family", "resnet1d")) return "resnet";
  return all("init", "random") ? "random" : "";
}

}  // namespace cfm::eval
