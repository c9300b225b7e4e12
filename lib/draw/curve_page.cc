#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "draw/canvas.h"
#include "draw/curve.h"
#include "draw/decimate.h"
#include "draw/scale.h"
#include "draw/style.h"

namespace cfm::draw {
namespace {

// Millimetres.
constexpr double kWidth = 240, kEdge = 7, kBetween = 6;
constexpr double kLabels = 13;                            // left of a panel's frame
constexpr double kTitle = 5.5, kAxis = 6.5;               // above and below it
constexpr double kFirstHeight = 62, kHeight = 30;         // of frames
constexpr double kLineHeight = 4.4;                       // of the header
constexpr double kTickDistance = 22, kValueDistance = 7;  // between labels, at least

// Okabe and Ito's palette (2008), apart for the colour-blind, too.
constexpr std::array kRunColours = {Colour{0, 114, 178},   Colour{213, 94, 0},  Colour{0, 158, 115},
                                    Colour{204, 121, 167}, Colour{230, 159, 0}, Colour{86, 180, 233}};
constexpr Colour kGrid{228, 230, 234}, kFrame{150, 154, 160};
constexpr std::uint8_t kFaint = 70;  // of 255, raw values

Colour colour_of(std::size_t run) { return kRunColours[run % kRunColours.size()]; }

struct Frame {
  double left = 0, top = 0, width = 0, height = 0;
};

class Painter {
 public:
  Painter(const Curves& curves, double column_mm) : curves_(curves), column_mm_(column_mm), steps_(steps_of(curves)) {}

  Page page() {
    page_.width = kWidth;
    double top = header();
    const double whole = kWidth - 2 * kEdge - kLabels, half = (whole - kBetween - kLabels) / 2;
    for (std::size_t p = 0; p < curves_.panels.size(); ++p) {
      const bool first = p == 0, right = !first && p % 2 == 0;
      const Frame frame{.left = kEdge + kLabels + (right ? half + kBetween + kLabels : 0),
                        .top = top + kTitle,
                        .width = first ? whole : half,
                        .height = first ? kFirstHeight : kHeight};
      panel(static_cast<int>(p), frame);
      if (first || right || p + 1 == curves_.panels.size()) top = frame.top + frame.height + kAxis;
    }
    page_.height = top + kEdge - 3;
    return std::move(page_);
  }

 private:
  void write(Point at, std::string text, double size, Align align = Align::kLeft, Colour colour = kInk,
             bool bold = false) {
    page_.texts.push_back({at, std::move(text), size, align, bold, colour});
  }

  // Its lower end.
  double header() {
    double y = kEdge + 3;
    const auto fits = [](const std::string& text) { return text_width(text, kMedium) <= kWidth - 2 * kEdge; };
    for (const std::string& summary : curves_.summary) {
      for (const std::string& part : wrapped(summary, fits)) {
        write({kEdge, y}, one_line(part, 200), kMedium);
        y += kLineHeight;
      }
    }
    if (curves_.runs.size() > 1) {
      double left = kEdge;
      for (std::size_t run = 0; run < curves_.runs.size(); ++run) {
        const std::string name = one_line(curves_.runs[run], 60);
        const double width = 7 + text_width(name, kSmall) + 6;
        if (left + width > kWidth - kEdge && left > kEdge) left = kEdge, y += kLineHeight;
        page_.shapes.push_back(
            {.points = {{left, y - 0.9}, {left + 6, y - 0.9}}, .colour = colour_of(run), .pen = 0.7});
        write({left + 7.5, y}, name, kSmall);
        left += width;
      }
      y += kLineHeight;
    }
    return y - 2;
  }

  void panel(int number, const Frame& frame) {
    const CurvePanel& panel = curves_.panels[static_cast<std::size_t>(number)];
    const ScaledPanel ready = scaled(panel, 0.04, true);
    axes(panel, ready.scale, frame);
    for (const bool raw : {true, false}) {
      for (std::size_t l = 0; l < panel.lines.size(); ++l) {
        const CurveLine& curve = panel.lines[l];
        if (curve.marks) continue;
        if (raw && curve.values.size() == ready.smooth[l].size() && curve.values == ready.smooth[l]) continue;
        line(curve, raw ? std::span(curve.values) : ready.smooth[l], ready.scale, frame, number, raw);
      }
    }
    for (const CurveLine& curve : panel.lines) {
      if (curve.marks) marks(curve, ready.scale, frame, number);
    }
  }

