// Beats of a stream against its reference beats, by the rules of bxb.
//
//   EventLog log(kBeatEvents);                     // then log.add(frame, source) of every frame
//   StreamedBeats found = compare_streamed(log, {});
//   Context context = beat_figures(found.records, found.protocol, {});
//
// `beats` against `reference/beats`, with the marks of noise and flutter of `reference/notes`, over each stretch of
// touching segments. Beats of all leads together (channel -1) are compared where there are any, else those of each lead
// by themselves. Throws kUsage where there is nothing to compare, or a record has reference beats and no `beats`.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "eval/annotated.h"
#include "eval/events.h"

namespace cfm::eval {

inline const std::set<std::string> kBeatEvents = {"beats", "reference/beats", "reference/notes"};

struct StreamedBeats {
  std::vector<BeatRecord> records;
  std::uint64_t unreferenced = 0;  // segments of records without reference beats
  std::string protocol;
};

// from of `match`: by default the beginning.
StreamedBeats compare_streamed(const EventLog& log, const MatchOptions& match);

}  // namespace cfm::eval
