#include "format/table_time.h"

#include <fmt/format.h>

#include <chrono>

#include "base/text.h"

namespace cfm::format {
namespace {

constexpr int kMostDecimals = 9;  // nanoseconds
constexpr std::int64_t kNanoseconds = 1'000'000'000;

// Exactly `digits` digits at the start of `text`, which are cut off; -1 where they aren't there.
int take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = 10 * value + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// Minutes east of Greenwich.
std::optional<int> zone(std::string_view text) {
  if (text.empty() || text == "Z" || text == "z") return 0;
  const int sign = text.front() == '-' ? -1 : 1;
  if (text.front() != '-' && text.front() != '+') return std::nullopt;
  text.remove_prefix(1);
  const int hours = take_digits(text, 2);
  if (hours < 0 || hours > 23) return std::nullopt;
  if (text.empty()) return sign * 60 * hours;
  take(text, ':');
  const int minutes = take_digits(text, 2);
  if (minutes < 0 || minutes > 59 || !text.empty()) return std::nullopt;
  return sign * (60 * hours + minutes);
}

}  // namespace

std::optional<IsoTime> parse_iso_time(std::string_view text) {
  text = trimmed(text);
  const std::string_view date = text.substr(0, std::min<std::size_t>(text.size(), 10));
  const int year = take_digits(text, 4);
  if (year < 1700 || year > 2200 || !take(text, '-')) return std::nullopt;
  const int month = take_digits(text, 2);
  if (month < 1 || !take(text, '-')) return std::nullopt;
  const int day = take_digits(text, 2);
  if (day < 1 || (!take(text, 'T') && !take(text, ' '))) return std::nullopt;
  const std::chrono::year_month_day ymd{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                        std::chrono::day(static_cast<unsigned>(day))};
  if (!ymd.ok()) return std::nullopt;

  const int hour = take_digits(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ':')) return std::nullopt;
  const int minute = take_digits(text, 2);
  if (minute < 0 || minute > 59) return std::nullopt;
  int second = 0;
  std::int64_t fraction = 0, unit = kNanoseconds;
  IsoTime time;
  if (take(text, ':')) {
    second = take_digits(text, 2);
    if (second < 0 || second > 60) return std::nullopt;  // 60: a leap second
    if (take(text, '.')) {
      if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
      for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
        if (time.decimals == kMostDecimals) continue;
        ++time.decimals;
        unit /= 10;
        fraction += unit * (text.front() - '0');
      }
    }
  }
  const auto minutes_east = zone(text);
  if (!minutes_east) return std::nullopt;

  const std::int64_t days = std::chrono::sys_days(ymd).time_since_epoch().count();
  const std::int64_t seconds = days * 86400 + hour * 3600 + (minute - *minutes_east) * 60 + second;
  time.nanoseconds = seconds * kNanoseconds + fraction;
  time.local = fmt::format("{}T{:02}:{:02}:{:02}", date, hour, minute, second);
  if (fraction != 0) time.local += fmt::format(".{:0{}}", fraction / unit, time.decimals);
  return time;
}

int decimals_of(std::string_view number) {
  const auto exponent_at = number.find_first_of("eE");
  int exponent = 0;
  if (exponent_at != std::string_view::npos) {
    std::string_view text = number.substr(exponent_at + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    exponent = whole_number<int>(text).value_or(0);
    number = number.substr(0, exponent_at);
  }
  const auto point = number.find('.');
  const int digits = point == std::string_view::npos ? 0 : static_cast<int>(number.size() - point - 1);
  return digits - exponent;
}

}  // namespace cfm::format
