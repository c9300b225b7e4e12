// What a label asks for: one of two values, one of several classes, or a number. The one rule for scores and training.
//
//   LabelValues values = LabelValues::of("true_alarm", labels, {});    // from the values there are
//   values.kind;  values.classes;                                      // kBinary; {0, 1}: negative, positive
//   values.class_of(segment.label("true_alarm"));                      // 0 or 1
//
// Two distinct values are binary: positive is 1, true, or the later in byte order, or what the caller says. More values
// that are all numbers are a number to estimate, else they are classes in byte order. Status 2: no value, one value
// only, a list, a positive that is none of two values.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::dataset {

enum class LabelKind { kBinary, kClasses, kNumber };

// "1", "true", "VT": a label's value as it is compared and printed; "" for null.
std::string label_text(const stream::Json& value);

struct LabelValues {
  std::string label;
  LabelKind kind = LabelKind::kBinary;
  std::vector<stream::Json> classes;  // as they stand in the labels; binary: negative, positive; none for a number

  static LabelValues of(const std::string& label, std::span<const stream::Json> values,
                        const std::optional<std::string>& positive);
  // Place in `classes`; nothing for a value that is not there.
  std::optional<std::size_t> class_of(const stream::Json& value) const;
  // Numbers that a model gives for it: one, or one a class.
  std::size_t outputs() const { return kind == LabelKind::kClasses ? classes.size() : 1; }
  // "0, 1"
  std::string list() const;
};

}  // namespace cfm::dataset
