#include "base/csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "base/file.h"

namespace cfm {
namespace {

template <typename T>
std::string shortest(T value) {
  if (std::isnan(value)) return {};
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

}  // namespace

int CsvTable::find(std::string_view wanted) const {
  const auto at = std::find(header.begin(), header.end(), wanted);
  return at == header.end() ? -1 : static_cast<int>(at - header.begin());
}

std::size_t CsvTable::column(std::string_view wanted) const {
  const int at = find(wanted);
  if (at < 0) throw Error(Status::kUsage, "{}: no column '{}'; there are {}", name, wanted, fmt::join(header, ", "));
  return static_cast<std::size_t>(at);
}

CsvTable parse_csv(std::string_view text, std::string name, char separator) {
  CsvTable table;
  table.name = std::move(name);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::size_t line = 1;
  for (std::size_t i = 0; i < text.size();) {
    std::vector<std::string> row;
    const std::size_t first_line = line;
    for (bool more = true; more;) {
      std::string cell;
      if (i < text.size() && text[i] == '"') {
        for (++i;; ++i) {
          if (i >= text.size()) {
            throw Error(Status::kMalformed, "{}: line {}: a quote is opened and not closed", table.name, first_line);
          }
          if (text[i] == '\n') ++line;
          if (text[i] == '"') {
            if (i + 1 < text.size() && text[i + 1] == '"') {
              ++i;
            } else {
              ++i;
              break;
            }
          }
          cell += text[i];
        }
      } else {
        while (i < text.size() && text[i] != separator && text[i] != '\n' && text[i] != '\r') cell += text[i++];
      }
      row.push_back(std::move(cell));
      more = i < text.size() && text[i] == separator;
      if (more) ++i;
    }
    if (i < text.size() && text[i] == '\r') ++i;
    if (i < text.size() && text[i] != '\n') {
      throw Error(Status::kMalformed, "{}: line {}: text after a closing quote", table.name, line);
    }
    if (i < text.size()) ++i;
    ++line;
    if (row.size() == 1 && row[0].empty()) continue;
    if (table.header.empty()) {
      table.header = std::move(row);
    } else if (row.size() != table.header.size()) {
      throw Error(Status::kMalformed, "{}: line {}: {} cells where the header has {}", table.name, first_line,
                  row.size(), table.header.size());
    } else {
      table.rows.push_back(std::move(row));
    }
  }
  if (table.header.empty()) throw Error(Status::kMalformed, "{}: empty, no header line", table.name);
  return table;
}

CsvTable read_csv(const std::string& path, char separator) { return parse_csv(map_file(path).text(), path, separator); }

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

std::string csv_number(double value) { return shortest(value); }
std::string csv_number(float value) { return shortest(value); }

}  // namespace cfm
