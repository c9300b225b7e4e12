// Comma-separated tables as RFC 4180 has them: quoted cells, doubled quotes, CRLF or LF, an optional BOM.
//
//   CsvTable table = read_csv("alarms.csv");
//   const std::size_t column = table.column("record");      // status 2, naming the columns there are
//   table.rows[0][column];
//
// Malformed text (an open quote, a row with more or fewer cells than the header) is status 4 with file and line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cfm {

struct CsvTable {
  std::string name;  // of the file, for messages
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;

  std::size_t column(std::string_view wanted) const;
  // -1 when there is none.
  int find(std::string_view wanted) const;
};

CsvTable parse_csv(std::string_view text, std::string name, char separator = ',');
CsvTable read_csv(const std::string& path, char separator = ',');

// The cell, quoted where it must be.
std::string csv_cell(std::string_view text);

// Shortest decimal that reads back to the same number; NaN is the empty cell.
std::string csv_number(double value);
std::string csv_number(float value);

}  // namespace cfm
