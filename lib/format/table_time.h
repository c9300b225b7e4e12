// Times as tables write them: ISO 8601 dates with a time of day, and how finely a number is written.
//
//   IsoTime time = *parse_iso_time("2024-02-28 23:59:59.992+01:00");
//   time.nanoseconds;   // since 1970 in UTC
//   time.local;         // "2024-02-28T23:59:59.992"
//
// Throws nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cfm::format {

struct IsoTime {
  std::int64_t nanoseconds = 0;  // since 1970-01-01, UTC where a zone is given, else local; years 1700 to 2200
  int decimals = 0;              // of the seconds, as written; at most 9 count
  std::string local;             // as written, with a T, without a zone
};

// YYYY-MM-DD, a T or a blank, HH:MM[:SS[.fraction]], then nothing, Z, or a zone as ±HH:MM, ±HHMM or ±HH.
std::optional<IsoTime> parse_iso_time(std::string_view text);

// Digits behind the point of a number, less its exponent: 3 of "0.004", 6 of "4.000e-3".
int decimals_of(std::string_view number);

}  // namespace cfm::format
