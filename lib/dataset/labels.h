// Labels from a table: a CSV file joined onto segments by their id or their record.
//
//   LabelTable labels = LabelTable::read("alarms.csv");   // key column: record, else id; "diagnoses.csv:ID" names one
//   for (…) { labels.meet(record); labels.apply(segment); }
//   labels.report();                                      // rows that met nothing: a line, or an error if all
//
// The key matches the segment's id, else its record, else the record's last path component. Each other column is a
// label, its name in lower case. A JSON number is a number, true and false are booleans, an empty cell is absent, all
// else is text (an integer above 2^53, too). Throws kUsage for a file without the key column, naming those there are,
// for two different rows of one key and for two columns of one name; kMalformed for what is no CSV; kIo where there is
// no file.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stream/segment.h"

namespace cfm::dataset {

class LabelTable {
 public:
  static LabelTable read(const std::string& file_and_key);  // FILE[:KEY]

  // Notes that the record exists, whether it is selected or not.
  void meet(const std::string& record);
  // Sets the labels of the segment; others stay.
  void apply(stream::Segment& segment);
  std::size_t rows() const { return rows_.size(); }
  std::size_t unmatched() const;  // rows that met nothing
  // Says on standard error how many rows met nothing; kUsage if none did.
  void report() const;

 private:
  struct Row {
    stream::Json labels = stream::Json::object();
    bool met = false;
  };
  Row* row_of(std::string_view record);

  std::string name_, key_;
  std::map<std::string, Row, std::less<>> rows_;
};

// A cell by the rules above; null for an empty one.
stream::Json typed(std::string_view cell);

}  // namespace cfm::dataset
