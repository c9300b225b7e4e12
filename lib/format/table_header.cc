#include "format/table_header.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "format/names.h"

namespace cfm::format {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct TimeUnit {
  std::string_view name;
  double seconds;
};
constexpr std::array kTimeUnits = {
    TimeUnit{"s", 1},
    TimeUnit{"sec", 1},
    TimeUnit{"secs", 1},
    TimeUnit{"second", 1},
    TimeUnit{"seconds", 1},
    TimeUnit{"ms", 1e-3},
    TimeUnit{"msec", 1e-3},
    TimeUnit{"millisecond", 1e-3},
    TimeUnit{"milliseconds", 1e-3},
    TimeUnit{"us", 1e-6},
    TimeUnit{"usec", 1e-6},
    TimeUnit{"microseconds", 1e-6},
    TimeUnit{"ns", 1e-9},
    TimeUnit{"nanoseconds", 1e-9},
    TimeUnit{"min", 60},
    TimeUnit{"minutes", 60},
};

// In lower case, blanks for _ and -. "t" only as it is: T is a temperature.
constexpr std::array kTimeNames = {"time"sv,       "timestamp"sv, "timestamps"sv,   "times"sv,
                                   "time stamp"sv, "datetime"sv,  "date time"sv,    "elapsed time"sv,
                                   "elapsed"sv,    "seconds"sv,   "sec"sv,          "secs"sv,
                                   "ms"sv,         "msec"sv,      "milliseconds"sv, "relative time"sv};

// What may stand in parentheses and be a unit: "ECG (II)" has none.
constexpr std::array kUnits = {"mV"sv,   "uV"sv, "V"sv,    "nV"sv, "mmHg"sv, "kPa"sv,   "cmH2O"sv, "NU"sv,  "nu"sv,
                               "a.u."sv, "au"sv, "AU"sv,   "%"sv,  "bpm"sv,  "Ohm"sv,   "ohm"sv,   "mA"sv,  "uA"sv,
                               "nA"sv,   "pA"sv, "mS"sv,   "uS"sv, "g"sv,    "m/s2"sv,  "m/s^2"sv, "L/s"sv, "L/min"sv,
                               "mL"sv,   "L"sv,  "degC"sv, "C"sv,  "Hz"sv,   "1/min"sv, "adu"sv};

const TimeUnit* find_time_unit(std::string_view name) {
  const auto at = std::ranges::find(kTimeUnits, name, &TimeUnit::name);
  return at == kTimeUnits.end() ? nullptr : &*at;
}

std::string lower(std::string_view name) {
  std::string text;
  for (const char c : name) text += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c == '_' || c == '-' ? ' ' : c;
  return text;
}

// "II [mV]" → II, mV.
TableColumn split_unit(std::string_view text) {
  text = trimmed(text);
  if (text.empty() || (text.back() != ']' && text.back() != ')')) return {as_utf8(text), {}};
  const bool square = text.back() == ']';
  const auto open = text.rfind(square ? '[' : '(');
  if (open == std::string_view::npos) return {as_utf8(text), {}};
  const std::string unit = as_utf8(trimmed(text.substr(open + 1, text.size() - open - 2)));
  const bool known = std::ranges::find(kUnits, canonical_unit(unit)) != kUnits.end() || find_time_unit(lower(unit));
  if (!square && !known) return {as_utf8(text), {}};
  return {as_utf8(trimmed(text.substr(0, open))), unit};
}

// Seconds of a unit of the time column that this is; 0 where it doesn't say; nullopt where it is no time column.
std::optional<double> time_unit(const TableColumn& column, const std::string& path) {
  const std::string name = lower(column.name);
  const auto last_word = name.rfind(' ');
  const TimeUnit* of_name = find_time_unit(last_word == std::string::npos ? name : name.substr(last_word + 1));
  const bool is_stem = of_name != nullptr && last_word != std::string::npos;
  const std::string stem = is_stem ? name.substr(0, last_word) : name;
  if (std::ranges::find(kTimeNames, stem) == kTimeNames.end() && column.name != "t" && (stem != "t" || !is_stem)) {
    return std::nullopt;
  }
  if (column.unit.empty()) return of_name != nullptr ? of_name->seconds : 0;
  const TimeUnit* unit = find_time_unit(lower(canonical_unit(column.unit)));
  if (unit == nullptr) {
    throw Error(Status::kMalformed, "{}: line 1: the unit of {} is {}; one of s, ms, us, ns, min is needed", path,
                in_quotes(column.name), in_quotes(column.unit));
  }
  return unit->seconds;
}

char separator_of(std::string_view text) {
  bool quoted = false;
  char found = ',';
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') break;
    if (c == '\t') return c;
    if (c == ';') found = c;
  }
  return found;
}

bool is_number(std::string_view text) {
  text = trimmed(text);
  return whole_number<double>(text).has_value();
}

}  // namespace

bool take_cell(std::string_view& text, char separator, std::string& cell) {
  cell.clear();
  if (!text.starts_with('"')) {
    const auto end = std::min(text.find(separator), text.size());
    cell.assign(text.substr(0, end));
    text.remove_prefix(end);
    return true;
  }
  text.remove_prefix(1);
  for (;;) {
    const auto mark = text.find('"');
    if (mark == std::string_view::npos) return false;
    cell.append(text.substr(0, mark));
    text.remove_prefix(mark + 1);
    if (!text.starts_with('"')) return text.empty() || text.front() == separator;
    cell += '"';
    text.remove_prefix(1);
  }
}

TableHeader parse_table_header(std::string_view text, const std::string& path) {
  const std::size_t mark = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  text.remove_prefix(mark);
  TableHeader header;
  header.separator = separator_of(text);
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (quoted || text[end] != '\n'); ++end) {
    if (text[end] == '"') quoted = !quoted;
    if (text[end] == '\n') ++header.lines;
  }
  header.bytes = mark + std::min(end + 1, text.size());
  std::string_view line = text.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (trimmed(line).empty()) throw Error(Status::kMalformed, "{}: line 1: no header: the line is empty", path);
  std::string cell;
  for (bool more = true; more;) {
    if (!take_cell(line, header.separator, cell)) {
      throw Error(Status::kMalformed, "{}: line 1: a quote is opened and not closed, or text follows it", path);
    }
    if (is_number(cell)) {
      throw Error(Status::kMalformed,
                  "{}: line 1: no header: {} is a number where the names of the columns should stand", path,
                  in_quotes(trimmed(cell)));
    }
    header.columns.push_back(split_unit(cell));
    more = !line.empty();
    if (more) line.remove_prefix(1);
  }
  for (std::size_t c = 0; c < header.columns.size(); ++c) {
    const TableColumn& column = header.columns[c];
    if (column.name.empty()) throw Error(Status::kMalformed, "{}: line 1: column {} has no name", path, c + 1);
    for (std::size_t before = 0; before < c; ++before) {
      if (header.columns[before].name != column.name) continue;
      throw Error(Status::kMalformed, "{}: line 1: the name {} is there twice, in columns {} and {}", path,
                  in_quotes(column.name), before + 1, c + 1);
    }
    const auto unit = header.time ? std::nullopt : time_unit(column, path);
    if (!unit) continue;
    header.time = c;
    header.time_unit = *unit;
  }
  const auto is = [&](std::size_t c, std::string_view name) {
    return header.columns[c].name == name && header.columns[c].unit.empty();
  };
  header.is_segments = header.columns.size() > 3 && is(0, "record") && is(1, "sample") && is(2, "time");
  return header;
}

}  // namespace cfm::format
