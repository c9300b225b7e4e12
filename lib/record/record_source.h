// All records that the inputs name, cut into segments, in parallel, in order.
//
//   RecordSource source({"challenge2015"}, options);
//   stream::Counts counts = source.run(threads, sink);
//
// A record's checksums are verified before its first segment leaves where all of it is read (with --from or --until
// only on request). Memory is bounded by the segments in flight, whatever the length of a record. Throws what
// recordings throw; with skip_errors a record that is damaged is left out, said, and counted. kUsage when no record has
// the signals asked for, with those there are, and for two records of one name; kIo when there is no record at all.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "record/segmenter.h"
#include "record/sink.h"
#include "record/subject.h"
#include "record/walk.h"
#include "stream/pipe.h"

namespace cfm::record {

struct SourceOptions {
  Selection selection = Selection::parse("all");
  CutOptions cut;
  SubjectRule subject;
  bool verify = false;         // also where only a part is read
  bool trust_data = false;     // no checksums
  bool header_labels = false;  // of # comments
  std::string annotator;       // extension of annotation files; "": none
  bool skip_errors = false;
  // Whether the record is wanted, asked for each that is found, in order; nothing: all are.
  std::function<bool(const std::string& record, const std::string& subject)> wanted;
  bool may_be_empty = false;  // a shard: no error when it has nothing
  // What else belongs to a segment (labels), before it leaves.
  std::function<void(stream::Segment&)> dress;
  // A last check before the sink is ended: what it throws keeps the output from looking whole.
  std::function<void()> settle;
};

class RecordSource {
 public:
  RecordSource(std::vector<std::string> inputs, SourceOptions options);
  ~RecordSource();
  // Counts: read are records, written are segments, left out are either. The sink is begun and ended.
  stream::Counts run(int threads, Sink& sink);

 private:
  struct Plan;
  struct Job;
  struct Result;
  std::shared_ptr<Plan> next_plan();
  std::shared_ptr<Plan> plan_of(const FoundRecord& found, const std::string& source, const std::string& subject);
  void consume(Result result, Sink& sink);

  std::vector<std::string> inputs_;
  SourceOptions options_;
  std::size_t input_ = 0;
  std::optional<RecordWalk> walk_;
  std::set<std::string> names_;  // of records found so far
  SignalList signals_;
  stream::Counts counts_;
  std::size_t selected_ = 0, annotated_ = 0, not_annotated_ = 0;
};

// Name of the folder that an input's records lie in: "challenge2015" for that folder, "mitdb" for mitdb/100.
std::string source_name(const std::string& input);

// Signals of all records of the inputs, from their headers alone.
SignalList list_signals(const std::vector<std::string>& inputs);

}  // namespace cfm::record
