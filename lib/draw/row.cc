#include "draw/row.h"

#include <algorithm>
#include <cmath>

#include "draw/scale.h"

namespace cfm::draw {
namespace {

constexpr double kMajor = 5;      // mm between the strong lines of the paper
constexpr double kPadding = 2;    // mm above and below a trace; the quality bar stands in the lower one
constexpr double kTail = 0.005;   // of the samples, at either end, that a clipped row may lose
constexpr double kSpiky = 4;      // a range so much larger than that of the middle samples is clipped
constexpr double kMostTicks = 5;  // labels of a y axis; more stand at each second strong line

double up_to_major(double mm) { return std::ceil(mm / kMajor - 1e-9) * kMajor; }

struct Spread {
  double low = 0, high = 0, median = 0, middle_low = 0, middle_high = 0;
};

// Of the finite samples; all zero where there is none.
Spread spread_of(const Trace& trace, Range samples) {
  std::vector<float> finite;
  finite.reserve(samples.last - samples.first);
  for (std::size_t i = samples.first; i < samples.last; ++i) {
    if (std::isfinite(trace.values[i])) finite.push_back(trace.values[i]);
  }
  if (finite.empty()) return {};
  const auto at = [&](double fraction) {
    const auto nth = finite.begin() + static_cast<std::ptrdiff_t>(fraction * static_cast<double>(finite.size() - 1));
    std::nth_element(finite.begin(), nth, finite.end());
    return static_cast<double>(*nth);
  };
  return {.low = at(0), .high = at(1), .median = at(0.5), .middle_low = at(kTail), .middle_high = at(1 - kTail)};
}

Row ecg_row(const Spread& spread, const RowLimits& limits) {
  Row row;
  double low = spread.low, high = spread.high, gain = limits.mm_per_mv;
  const auto fits = [&] { return (high - low) * gain + 2 * kPadding <= limits.highest; };
  const auto lower_gain = [&] {
    gain = limits.mm_per_mv;
    for (const double less : {5.0, 2.5}) {
      if (!fits()) gain = std::min(gain, less);
    }
  };
  lower_gain();
  if (!fits()) {
    row.clipped = true;
    low = spread.middle_low, high = spread.middle_high;
    lower_gain();
    while (!fits()) gain /= 2;
  }
  row.mm_per_unit = gain;
  row.height = std::clamp(up_to_major((high - low) * gain + 2 * kPadding), limits.lowest, limits.highest);
  row.base = spread.median;
  // The base line lies on a line of the paper.
  const double centred = row.height / 2 + (spread.median - (low + high) / 2) * gain;
  row.bottom = spread.median - std::round(centred) / gain;
  return row;
}

Row other_row(const Spread& spread, const RowLimits& limits) {
  Row row;
  double low = spread.low, high = spread.high;
  const double middle = spread.middle_high - spread.middle_low;
  if (middle > 0 && high - low > kSpiky * middle) {
    low = spread.middle_low - middle / 4, high = spread.middle_high + middle / 4;
    row.clipped = true;
  }
  const double size = std::max(std::abs(low), std::abs(high));
  const double range = std::max({high - low, size * 1e-5, 1e-30});
  const double most = limits.highest_other / kMajor;
  double first = 0, last = 0, step = nice_step(range / most);
  for (;; step = nice_step(step * 1.5)) {
    const double padding = kPadding / kMajor * step;
    first = std::floor((low - padding) / step), last = std::ceil((high + padding / 2) / step);
    if (last - first <= most) break;
  }
  const double blocks = std::max(last - first, limits.lowest / kMajor);
  first -= std::floor((blocks - (last - first)) / 2);
  row.height = blocks * kMajor;
  row.mm_per_unit = kMajor / step;
  row.bottom = first * step;
  row.base = spread.median;
  const double every = blocks - 1 > kMostTicks ? 2 : 1;
  row.tick_step = step * every;
  for (double tick = std::ceil((first + 0.5) / every) * every; tick < first + blocks; tick += every) {
    row.ticks.push_back(tick * step);
  }
  return row;
}

}  // namespace

double Row::y(double value) const {
  const double from_bottom = (value - bottom) * mm_per_unit;
  return height - std::clamp(from_bottom, clipped ? kPadding * 0.8 : 0.0, clipped ? height - 0.5 : height);
}

Row row_of(const Trace& trace, Range samples, const RowLimits& limits) {
  const Spread spread = spread_of(trace, samples);
  return trace.millivolts ? ecg_row(spread, limits) : other_row(spread, limits);
}

}  // namespace cfm::draw
