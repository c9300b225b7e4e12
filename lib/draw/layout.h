// Pages of ECG paper with the signals of a segment.
//
//   LayoutOptions options;
//   options.from = 290, options.until = 300;              // s of the record
//   for (const Page& page : layout(segment, options)) …   // millimetres, see page.h
//
// Paper: lines each 1 and 5 mm, 250 mm of time on pages 297 mm wide and as high as their rows need, at most 420 mm
// (from A4 across to A3 upright). A longer segment goes on in further lines, and on further pages. Without mm_per_s the
// speed is 25 mm/s where the segment then fits one page, else the fastest of 12.5, 10, 5, 2.5, 1, 0.5, 0.25 and 0.1
// mm/s that does; 0.1 mm/s goes on over pages. The header states the speed.
//
// Rows: one a channel. ECG in voltage stands at mm_per_mv; where that makes a row too high, at 5 or 2.5 mm/mV, which
// its label says (the header where all rows have one gain); where this is not enough for the whole of it, for the
// middle 99 % of the samples, and the row is "clipped". Other signals are scaled by the paper, too: 5 mm are 1, 2, 2.5
// or 5 times a power of ten of their unit. Missing samples are hatched and never bridged. A line holds at most four
// samples a column of the picture, its extremes among them. Under a row, a bar shows the class of its quality.
//
// Marks: beats above their row, found ones (filled) apart from reference ones (hollow); below 10 mm/s without the
// letter N; fiducial points on the trace from 10 mm/s on; rhythms above the rows. The subject is not printed.
//
// Throws Error: kUsage where the pages would be more than 1000; kMalformed as content_of does.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "draw/page.h"
#include "stream/segment.h"

namespace cfm::draw {

struct LayoutOptions {
  std::optional<double> mm_per_s;                  // default: chosen, see above
  double mm_per_mv = 10;                           // of ECG
  std::optional<double> from, until;               // part to draw, s of the record; default: all
  double column_mm = 25.4 / 300;                   // width of a column of the picture
  std::function<std::string(int)> symbol_of_code;  // letter of a beat (WFDB); default: none
};

inline constexpr double kLineMm = 250;  // of time

// Empty where nothing of the segment lies between from and until. A segment without signals has a page that says so.
std::vector<Page> layout(const stream::Segment& segment, const LayoutOptions& options);

}  // namespace cfm::draw
