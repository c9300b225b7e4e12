// Pulses of a photoplethysmogram or an arterial pressure: foot, systolic peak, dicrotic notch and peak, streaming.
//
//   std::vector<Pulse> p = detect_pulses(x, 125);          // p[0].onset, p[0].systole: sample positions, ascending
//   PulseDetector d(125);
//   d.process(chunk, p); d.process(chunk, p); d.flush(p);  // appends; in chunks equals in one piece, bit for bit
//
// x: [samples] in any unit, pulses pointing up, 20 to 1000 Hz; NaN is a gap, in which nothing is found. A flat line has
// no pulses. Rates of 20 to 300 a minute, signals of 5 s and more; the last pulse is found when its summit is there.
// The signal is averaged down to about 60 Hz and smoothed (linear phase); each rise is scored among its neighbours
// (pulse_rises.h), no threshold knows an amplitude. Positions are refined on the samples themselves, by a parabola.
// Latency: 2.7 s after the systolic peak of the next pulse, at most 6 s after a pulse's own. Throws Error (kUsage) for
// a rate under 20 Hz.
#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "delineate/pulse_foot.h"

namespace cfm::delineate {

// Positions are samples and may be fractional; what is not there is NaN.
struct Pulse {
  static constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
  double onset = 0;                           // the foot: the lowest point before the upstroke
  double systole = 0;                         // the summit after it
  double upstroke = kMissing;                 // middle of the rise: steadier than a flat summit
  double notch = kMissing;                    // dicrotic notch: lowest point before the diastolic peak
  double dicrotic = kMissing;                 // diastolic peak
  double foot = kMissing;                     // as PulseOptions::foot wants it
  double low = kMissing;                      // unit of x: level at the onset (diastolic pressure),
  double high = kMissing;                     //   at the summit (systolic pressure),
  double mean = kMissing;                     //   mean from this onset to the next one's (mean pressure)
  bool operator==(const Pulse& other) const;  // NaN equals NaN
};

struct PulseOptions {
  std::optional<Foot> foot;  // to be measured too, with foot_of()
  double smooth = 0.048;     // s, each of two averages: low-pass, -3 dB at 0.32 / smooth Hz (8 Hz as Elgendi 2013)
  double prominence = 0.03;  // of a pulse's height, that a diastolic peak must rise from its notch
};

class PulseDetector {
 public:
  explicit PulseDetector(double fs, const PulseOptions& options = {});
  PulseDetector(PulseDetector&&) noexcept;
  ~PulseDetector();
  void process(std::span<const float> in, std::vector<Pulse>& pulses);
  // The rest; then it starts anew.
  void flush(std::vector<Pulse>& pulses);
  // Sample before which every onset and foot has been reported.
  double known_until() const;

 private:
  friend std::vector<Pulse> detect_pulses(std::span<const float> x, double fs, const PulseOptions& options);
  void finish(std::vector<Pulse>& pulses);  // the rest; it is spent then

  struct Impl;
  std::unique_ptr<Impl> impl_;
  double fs_;
  PulseOptions options_;
};

std::vector<Pulse> detect_pulses(std::span<const float> x, double fs, const PulseOptions& options = {});

}  // namespace cfm::delineate
