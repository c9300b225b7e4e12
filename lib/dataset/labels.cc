#include "dataset/labels.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

namespace cfm::dataset {
namespace {

using stream::Json;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

// The number grammar of JSON (RFC 8259, section 6).
bool is_json_number(std::string_view text) {
  std::size_t i = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - from;
  };
  const bool zero = i < text.size() && text[i] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

}  // namespace

Json typed(std::string_view cell) {
  constexpr double kLargest = 9007199254740992;  // 2^53: no greater number stands in a header
  cell = trimmed(cell);
  if (cell.empty()) return nullptr;
  if (cell == "true") return true;
  if (cell == "false") return false;
  if (!is_json_number(cell)) return std::string(cell);
  double value = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || !std::isfinite(value) || std::abs(value) > kLargest) return std::string(cell);
  if (cell.find_first_of(".eE") == std::string_view::npos) return static_cast<std::int64_t>(value);
  return value;
}

LabelTable LabelTable::read(const std::string& file_and_key) {
  std::string file = file_and_key, key;
  const std::size_t colon = file.rfind(':');
  if (colon != std::string::npos && !is_regular_file(file)) {
    key = file.substr(colon + 1);
    file.resize(colon);
  }
  CsvTable csv = read_csv(file);
  std::vector<std::string> names;
  for (std::string& name : csv.header) {
    name = std::string(trimmed(name));
    names.push_back(lower(name));
  }
  if (key.empty()) key = std::ranges::count(names, "record") == 0 && csv.find("id") >= 0 ? "id" : "record";
  if (csv.find(key) < 0 && std::ranges::count(names, lower(key)) == 1) {
    key = csv.header[static_cast<std::size_t>(std::ranges::find(names, lower(key)) - names.begin())];
  }
  const std::size_t key_column = csv.column(key);
  for (std::size_t c = 0; c < names.size(); ++c) {
    if (c == key_column) continue;
    if (names[c].empty()) throw Error(Status::kUsage, "{}: column {} has no name; a label needs one", csv.name, c + 1);
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(c), names[c]) !=
        names.begin() + static_cast<std::ptrdiff_t>(c)) {
      throw Error(Status::kUsage, "{}: two columns are the label '{}' (names are in lower case)", csv.name, names[c]);
    }
  }

  LabelTable table;
  table.name_ = csv.name;
  table.key_ = key;
  for (const auto& cells : csv.rows) {
    Row row;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      Json value = typed(cells[c]);
      if (c != key_column && !value.is_null()) row.labels[names[c]] = std::move(value);
    }
    const std::string name(trimmed(cells[key_column]));
    const auto [at, is_new] = table.rows_.emplace(name, row);
    if (!is_new && at->second.labels != row.labels) {
      throw Error(Status::kUsage, "{}: {} {} has two rows that differ", csv.name, key, name);
    }
  }
  return table;
}

LabelTable::Row* LabelTable::row_of(std::string_view record) {
  auto at = rows_.find(record);
  if (at == rows_.end()) at = rows_.find(record.substr(record.rfind('/') + 1));
  return at == rows_.end() ? nullptr : &at->second;
}

void LabelTable::meet(const std::string& record) {
  if (Row* row = row_of(record)) row->met = true;
}

void LabelTable::apply(stream::Segment& segment) {
  const auto own = rows_.find(segment.id());
  Row* row = own != rows_.end() ? &own->second : row_of(segment.record());
  if (row == nullptr) return;
  row->met = true;
  for (const auto& [name, value] : row->labels.items()) segment.header["labels"][name] = value;
}

std::size_t LabelTable::unmatched() const {
  return static_cast<std::size_t>(std::ranges::count_if(rows_, [](const auto& row) { return !row.second.met; }));
}

void LabelTable::report() const {
  const std::size_t left = unmatched();
  if (left == rows()) {
    throw Error(Status::kUsage, "{}: the '{}' of none of {} rows is a record, or a segment's id, of the input{}", name_,
                key_, rows(), rows_.empty() ? "" : " (the first is '" + rows_.begin()->first + "')");
  }
  if (left > 0) log::info("{}: {} of {} rows match no record or segment", name_, left, rows());
}

}  // namespace cfm::dataset
