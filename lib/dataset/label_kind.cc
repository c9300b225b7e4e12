#include "dataset/label_kind.h"

#include <algorithm>
#include <map>

#include "base/csv.h"
#include "base/error.h"

namespace cfm::dataset {

using stream::Json;

std::string label_text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return csv_number(value.get<double>());
  return value.dump();
}

LabelValues LabelValues::of(const std::string& label, std::span<const Json> values,
                            const std::optional<std::string>& positive) {
  std::map<std::string, Json> distinct;  // by text, in byte order
  bool numbers = true;
  for (const Json& value : values) {
    if (value.is_structured()) throw Error(Status::kUsage, "label '{}' is a list: single values are needed", label);
    distinct.emplace(label_text(value), value);
    numbers = numbers && value.is_number();
  }
  if (distinct.empty()) throw Error(Status::kUsage, "no segment has the label '{}'", label);
  if (distinct.size() == 1) {
    throw Error(Status::kUsage, "label '{}' is {} in all {} segments: there is nothing to tell apart", label,
                distinct.begin()->first, values.size());
  }
  LabelValues result{.label = label};
  for (const auto& [text, value] : distinct) result.classes.push_back(value);
  result.kind = distinct.size() == 2 ? LabelKind::kBinary : numbers ? LabelKind::kNumber : LabelKind::kClasses;
  if (positive && result.kind != LabelKind::kBinary) {
    throw Error(Status::kUsage, "label '{}' has {} values: a positive one can be named where there are two", label,
                distinct.size());
  }
  if (positive && !distinct.contains(*positive)) {
    throw Error(Status::kUsage, "label '{}' has no value '{}'; its values are {}", label, *positive, result.list());
  }
  if (result.kind == LabelKind::kNumber) result.classes.clear();
  if (result.kind == LabelKind::kBinary) {
    const auto is_positive = [&](const Json& value) {
      return positive ? label_text(value) == *positive : value == Json(1) || value == Json(true);
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

std::string LabelValues::list() const {
  std::string all;
  for (const Json& value : classes) all += (all.empty() ? "" : ", ") + label_text(value);
  return all;
}

}  // namespace cfm::dataset
