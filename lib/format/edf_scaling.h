// Between what a channel is (scale and offset) and how EDF writes it: physical and digital extremes of eight
// characters.
//
//   EdfScaling s = edf_scaling({-15.36, 5.115, -2048, 2047});           // 1/200.0 and 1024, exactly
//   EdfRange range = edf_range(1 / 200.0, 1024, -500, 1500, -32768, 32767);  // back again
//
// physical = (digital - offset) * scale. Gains are decimals nearly always: a gain, a scale or an offset that is a
// decimal of at most ten digits, but for the rounding of doubles, is that decimal. Throws nothing.
#pragma once

#include <cstdint>
#include <string>

namespace cfm::format {

struct EdfRange {
  double physical_min = 0, physical_max = 0;
  std::int64_t digital_min = 0, digital_max = 0;
};

struct EdfScaling {
  double scale = 1, offset = 0;
};

// Both extremes must differ.
EdfScaling edf_scaling(const EdfRange& range);

// The widest range within `least` … `most`, the limits of the format, that holds the values `low` … `high` and whose
// physical extremes are exact in eight characters; where there is none, that with the smallest error.
EdfRange edf_range(double scale, double offset, std::int64_t low, std::int64_t high, std::int64_t least,
                   std::int64_t most);

// The number in at most eight characters that is nearest.
std::string spelt_in_eight(double value);

}  // namespace cfm::format
