#include "train/task.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"

namespace cfm::train {
namespace {

constexpr const char* kKinds[] = {"binary", "classes", "number"};

}  // namespace

std::string label_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

LabelTask LabelTask::infer(const std::string& label, std::span<const Json> values, const std::string& positive) {
  std::map<std::string, Json> distinct;
  bool numbers = true;
  for (const Json& value : values) {
    distinct.emplace(label_text(value), value);
    numbers = numbers && value.is_number();
  }
  if (distinct.empty()) throw Error(Status::kUsage, "no segment has the label {}", label);
  if (distinct.size() == 1) {
    throw Error(Status::kUsage, "every segment with the label {} has {}: nothing to learn", label,
                distinct.begin()->first);
  }
  LabelTask task;
  task.label = label;
  for (const auto& [text, value] : distinct) task.classes.push_back(value);
  task.kind = distinct.size() == 2 ? TaskKind::kBinary : numbers ? TaskKind::kNumber : TaskKind::kClasses;
  if (!positive.empty() && (task.kind != TaskKind::kBinary || !distinct.contains(positive))) {
    throw Error(Status::kUsage, "--positive {}: the label {} has {} values, {}", positive, label, distinct.size(),
                task.kind == TaskKind::kBinary ? "and that is none of them" : "so it is not binary");
  }
  if (task.kind == TaskKind::kBinary) {
    const auto is_positive = [&](const Json& value) {
      const std::string text = label_text(value);
      return positive.empty() ? text == "1" || text == "true" : text == positive;
    };
    if (is_positive(task.classes[0]) && !is_positive(task.classes[1])) std::swap(task.classes[0], task.classes[1]);
  }
  if (task.kind == TaskKind::kNumber) {
    task.classes.clear();
    task.set_scale(values);
  }
  return task;
}

void LabelTask::set_scale(std::span<const Json> values) {
  double sum = 0, squares = 0;
  for (const Json& value : values) sum += value.get<double>();
  mean = sum / static_cast<double>(values.size());
  for (const Json& value : values) squares += std::pow(value.get<double>() - mean, 2);
  sd = std::sqrt(squares / static_cast<double>(values.size()));
}

std::optional<std::size_t> LabelTask::class_of(const Json& value) const {
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (label_text(classes[i]) == label_text(value)) return i;
  }
  return std::nullopt;
}

Json LabelTask::to_json() const {
  return {{"label", label},     {"kind", kKinds[static_cast<int>(kind)]},
          {"classes", classes}, {"threshold", threshold},
          {"mean", mean},       {"sd", sd},
          {"mode", mode}};
}

LabelTask LabelTask::from_json(const Json& json, const std::string& where) {
  try {
    LabelTask task;
    task.label = json.at("label").get<std::string>();
    const std::string kind = json.at("kind").get<std::string>();
    const auto at = std::find(std::begin(kKinds), std::end(kKinds), kind);
    if (at == std::end(kKinds)) throw Error(Status::kIncompatible, "{}: unknown kind of task {}", where, kind);
    task.kind = static_cast<TaskKind>(at - std::begin(kKinds));
    task.classes = json.at("classes").get<std::vector<Json>>();
    task.threshold = json.at("threshold").get<double>();
    task.mean = json.at("mean").get<double>();
    task.sd = json.at("sd").get<double>();
    task.mode = json.at("mode").get<std::string>();
    const bool fits = task.kind == TaskKind::kNumber || (task.kind == TaskKind::kBinary && task.classes.size() == 2) ||
                      (task.kind == TaskKind::kClasses && task.classes.size() > 1);
    if (!fits) throw Error(Status::kIncompatible, "{}: its task has {} classes", where, task.classes.size());
    return task;
  } catch (const Json::exception& error) {
    throw Error(Status::kIncompatible, "{}: its task cannot be read: {}", where, error.what());
  }
}

double best_threshold(std::span<const double> scores, std::span<const int> positive) {
  std::vector<std::pair<double, int>> sorted;
  for (std::size_t i = 0; i < scores.size(); ++i) sorted.emplace_back(scores[i], positive[i]);
  std::sort(sorted.begin(), sorted.end());
  const auto positives = static_cast<double>(std::count(positive.begin(), positive.end(), 1));
  const double negatives = static_cast<double>(positive.size()) - positives;
  if (positives == 0 || negatives == 0) return 0.5;
  double best = 0.5, best_gain = -1, below_positive = 0, below_negative = 0;
  for (std::size_t i = 0; i + 1 < sorted.size(); ++i) {
    (sorted[i].second == 1 ? below_positive : below_negative) += 1;
    if (sorted[i].first == sorted[i + 1].first) continue;
    const double gain = 1 - below_positive / positives + below_negative / negatives;
    const double threshold = (sorted[i].first + sorted[i + 1].first) / 2;
    const bool nearer = std::abs(threshold - 0.5) < std::abs(best - 0.5);
    if (gain > best_gain + 1e-12 || (gain > best_gain - 1e-12 && nearer)) {
      best = threshold;
      best_gain = std::max(gain, best_gain);
    }
  }
  return best;
}

}  // namespace cfm::train
