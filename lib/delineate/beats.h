// Beats of an ECG: one streaming detector for any lead, 50 Hz and up, rates of 20 to 300 a minute.
//
//   std::vector<double> r = detect_beats(x, 360);          // sample positions of the R peaks (QRS centres), ascending
//   BeatDetector d(360);
//   d.process(chunk, r); d.process(chunk, r); d.flush(r);  // appends; in chunks equals in one piece, bit for bit
//
// x: [samples] in any unit; NaN is a gap, in which nothing is found. A flat line has no beats. Band-pass of moving
// averages (linear phase), slope, integration, adaptive thresholds with search-back; after Pan & Tompkins 1985 and
// Hamilton 2002, the filters and the marking are our own. Latency: PickerOptions::learning at the start, then 0.5 s, or
// until search-back finds a beat (1.6 mean intervals). Throws Error (kUsage) for a rate under 50 Hz.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "delineate/picker.h"

namespace cfm::delineate {

struct BeatOptions {
  double smooth = 0.02;       // s, each of two averages: low-pass, -3 dB at 0.32 / smooth Hz
  double baseline = 0.15;     // s, average that is taken off: high-pass
  double integration = 0.11;  // s
  double apart = 0.195;       // s, a peak is the largest within this time after it
  PickerOptions thresholds = {
      .refractory = 0.2,      // s
      .slope_window = 0.36,   // s after a beat in which a flatter peak is its T wave
      .slope_fraction = 0.5,  // of that beat's slope
      .level = 0.33,          // threshold between noise and beats
      .back_level = 0.45,     // of the threshold, in search-back
      .back_after = 1.6,      // mean intervals
  };
};

class BeatDetector {
 public:
  explicit BeatDetector(double fs, const BeatOptions& options = {});
  BeatDetector(BeatDetector&&) noexcept;
  ~BeatDetector();
  void process(std::span<const float> in, std::vector<double>& beats);
  // The rest; then it starts anew.
  void flush(std::vector<double>& beats);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  double fs_;
  BeatOptions options_;
};

std::vector<double> detect_beats(std::span<const float> x, double fs, const BeatOptions& options = {});

}  // namespace cfm::delineate
