#include "draw/scale.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>

#include "base/text.h"

namespace cfm::draw {
namespace {

constexpr std::array kTimeSteps = {1.0,  2.0,   5.0,   10.0,  15.0,   30.0,   60.0,    120.0,   300.0,
                                   600., 900.0, 1800., 3600., 7200.0, 10800., 21600.0, 43200.0, 86400.0};

}  // namespace

double time_step(double at_least) {
  if (at_least < 1) return nice_step(std::max(at_least, 1e-3));
  for (const double step : kTimeSteps) {
    if (step >= at_least) return step;
  }
  return kTimeSteps.back() * std::ceil(at_least / kTimeSteps.back());
}

std::string clock_text(double seconds, int decimals) {
  const auto unit = static_cast<std::int64_t>(std::llround(std::pow(10.0, decimals)));
  const std::int64_t ticks = std::llround(std::abs(seconds) * static_cast<double>(unit));
  const std::int64_t whole = ticks / unit;
  std::string text =
      fmt::format("{}{}:{:02}:{:02}", seconds < 0 && ticks > 0 ? "-" : "", whole / 3600, whole / 60 % 60, whole % 60);
  if (decimals > 0) text += fmt::format(".{:0{}}", ticks % unit, decimals);
  return text;
}

int clock_decimals(double step) { return decimals_of(step, 3); }

std::string one_line(std::string_view text, std::size_t most) {
  const std::string utf8 = as_utf8(text);
  std::string out;
  std::size_t count = 0, keep = 0;  // keep: bytes of the first most - 1 characters
  for (std::size_t at = 0; at < utf8.size();) {
    std::size_t length = 1;
    while (at + length < utf8.size() && (static_cast<unsigned char>(utf8[at + length]) & 0xc0) == 0x80) ++length;
    const auto first = static_cast<unsigned char>(utf8[at]);
    // From U+1100 on characters may be two columns wide, U+0080 … U+009F and U+0300 … U+036F have no width.
    const bool narrow = length == 1
                            ? first >= 0x20 && first < 0x7f
                            : length == 2 && !(first == 0xc2 && static_cast<unsigned char>(utf8[at + 1]) < 0xa0) &&
                                  first != 0xcc && first != 0xcd;
    if (count + 1 == most) keep = out.size();
    out += narrow ? utf8.substr(at, length) : "?";
    ++count;
    at += length;
  }
  if (count <= most) return out;
  return most == 0 ? "" : out.substr(0, keep) + "…";
}

std::size_t characters(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

}  // namespace cfm::draw
