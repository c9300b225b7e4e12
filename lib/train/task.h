// A label as a model's task: the values it tells apart, the threshold or scale that was fitted. Torch-free.
//
//   LabelTask task = LabelTask::infer("true_alarm", values, {});   // from the values there are
//   task.class_of(segment.label("true_alarm"));                    // 0 negative, 1 positive
//   checkpoint.extra["cfm.task"] = task.to_json().dump();
//
// The kind of a label is told by dataset/label_kind.h; what it refuses is status 2.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataset/label_kind.h"

namespace cfm::train {

using dataset::label_text;
using stream::Json;
using TaskKind = dataset::LabelKind;

struct LabelTask : dataset::LabelValues {
  double threshold = 0.5;   // binary: the score from which the positive is predicted
  double mean = 0, sd = 1;  // number: of the training labels
  std::string mode;         // how the model was adapted: linear, full

  static LabelTask infer(const std::string& label, std::span<const Json> values,
                         const std::optional<std::string>& positive = {});
  // mean and sd from these numbers.
  void set_scale(std::span<const Json> values);
  Json to_json() const;
  static LabelTask from_json(const Json& json, const std::string& where);  // status 3
};

// The score threshold with the largest sum of sensitivity and specificity, between two neighbouring scores; of equally
// good ones that nearest to 0.5. 0.5 where one class is missing. positive[i] is 0 or 1.
double best_threshold(std::span<const double> scores, std::span<const int> positive);

}  // namespace cfm::train
