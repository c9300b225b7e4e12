#include "report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/scale.h"
#include "report/html.h"

namespace cfm::report {
namespace {

// Units of the drawing.
constexpr double kWidth = 360, kLeft = 46, kRight = 12, kTop = 26, kBottom = 40;
constexpr double kPlot = kWidth - kLeft - kRight;
constexpr double kTicks = 6;  // at most so many steps
constexpr std::size_t kMostCorners = 400;

bool finite(Point p) { return std::isfinite(p.x) && std::isfinite(p.y); }

std::string tick_text(double value, double step) {
  const std::string text = number_text(value, step);
  return text.starts_with('-') ? "−" + text.substr(1) : text;
}

}  // namespace

Axis axis_over(std::span<const double> values, const std::string& title) {
  double low = INFINITY, high = -INFINITY;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (low > high) return {.low = 0, .high = 1, .title = title};
  if (low == high) {
    const double around = low == 0 ? 1 : std::abs(low) / 10;
    low -= around;
    high += around;
  }
  const double step = nice_step((high - low) / kTicks);
  return {.low = step * std::floor(low / step + 1e-9), .high = step * std::ceil(high / step - 1e-9), .title = title};
}

std::vector<std::pair<double, std::string>> ticks_of(const Axis& axis) {
  if (!axis.ticks.empty()) return axis.ticks;
  std::vector<std::pair<double, std::string>> ticks;
  const double step = nice_step((axis.high - axis.low) / kTicks);
  for (double k = std::ceil(axis.low / step - 1e-9); k * step <= axis.high + step * 1e-9; ++k)
    ticks.emplace_back(k * step, tick_text(k * step, step));
  return ticks;
}

std::vector<Point> corners(std::span<const Point> points, std::size_t most) {
  std::vector<Point> kept;
  for (const Point p : points) {
    if (!finite(p)) continue;
    while (kept.size() >= 2) {
      const Point a = kept[kept.size() - 2], b = kept.back();
      const double turn = (b.x - a.x) * (p.y - b.y) - (b.y - a.y) * (p.x - b.x);
      const double along = (b.x - a.x) * (p.x - b.x) + (b.y - a.y) * (p.y - b.y);
      if (std::abs(turn) > 1e-12 || along < 0) break;
      kept.pop_back();
    }
    kept.push_back(p);
  }
  if (kept.size() <= most) return kept;
  std::vector<Point> thinned;
  for (const std::size_t i : every_kth(kept.size() - 1, most - 1)) thinned.push_back(kept[i]);
  thinned.push_back(kept.back());
  return thinned;
}

std::vector<std::size_t> every_kth(std::size_t n, std::size_t most) {
  const std::size_t k = std::max<std::size_t>(1, (n + most - 1) / most);
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < n; i += k) kept.push_back(i);
  return kept;
}

Chart::Chart(Axis x, Axis y, double plot_height) : x_(std::move(x)), y_(std::move(y)), height_(plot_height) {}

double Chart::px(double x) const { return kLeft + kPlot * (x - x_.low) / (x_.high - x_.low); }
double Chart::py(double y) const { return kTop + height_ * (y_.high - y) / (y_.high - y_.low); }

std::string Chart::path_of(std::span<const Point> points) const {
  std::string d;
  for (const Point p : corners(points, kMostCorners))
    d += fmt::format("{}{:.1f} {:.1f}", d.empty() ? "M" : "L", px(p.x), py(p.y));
  return d;
}

void Chart::line(std::span<const Point> points, const std::string& css) {
  const std::string d = path_of(points);
  if (!d.empty()) marks_ += fmt::format("<path class=\"line {}\" d=\"{}\"/>", css, d);
}

void Chart::dots(std::span<const Point> points, const std::string& css) {
  for (const Point p : points)
    if (finite(p))
      marks_ += fmt::format("<circle class=\"dot {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>", css, px(p.x), py(p.y));
}

void Chart::whisker(double x, double low, double high, const std::string& css) {
  if (std::isfinite(low) && std::isfinite(high))
    marks_ += fmt::format("<path class=\"line thin {}\" d=\"M{:.1f} {:.1f}V{:.1f}\"/>", css, px(x), py(low), py(high));
}

void Chart::cloud(std::span<const Point> points) {
  marks_ += "<g class=\"cloud\">";
  for (const Point p : points)
    if (finite(p)) marks_ += fmt::format("<path d=\"M{:.1f} {:.1f}h0\"/>", px(p.x), py(p.y));
  marks_ += "</g>";
}

void Chart::bar(double x0, double x1, double y) {
  under_ += fmt::format("<rect class=\"bar\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>",
                        px(x0) + 1, py(y), px(x1) - px(x0) - 2, py(y_.low) - py(y));
}

void Chart::level(double y, const std::string& label, const std::string& css) {
  if (!std::isfinite(y)) return;
  const double at = py(std::clamp(y, y_.low, y_.high));
  under_ += fmt::format("<path class=\"{}\" d=\"M{} {:.1f}H{}\"/>", css, kLeft, at, kWidth - kRight);
  const double text = at < kTop + 16 ? at + 14 : at - 4;
  marks_ += fmt::format("<text class=\"halo\" x=\"{}\" y=\"{:.1f}\">{}</text>", kLeft + 4, text, escaped(label));
}

void Chart::diagonal() {
  const double low = std::max(x_.low, y_.low), high = std::min(x_.high, y_.high);
  if (low < high)
    under_ +=
        fmt::format("<path class=\"guide\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>", px(low), py(low), px(high), py(high));
}

std::string Chart::axes() const {
  const double bottom = kTop + height_;
  std::string grid, text;
  for (const auto& [at, label] : ticks_of(x_)) {
    grid += fmt::format("M{:.1f} {}V{}", px(at), kTop, bottom);
    text += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", px(at), bottom + 16,
                        escaped(label));
  }
  for (const auto& [at, label] : ticks_of(y_)) {
    grid += fmt::format("M{} {:.1f}H{}", kLeft, py(at), kWidth - kRight);
    text +=
        fmt::format("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", kLeft - 6, py(at) + 4, escaped(label));
  }
  text += fmt::format("<text class=\"axis\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", kWidth - kRight,
                      bottom + 34, escaped(x_.title));
  text += fmt::format("<text class=\"axis\" x=\"0\" y=\"14\">{}</text>", escaped(y_.title));
  return fmt::format("<path class=\"grid\" d=\"{}\"/>{}", grid, text);
}

std::string Chart::svg(const std::string& title, const std::string& description) const {
  return fmt::format(
      "<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"><title>{}</title><desc>{}</desc>{}{}{}"
      "</svg>\n",
      kWidth, kTop + height_ + kBottom, escaped(title), escaped(title), escaped(description), axes(), under_, marks_);
}

}  // namespace cfm::report