  void axes(const CurvePanel& panel, const CurveScale& scale, const Frame& frame) {
    const double right = frame.left + frame.width, bottom = frame.top + frame.height;
    Shape grid{.role = Role::kMajorGrid, .form = Form::kSegments, .points = {}, .colour = kGrid, .pen = 0.15};
    for (const auto& [value, text] : scale.ticks(frame.height / kValueDistance)) {
      const double y = bottom - scale.part(value) * frame.height;
      grid.points.insert(grid.points.end(), {{frame.left, y}, {right, y}});
      write({frame.left - 1.2, y + 0.8}, text, kTiny, Align::kRight, kGrey);
    }
    const double range = steps_.last - steps_.first;
    const double step = std::max(1.0, std::ceil(nice_step(range * kTickDistance / frame.width)));
    for (double i = std::ceil(steps_.first / step); i * step <= steps_.last; ++i) {
      const double x = frame.left + steps_.part(i * step) * frame.width;
      grid.points.insert(grid.points.end(), {{x, frame.top}, {x, bottom}});
      write({x, bottom + 3.3}, number_text(i * step, 1), kTiny, Align::kCentre, kGrey);
    }
    page_.shapes.push_back(std::move(grid));
    page_.shapes.push_back(
        {.form = Form::kOutline,
         .points = {{frame.left, frame.top}, {right, frame.top}, {right, bottom}, {frame.left, bottom}},
         .colour = kFrame,
         .pen = 0.2});
    write({frame.left, frame.top - 1.5}, one_line(panel.name, 60), kMedium, Align::kLeft, kInk, true);
    std::string note = scale.logarithmic ? "logarithmic" : "";
    const bool any = std::any_of(panel.lines.begin(), panel.lines.end(), [](const CurveLine& l) { return l.marks; });
    if (any) note += note.empty() ? "◇ validation" : "   ◇ validation";
    write({right, frame.top - 1.5}, note + (note.empty() ? "" : "   ") + "step", kTiny, Align::kRight, kGrey);
  }

  Point at(const CurveLine& curve, std::size_t i, double value, const CurveScale& scale, const Frame& frame) const {
    return {frame.left + steps_.part(curve.steps[i]) * frame.width, frame.top + (1 - scale.part(value)) * frame.height};
  }

  void line(const CurveLine& curve, std::span<const float> values, const CurveScale& scale, const Frame& frame,
            int number, bool raw) {
    if (values.empty()) return;
    Colour colour = colour_of(curve.run);
    if (raw) colour.alpha = kFaint;
    // Steps are as good as evenly spaced: columns are counted in values.
    const double share = (curve.steps.back() - curve.steps.front()) / (steps_.last - steps_.first);
    const double columns = std::max(1.0, share * frame.width / column_mm_);
    for (const Run& run : runs(values)) {
      if (!run.present) continue;
      Shape shape{.role = raw ? Role::kRaw : Role::kTrace,
                  .points = {},
                  .colour = colour,
                  .pen = raw ? 0.15 : 0.4,
                  .row = number};
      for (const std::size_t i : kept(values, run, static_cast<double>(values.size()) / columns)) {
        shape.points.push_back(at(curve, i, static_cast<double>(values[i]), scale, frame));
      }
      page_.shapes.push_back(std::move(shape));
    }
  }

  // Hollow, the lowest of them filled.
  void marks(const CurveLine& curve, const CurveScale& scale, const Frame& frame, int number) {
    const auto better = [](float a, float b) { return std::isfinite(a) && !(a >= b); };
    const auto best = std::min_element(curve.values.begin(), curve.values.end(), better);
    for (std::size_t i = 0; i < curve.values.size(); ++i) {
      if (!std::isfinite(curve.values[i])) continue;
      const Point centre = at(curve, i, static_cast<double>(curve.values[i]), scale, frame);
      constexpr double kHalf = 0.9;
      const bool filled = best == std::next(curve.values.begin(), static_cast<std::ptrdiff_t>(i));
      page_.shapes.push_back({.role = Role::kMark,
                              .form = filled ? Form::kFill : Form::kOutline,
                              .points = {{centre.x, centre.y - kHalf},
                                         {centre.x + kHalf, centre.y},
                                         {centre.x, centre.y + kHalf},
                                         {centre.x - kHalf, centre.y}},
                              .colour = curves_.runs.size() > 1 ? colour_of(curve.run) : kRunColours[1],
                              .pen = 0.3,
                              .row = number});
    }
  }

  const Curves& curves_;
  double column_mm_;
  StepRange steps_;
  Page page_;
};

}  // namespace

Page curve_page(const Curves& curves, double column_mm) { return Painter(curves, column_mm).page(); }

}  // namespace cfm::draw
