// Steps and texts of axes: round numbers, round times, the clock of a record.
//
//   const double step = nice_step(37);          // 50
//   number_text(0.30000000000000004, 0.1);      // "0.3"
//   clock_text(290.04, 1);                      // "0:04:50.0"
//
// Throws nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/scale.h"

namespace cfm::draw {

using cfm::nice_step, cfm::number_text;
// nice_step of seconds, where 15 s, 30 s, minutes and hours are round; from 1 ms to days.
double time_step(double at_least);

// h:mm:ss with so many decimals (0 … 3), rounded.
std::string clock_text(double seconds, int decimals);
// The decimals a clock needs for a step of a time axis.
int clock_decimals(double step);

// The text as one line of UTF-8 in which every character is one column wide (others are ?), cut to `most` characters
// with an ellipsis.
std::string one_line(std::string_view text, std::size_t most);
// Characters, not bytes.
std::size_t characters(std::string_view utf8);

}  // namespace cfm::draw
