#include "draw/curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "draw/scale.h"

namespace cfm::draw {
namespace {

constexpr double kHalfWindow = 0.02;  // of the values, to either side
constexpr double kTail = 0.01;        // of the raw values, at either end, that the scale may lose
constexpr double kFlat = 50;          // a line whose maximum is so many times its median is drawn logarithmically

// The mean over up to `half` finite values to either side.
std::vector<float> mean_of_neighbours(std::span<const float> values, std::size_t half) {
  const std::size_t n = values.size();
  std::vector<double> sum(n + 1);
  std::vector<std::size_t> count(n + 1);
  for (std::size_t i = 0; i < n; ++i) {
    const bool present = std::isfinite(values[i]);
    sum[i + 1] = sum[i] + (present ? static_cast<double>(values[i]) : 0.0);
    count[i + 1] = count[i] + (present ? 1 : 0);
  }
  std::vector<float> means(n, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(values[i])) continue;
    // At the ends as many as there are, but not so few that the line would end in one value's noise.
    const std::size_t reach = std::max(std::min({half, i, n - 1 - i}), half / 2);
    const std::size_t first = i - std::min(i, reach), last = std::min(n, i + reach + 1);
    means[i] = static_cast<float>((sum[last] - sum[first]) / static_cast<double>(count[last] - count[first]));
  }
  return means;
}

// The range that a panel shows, as it grows.
struct Extent {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void add(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

float nth(std::vector<float>& values, double fraction) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(fraction * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

}  // namespace

std::vector<float> smoothed(std::span<const float> values) {
  const auto half = static_cast<std::size_t>(std::lround(kHalfWindow * static_cast<double>(values.size())));
  return half == 0 ? std::vector<float>(values.begin(), values.end())
                   : mean_of_neighbours(mean_of_neighbours(values, half), half);
}

double CurveScale::part(double value) const {
  const auto place = [this](double v) { return logarithmic ? std::log(v) : v; };
  if (logarithmic && value <= 0) return 0;
  return std::clamp((place(value) - place(low)) / (place(high) - place(low)), 0.0, 1.0);
}

std::vector<CurveScale::Tick> CurveScale::ticks(double at_most) const {
  std::vector<Tick> all;
  if (!logarithmic) {
    const double step = nice_step((high - low) / at_most);
    for (double i = std::ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; ++i) {
      all.push_back({i * step, i == 0 ? "0" : number_text(i * step, step)});
    }
    return all;
  }
  // Powers of ten, each second, …; where there is room for it 2 and 5 times as well.
  const double decades = std::log10(high / low);
  const double every = std::max(1.0, std::ceil(decades / at_most));
  const bool fine = 3 * decades <= at_most;
  for (double power = std::floor(std::log10(low) / every) * every; power <= std::log10(high); power += every) {
    for (const double digit : {1.0, 2.0, 5.0}) {
      const double unit = std::pow(10.0, power), tick = digit * unit;
      if ((digit == 1 || fine) && tick >= low && tick <= high) all.push_back({tick, number_text(tick, unit)});
    }
  }
  return all;
}

std::string CurveScale::text(double value) const {
  constexpr std::size_t kMost = 8;
  if (value == 0) return "0";
  // Three digits of the range, or of the value.
  const double size = logarithmic ? std::abs(value) : high - low;
  const std::string exact = number_text(value, std::pow(10.0, std::floor(std::log10(std::max(size, 1e-30))) - 2));
  return exact.size() <= kMost ? exact : fmt::format("{:.2g}", value);
}

ScaledPanel scaled(const CurvePanel& panel, double padding, bool raw) {
  ScaledPanel ready;
  CurveScale& scale = ready.scale;
  Extent values, middle;
  bool flat = false;
  for (const CurveLine& line : panel.lines) {
    std::vector<float> finite;
    for (const float value : line.values) {
      if (std::isfinite(value)) finite.push_back(value);
    }
    if (finite.empty()) continue;
    values.add(nth(finite, 0)), values.add(nth(finite, 1));
    if (line.marks) continue;
    flat = flat || nth(finite, 1) > static_cast<float>(kFlat) * nth(finite, 0.5);
    middle.add(nth(finite, kTail)), middle.add(nth(finite, 1 - kTail));
  }
  scale.logarithmic = flat && values.low > 0;
  Extent shown;
  for (const CurveLine& line : panel.lines) {
    std::vector<float> smooth = line.values;
    if (!line.marks) {
      if (scale.logarithmic)
        std::transform(smooth.begin(), smooth.end(), smooth.begin(), [](float v) { return std::log(v); });
      smooth = smoothed(smooth);
      if (scale.logarithmic)
        std::transform(smooth.begin(), smooth.end(), smooth.begin(), [](float v) { return std::exp(v); });
    }
    for (const float value : smooth) shown.add(static_cast<double>(value));
    ready.smooth.push_back(std::move(smooth));
  }
  if (raw) shown.add(middle.low), shown.add(middle.high);
  if (!(shown.low <= shown.high)) return ready;
  if (scale.logarithmic) {
    const double factor = shown.high > shown.low ? std::pow(shown.high / shown.low, padding) : 2;
    scale.low = shown.low / factor, scale.high = shown.high * factor;
    return ready;
  }
  const double range = shown.high - shown.low;
  const double size = std::max(std::abs(shown.low), std::abs(shown.high));
  // A constant stands in the middle; differences that are rounding are none.
  const double free = range > 1e-6 * size ? padding * range : size > 0 ? 0.1 * size : 1;
  scale.low = shown.low - free, scale.high = shown.high + free;
  return ready;
}

std::vector<std::string> wrapped(const std::string& text, const std::function<bool(const std::string&)>& fits) {
  std::vector<std::string> lines = {""};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    const std::string longer = lines.back().empty() ? word : lines.back() + " " + word;
    if (lines.back().empty() || fits(longer)) {
      lines.back() = longer;
    } else {
      lines.push_back("  " + word);
    }
    at = end + 1;
  }
  return lines;
}

StepRange steps_of(const Curves& curves) {
  Extent all;
  for (const CurvePanel& panel : curves.panels) {
    for (const CurveLine& line : panel.lines) {
      if (!line.steps.empty()) all.add(line.steps.front()), all.add(line.steps.back());
    }
  }
  if (!(all.low <= all.high)) return {};
  return {all.low, std::max(all.high, all.low + 1)};
}

}  // namespace cfm::draw
