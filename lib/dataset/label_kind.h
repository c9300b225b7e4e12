// What a label asks for: one of two values, one of several classes, a set of them, a grade, or a number. The one rule
// for scores and training.
//
//   LabelValues values = LabelValues::of("true_alarm", labels, {});    // from the values there are
//   values.kind;  values.classes;                                      // kBinary; {0, 1}: negative, positive
//   values.class_of(segment.label("true_alarm"));                      // 0 or 1
//   values.members_of(segment.label("dx"));                            // {0, 1, 0, …}: which of the classes hold
//
// Two distinct values are binary: positive is 1, true, or the later in byte order, or what the caller says. More values
// that are all numbers are a number to estimate; lists are several labels at once; all else are classes in byte order.
// What the caller asks for goes before: a number of few values as classes, numbers as ordered grades (by value), a text
// as a list cut at commas or semicolons. Status 2: no value, one value only, a positive that is none of two values, a
// kind that the values cannot be, a list beside single values.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::dataset {

enum class LabelKind { kBinary, kClasses, kNumber, kMultilabel, kOrdinal };
const char* name_of(LabelKind kind);                // "binary" "multiclass" "regression" "multilabel" "ordinal"
LabelKind label_kind_named(std::string_view name);  // status 2
// One of several classes, in an order or not.
inline bool has_classes(LabelKind kind) { return kind == LabelKind::kClasses || kind == LabelKind::kOrdinal; }
// Numbers that a model gives for it: one, or one a class.
inline std::size_t outputs_of(LabelKind kind, std::size_t classes) {
  return kind == LabelKind::kBinary || kind == LabelKind::kNumber ? 1 : classes;
}

// "1", "true", "VT": a label's value as it is compared and printed; a list's with "; " between; "" for null.
std::string label_text(const stream::Json& value);
// The values of a list; of a text cut at commas and semicolons; else the value alone. None for null and "".
std::vector<std::string> label_list(const stream::Json& value);

struct LabelOptions {
  std::optional<std::string> positive = {};  // of a binary label
  std::optional<LabelKind> kind = {};        // none: as the values are
};

struct LabelValues {
  std::string label;
  LabelKind kind = LabelKind::kBinary;
  // As they stand in the labels; binary: negative, positive; grades ascend; those of lists are texts; none for a
  // number.
  std::vector<stream::Json> classes;

  static LabelValues of(const std::string& label, std::span<const stream::Json> values, const LabelOptions& options);
  // Place in `classes`; nothing for a value that is not there.
  std::optional<std::size_t> class_of(const stream::Json& value) const;
  // [classes]: 1 where the class is in the list. Values that are no class are left out.
  std::vector<int> members_of(const stream::Json& value) const;
  std::size_t outputs() const { return outputs_of(kind, classes.size()); }
  // "0, 1"
  std::string list() const;
};

}  // namespace cfm::dataset
