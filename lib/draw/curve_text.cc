#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "draw/cells.h"
#include "draw/curve.h"
#include "draw/scale.h"

namespace cfm::draw {
namespace {

constexpr std::size_t kLongestName = 17, kValue = 8;  // characters; loss_distillation has 17
constexpr std::size_t kFirstRows = 8, kRows = 4;      // lines of text of a panel
constexpr double kTickDistance = 10;                  // characters between steps
constexpr const char* kFaint = "\033[2m";
constexpr const char* kMarkColour = "\033[1;33m";
constexpr std::array kRunColours = {"\033[36m", "\033[35m", "\033[32m", "\033[33m", "\033[34m", "\033[31m"};

class Drawing {
 public:
  Drawing(const Curves& curves, const CurveTextOptions& options)
      : curves_(curves), options_(options), steps_(steps_of(curves)) {
    std::size_t longest = 6;
    for (const CurvePanel& panel : curves.panels) longest = std::max(longest, characters(shown(panel.name)));
    name_ = std::min(longest, kLongestName);
    gutter_ = name_ + 1 + kValue + 2;
    width_ = static_cast<std::size_t>(options.columns) - gutter_;
  }

  std::string text() {
    for (const std::string& summary : curves_.summary) {
      const auto columns = static_cast<std::size_t>(options_.columns);
      for (const std::string& part : wrapped(summary, [&](const auto& text) { return characters(text) <= columns; })) {
        line(one_line(part, columns));
      }
    }
    if (several()) legend();
    for (std::size_t p = 0; p < curves_.panels.size(); ++p) {
      panel(curves_.panels[p], p == 0 ? kFirstRows : kRows);
      if (p == 0 || p + 1 == curves_.panels.size()) step_axis();
    }
    return std::move(out_);
  }

 private:
  static std::string shown(const std::string& text) { return one_line(text, kLongestName); }
  bool shows_raw() const { return !several() && options_.colour; }
  bool several() const { return curves_.runs.size() > 1; }
  static std::string letter(std::size_t run) { return std::string(1, static_cast<char>('a' + run % 26)); }
  static const char* colour_of(std::size_t run) { return kRunColours[run % kRunColours.size()]; }
  std::string mark() const { return options_.unicode ? "×" : "x"; }

  void line(std::string text) {
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out_ += (options_.unicode ? text : ascii_of(text)) + "\n";
  }
  std::string coloured(const std::string& text, const char* colour) const {
    return options_.colour && *colour != '\0' ? colour + text + kPlain : text;
  }

  void legend() {
    for (std::size_t run = 0; run < curves_.runs.size(); ++run) {
      const std::string key = options_.colour ? coloured(options_.unicode ? "━━" : "--", colour_of(run)) : letter(run);
      line("  " + key + " " + one_line(curves_.runs[run], static_cast<std::size_t>(options_.columns) - 5));
    }
  }

  // What a cell shows: the uppermost layer that has something there.
  struct Cell {
    std::string text = " ";
    const char* colour = "";
  };
  using Cells = std::vector<std::vector<Cell>>;

  void layer(Cells& cells, const CurveLine& curve, std::span<const float> values, const CurveScale& scale,
             const char* colour, const std::string& letter) const {
    Dots dots(width_, cells.size(), options_.unicode);
    std::vector<Column> columns(dots.columns());
    std::vector<float> parts;
    for (const float value : values) {
      parts.push_back(std::isfinite(value) ? static_cast<float>(scale.part(static_cast<double>(value))) : value);
    }
    const double n = static_cast<double>(columns.size());
    widen_columns(columns, parts, 0, parts.size(),
                  [&](std::size_t i) { return steps_.part(curve.steps[i]) * (n - 1) + 0.5; });
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const Column& column = columns[c];
      if (column.present()) dots.fill(c, static_cast<double>(column.low), static_cast<double>(column.high));
    }
    for (std::size_t row = 0; row < cells.size(); ++row) {
      for (std::size_t c = 0; c < width_; ++c) {
        std::string drawn = dots.cell(row, c);
        if (!drawn.empty()) cells[row][c] = {letter.empty() ? std::move(drawn) : letter, colour};
      }
    }
  }

