// What a series of beat-to-beat intervals says about its rhythm: how irregular, how random, how early and how late.
//
//   const std::vector<double> rr = {0.81, 0.80, 0.84, …};     // s
//   RrMeasures m = measure_rr(rr);                             // NaN where there are too few
//
// Relative to the mean or the median interval where no unit is named, so that a slow heart is measured as a quick one.
#pragma once

#include <span>

#include "features/sheet.h"

namespace cfm::features {

struct RrMeasures {
  double rate = kNaN;       // 1/min, of the median interval
  double fastest = kNaN;    // 1/min, of the 5th percentile of intervals
  double longest = kNaN;    // over the median
  double shortest = kNaN;   // over the median
  double sd = kNaN;         // over the mean
  double rmssd = kNaN;      // over the mean
  double jitter = kNaN;     // median |difference of neighbours| over the median: one odd beat leaves it as it is
  double pnn50 = kNaN;      // share of neighbours that differ by more than 50 ms
  double roundness = kNaN;  // of the Poincaré plot, SD1 / SD2
  double entropy = kNaN;    // coefficient of sample entropy (Lake & Moorman 2011, Am J Physiol 300:H319)
  double evidence = kNaN;   // of fibrillation in the Lorenz plot of differences: places occupied, less points about the
                            // origin and twice those that share a place, a point (after Sarkar et al. 2008, IEEE
                            // Trans Biomed Eng 55:1219)
  double turning = kNaN;    // share of intervals longer or shorter than both neighbours; 2/3 in a random series
  double alternating = kNaN;  // correlation of a difference with the next: −1/2 in a random series, −1 in bigeminy
  double premature = kNaN;    // share of intervals 15 % and more shorter than the median of those around
  double pauses = kNaN;       // share of intervals: premature, and the next 10 % and more longer than that median
};

// rr: s, of neighbouring beats. Time grows with the square of their number.
RrMeasures measure_rr(std::span<const double> rr);

}  // namespace cfm::features
