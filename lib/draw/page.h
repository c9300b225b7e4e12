// A page as a list of shapes and texts in millimetres from its upper left corner, y downwards, drawn in their order.
//
//   Page page{.width = 297, .height = 210};
//   page.shapes.push_back({.role = Role::kTrace, .points = {{10, 10}, {20, 12}}, .pen = 0.3});
//
// What makes pages needs no drawing library and can be tested with a ruler; canvas.h paints them. Throws nothing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cfm::draw {

struct Point {
  double x = 0, y = 0;  // mm
  bool operator==(const Point&) const = default;
};

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0, alpha = 255;
  std::uint32_t packed() const { return static_cast<std::uint32_t>(red << 16 | green << 8 | blue); }
};

enum class Role {
  kPaper,
  kMinorGrid,
  kMajorGrid,
  kMissing,
  kQuality,
  kTrace,
  kRaw,   // what a smoothed line was made of
  kMark,  // a single value
  kPulse,
  kBeat,
  kFiducial,
  kRhythm,
  kAxis
};

enum class Form {
  kLine,      // through all points; a dot where there is one
  kSegments,  // from each even point to the next
  kOutline,   // closed
  kFill,      // closed and filled
  kHatch,     // closed, filled lightly and hatched
};

struct Shape {
  Role role = Role::kAxis;
  Form form = Form::kLine;
  std::vector<Point> points;
  Colour colour;
  double pen = 0.2;  // mm
  int row = -1;      // the channel it shows, in the segment's order
  bool reference = false;
};

enum class Align { kLeft, kCentre, kRight };

struct Text {
  Point at;  // on the base line
  std::string text;
  double size = 2.5;  // mm, height of the font
  Align align = Align::kLeft;
  bool bold = false;
  Colour colour;
};

struct Page {
  double width = 0, height = 0;  // mm
  std::vector<Shape> shapes;
  std::vector<Text> texts;
};

}  // namespace cfm::draw
