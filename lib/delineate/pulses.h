// Pulses of a photoplethysmogram or an arterial pressure: foot and systolic peak, streaming, 20 Hz and up.
//
//   std::vector<Pulse> p = detect_pulses(x, 125);          // p[0].onset, p[0].systole: sample positions, ascending
//   PulseDetector d(125);
//   d.process(chunk, p); d.process(chunk, p); d.flush(p);  // appends; in chunks equals in one piece, bit for bit
//
// x: [samples] in any unit, pulses pointing up; NaN is a gap, in which nothing is found. A flat line has no pulses.
// Slope sum (Zong 2003) of the smoothed signal, adaptive thresholds with search-back as for beats; rates of 20 to 240 a
// minute. Latency: PickerOptions::learning at the start, then 0.8 s, or until search-back finds a pulse (1.5 mean
// intervals). Throws Error (kUsage) for a rate under 20 Hz.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "delineate/picker.h"

namespace cfm::delineate {

struct Pulse {
  double onset = 0;    // sample of the foot: the lowest point before the upstroke
  double systole = 0;  // sample of the first summit after it
  bool operator==(const Pulse&) const = default;
};

struct PulseOptions {
  double smooth = 0.04;       // s, each of two averages: low-pass, -3 dB at 0.32 / smooth Hz
  double integration = 0.16;  // s, of the rising slope
  double apart = 0.24;        // s, a peak is the largest within this time after it
  PickerOptions thresholds = {
      .refractory = 0.25,     // s
      .slope_window = 0.45,   // s after a pulse in which a flatter peak is its dicrotic wave
      .slope_fraction = 0.3,  // of that pulse's slope
      .level = 0.25,          // threshold between noise and pulses
      .back_level = 0.5,      // of the threshold, in search-back
      .back_after = 1.5,      // mean intervals
  };
};

class PulseDetector {
 public:
  explicit PulseDetector(double fs, const PulseOptions& options = {});
  PulseDetector(PulseDetector&&) noexcept;
  ~PulseDetector();
  void process(std::span<const float> in, std::vector<Pulse>& pulses);
  // The rest; then it starts anew.
  void flush(std::vector<Pulse>& pulses);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  double fs_;
  PulseOptions options_;
};

std::vector<Pulse> detect_pulses(std::span<const float> x, double fs, const PulseOptions& options = {});

}  // namespace cfm::delineate
