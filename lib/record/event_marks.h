// Rows of a segment's events as annotations.
//
//   for (const EventMark& m : event_marks(segment, tensor)) annotations.push_back(annotation_at(m,
//   std::llround(m.seconds * fs)));
//
// An event tensor is one of kind `event` with columns, among them `sample` and `code`, and a signal of the segment in
// `of`; of others there are no marks.
#pragma once

#include <string>
#include <vector>

#include "format/annotation.h"
#include "stream/segment.h"

namespace cfm::record {

struct EventMark {
  double seconds = 0;             // from the record's start
  format::Annotation annotation;  // its sample is not set, its chan 0
  double channel = -1;            // of the tensor in `of`; -1: all
  double lasts = 0;               // s
  bool is_span = false;           // it has an end
};

std::vector<EventMark> event_marks(const stream::Segment& segment, const stream::Tensor& tensor);

// Adds a mark, unless it is a span that only goes on.
void add_mark(std::vector<format::Annotation>& annotations, const EventMark& mark, std::int64_t sample, int chan);

}  // namespace cfm::record
