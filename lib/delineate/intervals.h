// Intervals and amplitudes of each beat as a table: RR, PR, QRS, QT, QTc, JT and the levels of waves.h.
//
//   const auto rows = beat_intervals(waves, fs);
//   for (const char* name : interval_columns()) …; for (const auto& row : rows) for (double v : row.values()) …;
//
// Intervals are ms, amplitudes in the unit of the lead, NaN where a mark is missing. RR is from the beat before to this
// one. QTc, with QT and RR in ms: Bazett 1920 QT / sqrt(RR/1000); Fridericia 1920 QT / cbrt(RR/1000); Framingham (Sagie
// et al. 1992) QT + 154 (1 - RR/1000); Hodges et al. 1983 QT + 1.75 (60000/RR - 60). JT is QT - QRS.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "delineate/waves.h"

namespace cfm::delineate {

struct QtCorrected {
  double bazett = kNone, fridericia = kNone, framingham = kNone, hodges = kNone;  // ms
};

// ms; NaN for an RR that is not positive.
QtCorrected correct_qt(double qt, double rr);

struct BeatIntervals {
  double rr = kNone, p_duration = kNone, pr = kNone, qrs = kNone, qt = kNone;  // ms; pr: P onset to QRS onset
  QtCorrected qtc;
  double jt = kNone;  // ms
  double p_amplitude = kNone, q_amplitude = kNone, r_amplitude = kNone, s_amplitude = kNone, t_amplitude = kNone;
  double st_60 = kNone, st_80 = kNone;

  std::array<double, 17> values() const;  // in the order of interval_columns()
};

// "rr", "p", "pr", "qrs", "qt", "qtc_bazett", …
std::span<const char* const> interval_columns();

// One beat; `previous`: sample of the beat before, NaN where there is none.
BeatIntervals intervals_of(const BeatWaves& beat, double previous, double fs);

// Of beats in a row. Throws Error (kUsage) for a rate that is not positive.
std::vector<BeatIntervals> beat_intervals(std::span<const BeatWaves> beats, double fs);

}  // namespace cfm::delineate
