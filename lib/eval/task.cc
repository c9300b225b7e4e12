#include "eval/task.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/csv.h"
#include "base/error.h"

namespace cfm::eval {

std::string value_text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return csv_number(value.get<double>());
  return value.dump();
}

Json value_of_text(const std::string& text) {
  if (text.empty()) return nullptr;
  if (text == "true" || text == "false") return text == "true";
  const Json parsed = Json::parse(text, nullptr, false);
  return parsed.is_number() ? parsed : Json(text);
}

Task Task::of(const std::string& label, std::span<const Json> values, const std::optional<std::string>& positive) {
  std::map<std::string, const Json*> distinct;  // by text, in byte order
  for (const Json& value : values) {
    if (value.is_structured())
      throw Error(Status::kUsage, "label '{}' is a list: only single values can be scored", label);
    distinct.emplace(value_text(value), &value);
  }
  std::vector<std::string> names;
  for (const auto& [name, value] : distinct) names.push_back(name);
  if (names.size() == 1)
    throw Error(Status::kUsage, "label '{}' is {} in all {} segments: there is nothing to tell apart", label, names[0],
                values.size());
  const bool numbers =
      std::all_of(distinct.begin(), distinct.end(), [](const auto& d) { return d.second->is_number(); });
  if (positive && names.size() > 2)
    throw Error(Status::kUsage, "label '{}' has {} values: a positive one can be named where there are two", label,
                names.size());
  if (names.size() > 2 && numbers) return {.label = label, .kind = TaskKind::kRegression, .classes = {}};
  if (names.size() > 2) return {.label = label, .kind = TaskKind::kMulticlass, .classes = names};

  std::string chosen = names[1];
  for (const auto& [name, value] : distinct)
    if (*value == Json(1) || *value == Json(true)) chosen = name;
  if (positive) chosen = *positive;
  if (chosen != names[0] && chosen != names[1])
    throw Error(Status::kUsage, "label '{}' has no value '{}'; its values are {}", label, chosen,
                fmt::join(names, ", "));
  if (chosen == names[0]) std::swap(names[0], names[1]);
  return {.label = label, .kind = TaskKind::kBinary, .classes = names};
}

double Task::number(const Json& value) const {
  if (kind == TaskKind::kRegression) return value.get<double>();
  const auto at = std::find(classes.begin(), classes.end(), value_text(value));
  if (at == classes.end())
    throw Error(Status::kUsage, "'{}' is no value of label '{}'; its values are {}", value_text(value), label,
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
