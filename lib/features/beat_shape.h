// Beats one by one, and five in a row: what a monitor calls a run of tachycardia.
//
//   std::vector<BeatShape> beats = beat_shapes(band, 250, detect_beats(x, 250));
//   std::vector<Run> runs = runs_of(beats);
//
// band: the lead as windows.h has it, [samples], no gaps; marks: samples. Neither width nor rise needs an onset or an
// end, which wide complexes without a line between them don't have.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "features/sheet.h"

namespace cfm::features {

struct BeatShape {
  double time = kNaN;      // s from the first sample
  double width = kNaN;     // s, area over height, within kBeatReach of the mark
  double rise = kNaN;      // s, peak to peak over steepest slope
  double height = kNaN;    // peak to peak, unit of the lead
  double likeness = kNaN;  // correlation with the lead's median beat
};
inline constexpr double kBeatReach = 0.2;  // s: half an interval at 150/min

std::vector<BeatShape> beat_shapes(std::span<const float> band, double fs, std::span<const double> marks);

inline constexpr std::size_t kRunBeats = 5;  // as in the alarms of the Challenge 2015 (Clifford et al. 2015)

struct Run {
  double start = kNaN, end = kNaN;                                   // s, first and last beat
  double rate = kNaN;                                                // 1/min
  double width = kNaN, rise = kNaN, height = kNaN, likeness = kNaN;  // medians
  double filled() const { return rate / 60 * width; }                // share of its time that complexes take
};

std::vector<Run> runs_of(std::span<const BeatShape> beats);
// The run that fills most of its time: fast and wide. Empty where there is none.
Run fullest(std::span<const Run> runs);

}  // namespace cfm::features
