// Segments of a stream, chosen by what is known of them.
//
//   Choice choice;
//   choice.where.emplace("quality.score > 0.8");
//   choice.head = 10;
//   stream::Counts counts = choose(in, sink, choice);
//
// One part for each part that comes in. A sample is drawn over the whole input, the same for the same seed whatever the
// order: memory is what is drawn. Counts: left out by "ids", "time", "where", "head" and "sample".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "record/sink.h"
#include "stream/pipe.h"
#include "stream/where.h"

namespace cfm::record {

struct Choice {
  std::optional<stream::Where> where = {};
  std::optional<std::set<std::string, std::less<>>> ids = {};  // of segments, or names of records
  std::optional<std::uint64_t> head = {};                      // the first so many
  std::optional<std::uint64_t> sample = {};                    // so many, drawn without replacement
  std::uint64_t seed = 0;
  std::string from = {}, until = {};  // WFDB time grammar, in the record's clock: segments that overlap with it
  std::function<void(stream::Segment&)> dress = {};  // before all conditions: labels
};

stream::Counts choose(stream::Inlet& in, Sink& sink, Choice choice);

// The lines of a list that hold something, without the blanks around.
std::vector<std::string> read_list(const std::string& path);
// One a line of a list; what follows a comma is not looked at.
std::set<std::string, std::less<>> read_ids(const std::string& path);

}  // namespace cfm::record
