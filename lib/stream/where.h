// A condition on the header of a segment, as --where writes it.
//
//   Where where("quality.score > 0.8 && labels.rhythm == \"A\"");
//   if (where.holds(segment.header)) out.write(segment);
//
// Operators, weakest first: || · && · ! · == != < <= > >= · in (an element of a list, a part of a text) · =~ (an
// ECMAScript regular expression without back-references finds something). Values: numbers, "texts" or 'texts', true,
// false, null, and paths into the header: labels.age, labels["snomed code"], quality.per_channel.II.score. What isn't
// there is null; a comparison of different types is false (!= true); null, false, 0, "" and empty lists count as false.
// Throws kUsage with the place.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "stream/segment.h"

namespace cfm::stream {

class Where {
 public:
  explicit Where(std::string text);
  bool holds(const Json& header);
  // Paths that were null in every header so far: likely misspelt.
  std::vector<std::string> never_seen() const;

  struct Path {
    std::string text;
    std::vector<std::string> keys;
    bool seen = false;
    const Json& of(const Json& header) const;  // null where it leads nowhere
  };

 private:
  std::string text_;
  std::vector<std::shared_ptr<Path>> paths_;
  std::function<Json(const Json&)> value_;
};

}  // namespace cfm::stream
