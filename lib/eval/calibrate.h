// A number that a device is told at the start: each record's first segments give its offset and are not scored.
//
//   auto rows = calibrate(problem, systems, items, 60);      // what is left of the problem, of its segments before
//
// Within each record the mean of truth − estimate over the segments that start within the first `seconds` of what is
// there is added to all later estimates, of the model and of every control alike (so that "the mean" becomes the mean
// of the calibration). Records that end before are left out. Status 2 unless the label is a number.
#pragma once

#include <vector>

#include "eval/predicted.h"

namespace cfm::eval {

std::vector<std::size_t> calibrate(Problem& problem, std::vector<System>& systems, Items items, double seconds);

}  // namespace cfm::eval
