#include "draw/terminal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"
#include "draw/cells.h"
#include "draw/content.h"
#include "draw/scale.h"

namespace cfm::draw {
namespace {

constexpr std::size_t kLongestName = 10, kValue = 8;  // characters
constexpr double kTickDistance = 10;                  // characters between times
constexpr const char* kMarkColour = "\033[36m";

// ANSI colour of a class of quality.
const char* class_colour(std::string_view name) {
  return name == "excellent" || name == "good" ? "\033[34m" : name == "acceptable" ? "\033[33m" : "\033[31m";
}

class Drawing {
 public:
  Drawing(const stream::Segment& segment, const Content& content, Window window, const TerminalOptions& options)
      : segment_(segment), content_(content), window_(window), options_(options) {
    std::size_t longest = 5;  // "beats"
    for (const Trace& trace : content.traces) {
      for (const std::string& text : {trace.name, trace.unit, trace.prefix(), trace.quality}) {
        longest = std::max(longest, characters(shown(text)));
      }
    }
    name_ = std::min(longest, kLongestName);
    gutter_ = name_ + 1 + kValue + 2;
    width_ = static_cast<std::size_t>(options.columns) - gutter_;
  }

  std::string text() {
    header();
    for (std::size_t t = 0; t < content_.traces.size(); ++t) {
      trace(content_.traces[t]);
      beats(t, true);
      beats(t, false);
    }
    content_.traces.empty() ? line("no signals") : time_axis();
    return std::move(out_);
  }

 private:
  static std::string shown(const std::string& text) { return one_line(text, kLongestName); }

  void line(std::string text) {
    while (!text.empty() && text.back() == ' ') text.pop_back();
    out_ += (options_.unicode ? text : ascii_of(text)) + "\n";
  }
  std::string coloured(const std::string& text, const char* colour) const {
    return options_.colour ? colour + text + kPlain : text;
  }

  std::size_t column_of(double time) const {
    const double part = (time - window_.from) / (window_.to - window_.from);
    return static_cast<std::size_t>(std::clamp(part, 0.0, 1.0) * static_cast<double>(width_));
  }

  void header() {
    const double start = segment_.start();
    const std::string quality = quality_text(segment_);
    std::string times =
        fmt::format("  {} to {}", clock_text(start + window_.from, 1), clock_text(start + window_.to, 1));
    if (!quality.empty()) times += "  quality " + one_line(quality, 20);
    const std::size_t room = static_cast<std::size_t>(options_.columns) -
                             std::min<std::size_t>(characters(times), static_cast<std::size_t>(options_.columns) - 1);
    const std::string name = one_line(segment_.record(), room);
    line(coloured(name, kBold) + one_line(times, static_cast<std::size_t>(options_.columns) - characters(name)));
  }

