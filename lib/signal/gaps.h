// Samples that are not there.
//
//   bridge_gaps(x);        // a line between the neighbours of each gap, held at the ends
#pragma once

#include <span>

namespace cfm::signal {

// x: [samples], not finite where missing; 0 where none is there.
void bridge_gaps(std::span<float> x);

}  // namespace cfm::signal
