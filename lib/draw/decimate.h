// The few samples that draw the same line as all of them.
//
//   for (const Run& run : runs(values)) for (std::size_t i : kept(values, run, per_column)) line_to(x(i), values[i]);
//
// Each column of the picture keeps its first, smallest, largest and last sample, in their order: a line through them
// covers the same pixels as one through all (M4; Jugel et al., PVLDB 7(10), 2014). Throws nothing.
#pragma once

#include <span>
#include <vector>

namespace cfm::draw {

// Samples first … last - 1, all of them finite, or all of them not.
struct Run {
  std::size_t first = 0, last = 0;
  bool present = true;
};
// The whole of values in alternating runs.
std::vector<Run> runs(std::span<const float> values);

// Indices into values of the samples of a run that are drawn: all where a column holds four and fewer.
std::vector<std::size_t> kept(std::span<const float> values, Run run, double samples_per_column);

}  // namespace cfm::draw
