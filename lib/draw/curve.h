// Quantities over the steps of a training, one or several runs in a panel.
//
//   Curves curves{.runs = {"a", "b"}, .panels = {{.name = "loss", .lines = {{0, a_steps, a_loss}, {1, b_steps,
//   b_loss}}}}}; file.add(curve_page(curves, file.column_mm())); out.write(curve_text(curves, {.columns = 80}));
//
// Each line is drawn smoothed; the values it was made of stand behind it where the medium has a faint colour. A value
// that is not finite is a gap, never bridged. A panel's scale holds all of the smoothed lines and marks and the middle
// 98 % of the values, where those are drawn; it is logarithmic where all values are positive and the largest of a line
// is fifty times its median or more: means are geometric then. What lies outside is drawn at the edge.
//
// Throws Error: kUsage for fewer than 40 columns or more than 1000.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "draw/page.h"

namespace cfm::draw {

struct CurveLine {
  std::size_t run = 0;        // index into Curves::runs
  std::vector<double> steps;  // ascending
  std::vector<float> values;  // as many
  bool marks = false;         // few and exact: each is a mark, nothing is smoothed
};

struct CurvePanel {
  std::string name;
  std::vector<CurveLine> lines;
};

struct Curves {
  std::vector<std::string> runs, summary;  // summary: a line each, above the panels
  std::vector<CurvePanel> panels;          // the first is the largest
};

// The mean over 2 % of the values to either side, taken twice (a triangle), of as many to the left as to the right but
// for the ends: a line that does not lag. Not finite where the value is not. In time proportional to their number.
std::vector<float> smoothed(std::span<const float> values);

// Where the values of a panel lie between its lower (0) and upper (1) edge.
struct CurveScale {
  double low = 0, high = 1;
  bool logarithmic = false;
  double part(double value) const;  // 0 … 1, cut there
  struct Tick {
    double value = 0;
    std::string text;
  };
  std::vector<Tick> ticks(double at_most) const;
  std::string text(double value) const;  // at most eight characters
};

// A panel that is ready to be drawn.
struct ScaledPanel {
  std::vector<std::vector<float>> smooth;  // of each line; the values themselves where it is marks
  CurveScale scale;
};
// padding: part of the range that stays free above and below. raw: the values are drawn behind their smoothed line.
ScaledPanel scaled(const CurvePanel& panel, double padding, bool raw);

// First and last step of all lines; at least one apart.
struct StepRange {
  double first = 0, last = 1;
  double part(double step) const { return (step - first) / (last - first); }
};
StepRange steps_of(const Curves& curves);

// Lines of a text, broken at blanks so that each of them fits.
std::vector<std::string> wrapped(const std::string& text, const std::function<bool(const std::string&)>& fits);

Page curve_page(const Curves& curves, double column_mm);

struct CurveTextOptions {
  int columns = 80;     // of the terminal, 40 … 1000
  bool unicode = true;  // Braille
  bool colour = false;  // ANSI: raw values faint, runs in colours; else several runs are letters
};
std::string curve_text(const Curves& curves, const CurveTextOptions& options);

}  // namespace cfm::draw
