// A channel as it is drawn small: its range in each column of the picture.
//
//   for (const Preview& channel : previews(segment, 600)) draw(channel.low, channel.high);
#pragma once

#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::eval {

struct Preview {
  std::string name, kind, unit;  // "II", "ecg", "mV"
  double t0 = 0, seconds = 0;    // of the first column after the segment's start, and of all columns
  std::vector<float> low, high;  // [columns] smallest and largest sample in the column's time; NaN: none there
};

// All signals of a segment in its order; a channel of fewer samples than columns has as many columns as samples.
std::vector<Preview> previews(const stream::Segment& segment, std::size_t columns);

}  // namespace cfm::eval
