// The first line of a table: how cells are apart, what columns are called, which of them is the time.
//
//   TableHeader header = parse_table_header("time [ms],II [mV]\n0,1.5\n", "a.csv");
//   header.time;          // 0
//   header.columns[1];    // {"II", "mV"}
//
// Cells are apart by the first of tab, semicolon and comma that the line holds; quotes as in RFC 4180; a byte order
// mark is left out. A unit stands in brackets at the end of a name, or in parentheses where it is a usual one. Throws
// kMalformed for a first line that isn't one of names: numbers, a name twice or none, two times.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cfm::format {

struct TableColumn {
  std::string name, unit;  // UTF-8, as they stand there
};

struct TableHeader {
  char separator = ',';
  std::vector<TableColumn> columns;
  std::optional<std::size_t> time = {};
  double time_unit = 0;      // seconds of one unit of the time column; 0: the header doesn't say
  bool is_segments = false;  // record,sample,time,NAME…, as cfm-segment --to csv writes it
  std::size_t bytes = 0;     // of the first line with its end
  std::size_t lines = 1;     // quoted names may hold line ends
};

TableHeader parse_table_header(std::string_view text, const std::string& path);

// One cell at the start of `text`, which is cut off without the separator after it; quotes undone. False where a quote
// is opened and not closed, or text follows it.
bool take_cell(std::string_view& text, char separator, std::string& cell);

}  // namespace cfm::format
