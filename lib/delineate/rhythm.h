// Rhythm of classified beats, streaming: atrial fibrillation, runs of ventricular tachycardia, bradycardia, pauses.
//
//   RhythmFinder r(360);
//   r.process(beats, spans); r.flush(spans);   // appends RhythmSpan{.start, .end, .aux = "(AFIB"}
//
// beats: as BeatClassifier gives them, ascending. Spans come when they are over, in the order of their ends; all but
// pauses follow each other without gap or overlap, from the first beat to the last:
//   "(AFIB"   irregular intervals between beats that are neither ventricular nor supraventricular: the share of pairs
//             of eight intervals that differ (the lesser of those an even and an odd number apart: bigeminy repeats
//             itself every other beat), over the mean interval (Petrėnas, Marozas & Sörnmo 2015, Comput Biol Med
//             65:184; here with windows around the beat and more tolerance for slow hearts, whose breathing shows)
//   "(VT"     three and more ventricular beats in a row at 100/min or more (Al-Khatib 2018, AHA/ACC/HRS)
//   "(SBR"    under 50/min in the mean of eight intervals (Kusumoto 2019, ACC/AHA/HRS), out of the others' spans
//   "(N"      everything else
//   "(PAUSE"  more than 3 s between two beats (Kusumoto 2019) with no sample missing; from the one beat to the other,
//             beside the span that it stands in
// In chunks equals in one piece. A beat's rhythm is settled 40 normal intervals after it, 256 beats at most. Throws
// Error (kUsage) for a rate that isn't positive.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "delineate/beat_class.h"

namespace cfm::delineate {

struct RhythmSpan {
  double start = 0, end = 0;  // samples
  std::string_view aux;       // WFDB's, static
  bool operator==(const RhythmSpan&) const = default;
};

struct RhythmOptions {
  // Swept on mitdb, cpsc2021, cinc2017 and nsrdb-rr: see the commit.
  double differ = 0.06;       // s, least difference of a pair at up to 75/min; grows with the square of the interval
  double fibrillates = 0.46;  // 1/s, share of such pairs / mean interval from which it is fibrillation
  double ends = 0.36;         // 1/s, and below which it is none any more
  int shortest = 12;          // normal intervals
  double bigeminy = 2e-4;     // Petrėnas' delta
  double tachycardia = 0.6;   // s, longest interval of a run
  double bradycardia = 1.2;   // s, shortest mean interval
  double recovers = 1.15;     // s, mean interval from which it is none any more: 52/min
  double pause = 3.0;         // s
};

class RhythmFinder {
 public:
  explicit RhythmFinder(double fs, const RhythmOptions& options = {});
  RhythmFinder(RhythmFinder&&) noexcept;
  ~RhythmFinder();
  void process(std::span<const ClassifiedBeat> beats, std::vector<RhythmSpan>& out);
  // The rest; then it starts anew.
  void flush(std::vector<RhythmSpan>& out);
  // What is known before its end: the rhythm goes on there, or what follows is not settled yet. Empty at the start.
  RhythmSpan going_on() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  double fs_;
  RhythmOptions options_;
};

std::vector<RhythmSpan> find_rhythms(std::span<const ClassifiedBeat> beats, double fs,
                                     const RhythmOptions& options = {});

}  // namespace cfm::delineate
