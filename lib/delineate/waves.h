// P, QRS and T of one ECG lead around given beats: onset, peak, offset; no P is an answer.
//
//   std::vector<BeatWaves> w = delineate_waves(x, 500, detect_beats(x, 500));
//   WaveDelineator d(500);
//   d.process(chunk, new_beats, known_until, w); d.flush(w);    // appends one BeatWaves a beat, in order
//
// x: [samples] of one lead in any unit; NaN is a gap, and a wave that touches one is not reported. beats: samples,
// ascending, anywhere within 60 ms of the steepest part of the QRS. All marks are samples, between them where that is
// finer. 50 Hz and up: work is done on a grid of 2 ms, pacing spikes taken out.
//
// QRS: threshold on the smoothed slope, outwards from its steepest part. T and P: bumps between steep slopes, the QRS
// replaced by a line and the line through the PR levels taken off; the bump that is steep on both sides, in the usual
// place, and there in the beats around as well; ends where the slope has come down to a part of its steepest, T end as
// WaveOptions says. After Laguna et al. 1994 and Martínez et al. 2004 (slopes in place of wavelets). A P is reported
// only where the signal before the QRS agrees with that of the beats around (coherence and correlation).
//
// Every result depends on the samples within 0.9 s of the beat and on 6 beats either side, at most 8 s away, with
// theirs; never on how the signal is cut into chunks. Latency: 7 more beats, at most 9.5 s. Memory: the samples from
// 0.9 s before the first of the beats not measured yet and before `known_until`, so about 2 s, and some 20 beats.
// Throws Error (kUsage) for a rate under 50 Hz, for beats out of order, and for a beat before `known_until`.
#pragma once

#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace cfm::delineate {

inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Wave {
  double onset = kNone, peak = kNone, offset = kNone;  // samples
  double second = kNone;                               // other peak of a biphasic T
};

struct BeatWaves {
  double beat = kNone;  // as given
  Wave p, qrs, t;       // qrs.peak: R, or the deepest point where that is 4 times as far from the PR level
  // Amplitudes over the line through the PR levels, in the unit of the lead; Q and S are negative, NaN where they
  // are less than a twentieth of the QRS. A QS is a Q without R.
  double p_amplitude = kNone, q_amplitude = kNone, r_amplitude = kNone, s_amplitude = kNone, t_amplitude = kNone;
  double st_60 = kNone, st_80 = kNone;  // level 60 and 80 ms after the J point (QRS offset)
};

// kTangent: the steepest tangent meets the level after T (Lepeschkin & Surawicz 1952). kThreshold: the slope has come
// down to a part of its steepest (Laguna et al. 1994). kArea: the area between the last 0.1 s and the present value is
// largest (Zhang et al. 2006). Constants of each are chosen for no bias against LUDB's manual marks.
enum class TEnd { kTangent, kThreshold, kArea };

struct WaveOptions {
  TEnd t_end = TEnd::kTangent;
};

class WaveDelineator {
 public:
  explicit WaveDelineator(double fs, const WaveOptions& options = {});
  WaveDelineator(WaveDelineator&&) noexcept;
  ~WaveDelineator();
  // in: the next samples. beats: the next beats, ascending; every beat before sample `known_until` is known by now.
  void process(std::span<const float> in, std::span<const double> beats, double known_until,
               std::vector<BeatWaves>& out);
  // The rest; then it starts anew.
  void flush(std::vector<BeatWaves>& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::vector<BeatWaves> delineate_waves(std::span<const float> x, double fs, std::span<const double> beats,
                                       const WaveOptions& options = {});

}  // namespace cfm::delineate
