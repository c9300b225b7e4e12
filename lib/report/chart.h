// A small chart in two dimensions as SVG: lines, dots, bars and levels over axes with round ticks.
//
//   Chart chart({.low = 0, .high = 1, .title = "false positive rate"}, {.low = 0, .high = 1, .title = "sensitivity"});
//   chart.line(points, "s0");                              // s0 … s7: colours and dashes of the style sheet
//   html += chart.svg("ROC curves", "Sensitivity over …");
//
// Titles, labels and descriptions are text and escaped here; css is a class of style.h. Points that are not finite are
// left out. 360 units wide with letters of 12, so that it reads from 340 pixels up. Throws nothing.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cfm::report {

struct Point {
  double x, y;
};

struct Axis {
  double low = 0, high = 1;
  std::string title = {};
  std::vector<std::pair<double, std::string>> ticks = {};  // empty: round ones
};
// From the round tick below the smallest to the one above the largest of the finite values; 0 … 1 without any.
Axis axis_over(std::span<const double> values, const std::string& title);
// Some five places on the axis and their texts.
std::vector<std::pair<double, std::string>> ticks_of(const Axis& axis);

// The corners of a line: points between two others on one straight line are left out, which changes nothing. Where more
// than `most` (at least 2) remain, every k-th of them and the last, k the smallest that leaves at most that many; those
// that are kept stay where they are.
std::vector<Point> corners(std::span<const Point> points, std::size_t most);
// 0, k, 2k, … below n, k the smallest that leaves at most `most` (at least 1).
std::vector<std::size_t> every_kth(std::size_t n, std::size_t most);

class Chart {
 public:
  Chart(Axis x, Axis y, double plot_height = 300);

  void line(std::span<const Point> points, const std::string& css);  // at most 400 corners
  void dots(std::span<const Point> points, const std::string& css);
  void whisker(double x, double low, double high, const std::string& css);
  void cloud(std::span<const Point> points);  // translucent, so that crowds are dark
  void bar(double x0, double x1, double y);   // from the lower axis up
  void level(double y, const std::string& label, const std::string& css);
  void diagonal();  // y = x

  std::string svg(const std::string& title, const std::string& description) const;

 private:
  double px(double x) const;
  double py(double y) const;
  std::string path_of(std::span<const Point> points) const;
  std::string axes() const;

  Axis x_, y_;
  double height_;  // of the plot
  std::string under_, marks_;
};

}  // namespace cfm::report
