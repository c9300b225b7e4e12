// The median beat of each lead of a segment, measured: one row instead of one a beat.
//
//   for (const BeatRow& row : median_rows(segment, options)) table(row);      // segment: as the Delineator gives it
//
// Beats of the commonest kind (normal ones where there are any) are laid over each other, see median_beat.h. Times of a
// row are s from the beat's mark; beat is how many beats were used; RR the median of the intervals between beats of all
// kinds in the segment. Several leads: a row each, and `global` for all together (DelineateOptions::lead).
#pragma once

#include <vector>

#include "delineate/delineator.h"

namespace cfm::delineate {

std::vector<BeatRow> median_rows(const stream::Segment& segment, const DelineateOptions& options);

}  // namespace cfm::delineate
