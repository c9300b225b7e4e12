// Colours, sizes of letters and marks that all drawings share.
//
//   shape.colour = quality_colour("good");
//   Shape dot = fiducial_mark(event, {x, y});
//
// The classes of quality run from blue over yellow to dark red, marks are of Okabe and Ito's palette (2008): apart for
// the colour-blind, too. Throws nothing.
#pragma once

#include <array>
#include <string_view>

#include "draw/content.h"
#include "draw/page.h"
#include "stream/frame.h"

namespace cfm::draw {

inline constexpr double kTiny = 2.3, kSmall = 2.6, kMedium = 3.3, kLarge = 4.2;  // mm, height of fonts

inline constexpr Colour kInk{20, 20, 20}, kGrey{95, 95, 95};
inline constexpr Colour kPaper{255, 251, 250}, kMinorGrid{250, 222, 220}, kMajorGrid{240, 178, 175};
inline constexpr Colour kMissing{90, 100, 120};
inline constexpr Colour kFound{0, 84, 156}, kReference{70, 70, 70};
inline constexpr Colour kNormalRhythm{236, 239, 243}, kOtherRhythm{246, 217, 170}, kOtherRhythmEdge{176, 96, 0};

// Grey for a word that is no class.
Colour quality_colour(std::string_view name);

// The mark of a wave's or a pulse's point at a place of the trace, filled for found, hollow for reference ones; no
// points for codes that are no such point.
Shape fiducial_mark(const Event& event, Point at);

// What stands for a kind of marks in a legend.
struct LegendEntry {
  int code = 0, num = 0;
  Colour colour;
  std::string_view text;  // "P", "QRS", "T", "foot"
};
std::span<const LegendEntry> fiducial_legend();

}  // namespace cfm::draw
