// Onsets, peaks and offsets of P, QRS and T against reference marks, lead by lead and of all leads together.
//
//   EventLog log(kWaveEvents);                       // then log.add(frame, source) of every frame
//   Context context = fiducial_figures(log, {});
//
// `waves` against `reference/waves`. Marks of a kind are paired one to one within 150 ms, the nearest first. A mark
// outside the stretch that the reference marks in that lead is not false: LUDB leaves the first and last beats out.
// Errors are ms, test - reference. Intervals are of beats whose QRS are paired. Global: waves of the reference's leads
// that lie within 150 ms make one (delineate/global.h), against those of channel -1. Rows: `lead` empty, all leads
// pooled; then each lead; then `global`; then each record. class: p_on p_peak p_off qrs_on r_peak qrs_off t_on t_peak
// t_off with se ppv bias sd tp fn fp; p with se ppv fp_absent (P waves in records that have none); pr qrs qt with n
// bias sd. Throws kUsage where there is nothing to compare.
#pragma once

#include <array>
#include <set>
#include <string>
#include <vector>

#include "eval/events.h"
#include "eval/marks.h"
#include "eval/results.h"

namespace cfm::eval {

inline const std::set<std::string> kWaveEvents = {"waves", "reference/waves"};
inline constexpr double kMarkWindow = 0.15;  // s, EC57's for beats, used for all marks
inline constexpr std::array<const char*, 9> kMarkNames = {"p_on",    "p_peak", "p_off",  "qrs_on", "r_peak",
                                                          "qrs_off", "t_on",   "t_peak", "t_off"};
inline constexpr std::array<const char*, 3> kIntervalNames = {"pr", "qrs", "qt"};

Context fiducial_figures(const EventLog& log, const MarkOptions& options);

}  // namespace cfm::eval
