// An ECG lead beside a pulse wave: do pulses go on where the ECG runs?
//
//   put_pair(sheet, "ecg_ppg.", lead, wave);
//
//   rate_ratio            |log| of the beats' rate over the pulses', 0 where they agree
//   fastest_ratio         log of the highest rate over five beats over that over five pulses
//   pulses_a_beat         pulses of the run that fills most of its time (beat_shape.h), over its beats
//   pulses_a_beat_lowest  the fewest of any run of five
//   height_in_run         log of the height of that run's pulses over the median of all; where it has none, that of a
//                         twentieth
//   arrival, arrival_variation   R peak to foot (delineate/pulse_arrival.h): median, s, and SD over mean
#pragma once

#include <string_view>

#include "features/lead.h"
#include "features/pulse.h"

namespace cfm::features {

void put_pair(Sheet& sheet, std::string_view of, const Lead& lead, const PulseWave& wave);

// |log| of the mean rate of one list of times over that of another; NaN with fewer than two in either.
double rate_ratio(std::span<const double> a, std::span<const double> b);

}  // namespace cfm::features
