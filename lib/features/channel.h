// What is measured of a channel of any kind: what is missing, its windows, its quality.
//
//   Channel c = measure_channel(x, 250, 0, kEcgWindows, 100);    // x: [samples], NaN = missing
//   put_channel(sheet, "ecg.", c, indices);
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "features/sheet.h"
#include "features/windows.h"
#include "quality/quality.h"

namespace cfm::features {

struct Channel {
  double missing = kNaN;                  // share of the samples; NaN: there is no such channel
  bool usable = false;                    // enough samples to measure anything else but the quality
  double fs = kNaN, t0 = 0, seconds = 0;  // t0: s, of the first sample after the segment's start
  std::vector<float> band;                // as windows.h has it; empty where it is not usable
  std::vector<WindowMeasures> windows;
  quality::Quality quality = {};  // without indices where there is none
};

// All but the quality. least_rate: Hz, under which nothing is measured.
Channel measure_channel(std::span<const float> x, double fs, double t0, const WindowKind& kind, double least_rate);
// indices: of the quality.
void put_channel(Sheet& sheet, std::string_view of, const Channel& channel, std::span<const std::string_view> indices);

}  // namespace cfm::features
