// The vertical scale of one channel on ECG paper.
//
//   const Row row = row_of(trace, samples, {.mm_per_mv = 10, .lowest = 15, .highest = 40});
//   const double y = top + row.y(1.2);      // mm
//
// See layout.h for the rules. Throws nothing.
#pragma once

#include <vector>

#include "draw/content.h"

namespace cfm::draw {

struct RowLimits {
  double mm_per_mv = 10;
  double lowest = 15, highest = 40;  // heights in mm, multiples of 5
  double highest_other = 25;         // of what is no ECG
};

struct Row {
  double height = 15;         // mm, a multiple of 5
  double mm_per_unit = 1;     // of the trace's unit
  double bottom = 0;          // value at the lower edge
  bool clipped = false;       // some samples lie outside
  std::vector<double> ticks;  // values of the y axis, none for ECG in mV
  double tick_step = 0;
  double base = 0;  // value of the base line of an ECG: the median

  // mm below the row's upper edge, never outside the row.
  double y(double value) const;
};

Row row_of(const Trace& trace, Range samples, const RowLimits& limits);

}  // namespace cfm::draw
