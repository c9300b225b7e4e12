// A stream of segments, cut anew: touching segments of a record are one signal again, and that is cut.
//
//   Resegmenter cutter(Selection::parse("ecg"), {.length = 10.0}, [&](Cut cut) { if (cut.reason.empty())
//   out.write(cut.segment); }); for (stream::Segment& segment : segments) cutter.push(std::move(segment));
//   cutter.flush();                                    // end of the part
//
// Memory: one window and one incoming segment. What overlaps with what came before is taken once; a gap, another
// record, other channels or rates begin a new signal. Samples, masks, waveforms and events are cut and rebased
// (`sample`, `end` clipped, touching spans joined, `channel`, `aux`); every other tensor, quality and predictions are
// dropped. Header keys are those of the segment that holds the first sample; the labels rhythm and snr are what lasts
// longest in the window, by `reference/rhythm` and `reference/snr` where there, else by the segments. Throws kUsage for
// options that contradict each other, kMalformed for segments that contradict themselves.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "record/refinement.h"
#include "record/sink.h"
#include "stream/pipe.h"

namespace cfm::record {

class Resegmenter {
 public:
  Resegmenter(Selection selection, CutOptions options, std::function<void(Cut)> emit);
  ~Resegmenter();
  // "" when the segment was taken, else why not: "no_ppg", "few_channels", "outside".
  std::string push(stream::Segment segment);
  void flush();

 private:
  struct Run;
  Selection selection_;
  CutOptions options_;
  std::function<void(Cut)> emit_;
  std::unique_ptr<Run> run_;
};

// in → cut anew → sink, part by part. Counts: read are incoming segments, written are new ones, left out are either.
// kUsage when segments came and none had the signals asked for.
stream::Counts resegment(stream::Inlet& in, Sink& sink, const Refinement& options);

SignalList list_signals(stream::Inlet& in);

// Whether an input is a stream and not a recording: standard input, a pipe, or a file that begins like one. Throws what
// sniff() throws.
bool is_stream_input(const std::string& input);

}  // namespace cfm::record
