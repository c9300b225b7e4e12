// Waves out of onsets, peaks and offsets, beats out of waves, and both of all leads together.
//
//   LeadWaves lead = waves_of(events, fs);                   // of one lead, ascending
//   std::vector<delineate::BeatWaves> beats = beats_of(lead);
//   LeadWaves all = global_waves_of(leads, fs);
//
// Positions are frames of the record's clock. Codes are those of the stream's `waves`: 39 and 40 with num 0 P, 1 QRS,
// 2 T; peaks 24, any beat, 27. A wave may lack any of its marks: NaN.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "delineate/waves.h"
#include "eval/events.h"

namespace cfm::eval {

enum class WaveKind { kP, kQrs, kT };
inline constexpr std::size_t kWaveKinds = 3;

struct LeadWaves {
  std::array<std::vector<delineate::Wave>, kWaveKinds> of;  // ascending

  std::vector<delineate::Wave>& operator[](WaveKind kind) { return of[static_cast<std::size_t>(kind)]; }
  const std::vector<delineate::Wave>& operator[](WaveKind kind) const { return of[static_cast<std::size_t>(kind)]; }
};

// The peak, or the middle of what there is.
double place_of(const delineate::Wave& wave);

LeadWaves waves_of(std::span<const Event> events, double fs);

// A beat for each QRS, `beat` its place: with the last P wave since the QRS before, and the first T wave up to the
// next.
std::vector<delineate::BeatWaves> beats_of(const LeadWaves& waves);

// Waves of a kind whose places are within 150 ms, one a lead, are one, whatever the number of leads that have it: onset
// and offset by delineate::global_mark within 10 ms, else the median; the median of the peaks. It shares no parameter
// with the delineator, so that tuning that can't move it.
LeadWaves global_waves_of(std::span<const LeadWaves> leads, double fs);

}  // namespace cfm::eval
