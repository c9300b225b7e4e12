// Dots with whiskers, one a line, beside their names and numbers: a table whose middle column is drawn.
//
//   html += whiskers({{.name = "model", .value = 0.83, .low = 0.75, .high = 0.90, .first = true}}, "auroc");
//
// A line without a number shows why; one without an interval has no whiskers. Throws nothing.
#pragma once

#include <cmath>
#include <span>
#include <string>

namespace cfm::report {

struct WhiskerLine {
  std::string name, about = {};  // text; about: small, below the name
  double value = NAN, low = NAN, high = NAN;
  std::string why = {};  // text: there is no value, or no interval
  bool first = false;    // what the page is about: drawn bold
};

// metric: how numbers are shown, and what stands over them.
std::string whiskers(std::span<const WhiskerLine> lines, const std::string& metric,
                     const std::string& names = "system");

}  // namespace cfm::report
