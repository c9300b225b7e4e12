// Beats, waves, pulses and arrival times of a stream of segments: touching segments of a record are one signal.
//
//   Delineator d({}, [&](Delineated done) { out.write(done.segment); for (const BeatRow& row : done.rows) table(row);
//   }); for (stream::Segment& segment : segments) d.push(std::move(segment)); d.flush(); // end of the part
//
// What is found goes into each segment as events (cfm-stream 1.0), replacing those of the same name, in samples of the
// tensor in `of`: `beats` (sample, code, channel) and `rhythm` (sample, end, code, aux) of the first ECG tensor, beats
// of all its leads together with channel -1; `waves` (sample, code, channel, num) of each lead, and of all with channel
// -1; `pulses` (sample, code, channel, num) of the first tensor of a PPG or pressure, `pulses/TENSOR` of another;
// `arrivals` (sample, time, reason): R peak, s to the foot of the first PPG (else pressure), index in `reasons`. A
// segment leaves when all that lies in it is known: some 10 s later, with rhythms some 40 beats. How the signal is cut
// changes nothing. Throws kUsage for a lead that a segment hasn't, and for rates that the detectors refuse.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "delineate/intervals.h"
#include "delineate/pulse_arrival.h"
#include "delineate/waves.h"
#include "stream/segment.h"

namespace cfm::delineate {

struct DelineateOptions {
  bool beats = true, waves = true, pulses = true, arrivals = true;  // what is written; what that needs is found, too
  bool rows = true;                                                 // without them feet are measured for arrivals only
  WaveOptions wave = {};
  Foot foot = Foot::kTangent;
  std::string lead = {};  // only this lead; "global": only what all leads say together; "": each and global
};

// A beat or pulse of a channel. Times: s from the record's start, NaN where there is none.
struct BeatRow {
  std::string channel;      // "global": all leads together
  std::int64_t beat = 0;    // from 0 within record and channel
  std::string_view symbol;  // WFDB's of the class; "" for a pulse
  double p_on = kNone, p_peak = kNone, p_off = kNone, qrs_on = kNone, r_peak = kNone, qrs_off = kNone;
  double t_on = kNone, t_peak = kNone, t_off = kNone;
  double foot = kNone, systole = kNone, notch = kNone, diastole = kNone;
  BeatIntervals intervals = {};
  double arrival = kNone;        // ms
  std::string_view reason = {};  // of the arrival: "used", "no_pulse", …; "" where none was looked for
  double systolic = kNone, diastolic = kNone, mean = kNone;  // of a pressure, in its unit
};

struct Delineated {
  stream::Segment segment;
  std::vector<BeatRow> rows;  // of the beats and pulses in it that no segment before it held, by time
};

class Delineator {
 public:
  Delineator(DelineateOptions options, std::function<void(Delineated)> emit);
  ~Delineator();
  void push(stream::Segment segment);
  void flush();
  // Beats so far by what became of their arrival time.
  const std::array<std::size_t, kReasons>& arrivals() const { return arrivals_; }

 private:
  class Run;
  DelineateOptions options_;
  std::function<void(Delineated)> emit_;
  std::unique_ptr<Run> run_;
  std::string record_;
  std::map<std::string, std::int64_t> counted_;  // rows of each channel of that record
  std::array<std::size_t, kReasons> arrivals_{};
};

// The table's columns and a row of it, as CSV without the line end.
std::string row_header();
std::string row_line(const stream::Segment& segment, const BeatRow& row);

}  // namespace cfm::delineate
