#include "eval/strata.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/csv.h"
#include "base/error.h"
#include "eval/figures.h"

namespace cfm::eval {
namespace {

constexpr std::size_t kMostValues = 6;  // of a number before it is cut into quarters
constexpr std::size_t kQuarters = 4;
constexpr const char* kNone = "(none)";

Json value_of(const Item& item, const std::string& by) {
  const auto at = item.labels.find(by);
  if (at != item.labels.end()) return *at;
  return by == "quality" && !item.quality.empty() ? Json(item.quality) : Json(nullptr);
}

// "61 to 70" for each number: the quarter it lies in, named by the smallest and largest number there.
std::map<double, std::string> quarters(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::map<double, std::size_t> quarter;  // equal numbers lie in one, that of the first
  for (std::size_t i = 0; i < values.size(); ++i) quarter.emplace(values[i], i * kQuarters / values.size());
  std::map<std::size_t, std::pair<double, double>> ends;
  for (const auto& [value, q] : quarter) {
    const auto [at, fresh] = ends.emplace(q, std::pair(value, value));
    if (!fresh) at->second.second = value;
  }
  std::map<double, std::string> names;
  for (const auto& [value, q] : quarter)
    names[value] = fmt::format("{} to {}", csv_number(ends[q].first), csv_number(ends[q].second));
  return names;
}

std::vector<std::string> value_names(const std::string& by, Items items) {
  std::vector<Json> values;
  std::vector<double> numbers;
  std::set<double> distinct;
  bool all_numbers = true;
  for (const Item* item : items) {
    values.push_back(value_of(*item, by));
    if (values.back().is_number()) {
      numbers.push_back(values.back().get<double>());
      distinct.insert(numbers.back());
    } else {
      all_numbers = all_numbers && values.back().is_null();
    }
  }
  if (std::ranges::all_of(values, [](const Json& v) { return v.is_null(); }))
    throw Error(Status::kUsage, "--by {}: no segment that is scored has such a label", by);
  const bool cut = all_numbers && distinct.size() > kMostValues;
  const std::map<double, std::string> names = cut ? quarters(numbers) : std::map<double, std::string>();
  std::vector<std::string> result;
  for (const Json& value : values)
    result.push_back(value.is_null() ? kNone : cut ? names.at(value.get<double>()) : dataset::label_text(value));
  return result;
}

}  // namespace

std::vector<Stratum> strata_by(const std::string& by, const Problem& problem, const System& system, Items items,
                               const BootstrapOptions& draws) {
  const std::vector<std::string> names = value_names(by, items);
  std::map<std::string, std::vector<std::size_t>> rows;
  for (std::size_t i = 0; i < names.size(); ++i) rows[names[i]].push_back(i);
  std::vector<Stratum> strata;
  for (const auto& [name, members] : rows) {
    const Problem part = subset(problem, members);
    Stratum stratum{.by = by, .value = name, .subjects = part.subject_names.size(), .segments = part.size()};
    System there = subset(system, members);
    there.fold.clear();  // means of folds are of all segments
    stratum.rows = Figures(part, there, Bootstrap(part.subject, draws)).rows();
    for (Row& row : stratum.rows) row.stratum = fmt::format("{}={}", by, name);
    if (std::isnan(stratum.rows.front().value)) stratum.why = "not all classes are there";
    strata.push_back(std::move(stratum));
  }
  // What is undefined comes last.
  const double sign = problem.task.kind == TaskKind::kNumber ? -1 : 1;
  std::stable_sort(strata.begin(), strata.end(), [&](const Stratum& a, const Stratum& b) {
    const double x = a.rows.front().value, y = b.rows.front().value;
    if (std::isnan(x) || std::isnan(y)) return !std::isnan(x) && std::isnan(y);
    return sign * x < sign * y;
  });
  return strata;
}

}  // namespace cfm::eval
