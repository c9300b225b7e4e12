#include "eval/task.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/error.h"

namespace cfm::eval {

Task Task::of(const std::string& label, std::span<const Json> values, const std::optional<std::string>& positive) {
  const auto kinds = dataset::LabelValues::of(label, values, positive);
  Task task{.label = label, .kind = kinds.kind};
  for (const Json& value : kinds.classes) task.classes.push_back(dataset::label_text(value));
  return task;
}

double Task::number(const Json& value) const {
  if (kind == TaskKind::kNumber) return value.get<double>();
  const auto at = std::find(classes.begin(), classes.end(), dataset::label_text(value));
  if (at == classes.end())
    throw Error(Status::kUsage, "'{}' is no value of label '{}'; its values are {}", dataset::label_text(value), label,
                fmt::join(classes, ", "));
  return static_cast<double>(at - classes.begin());
}

Problem make_problem(Task task, std::vector<double> truth, std::span<const std::string> subjects) {
  const std::set<std::string> unique(subjects.begin(), subjects.end());
  Problem problem{.task = std::move(task),
                  .truth = std::move(truth),
                  .subject_names = {unique.begin(), unique.end()},
                  .subject = {}};
  for (const std::string& subject : subjects)
    problem.subject.push_back(
        static_cast<std::size_t>(std::lower_bound(problem.subject_names.begin(), problem.subject_names.end(), subject) -
                                 problem.subject_names.begin()));
  return problem;
}

}  // namespace cfm::eval
