// How alike the beats of a channel are, whatever their rhythm.
//
//   Similarity s = beat_similarity(window, marks, 0.12, 0.2);
//   s.with_neighbour;   // median correlation with the most similar beat nearby: one of two morphologies is enough
//
// marks: positions, in samples of the window. Beats are compared on a grid of 100 Hz (or of the samples, where they are
// fewer), each point the mean of its 10 ms, the mean of the beat removed. Time is linear in the number of beats. NaN
// with fewer than two whole beats.
#pragma once

#include <span>

#include "quality/window.h"

namespace cfm::quality {

struct Similarity {
  double with_template;   // mean correlation with the mean beat (Orphanidou 2015)
  double with_neighbour;  // median over beats of the largest correlation with one of 12 on either side
  double difference;      // median over beats of half the mean square difference to the beat least different, unit^2
  double level_variance;  // of the beats' means, unit^2: what moves slower than a beat
};

// before, after: seconds of a beat around its mark.
Similarity beat_similarity(const Window& window, std::span<const double> marks, double before, double after);

}  // namespace cfm::quality
