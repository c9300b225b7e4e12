// What is taken of recordings or streams, how it is cut, and what a segment gets before it leaves: the same for every
// kind of input.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "record/segmenter.h"
#include "record/selection.h"
#include "record/subject.h"

namespace cfm::record {

struct Refinement {
  Selection selection = Selection::parse("all");
  CutOptions cut = {};
  std::optional<SubjectRule> subject = {};  // nothing: those of a stream stay, a recording is its own
  // Whether the record is wanted, asked for each that is found, in order; nothing: all are.
  std::function<bool(const std::string& record, const std::string& subject)> wanted = {};
  std::function<void(Cut&)> prepare = {};            // what becomes of the samples; called from any thread
  bool may_be_empty = false;                         // a shard: no error when it has nothing
  std::function<void(stream::Segment&)> dress = {};  // what else belongs to a segment (labels)
  // A last check, for recordings before the sink is ended: what it throws keeps the output from looking whole.
  std::function<void()> settle = {};
};

}  // namespace cfm::record
