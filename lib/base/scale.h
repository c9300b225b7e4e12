// Steps and texts of numeric axes.
//
//   const double step = nice_step(37);          // 50
//   number_text(0.30000000000000004, 0.1);      // "0.3"
//
// Throws nothing.
#pragma once

#include <string>

namespace cfm {

// The smallest 1, 2, 2.5 or 5 times a power of ten that is not below `at_least` (> 0).
double nice_step(double at_least);
// The decimals that multiples of a step need, `most` at most.
int decimals_of(double step, int most);
// A value on an axis of that step: as many decimals as the step needs, %g where it is very large or small.
std::string number_text(double value, double step);

}  // namespace cfm
