// How real numbers become integers: the step at which all of them are whole, or the finest that fits.
//
//   const double values[] = {0.28815, -1.5, NAN};
//   Quantisation q = quantisation_of([&](const TakeValues& take) { take(values); }, {.bits = 16});
//   q.scale, q.offset;       // 1e-5, 0
//   quantised(0.28815, q);   // 28815
//
// physical = (x - offset) * scale. A step is exact where every value reads back as the number it was: to the last bit
// of a float (single), within rounding of a double. Tried in this order: 1, 0.1, … 1e-9; steps of a converter, seen as
// the smallest difference between values; then the finest of 1, 2 or 5 times a power of ten that fits, with its largest
// rounding error. Throws nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace cfm::format {

struct QuantiseOptions {
  int bits = 16;        // 8 … 32, of a two's complement number; the lowest is kept free for missing samples
  bool single = false;  // values were floats
};

struct Quantisation {
  double scale = 1;  // of a step, in the channel's unit
  double offset = 0;
  bool exact = true;
  double worst = 0;           // largest |value read back - value|, in the unit; 0 where exact
  std::int64_t infinite = 0;  // values that were, and become missing
};

using TakeValues = std::function<void(std::span<const double>)>;
// Gives all values, in pieces, as often as it is called; NaN is missing.
using AllValues = std::function<void(const TakeValues&)>;

Quantisation quantisation_of(const AllValues& values, const QuantiseOptions& options);

// kMissing for NaN and infinities.
std::int32_t quantised(double value, const Quantisation& quantisation);

}  // namespace cfm::format
