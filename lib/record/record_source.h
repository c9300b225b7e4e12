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

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "record/refinement.h"
#include "record/sink.h"
#include "record/walk.h"
#include "stream/pipe.h"

namespace cfm::record {

struct SourceOptions {
  Refinement refine;
  bool verify = false;  // also where only a part is read
  format::OpenOptions open = {};
  WalkOptions walk = {};
  bool header_labels = false;  // of # comments
  std::string annotator = {};  // extension of annotation files, "@lead": each lead's own (.ii, .v5); "": none
  bool skip_errors = false;
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
SignalList list_signals(const std::vector<std::string>& inputs, const format::OpenOptions& open,
                        const WalkOptions& walk);

// Annotations of a record's file: of the extension, or with "@lead" of each channel, where there are such files; notes
// of the recording itself in any case. found: whether there was a file.
Reference read_reference(const format::Recording& recording, const std::string& path, const std::string& annotator,
                         bool& found);

}  // namespace cfm::record
