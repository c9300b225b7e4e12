// One mark out of those of several leads.
//
//   double on = global_mark(onsets_of_leads, Edge::kOnset, 0.010 * fs);
//   BeatWaves beat = global_waves(same_beat_of_every_lead, fs);
//
// Marks: [leads], samples; NaN where a lead has none. The rule of Laguna, Jané & Caminal 1994 (Comput Biomed Res
// 27:45-60), with k = 3 other leads, which keeps a mark that stands alone from being the answer.
#pragma once

#include <span>

#include "delineate/waves.h"

namespace cfm::delineate {

enum class Edge { kOnset, kOffset };

// The earliest onset (latest offset) that enough others support: it has at least k = min(3, leads with a mark - 1)
// others within `tolerance` samples after it (before it for offsets). NaN marks are left out; NaN when none qualifies.
// Of one lead: its own mark.
double global_mark(std::span<const double> marks, Edge edge, double tolerance);

// Waves of a beat over all leads: onsets and offsets by global_mark, or where the leads agree too little for it, their
// median; peaks the median. A P (a T) is there if at least half of the leads with a QRS have one. `beat` is the median;
// amplitudes and ST levels belong to a lead and stay NaN.
BeatWaves global_waves(std::span<const BeatWaves> leads, double fs);

}  // namespace cfm::delineate
