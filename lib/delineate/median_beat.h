// Median beat of a lead: beats laid over each other at their best agreement, odd ones left out, the median of each
// sample.
//
//   MedianBeat m = median_beat(x, fs, beats);
//   auto waves = delineate_waves(m.samples, fs, std::array{m.r});   // its waves, with the noise of all beats gone
//
// x: [samples] of one lead, any unit, NaN for a gap. beats: samples, ascending. Each beat contributes the samples from
// `before` to `after` it (the beats before and after may fall into them). Beats are shifted by whole samples to where
// they correlate best with the median of all, and left out where that correlation, or their size, is off. Takes
// O(beats * window) memory. Throws Error (kUsage) for a rate that is not positive.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace cfm::delineate {

struct MedianBeatOptions {
  double before = 0.4, after = 0.7;  // s
  double shift = 0.03;               // s, at most, either way
  double core = 0.08;                // s either side of the beat: where agreement is judged
  double correlation = 0.9;          // less, and a beat is left out
};

struct MedianBeat {
  std::vector<float> samples;  // empty when no beat lies within x
  double r = 0;                // where the beats' marks lie in it, on average
  std::size_t used = 0, left_out = 0;
};

MedianBeat median_beat(std::span<const float> x, double fs, std::span<const double> beats,
                       const MedianBeatOptions& options = {});

}  // namespace cfm::delineate
