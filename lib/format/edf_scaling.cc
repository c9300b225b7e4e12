#include "format/edf_scaling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace cfm::format {
namespace {

constexpr double kRounding = 1e-13;  // relative: some hundred times that of doubles
constexpr std::size_t kWidth = 8;    // characters of a number in a header
constexpr std::int64_t kMostTried = 1 << 14;

double number(const std::string& text) { return whole_number<double>(text).value_or(0); }

// The decimal of at most ten digits that `value` is but for `error`, else `value`.
double as_decimal(double value, double error) {
  const double decimal = number(fmt::format("{:.10g}", value));
  return std::abs(decimal - value) <= error ? decimal : value;
}

bool is_decimal(double value) { return as_decimal(value, 0) == value; }

// The end of a range: from `first` by `step`, while `left` lasts, the first value whose physical one is exact in eight
// characters, else the one nearest to that.
std::int64_t best_end(double scale, double offset, std::int64_t first, std::int64_t step, std::int64_t left) {
  std::int64_t best = first;
  double smallest = std::numeric_limits<double>::infinity();
  for (std::int64_t i = 0; i <= std::min(left, kMostTried); ++i) {
    const std::int64_t value = first + step * i;
    const double physical = (static_cast<double>(value) - offset) * scale;
    const double error = std::abs(number(spelt_in_eight(physical)) - physical);
    if (error >= smallest) continue;
    smallest = error;
    best = value;
    if (error <= std::abs(physical) * kRounding) break;
  }
  return best;
}

}  // namespace

std::string spelt_in_eight(double value) {
  std::string best = "0";
  for (const bool exponent : {false, true}) {
    for (int digits = static_cast<int>(kWidth); digits >= 0; --digits) {
      std::string text = exponent ? fmt::format("{:.{}E}", value, digits) : fmt::format("{:.{}f}", value, digits);
      if (!exponent && text.find('.') != std::string::npos) {
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.') text.pop_back();
      }
      for (const char* zero : {"E-0", "E+0"}) {
        if (const auto at = text.find(zero); at != std::string::npos) text.erase(at + 2, 1);
      }
      if (text.size() > kWidth) continue;
      if (text == "-0") text = "0";
      if (std::abs(number(text) - value) < std::abs(number(best) - value)) best = text;
      break;
    }
    if (std::abs(number(best) - value) <= std::abs(value) * kRounding) break;
  }
  return best;
}

EdfScaling edf_scaling(const EdfRange& range) {
  const double digital = static_cast<double>(range.digital_max - range.digital_min);
  const double physical = range.physical_max - range.physical_min;
  const double raw_gain = digital / physical, raw_scale = physical / digital;
  const double gain = as_decimal(raw_gain, std::abs(raw_gain) * kRounding);
  const double scale = is_decimal(gain) ? 1 / gain : as_decimal(raw_scale, std::abs(raw_scale) * kRounding);
  const double shift = range.physical_min / scale;
  const auto least = static_cast<double>(range.digital_min);
  return {scale, as_decimal(least - shift, std::max(std::abs(least), std::abs(shift)) * kRounding)};
}

EdfRange edf_range(double scale, double offset, std::int64_t low, std::int64_t high, std::int64_t least,
                   std::int64_t most) {
  EdfRange range;
  low = std::clamp(low, least, most - 1);
  range.digital_min = best_end(scale, offset, least, 1, low - least);
  high = std::clamp(high, range.digital_min + 1, most);
  range.digital_max = best_end(scale, offset, most, -1, most - high);
  const auto printed = [&](std::int64_t value) {
    return number(spelt_in_eight((static_cast<double>(value) - offset) * scale));
  };
  range.physical_min = printed(range.digital_min);
  range.physical_max = printed(range.digital_max);
  return range;
}

}  // namespace cfm::format
