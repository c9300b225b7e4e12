// Made-up recordings whose truth is known: ECG of up to twelve leads, PPG and arterial pressure of subjects, with a set
// rhythm, rate, pulse arrival time, pressure and noise.
//
//   SynthOptions options{.duration = 60, .noise = parse_noise("motion@0..24"), .seed = 1};
//   stream::Segment record = synthesise(options, 7);           // subject s0007, the same in any order and on any
//   thread physical(record, *record.find("reference/ecg"), 0);        // what it was before the noise
//
// ECG [leads, 250 · duration] F32 in mV (dipole.h), PPG [1, 125 · duration] F32 in NU and ABP, as long, in mmHg
// (pulses.h); a signal is the same whatever others are made beside it.
//
// SNR, for each span of 30 s and each channel by itself: signal power = (median peak-to-peak)² / 8, of QRS within ± 50
// ms of R, of ventricular fibrillation within a second, of pulses from foot to peak; noise power = mean square of that
// span's noise, its mean removed. Several kinds of noise add up, and so do their powers in the truth. Where there is
// nothing to measure, noise is as strong as beside the subject's own beats in sinus rhythm, and no SNR is told. III,
// aVR, aVL and aVF follow from I and II with their noise. clip, flat and dropout are no noise in this sense.
//
// Truth (truth.h): labels rhythm (N, AFIB, B, VT, VFIB, ASYS, P: what lasts longest; VT where the record ends in it),
// with Rhythm::kMix true_alarm (whether the last 10 s are VT), heart_rate (/min: mean of the beats), qt (ms: onset of
// QRS to tangent end of T, mean of the beats that aren't ventricular), pat and pat_abp (ms: R to the foot of PPG and
// ABP), sbp and dbp (mmHg: means of the beats), snr (dB, of the first lead or signal, whole record); each absent where
// undefined. Status 2: what cannot be (a reversed range, an unknown noise, no signal).
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
  kSinus,     // with respiratory arrhythmia
  kAf,        // atrial fibrillation
  kPvc,       // sinus with ventricular ectopic beats, single, in pairs and in bigeminy
  kVt,        // monomorphic ventricular tachycardia
  kVf,        // ventricular fibrillation
  kAsystole,  // nothing, or P waves alone
  kPaced,     // a ventricular pacemaker, with or without P waves before it
  kMix        // sinus, atrial fibrillation, ectopy or paced; half of the subjects go over to VT for the last 10 s
};
Rhythm parse_rhythm(std::string_view text);  // sinus, af, pvc, vt, vf, asystole, paced, mix

enum class NoiseKind { kBaseline, kMotion, kMuscle, kMains, kPop, kClip, kDropout, kFlat };
struct Noise {
  NoiseKind kind = NoiseKind::kMotion;
  Range level;  // dB of SNR; of clip, dropout and flat the fraction of samples; drawn anew every 30 s
};
// "motion@0..24,muscle@12,dropout@0.1", or "none".
std::vector<Noise> parse_noise(std::string_view text);

struct Signals {
  std::vector<std::string> leads = {"II"};  // each once; none: no ECG
  bool ppg = true, abp = false;
};
// "ecg,ppg", "ecg:all,abp", "II,V1,V5".
Signals parse_signals(std::string_view text);

inline constexpr double kSynthEcgFs = 250;    // Hz
inline constexpr double kSynthPulseFs = 125;  // Hz, PPG and ABP
inline constexpr double kSynthSpan = 30;      // seconds between two draws of the noise
inline constexpr double kSynthVtEnd = 10;     // seconds of VT at the end of a mixed record

struct SynthOptions {
  double duration = 60;  // seconds
  Signals signals = {};
  Rhythm rhythm = Rhythm::kSinus;
  // Each drawn once a subject. /min; else 50..100, with af 60..130, vt 140..220, paced 60..80
  std::optional<Range> heart_rate = {};
  std::optional<Range> pat = {};  // ms, R to the foot of the PPG; else 170..270
  std::optional<Range> sbp = {};  // mmHg; else 100..150, or 35..60 above dbp
  std::optional<Range> dbp = {};  // mmHg; else 0.56..0.68 of sbp
  std::vector<Noise> noise = {{NoiseKind::kMotion, {0, 24}}};
  std::uint64_t seed = 0;
};

// The same as they are written on a command line, checked.
struct SynthWords {
  std::string signals = "ecg,ppg", rhythm = "sinus", noise = "motion@0..24";
  std::optional<std::string> heart_rate = {}, pat = {}, sbp = {}, dbp = {};
};
SynthOptions parse_options(const SynthWords& words, double duration, std::uint64_t seed);

void validate(const SynthOptions& options);  // status 2, as synthesise() would
// Status 2 where the signals of a record take more than `bytes` in a stream.
void check_fits(const SynthOptions& options, double bytes);
std::string synth_subject(std::uint64_t number);  // "s0007"

// Record synth/0000, subject s0000 of number 0.
stream::Segment synthesise(const SynthOptions& options, std::uint64_t subject);

}  // namespace cfm::synth
