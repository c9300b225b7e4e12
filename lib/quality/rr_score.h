// A quality score as QualityFM's authors describe it, for comparison only: it rates rhythm, not signal.
//
//   const std::vector<double> beats = {0.4, 1.2, 2.0, …};   // s, ascending: R peaks, or feet of pulses
//   const double score = rr_score(beats, 30);              // of a segment of 30 s, in [0, 1]
//
// The part of the beats whose interval to the beat before is regular (Guo, Chen, Ferrario 2025, arXiv 2509.06516; ECG;
// the limits are those of public preparation code for the same signals and classes, presumably theirs). An interval is
// irregular where its rate is outside 40 to 120 a minute, where it differs from the one before by more than 0.5 s, or
// its rate by more than 30 %; a regular one between two irregular ones counts as irregular. Divided by the number of
// beats, of which the first has no interval: a perfect segment of 30 beats has 29/30. Fewer than 20 beats in 30 s: 0.
// So atrial fibrillation, ectopy, pauses and rates above 120 have a low score however clean the signal.
//
// Ours where nothing is published: that least number of beats grows with the duration, else no segment of 10 s had a
// score; and PPG has the same score by its pulses, for theirs, a weighted sum of eight measures of the spectrum, shape
// and rhythm, divides by the mean of a signal whose mean was taken off.
// Throws nothing. No beats, or no duration: 0.
#pragma once

#include <span>

namespace cfm::quality {

double rr_score(std::span<const double> beats, double duration);

}  // namespace cfm::quality
