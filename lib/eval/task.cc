#include "eval/task.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/error.h"

namespace cfm::eval {

Task Task::of(const std::string& label, std::span<const Json> values, const dataset::LabelOptions& options) {
  const auto kinds = dataset::LabelValues::of(label, values, options);
  Task task{.label = label, .kind = kinds.kind, .classes = {}};
  for (const Json& value : kinds.classes) task.classes.push_back(dataset::label_text(value));
  return task;
}

double Task::number(const Json& value) const {
  if (kind == TaskKind::kNumber) return value.get<double>();
  if (kind == TaskKind::kMultilabel) return static_cast<double>(dataset::label_list(value).size());
  const auto at = std::find(classes.begin(), classes.end(), dataset::label_text(value));
  if (at == classes.end())
    throw Error(Status::kUsage, "'{}' is no value of label '{}'; its values are {}", dataset::label_text(value), label,
                fmt::join(classes, ", "));
  return static_cast<double>(at - classes.begin());
}

namespace {

void set_subjects(Problem& problem, std::span<const std::string> subjects) {
  const std::set<std::string> unique(subjects.begin(), subjects.end());
  problem.subject_names = {unique.begin(), unique.end()};
  for (const std::string& subject : subjects)
    problem.subject.push_back(
        static_cast<std::size_t>(std::lower_bound(problem.subject_names.begin(), problem.subject_names.end(), subject) -
                                 problem.subject_names.begin()));
}

}  // namespace

Problem make_problem(Task task, std::span<const Json> values, std::span<const std::string> subjects) {
  Problem problem{.task = std::move(task), .truth = {}, .members = {}, .subject_names = {}, .subject = {}};
  const Task& of = problem.task;
  for (const Json& value : values) problem.truth.push_back(of.number(value));
  if (of.kind == TaskKind::kMultilabel) {
    problem.members = Matrix(values.size(), of.classes.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      for (const std::string& member : dataset::label_list(values[i])) {
        const auto at = std::lower_bound(of.classes.begin(), of.classes.end(), member);
        problem.members.row(i)[static_cast<std::size_t>(at - of.classes.begin())] = 1;
      }
  }
  set_subjects(problem, subjects);
  return problem;
}

Problem subset(const Problem& problem, std::span<const std::size_t> rows) {
  Problem part{.task = problem.task,
               .truth = {},
               .members = Matrix(problem.members.rows > 0 ? rows.size() : 0, problem.members.columns),
               .subject_names = {},
               .subject = {}};
  std::vector<std::string> subjects;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    part.truth.push_back(problem.truth[rows[i]]);
    subjects.push_back(problem.subject_of(rows[i]));
    if (part.members.rows > 0) std::ranges::copy(problem.members.row(rows[i]), part.members.row(i).begin());
  }
  set_subjects(part, subjects);
  return part;
}

Problem one_label(const Problem& problem, std::size_t k) {
  Problem one = problem;
  one.task = {.label = problem.task.label + "/" + problem.task.classes[k],
              .kind = TaskKind::kBinary,
              .classes = {"not " + problem.task.classes[k], problem.task.classes[k]}};
  one.truth = problem.members.column(k);
  one.members = {};
  return one;
}

}  // namespace cfm::eval
