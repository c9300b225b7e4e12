// Detectors of another kind than those of delineate/, simple and quick, to agree with them or not.
//
//   std::vector<double> marks = second_beats(means, 100);      // means: [samples] of 100 Hz or so
//   double a = agreement(beats, marks, 0.15 * fs);              // Li et al. 2008: found by both over found by either
//
// second_beats: curve length in 0.13 s (Zong et al. 2003), thresholds out of the window's own peaks. second_pulses: two
// moving averages of the squared band-passed signal (Elgendi et al. 2013). Both look at a whole window of some seconds
// and answer in samples of their input times step, ascending.
#pragma once

#include <span>
#include <vector>

namespace cfm::quality {

inline constexpr double kSameBeat = 0.15;  // s, within which two marks are of one beat (ANSI/AAMI EC57)

// step: what a sample counts in the positions answered.
std::vector<double> second_beats(std::span<const float> x, double fs, double step = 1);
std::vector<double> second_pulses(std::span<const float> x, double fs, double step = 1);

// Marks of both lists within `reach` of each other, in one pass, over those of either; NaN when both are empty.
double agreement(std::span<const double> a, std::span<const double> b, double reach);

}  // namespace cfm::quality