  void trace(const Trace& trace) {
    const auto rows = static_cast<std::size_t>(options_.rows_per_channel);
    Dots dots(width_, rows, options_.unicode);
    std::vector<Column> columns(dots.columns());
    const double step_s = (window_.to - window_.from) / static_cast<double>(columns.size());
    const Range range = samples_between(trace, window_.from, window_.to);
    widen_columns(columns, trace.values, range.first, range.last,
                  [&](std::size_t i) { return (trace.time(static_cast<double>(i)) - window_.from) / step_s; });
    Column all;
    for (const Column& column : columns) {
      if (column.present()) all.widen(column.low), all.widen(column.high);
    }
    const double low = all.low, size = static_cast<double>(all.high) - low;
    const auto part = [&](float value) { return size > 0 ? (value - low) / size : 0.5; };
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (columns[c].present()) dots.fill(c, part(columns[c].low), part(columns[c].high));
    }
    // The trace has samples in this column, or should have, and none is there.
    const double end = trace.time(static_cast<double>(trace.values.size()));
    const auto is_missing = [&](std::size_t c) {
      const double from = window_.from + static_cast<double>(c) * step_s;
      return !columns[c].present() && from + step_s > trace.t0 && from < end;
    };
    // Four digits of the range.
    const double step = std::pow(10.0, std::floor(std::log10(std::max(size, 1e-30))) - 2);
    const auto value = [&](double v) { return std::isfinite(v) ? one_line(number_text(v, step), kValue) : ""; };
    const std::string third = trace.quality.empty() ? trace.prefix() : trace.quality;
    for (std::size_t row = 0; row < rows; ++row) {
      std::string left = padded(row < 3 ? shown(std::array{trace.name, trace.unit, third}[row]) : "", name_);
      if (row == 0) left = coloured(left, kBold);
      if (row == 2 && !trace.quality.empty()) left = coloured(left, class_colour(trace.quality));
      const bool labelled = row == 0 || row + 1 == rows;
      const double labelled_value = size > 0 || rows == 1 ? (row == 0 ? all.high : all.low)
                                    : row == 0            ? all.high
                                                          : std::numeric_limits<double>::quiet_NaN();
      left += " " + padded(labelled ? value(labelled_value) : "", kValue, true);
      left += options_.unicode ? (labelled ? " ┤" : " │") : (labelled ? " +" : " |");
      std::string cells;
      for (std::size_t c = 0; c < width_; ++c) {
        const std::string drawn = dots.cell(row, c);
        const std::size_t first = c * columns.size() / width_, last = (c + 1) * columns.size() / width_ - 1;
        const bool missing = row == rows / 2 && is_missing(first) && is_missing(last);
        cells += !drawn.empty() ? drawn : missing ? (options_.unicode ? "·" : "x") : " ";
      }
      line(left + cells);
    }
  }

  void beats(std::size_t trace, bool reference) {
    std::string cells(width_, ' ');
    bool any = false;
    for (const Event& beat : content_.beats) {
      if (beat.trace != trace || beat.reference != reference || beat.time < window_.from || beat.time >= window_.to) {
        continue;
      }
      any = true;
      const std::string symbol = options_.symbol_of_code ? options_.symbol_of_code(beat.code) : "^";
      char& cell = cells[std::min(width_ - 1, column_of(beat.time))];
      const bool letter = symbol.size() == 1 && symbol[0] > ' ' && symbol[0] < 0x7f;
      // Where beats share a column, the one that is not normal is shown.
      if (cell == ' ' || cell == 'N') cell = letter ? symbol[0] : '^';
    }
    if (!any) return;
    while (cells.back() == ' ') cells.pop_back();
    line(padded(reference ? "ref. beats" : "beats", gutter_) + coloured(cells, kMarkColour));
  }

  void time_axis() {
    const double start = segment_.start(), seconds = window_.to - window_.from;
    if (!(seconds > 0)) return;
    const double step = time_step(seconds * kTickDistance / static_cast<double>(width_));
    std::string cells(width_, ' ');
    std::size_t free = 0;
    for (double i = std::ceil((start + window_.from) / step - 1e-6); i * step <= start + window_.to; ++i) {
      const std::string text = "|" + clock_text(i * step, clock_decimals(step));
      const std::size_t at = column_of(i * step - start);
      if (at < free || at + text.size() > width_) continue;
      cells.replace(at, text.size(), text);
      free = at + text.size() + 1;
    }
    line(std::string(gutter_, ' ') + cells);
  }

  const stream::Segment& segment_;
  const Content& content_;
  Window window_;
  const TerminalOptions& options_;
  std::size_t name_ = 0, gutter_ = 0, width_ = 0;  // characters
  std::string out_;
};

}  // namespace

std::string terminal_drawing(const stream::Segment& segment, const TerminalOptions& options) {
  if (options.columns < 40 || options.columns > 1000 || options.rows_per_channel < 1 ||
      options.rows_per_channel > 100) {
    throw Error(Status::kUsage, "a drawing of {} columns and {} rows a channel: it may have 40 to 1000, and 1 to 100",
                options.columns, options.rows_per_channel);
  }
  const Content content = content_of(segment);
  const Window window = window_of(segment, content.duration, options.from, options.until);
  if ((options.from || options.until) && !(window.from < window.to)) return "";
  return Drawing(segment, content, window, options).text();
}

}  // namespace cfm::draw
