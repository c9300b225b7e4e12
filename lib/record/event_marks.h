// Rows of a segment's events as annotations.
//
//   for (const EventMark& m : event_marks(segment, tensor))
//     if (m.is_span()) spans.add(m.seconds, m.ends, m.annotation); else annotations.push_back(m.annotation);
//   spans.put(annotations, fs);
//
// An event tensor is one of kind `event` with columns, among them `sample` and `code`, and a signal of the segment in
// `of`; of others there are no marks. QRS complexes among `waves` are left to the `beats` of the same signal, which say
// their class.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "format/annotation.h"
#include "stream/segment.h"

namespace cfm::record {

struct EventMark {
  double seconds = 0;                                      // from the record's start
  format::Annotation annotation;                           // its sample is not set, its chan 0
  double channel = -1;                                     // of the tensor in `of`; -1: all
  double lasts = 0;                                        // s
  double ends = std::numeric_limits<double>::quiet_NaN();  // s from the record's start, of a span
  bool is_span() const { return !std::isnan(ends); }
};

std::vector<EventMark> event_marks(const stream::Segment& segment, const stream::Tensor& tensor);

// Rhythms and the like as annotation files tell them: a mark where one begins, which holds until the next. Spans that
// a cut has parted are one; where one lies in another, the other is told again at its end.
class SpanMarks {
 public:
  // s; the annotation without its sample.
  void add(double start, double end, const format::Annotation& annotation);
  // In samples of a clock of `fs` Hz that begins at `origin` s; before the annotations that are there.
  void put(std::vector<format::Annotation>& annotations, double fs, double origin = 0) const;

 private:
  struct Span {
    double start, end;
    format::Annotation annotation;
  };
  std::vector<Span> spans_;
};

}  // namespace cfm::record
