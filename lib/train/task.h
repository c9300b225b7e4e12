// What a label asks of a model: two values, several, or a number; and how its values become targets. Torch-free.
//
//   LabelTask task = LabelTask::infer("true_alarm", values, {});   // from the values there are
//   task.class_of(segment.label("true_alarm"));                    // 0 negative, 1 positive
//   checkpoint.extra["cfm.task"] = task.to_json().dump();
//
// Two distinct values are binary (positive is 1, true, or the later in byte order); more than two numbers are a number
// to regress; everything else is classes, in byte order. Status 2: no value, one value, a positive that is not there.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::train {

using stream::Json;

enum class TaskKind { kBinary, kClasses, kNumber };

struct LabelTask {
  std::string label;
  TaskKind kind = TaskKind::kBinary;
  std::vector<Json> classes;  // as they stand in the labels; binary: negative, positive
  double threshold = 0.5;     // binary: the score from which the positive is predicted
  double mean = 0, sd = 1;    // number: of the training labels
  std::string mode;           // how the model was adapted: linear, full

  // positive: empty, or the text of the value that is positive.
  static LabelTask infer(const std::string& label, std::span<const Json> values, const std::string& positive = {});
  // mean and sd from these numbers.
  void set_scale(std::span<const Json> values);
  std::size_t outputs() const { return kind == TaskKind::kClasses ? classes.size() : 1; }
  // Place in `classes`; nothing for a value that is not there.
  std::optional<std::size_t> class_of(const Json& value) const;
  Json to_json() const;
  static LabelTask from_json(const Json& json, const std::string& where);  // status 3
};

// A label's value as text: what is compared and printed.
std::string label_text(const Json& value);

// The score threshold with the largest sum of sensitivity and specificity, between two neighbouring scores; of equally
// good ones that nearest to 0.5. 0.5 where one class is missing. positive[i] is 0 or 1.
double best_threshold(std::span<const double> scores, std::span<const int> positive);

}  // namespace cfm::train
