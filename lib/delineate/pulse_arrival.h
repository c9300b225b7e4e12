// Pulse arrival time: from the R peak of a beat to the foot of its pulse, each beat with a time or with a reason.
//
//   ArrivalFinder finder;
//   finder.process(r_seconds, feet, known_until, arrivals);  // appends one Arrival a beat, in order
//   finder.flush(arrivals);                                  // finder.count(Reason::kUsed) of them have a time
//
// Times are seconds from one origin for both signals; nothing is added to either, so delays are equal by construction:
// R by refine_r() on the ECG as recorded, feet by foot_of() on the pulse signal as recorded. A beat is paired with the
// first foot after it and before the next R, 3 s at most; where there is none it has no time, never a neighbour's.
// Gates: the range of times, and the pulse's height and rise time against the median of the last pulses (Orphanidou
// 2015 and Elgendi 2016 judge shape the same way, by its likeness to its neighbours). Results are a function of the
// data alone, not of how they come in portions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "delineate/pulses.h"

namespace cfm::delineate {

enum class Reason : std::uint8_t {
  kUsed,      // it has a time
  kNoPulse,   // no pulse before the next R
  kNoFoot,    // a pulse whose foot could not be measured: gap, artefact, end of the signal
  kTooEarly,  // foot sooner after R than ArrivalOptions::shortest
  kTooLate,   //   or later than ArrivalOptions::longest
  kOddPulse,  // height or rise time unlike the last pulses'
  kLastBeat,  // the signal ends before a next R or the longest time
};
inline constexpr std::size_t kReasons = 7;
std::string_view name_of(Reason reason);  // "used", "no_pulse", …

struct ArrivalOptions {
  // s. R to the foot at finger or wrist in adults is 0.15 to 0.4 (Allen 2007; Mukkamala 2015), at the ear and in
  // children shorter, in vasoconstriction longer. Monitors that delay their pulse wave need a longer one.
  double shortest = 0.08, longest = 0.6;
  double alone = 3.0;  // s after which no pulse is a beat's, where no beat follows: the interval at 20/min
  double ratio = 2.0;  // height and rise time within that factor of the median of the last pulses
};

struct Arrival {
  static constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
  double r = 0;            // s
  double foot = kMissing;  // s, where a pulse is paired
  double time = kMissing;  // s, foot - r; only where `reason` is kUsed
  Reason reason = Reason::kNoPulse;
  bool operator==(const Arrival& other) const;  // NaN equals NaN
};

// What pairing needs of a pulse. foot may be NaN: not measured.
struct PulseFoot {
  double onset = 0, foot = 0;   // s
  double height = 0, rise = 0;  // unit of the signal; s from onset to summit
};
// Of pulses found with PulseOptions::foot, in a signal of rate fs whose first sample is at `start` seconds.
PulseFoot foot_in_seconds(const Pulse& pulse, double fs, double start = 0);

class ArrivalFinder {
 public:
  explicit ArrivalFinder(const ArrivalOptions& options = {});
  // The next R peaks and the next pulses, ascending; both are complete before `known_until` (s).
  void process(std::span<const double> r, std::span<const PulseFoot> pulses, double known_until,
               std::vector<Arrival>& arrivals);
  // The rest; then it starts anew. The counts stay until the next process().
  void flush(std::vector<Arrival>& arrivals);
  std::size_t count(Reason reason) const { return counts_[static_cast<std::size_t>(reason)]; }

 private:
  static constexpr std::size_t kPulses = 15;  // whose median is what a pulse is measured against
  struct Judged {
    PulseFoot pulse;
    bool odd;
  };
  void take(const PulseFoot& pulse);
  void settle(double known_until, bool at_end, std::vector<Arrival>& arrivals);
  void emit(Arrival arrival, std::vector<Arrival>& arrivals);

  ArrivalOptions options_;
  std::vector<double> r_;
  std::vector<Judged> pulses_;
  std::vector<double> heights_, rises_;  // of the last pulses
  std::array<std::size_t, kReasons> counts_{};
  bool ended_ = false;
};

std::vector<Arrival> pulse_arrivals(std::span<const double> r, std::span<const PulseFoot> pulses,
                                    const ArrivalOptions& options = {});

// Position of the R peak about `beat` to a fraction of a sample: the extremum of the QRS complex nearest to the beat,
// by a parabola on the ECG smoothed by a symmetric window. ecg: [samples], a window around the beat will do (kPeakReach
// to both sides); gaps within it leave the beat as it is.
inline constexpr double kPeakReach = 0.08;  // s
double refine_r(std::span<const float> ecg, double fs, double beat);

}  // namespace cfm::delineate
