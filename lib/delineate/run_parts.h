// What the Delineator keeps of a run of touching segments: signals, beats, pulses.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "delineate/beat_class.h"
#include "delineate/beats.h"
#include "delineate/delineator.h"
#include "delineate/pulse_arrival.h"
#include "delineate/pulses.h"
#include "delineate/rhythm.h"
#include "delineate/waves.h"

namespace cfm::delineate {

inline constexpr const char* kGlobal = "global";  // the channel of all leads together

// The marks of a beat's waves; `time` of a sample. Without a QRS peak, r_peak stays.
template <typename Time>
void set_times(BeatRow& row, const BeatWaves& waves, Time time) {
  row.p_on = time(waves.p.onset);
  row.p_peak = time(waves.p.peak);
  row.p_off = time(waves.p.offset);
  row.qrs_on = time(waves.qrs.onset);
  if (std::isfinite(waves.qrs.peak)) row.r_peak = time(waves.qrs.peak);
  row.qrs_off = time(waves.qrs.offset);
  row.t_on = time(waves.t.onset);
  row.t_peak = time(waves.t.peak);
  row.t_off = time(waves.t.offset);
}

// A row of an event tensor: the position on the run's clock of its signal, then the other columns.
struct Event {
  double at = 0;
  std::array<double, 3> rest{};
};

inline void sort_by_place(std::vector<Event>& events) {
  std::ranges::stable_sort(events, {}, [](const Event& e) { return std::tuple(e.at, e.rest[1], e.rest[0]); });
}

// A signal tensor over the segments of a run.
struct Track {
  std::string name, kind;
  double fs = 0, origin = 0;  // Hz; s from the record's start, of sample 0
  std::vector<std::string> channels;
  std::int64_t samples = 0, begin = 0;  // so far; where the last segment begins

  double seconds(double at) const { return origin + at / fs; }
  std::int64_t place(double time) const { return std::llround((time - origin) * fs); }
};

inline std::string_view symbol_of(int code) {
  switch (code) {
    case kNormalBeat:
      return "N";
    case kVentricularBeat:
      return "V";
    case kSupraventricularBeat:
      return "S";
    case kPacedBeat:
      return "/";
    default:
      return "Q";
  }
}

// What is known of one beat.
struct Beat {
  double at = 0, previous = kNone;
  int code = kUnknownBeat;
  std::vector<BeatWaves> leads;
  Arrival arrival;
  bool has_arrival = false, rowed = false;
};

struct PulseTrack {
  std::size_t track = 0, channel = 0;
  PulseDetector detector;
  std::vector<Pulse> found;
  std::size_t rowed = 0;  // of them, how many have been rows
};

struct Ecg {
  std::size_t track = 0, main = 0;  // index of the lead that gives the classes and R, among `leads`
  std::vector<std::size_t> leads;   // channels of the tensor
  BeatDetector detector;
  std::optional<BeatClassifier> classifier;
  RhythmFinder rhythm;
  std::vector<WaveDelineator> delineators;
  std::deque<Beat> beats;                                   // those that some segment still wants
  std::size_t numbered = 0, classed = 0, arrived = 0;       // in all; of them classified, with an arrival
  std::vector<std::size_t> waved;                           // of them measured, a lead
  std::int64_t dropped = 0;                                 // beats that left `beats`
  double until = 0, rhythm_until = 0, rhythm_beat = kNone;  // the last beat that the rhythm has had
  std::vector<RhythmSpan> rhythms;
  std::vector<float> recent;  // of the main lead, for R
  std::int64_t recent_from = 0;

  Beat& beat(std::size_t number) { return beats[number - static_cast<std::size_t>(dropped)]; }
  // Where the first beat lies that is not in the first `done` ones.
  double first_after(std::size_t done) { return done < numbered ? beat(done).at : until; }
};

}  // namespace cfm::delineate
