// What a stream holds, as far as a question needs it: evidence, events and grades are each one of these.
//
//   struct Log : Gathered { void add(const stream::Segment& segment, const std::string& source) override; };
//   for (stream::Frame frame; in.next(frame);) log.add(frame, "icu.cfm");
//
// Throws kUsage where a segment comes twice.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "stream/frame.h"
#include "stream/segment.h"

namespace cfm::eval {

class Gathered {
 public:
  virtual ~Gathered() = default;

  // All frames of streams ("-": standard input); returns the pieces that were lost where damage is skipped.
  std::uint64_t read(const std::vector<std::string>& paths, const stream::ReadOptions& options);
  // Any frame; only heads, segments, notes and ends matter. `source` names the file in messages.
  void add(const stream::Frame& frame, const std::string& source);
  virtual void add(const stream::Segment& segment, const std::string& source) = 0;

  const std::vector<stream::Json>& notes() const { return notes_; }
  // Chains of the parts read, [{tool, version, args, …}, …] each, those that are alike once.
  const std::vector<stream::Json>& provenance() const { return provenance_; }
  std::uint64_t read_count() const { return read_; }
  bool partial() const { return partial_; }

 protected:
  // Counts what is added; `key` tells it from all else, `again` says that it is there: "segment 'a/0' is there twice".
  void count_once(const std::string& key, const std::string& again, const std::string& source);

 private:
  std::map<std::string, std::string> source_of_;  // key → file
  std::vector<stream::Json> notes_, provenance_;
  std::uint64_t read_ = 0;
  bool partial_ = false;
};

// The object at a key of a header; an empty one where there is none.
stream::Json object_at(const stream::Json& header, const char* key);

}  // namespace cfm::eval
