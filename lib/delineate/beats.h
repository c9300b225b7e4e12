// Beats of an ECG: one streaming detector for any leads, 50 Hz and up, rates of 20 to 300 a minute.
//
//   std::vector<double> r = detect_beats(x, 360);          // sample positions of the QRS complexes, ascending
//   BeatDetector d(360);
//   d.process(chunk, r); d.process(chunk, r); d.flush(r);  // appends; in chunks equals in one piece, bit for bit
//
// x: [samples] of each lead, in any unit; NaN is a gap, in which nothing is found. A flat line has no beats. Several
// leads are one measurement: what each says counts by how well it tells beats from others. A mark is the largest
// deflection of the band-passed signal, between samples (by a parabola), in the first lead that is worth half the best.
//
// Candidates are the peaks of the integrated slope (after Pan & Tompkins 1985). Each gets odds, out of its height,
// isolation and likeness to the shapes of the beats so far (beat_weights.h), and the beats are the path through the
// candidates that is best in odds and in rhythm (dynamic programming, with BeatOptions::lag to look ahead). Levels and
// shapes are those of the last beats; a start needs 2.4 s, not a learning minute. Latency: lag and 0.5 s, 2.4 s at the
// start. Throws Error (kUsage) for a rate under 50 Hz, and for leads of different lengths.
#pragma once

#include <memory>
#include <span>
#include <vector>

namespace cfm::delineate {

// The path's penalties, in units of log odds; where they come from stands in beat_weights.h.
struct BeatOptions {
  double apart = 0.173;       // s, a candidate is the largest within this time after it
  double refractory = 0.19;   // s between beats at least
  double lag = 2.2;           // s that are looked ahead
  double early = 5.4;         // times the logarithm of early_below over the interval (in mean intervals), where below;
  double early_below = 0.84;  //   less where the rhythm is irregular:
  double irregular = 0.087;   //   median of |logarithm of intervals' ratios| from which it is
  double late = 4.26;         // times the logarithm of the interval over late_above, where above, up to late_most
  double late_above = 1.4;
  double late_most = 2.62;
  double t_window = 0.36;  // s after a beat in which a flatter peak may be its T wave: t_weight times the logarithm
  double t_slope = 0.64;   //   of this part of the beat's slope over its own
  double t_weight = 1.62;
  double patience = 4.5;  // s without a beat after which levels are halved
};

class BeatDetector {
 public:
  explicit BeatDetector(double fs, std::size_t leads = 1, const BeatOptions& options = {});
  BeatDetector(BeatDetector&&) noexcept;
  ~BeatDetector();
  // in: the next samples of each lead.
  void process(std::span<const std::span<const float>> in, std::vector<double>& beats);
  void process(std::span<const float> in, std::vector<double>& beats);  // of the only lead
  // The rest; then it starts anew.
  void flush(std::vector<double>& beats);
  // Every beat before this sample has been reported.
  double known_until() const;

 private:
  friend std::vector<double> detect_beats_of_leads(std::span<const std::span<const float>> x, double fs,
                                                   const BeatOptions& options);
  void finish(std::vector<double>& beats);  // the rest; it is spent then

  struct Impl;
  std::unique_ptr<Impl> impl_;
  double fs_;
  std::size_t leads_;
  BeatOptions options_;
};

std::vector<double> detect_beats(std::span<const float> x, double fs, const BeatOptions& options = {});
// x: [leads][samples].
std::vector<double> detect_beats_of_leads(std::span<const std::span<const float>> x, double fs,
                                          const BeatOptions& options = {});

}  // namespace cfm::delineate
