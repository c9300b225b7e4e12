// Made-up recordings whose truth is known: ECG (lead II) and PPG of subjects, with a set rhythm, rate, noise and pulse
// arrival time.
//
//   SynthOptions options{.duration = 60, .noise = parse_noise("motion@0..24"), .seed = 1};
//   stream::Segment record = synthesise(options, 7);           // subject s0007, the same in any order and on any
//   thread physical(record, *record.find("reference/ecg"), 0);        // what it was before the noise
//
// ECG: the Gaussian events of McSharry et al. 2003 (IEEE Trans. Biomed. Eng. 50:289) in closed form, P Q R S T around
// each R; the QRS keeps its width, the T wave follows the square root of the RR interval; [1, 250 · duration] F32 in
// mV. PPG: a systolic and a reflected Gaussian wave a beat, [1, 125 · duration] F32 in NU. The tangent foot of a
// Gaussian upstroke lies two widths before its peak and is put exactly `pat` after the R wave.
//
// SNR, for each span of 30 s and each signal by itself: signal power = (median peak-to-peak)² / 8, of QRS within ± 50
// ms of R, of pulses from foot to peak; noise power = mean square of that span's noise, its mean removed. Several kinds
// of noise add up, and so do their powers in the truth. clip, flat and dropout are no noise in this sense.
//
// Truth: labels rhythm (N, VT: that of the end), heart_rate (/min: mean of the beats), qt (ms: onset of Q to tangent
// end of T, mean of sinus beats; absent in VT), pat (ms), snr (dB, whole record; absent without noise), with
// Rhythm::kMix true_alarm (whether the last 10 s are VT); tensors reference/ecg, reference/ppg (clean, kind waveform),
// events reference/beats (sample, code 1 N or 5 V, channel; of ecg), reference/pulses (sample, code 21 foot or 20
// systole, channel, num), reference/rhythm (sample, end, code 28, aux), reference/snr (sample, end, value in dB: of the
// ECG where it is). Status 2: what cannot be (a reversed range, an unknown noise, no signal).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/segment.h"

namespace cfm::synth {

struct Range {
  double low = 0, high = 0;
};
// "70" or "50..100"; status 2, naming `what`, for anything else or a reversed one.
Range parse_range(std::string_view text, std::string_view what);

enum class Rhythm {
  kSinus,  // with respiratory arrhythmia
  kVt,     // monomorphic ventricular tachycardia
  kMix     // sinus; half of the subjects go over to VT for the last 10 s
};
Rhythm parse_rhythm(std::string_view text);  // sinus, vt, mix

enum class NoiseKind { kBaseline, kMotion, kMuscle, kMains, kClip, kDropout, kFlat };
struct Noise {
  NoiseKind kind = NoiseKind::kMotion;
  Range level;  // dB of SNR; of clip, dropout and flat the fraction of samples; drawn anew every 30 s
};
// "motion@0..24,muscle@12,dropout@0.1", or "none".
std::vector<Noise> parse_noise(std::string_view text);

inline constexpr double kSynthEcgFs = 250;  // Hz
inline constexpr double kSynthPpgFs = 125;  // Hz
inline constexpr double kSynthSpan = 30;    // seconds between two draws of the noise
inline constexpr double kSynthVtEnd = 10;   // seconds of VT at the end of a mixed record

struct SynthOptions {
  double duration = 60;  // seconds
  bool ecg = true, ppg = true;
  Rhythm rhythm = Rhythm::kSinus;
  std::optional<Range> heart_rate;  // /min, drawn once a subject; else 50..100, of Rhythm::kVt 140..220
  std::vector<Noise> noise = {{NoiseKind::kMotion, {0, 24}}};
  std::uint64_t seed = 0;
};

void validate(const SynthOptions& options);       // status 2, as synthesise() would
std::string synth_subject(std::uint64_t number);  // "s0007"

// Record synth/0000, subject s0000 of number 0.
stream::Segment synthesise(const SynthOptions& options, std::uint64_t subject);

}  // namespace cfm::synth
