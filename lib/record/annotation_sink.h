// Events of a stream as annotation files in MIT format, a file a record.
//
//   AnnotationSink files("out", "cfa", force);
//   for (const stream::Segment& segment : segments) files.write(segment);
//   files.finish();                                   // out/RECORD.cfa
//
// All events but `reference/…`, in samples of the record's own clock; without one, at the rate of the tensor in `of`,
// from the record's start (the file says so). chan is the channel, 0 for all together; num, sub and aux as the columns
// say. A rhythm that goes on is told once (event_marks.h), and so is what segments hold that overlap. Throws kUsage as
// Destination does, and for an existing file without `force`; kMalformed as event_marks() does; kIo.
#pragma once

#include <map>
#include <string>

#include "format/annotation.h"
#include "record/destination.h"
#include "record/event_marks.h"
#include "stream/segment.h"

namespace cfm::record {

class AnnotationSink {
 public:
  AnnotationSink(const std::string& folder, std::string extension, bool force);
  void write(const stream::Segment& segment);
  void finish();

 private:
  Destination folder_;
  std::string extension_, record_, path_;
  bool force_;
  double fs_ = 0;                          // Hz
  std::map<std::string, double> covered_;  // s, of each signal, that segments so far told of
  format::AnnotationFile file_;
  SpanMarks spans_;
};

}  // namespace cfm::record
