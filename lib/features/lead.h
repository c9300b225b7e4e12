// One ECG lead of a segment.
//
//   Lead lead = measure_lead(x, 250, 0, 1);       // x: [samples] in mV, NaN = missing
//   put_lead(sheet, "ecg.", lead);
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "features/beat_shape.h"
#include "features/channel.h"

namespace cfm::features {

struct Lead : Channel {
  std::vector<BeatShape> beats;             // times from the segment's start
  std::vector<double> r;                    // s, R peaks, from the segment's start
  std::vector<bool> ventricular;            // of each beat
  double qrs = kNaN, qt = kNaN, pr = kNaN;  // ms, medians
};

// millivolt: what one mV is in the unit of x, NaN where that is not known.
Lead measure_lead(std::span<const float> x, double fs, double t0, double millivolt);
void put_lead(Sheet& sheet, std::string_view of, const Lead& lead);

}  // namespace cfm::features
