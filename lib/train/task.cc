#include "train/task.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace cfm::train {
namespace {

constexpr const char* kKinds[] = {"binary", "classes", "number"};

}  // namespace

LabelTask LabelTask::infer(const std::string& label, std::span<const Json> values,
                           const std::optional<std::string>& positive) {
  LabelTask task{LabelValues::of(label, values, positive)};
  if (task.kind == TaskKind::kNumber) task.set_scale(values);
  return task;
}

void LabelTask::set_scale(std::span<const Json> values) {
  double sum = 0, squares = 0;
  for (const Json& value : values) sum += value.get<double>();
  mean = sum / static_cast<double>(values.size());
  for (const Json& value : values) squares += std::pow(value.get<double>() - mean, 2);
  sd = std::sqrt(squares / static_cast<double>(values.size()));
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
