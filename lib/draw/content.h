// What a drawing shows of a segment: its signals one by one, beats, fiducial points, rhythms, quality.
//
//   const Content content = content_of(segment);
//   for (const Trace& trace : content.traces) plot(trace.values, trace.fs);
//
// Times are seconds from the start of the segment. Events whose signal is not in the segment are left out. Throws Error
// (kMalformed) for a rate that is no positive number and for events that are no table of numbers.
// Format: cfm-stream 1.0, signals, events and quality.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::draw {

struct Trace {
  std::string tensor;  // "ecg", "reference/ecg"
  std::string name, unit;
  std::size_t channel = 0;    // of the tensor
  bool millivolts = false;    // an ECG whose values were converted to mV
  double fs = 0, t0 = 0;      // Hz; seconds of the first sample
  std::vector<float> values;  // in `unit`; whatever is missing is not finite
  std::string quality;        // a class, or "" where the channel was not graded
  std::optional<double> score;

  double time(double sample) const { return t0 + sample / fs; }
  // `reference` of reference/ecg, "" where the tensor is a plain signal.
  std::string prefix() const;
};

struct Event {
  double time = 0;
  int code = 0, num = 0;   // as WFDB counts them
  std::size_t trace = 0;   // index into traces; of an event of all channels the first
  bool reference = false;  // read from annotations, not found
};

struct Span {
  double from = 0, to = 0;
  std::string label;  // "AFIB"
  bool reference = false;
};

struct Content {
  std::vector<Trace> traces;            // in the order of the segment
  std::vector<Event> beats, fiducials;  // ascending in time
  std::vector<Span> rhythms;
  double duration = 0;  // s, to the end of the longest signal
};

Content content_of(const stream::Segment& segment);

// Part of the segment between two times of its record, in seconds from the segment's start; empty where to <= from.
struct Window {
  double from = 0, to = 0;
};
Window window_of(const stream::Segment& segment, double duration, std::optional<double> from,
                 std::optional<double> until);

// Samples first … last - 1 of a trace lie between two times, ends included.
struct Range {
  std::size_t first = 0, last = 0;
};
Range samples_between(const Trace& trace, double from, double to);

// "acceptable 0.57", or "" where the segment was not graded.
std::string quality_text(const std::string& name, std::optional<double> score);
std::string quality_text(const stream::Segment& segment);

}  // namespace cfm::draw
