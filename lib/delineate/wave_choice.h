// Which candidate is the wave, and whether there is a P at all: a beat is judged with the beats around it.
#pragma once

#include <deque>

#include "delineate/wave_marks.h"

namespace cfm::delineate {

inline constexpr int kNeighbours = 6;          // beats looked at on either side
inline constexpr double kNeighbourhood = 8.0;  // s, and no farther away
inline constexpr int kShapePoints = 50;        // slopes before the QRS onset
inline constexpr double kShapeStep = 0.008;    // s between them

struct MeasuredBeat {
  double at = kNone;            // sample
  QrsMarks qrs;                 // samples
  std::vector<Candidate> t, p;  // samples
  Series shape;                 // slope of the signal smoothed for P, up to the QRS onset
  double st_60 = kNone, st_80 = kNone;
};

// The beats of `beats` that count for beat `k`, itself among them: [from, to).
struct Around {
  std::size_t from, to;
};

// What the place of a peak after the QRS onset is worth.
double t_place_weight(double place, double interval);  // s; interval to the next beat
double p_place_weight(double place);

const Candidate* choose_t(std::deque<MeasuredBeat>& beats, std::size_t k, Around around);
const Candidate* choose_p(std::deque<MeasuredBeat>& beats, std::size_t k, Around around, double after);

}  // namespace cfm::delineate
