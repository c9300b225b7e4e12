// Where segments go: a stream, or a table of samples.
//
//   std::unique_ptr<Sink> sink = std::make_unique<TableSink>(file, Units::kPhysical);
//   sink->begin(nullptr); sink->write(cut); sink->end(counts, false);
//
// Table: `record,sample,time,NAME…`, a row a sample; sample counts from the record's start at the table's rate, time in
// s, an empty cell where a sample is missing. Several rates need Rows::kFrame or kHighest, and all records one set of
// channels: else kUsage, which says what to choose. Physical values are the double nearest to the quotient by the gain.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "record/segmenter.h"
#include "stream/pipe.h"

namespace cfm::record {

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void begin(const stream::Json& incoming) = 0;  // the head that is continued, or null
  virtual void write(const Cut& cut) = 0;
  virtual void pass(const stream::Frame& frame) = 0;  // an ancillary frame
  virtual void end(const stream::Counts& counts, bool partial) = 0;
};

class StreamSink : public Sink {
 public:
  explicit StreamSink(stream::Outlet outlet) : outlet_(std::move(outlet)) {}
  void begin(const stream::Json& incoming) override { outlet_.begin(incoming); }
  void write(const Cut& cut) override { outlet_.write(cut.segment); }
  void pass(const stream::Frame& frame) override { outlet_.pass(frame); }
  void end(const stream::Counts& counts, bool partial) override { outlet_.end(counts, partial); }

 private:
  stream::Outlet outlet_;
};

enum class Units { kPhysical, kDigital };
// What a row is: a sample of the one rate; a frame of the record's clock, with the mean of a channel's samples in it
// (digital means are truncated toward 0, as rdsamp does); a sample of the highest rate, the others repeated (rdsamp
// -H).
enum class Rows { kSample, kFrame, kHighest };

class TableSink : public Sink {
 public:
  TableSink(OutputFile& file, Units units, Rows rows) : file_(file), units_(units), rows_(rows) {}
  void begin(const stream::Json&) override {}
  void write(const Cut& cut) override;
  void pass(const stream::Frame&) override {}
  void end(const stream::Counts&, bool) override {}

 private:
  struct Column;
  std::vector<Column> columns_of(const Cut& cut, double& fs) const;
  OutputFile& file_;
  Units units_;
  Rows rows_;
  std::vector<std::string> header_;
};

}  // namespace cfm::record
