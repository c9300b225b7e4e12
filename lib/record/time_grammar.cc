#include "record/time_grammar.h"

#include <charconv>
#include <cmath>
#include <optional>

#include "base/error.h"

namespace cfm::record {
namespace {

template <typename T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Digits and at most one point: no sign, exponent, "inf" or "nan".
std::optional<double> seconds(std::string_view text) {
  if (text.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  return number<double>(text);
}

std::optional<double> clock_time(std::string_view text) {
  double total = 0;
  for (int field = 0; field < 3; ++field) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      const auto last = seconds(text);
      return last ? std::optional(total + *last) : std::nullopt;
    }
    const auto whole = number<std::uint32_t>(text.substr(0, colon));
    if (!whole) return std::nullopt;
    total = (total + *whole) * 60;
    text.remove_prefix(colon + 1);
  }
  return std::nullopt;
}

}  // namespace

std::int64_t parse_time(std::string_view text, double fs, std::int64_t length) {
  constexpr double kLargest = 9.0e15;  // frames, below 2^53
  if (text == "e") {
    if (length == kUnknownLength) throw Error(Status::kUsage, "time 'e': the end of a stream is not known beforehand");
    return length;
  }
  if (text.starts_with('s')) {
    const auto frame = number<std::uint64_t>(text.substr(1));
    if (frame && static_cast<double>(*frame) <= kLargest) return static_cast<std::int64_t>(*frame);
  } else if (const auto time = clock_time(text); time && *time * fs <= kLargest) {
    return std::llround(*time * fs);
  }
  throw Error(Status::kUsage, "time '{}': write seconds (143), minutes (2:14.875), a sample (s12345) or e", text);
}

}  // namespace cfm::record
