// A pulse wave of a segment: PPG or arterial pressure.
//
//   PulseWave wave = measure_pulse(x, 125, 0, PulseUnit::kMmhg);    // x: [samples] in mmHg, NaN = missing
//   put_pulse(sheet, "abp.", wave); put_pressure(sheet, "abp.", wave);
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "delineate/pulses.h"
#include "features/channel.h"

namespace cfm::features {

enum class PulseUnit : std::uint8_t { kAny, kPressure, kMmhg };  // a PPG's; a pressure's, not known; a pressure's

struct PulseWave : Channel {
  PulseUnit unit = PulseUnit::kAny;
  std::vector<delineate::Pulse> pulses;  // with feet
  std::vector<double> times;             // s from the segment's start, middle of each rise
  std::vector<double> heights;           // unit of x
};

PulseWave measure_pulse(std::span<const float> x, double fs, double t0, PulseUnit unit);
void put_pulse(Sheet& sheet, std::string_view of, const PulseWave& wave);
// Pressures, mmHg; NaN of another unit.
void put_pressure(Sheet& sheet, std::string_view of, const PulseWave& wave);

}  // namespace cfm::features
