// Who is who: the subject of a record, by the rule of --subject.
//
//   SubjectRule::parse("record").of("icu/p17/n3", "icu")                  → "icu/p17/n3"
//   SubjectRule::parse("regex:data_(\\d+)_").of("data_21_7", "cpsc2021")  → "21"
//   SubjectRule::parse("csv:who.csv")                                     columns record, subject
//
// `dir` is the folder a record lies in: of its path below the input, else the input's own name. A regular expression
// (ECMAScript) gives its first group, else what it matched. Throws kUsage for an unknown rule, and for a record that
// the rule says nothing about: two people must not become one by accident.
#pragma once

#include <map>
#include <regex>
#include <string>

namespace cfm::record {

class SubjectRule {
 public:
  static SubjectRule parse(const std::string& text);
  // source: name of the input folder.
  std::string of(const std::string& record, const std::string& source) const;

 private:
  enum class Kind { kRecord, kFolder, kPattern, kTable };
  Kind kind_ = Kind::kRecord;
  std::string text_;
  std::regex pattern_;
  std::map<std::string, std::string, std::less<>> table_;
};

// "a/b/100" → "100"
std::string last_component(const std::string& record);

}  // namespace cfm::record
