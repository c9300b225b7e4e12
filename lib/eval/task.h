// What is to be told from what: the values of a label, and the segments that carry it.
//
//   Task task = Task::of("true_alarm", values, {});        // {0, 1}: binary, positive 1
//   task.classes;  task.number(value);                     // {"0", "1"}; 0 or 1
//   Problem problem = make_problem(task, values, subjects);
//
// The kind of a label is told by dataset/label_kind.h; what it refuses is status 2.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dataset/label_kind.h"
#include "eval/matrix.h"

namespace cfm::eval {

using stream::Json;
using TaskKind = dataset::LabelKind;

struct Task {
  std::string label;
  TaskKind kind = TaskKind::kBinary;
  std::vector<std::string> classes;  // binary: negative, positive; grades ascend; empty for a number

  static Task of(const std::string& label, std::span<const Json> values, const dataset::LabelOptions& options);
  // Index of the class, or the number itself. Status 2 for a value that is no class.
  double number(const Json& value) const;
  std::size_t outputs() const { return dataset::outputs_of(kind, classes.size()); }
  bool several_classes() const { return dataset::has_classes(kind); }
};

// The segments that are scored, in one order for every system.
struct Problem {
  Task task;
  std::vector<double> truth;               // [n] class index, grade or number; of several labels how many hold
  Matrix members;                          // several labels at once: 0 or 1, [n, classes]; else empty
  std::vector<std::string> subject_names;  // sorted, unique
  std::vector<std::size_t> subject;        // [n] index into subject_names

  std::size_t size() const { return truth.size(); }
  std::vector<int> labels() const { return {truth.begin(), truth.end()}; }
  const std::string& subject_of(std::size_t i) const { return subject_names[subject[i]]; }
};
Problem make_problem(Task task, std::span<const Json> values, std::span<const std::string> subjects);
// The segments `rows` alone; the same task.
Problem subset(const Problem& problem, std::span<const std::size_t> rows);
// One of several labels as a binary task: "dx" of class "AF" is "dx/AF".
Problem one_label(const Problem& problem, std::size_t k);

}  // namespace cfm::eval
