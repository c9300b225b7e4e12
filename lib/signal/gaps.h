// Samples that are not there.
//
//   bridge_gaps(x);                                       // a line between the neighbours of each gap, held at the
//   ends std::vector<float> y = resample_present(x, 125, 62.5);  // another rate, what was missing is missing
#pragma once

#include <span>
#include <vector>

namespace cfm::signal {

// x: [samples], not finite where missing; 0 where none is there.
void bridge_gaps(std::span<float> x);

// x: [samples] at fs_in Hz, not finite where missing. Returns [resampled_size(samples, fs_in, fs_out)] at fs_out
// (resample.h): NaN where a sample of x less than one of its own steps, or less than half a step of the result, away is
// missing.
std::vector<float> resample_present(std::vector<float> x, double fs_in, double fs_out);

}  // namespace cfm::signal
