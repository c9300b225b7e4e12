#include "dataset/label_kind.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "base/csv.h"
#include "base/error.h"

namespace cfm::dataset {

using stream::Json;

namespace {

constexpr const char* kKinds[] = {"binary", "multiclass", "regression", "multilabel", "ordinal"};

bool is_number(const Json& value) { return value.is_number(); }

LabelKind kind_of(std::size_t distinct, bool numbers, bool lists) {
  if (lists) return LabelKind::kMultilabel;
  if (distinct == 2) return LabelKind::kBinary;
  return numbers ? LabelKind::kNumber : LabelKind::kClasses;
}

// Byte order, but numbers by their value.
std::vector<Json> in_order(const std::map<std::string, Json>& distinct, bool numbers) {
  std::vector<Json> values;
  for (const auto& [text, value] : distinct) values.push_back(value);
  if (numbers)
    std::stable_sort(values.begin(), values.end(),
                     [](const Json& a, const Json& b) { return a.get<double>() < b.get<double>(); });
  return values;
}

}  // namespace

const char* name_of(LabelKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }

LabelKind label_kind_named(std::string_view name) {
  const auto at = std::find(std::begin(kKinds), std::end(kKinds), name);
  if (at == std::end(kKinds))
    throw Error(Status::kUsage,
                "'{}' is no kind of task; there are binary, multiclass, regression, multilabel, ordinal", name);
  return static_cast<LabelKind>(at - std::begin(kKinds));
}

std::string label_text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return csv_number(value.get<double>());
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const Json& part : value) text += (text.empty() ? "" : "; ") + label_text(part);
  return text;
}

std::vector<std::string> label_list(const Json& value) {
  std::vector<std::string> list;
  const auto keep = [&](std::string text) {
    while (text.starts_with(' ')) text.erase(0, 1);
    while (text.ends_with(' ')) text.pop_back();
    if (!text.empty()) list.push_back(std::move(text));
  };
  if (value.is_array()) {
    for (const Json& part : value) keep(label_text(part));
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    for (std::size_t from = 0; from <= text.size();) {
      const std::size_t to = std::min(text.find_first_of(",;", from), text.size());
      keep(text.substr(from, to - from));
      from = to + 1;
    }
  } else {
    keep(label_text(value));
  }
  return list;
}

LabelValues LabelValues::of(const std::string& label, std::span<const Json> values, const LabelOptions& options) {
  std::map<std::string, Json> distinct;  // by text, in byte order
  bool numbers = true;
  std::size_t lists = 0;
  for (const Json& value : values) {
    if (value.is_object()) throw Error(Status::kUsage, "label '{}' is an object: values or lists are needed", label);
    lists += value.is_array();
    distinct.emplace(label_text(value), value);
    numbers = numbers && is_number(value);
  }
  if (distinct.empty()) throw Error(Status::kUsage, "no segment has the label '{}'", label);
  LabelValues result{.label = label, .kind = options.kind.value_or(kind_of(distinct.size(), numbers, lists > 0))};
  const auto refuse = [&](const char* why) {
    throw Error(Status::kUsage, "label '{}' is no {}: {}", label, name_of(result.kind), why);
  };
  if (result.kind == LabelKind::kMultilabel) {
    if (lists > 0 && lists < values.size()) refuse("it is a list here and a single value there");
    std::map<std::string, Json> members;
    for (const Json& value : values)
      for (const std::string& member : label_list(value)) members.emplace(member, member);
    distinct = std::move(members);
  } else if (lists > 0) {
    refuse("it is a list");
  }
  if (distinct.size() == 1 && result.kind != LabelKind::kMultilabel) {
    throw Error(Status::kUsage, "label '{}' is {} in all {} segments: there is nothing to tell apart", label,
                distinct.begin()->first, values.size());
  }
  if (result.kind == LabelKind::kMultilabel && distinct.empty()) refuse("all lists are empty");
  if (result.kind == LabelKind::kBinary && distinct.size() != 2) refuse("it has more than two values");
  if (result.kind == LabelKind::kNumber && !numbers) refuse("not all of its values are numbers");
  result.classes = in_order(distinct, numbers && result.kind == LabelKind::kOrdinal);
  if (options.positive && result.kind != LabelKind::kBinary) {
    throw Error(Status::kUsage, "label '{}' has {} values: a positive one can be named where there are two", label,
                distinct.size());
  }
  if (options.positive && !distinct.contains(*options.positive)) {
    throw Error(Status::kUsage, "label '{}' has no value '{}'; its values are {}", label, *options.positive,
                result.list());
  }
  if (result.kind == LabelKind::kNumber) result.classes.clear();
  if (result.kind == LabelKind::kBinary) {
    const auto is_positive = [&](const Json& value) {
      return options.positive ? label_text(value) == *options.positive : value == Json(1) || value == Json(true);
    };
    if (is_positive(result.classes[0]) && !is_positive(result.classes[1]))
      std::swap(result.classes[0], result.classes[1]);
  }
  return result;
}

std::optional<std::size_t> LabelValues::class_of(const Json& value) const {
  const std::string text = label_text(value);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (label_text(classes[i]) == text) return i;
  }
  return std::nullopt;
}

std::vector<int> LabelValues::members_of(const Json& value) const {
  const std::vector<std::string> list = label_list(value);
  const std::set<std::string> members(list.begin(), list.end());
  std::vector<int> result;
  for (const Json& one : classes) result.push_back(members.contains(label_text(one)) ? 1 : 0);
  return result;
}

std::string LabelValues::list() const {
  std::string all;
  for (const Json& value : classes) all += (all.empty() ? "" : ", ") + label_text(value);
  return all;
}

}  // namespace cfm::dataset
