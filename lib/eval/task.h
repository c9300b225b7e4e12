// What is to be told from what: the kind of a label, its classes, and the segments that carry it.
//
//   Task task = Task::of("true_alarm", values, {});        // {0, 1}: binary, positive 1
//   task.classes;  task.number(value);                     // {"0", "1"}; 0 or 1
//
// Two values are binary; positive is 1, true, or the later in byte order, or what the caller says. More values that are
// all numbers are a regression, else the values are classes in byte order. One value only, a list, or a positive that
// is none of two values is status 2.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::eval {

using Json = stream::Json;

enum class TaskKind { kBinary, kMulticlass, kRegression };

// "1", "true", "VT": a label's value as text; "" for null.
std::string value_text(const Json& value);
// A cell of a table as a label: number, true, false, null where empty, else text.
Json value_of_text(const std::string& text);

struct Task {
  std::string label;
  TaskKind kind = TaskKind::kBinary;
  std::vector<std::string> classes;  // binary: negative, positive; empty for a regression

  static Task of(const std::string& label, std::span<const Json> values, const std::optional<std::string>& positive);
  // Index of the class, or the number itself.
  double number(const Json& value) const;
  std::size_t outputs() const { return kind == TaskKind::kMulticlass ? classes.size() : 1; }
};

// The segments that are scored, in one order for every system.
struct Problem {
  Task task;
  std::vector<double> truth;               // [n] class index or number
  std::vector<std::string> subject_names;  // sorted, unique
  std::vector<std::size_t> subject;        // [n] index into subject_names

  std::size_t size() const { return truth.size(); }
  std::vector<int> labels() const { return {truth.begin(), truth.end()}; }
  const std::string& subject_of(std::size_t i) const { return subject_names[subject[i]]; }
};
Problem make_problem(Task task, std::vector<double> truth, std::span<const std::string> subjects);

}  // namespace cfm::eval
