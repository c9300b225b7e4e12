// Graded segments as rows of a table, and how many are of each class.
//
//   out.write(quality_header(columns)); out.write(quality_rows(segment, columns));
//   QualitySummary seen; seen.add(segment); seen.table();      // may be called from several threads
//
// A row of the segment, channel "*", then one of each channel; a segment that is not graded has none. Columns are those
// of `cfm-quality --to csv`: id,record,subject,start,channel,kind,score,class,reasons, then the indices.
#pragma once

#include <map>
#include <mutex>
#include <span>
#include <string>

#include "stream/segment.h"

namespace cfm::quality {

std::string quality_header(std::span<const std::string> indices);
std::string quality_rows(const stream::Segment& segment, std::span<const std::string> indices);

class QualitySummary {
 public:
  void add(const stream::Segment& segment);
  // Classes by kind, then how often each reason was given.
  std::string table() const;

 private:
  std::mutex mutex_;
  std::map<std::string, std::map<std::string, int>> classes_;  // kind ("*": segment) to class
  std::map<std::string, std::map<std::string, int>> reasons_;
};

}  // namespace cfm::quality
