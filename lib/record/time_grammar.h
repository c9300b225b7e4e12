// Times as WFDB users write them, as frames of a record's clock.
//
//   parse_time("143", 250, 75000)        → 35750      seconds
//   parse_time("2:14.875", 250, 75000)   → 33719      [hours:]minutes:seconds
//   parse_time("s12345", 250, 75000)     → 12345      parse_time("e", 250, 75000) → 75000
//
// Rounded to the nearest frame; may lie beyond the end. Throws kUsage for anything else, and for `e` where the length
// is not known. After strtim() of the WFDB library, without its dates and counters.
#pragma once

#include <cstdint>
#include <string_view>

namespace cfm::record {

inline constexpr std::int64_t kUnknownLength = -1;

// fs in Hz, length in frames.
std::int64_t parse_time(std::string_view text, double fs, std::int64_t length);

}  // namespace cfm::record