  void marks(Cells& cells, const CurveLine& curve, const CurveScale& scale) const {
    for (std::size_t i = 0; i < curve.steps.size(); ++i) {
      if (!std::isfinite(curve.values[i])) continue;
      const auto c = static_cast<std::size_t>(steps_.part(curve.steps[i]) * static_cast<double>(width_ - 1) + 0.5);
      const double from_above =
          (1 - scale.part(static_cast<double>(curve.values[i]))) * static_cast<double>(cells.size());
      const std::size_t row = std::min(cells.size() - 1, static_cast<std::size_t>(from_above));
      const bool letters = several() && !options_.colour;
      const std::string capital(1, static_cast<char>('A' + curve.run % 26));
      cells[row][c] = {letters ? capital : mark(), several() ? colour_of(curve.run) : kMarkColour};
    }
  }

  void panel(const CurvePanel& panel, std::size_t rows) {
    const ScaledPanel ready = scaled(panel, 0, shows_raw());
    Cells cells(rows, std::vector<Cell>(width_));
    bool has_marks = false;
    for (std::size_t l = 0; l < panel.lines.size(); ++l) {
      const CurveLine& curve = panel.lines[l];
      has_marks = has_marks || curve.marks;
      if (curve.marks) continue;
      if (shows_raw()) layer(cells, curve, curve.values, ready.scale, kFaint, "");
      const bool letters = several() && !options_.colour;
      layer(cells, curve, ready.smooth[l], ready.scale, several() || options_.colour ? colour_of(curve.run) : "",
            letters ? letter(curve.run) : "");
    }
    for (const CurveLine& curve : panel.lines) {
      if (curve.marks) marks(cells, curve, ready.scale);
    }
    std::vector<std::string> notes = {shown(panel.name)};
    if (ready.scale.logarithmic) notes.push_back("log");
    if (has_marks) notes.push_back((several() && !options_.colour ? "A B" : mark()) + " validation");
    if (!several() && !panel.lines.empty()) notes.push_back("last " + last_of(panel.lines.front(), ready.scale));
    for (std::size_t row = 0; row < rows; ++row) {
      std::string left = padded(row < notes.size() ? one_line(notes[row], name_) : "", name_);
      if (row == 0) left = coloured(left, kBold);
      const bool labelled = row == 0 || row + 1 == rows;
      const double value = row == 0 ? ready.scale.high : ready.scale.low;
      left += " " + padded(labelled ? ready.scale.text(value) : "", kValue, true);
      left += options_.unicode ? (labelled ? " ┤" : " │") : (labelled ? " +" : " |");
      line(left + row_text(cells[row]));
    }
  }

  static std::string last_of(const CurveLine& curve, const CurveScale& scale) {
    return curve.values.empty() || !std::isfinite(curve.values.back())
               ? "not a number"
               : scale.text(static_cast<double>(curve.values.back()));
  }

  // Cells of one colour after another share its sequence.
  std::string row_text(const std::vector<Cell>& cells) const {
    std::size_t width = cells.size();
    while (width > 0 && cells[width - 1].text == " ") --width;
    std::string all;
    for (std::size_t first = 0; first < width;) {
      std::size_t last = first;
      std::string run;
      for (; last < width && cells[last].colour == cells[first].colour; ++last) run += cells[last].text;
      all += coloured(run, cells[first].colour);
      first = last;
    }
    return all;
  }

  void step_axis() {
    const double step =
        std::max(1.0, std::ceil(nice_step((steps_.last - steps_.first) * kTickDistance / static_cast<double>(width_))));
    std::string cells(width_, ' ');
    std::size_t free = 0;
    for (double i = std::ceil(steps_.first / step); i * step <= steps_.last; ++i) {
      const std::string text = "|" + number_text(i * step, 1);
      const auto at = static_cast<std::size_t>(steps_.part(i * step) * static_cast<double>(width_ - 1) + 0.5);
      if (at < free || at + text.size() > width_) continue;
      cells.replace(at, text.size(), text);
      free = at + text.size() + 1;
    }
    line(padded("", gutter_ - 6) + "step  " + cells);
  }

  const Curves& curves_;
  const CurveTextOptions& options_;
  StepRange steps_;
  std::size_t name_ = 0, gutter_ = 0, width_ = 0;  // characters
  std::string out_;
};

}  // namespace

std::string curve_text(const Curves& curves, const CurveTextOptions& options) {
  if (options.columns < 40 || options.columns > 1000) {
    throw Error(Status::kUsage, "curves in {} columns: there may be 40 to 1000", options.columns);
  }
  return Drawing(curves, options).text();
}

}  // namespace cfm::draw
