#include "record/subject.h"

#include "base/csv.h"
#include "base/error.h"

namespace cfm::record {

std::string last_component(const std::string& record) { return record.substr(record.rfind('/') + 1); }

SubjectRule SubjectRule::parse(const std::string& text) {
  SubjectRule rule;
  rule.text_ = text;
  if (text == "record") return rule;
  if (text == "dir") {
    rule.kind_ = Kind::kFolder;
  } else if (text.starts_with("regex:")) {
    rule.kind_ = Kind::kPattern;
    try {
      rule.pattern_ = std::regex(text.substr(6), std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error& error) {
      throw Error(Status::kUsage, "--subject {}: not a regular expression ({})", text, error.what());
    }
  } else if (text.starts_with("csv:")) {
    rule.kind_ = Kind::kTable;
    const CsvTable table = read_csv(text.substr(4));
    const std::size_t record = table.column("record"), subject = table.column("subject");
    for (const auto& row : table.rows) {
      const auto [at, is_new] = rule.table_.emplace(row[record], row[subject]);
      if (!is_new && at->second != row[subject]) {
        throw Error(Status::kUsage, "{}: record {} is subject {} and {}", table.name, row[record], at->second,
                    row[subject]);
      }
    }
  } else {
    throw Error(Status::kUsage, "--subject {}: write record, dir, regex:PATTERN or csv:FILE", text);
  }
  return rule;
}

std::string SubjectRule::of(const std::string& record, const std::string& source) const {
  switch (kind_) {
    case Kind::kRecord:
      return record;
    case Kind::kFolder: {
      const std::size_t slash = record.rfind('/');
      if (slash != std::string::npos) return record.substr(0, slash);
      if (!source.empty()) return source;
      break;
    }
    case Kind::kPattern: {
      std::smatch match;
      if (!std::regex_search(record, match, pattern_)) break;
      const std::string subject = match.size() > 1 ? match[1] : match[0];
      if (!subject.empty()) return subject;
      break;
    }
    case Kind::kTable: {
      auto row = table_.find(record);
      if (row == table_.end()) row = table_.find(last_component(record));
      if (row != table_.end() && !row->second.empty()) return row->second;
      break;
    }
  }
  throw Error(Status::kUsage, "--subject {}: says nothing about record {}", text_, record);
}

}  // namespace cfm::record
