// The rate of a table from the times beside its rows, and the frames on which they fall.
//
//   std::vector<double> times = {0, 0.003, 0.006, 0.008, …};             // 360 Hz, written in whole ms
//   RowClock clock = clock_of({.path = "a.csv", .seconds = times, .resolution = 1e-3});
//   clock.fs;    // 360
//
// One rate is sought that all times fit, give or take their resolution (steps of 2 and 3 ms are one rate) or a quarter
// of a step (clocks that tremble): a whole number or a usual one if only one such fits, else the shortest decimal of
// rate or step. Longer steps are gaps: their frames are counted. Throws kUsage where several rates fit (too few or too
// coarse times) and OpenOptions::fs doesn't choose one, or contradicts; kMalformed where none does.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format/memory_recording.h"

namespace cfm::format {

struct RowTimes {
  std::string path;
  std::span<const double> seconds;  // ascending, none twice
  double resolution = 0;            // s: the last digit of a time
  std::optional<double> fs = {};    // Hz, as the user has it
  std::size_t first_line = 2;       // of the first row, for messages
};

struct RowClock {
  double fs = 0;
  std::int64_t frames = 0;
  std::vector<Run> runs;
};

RowClock clock_of(const RowTimes& times);

}  // namespace cfm::format
