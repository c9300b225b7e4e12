// The clean half of synthesis: who a synthetic subject is, when the heart beats, and what ECG and PPG look like then.
//
//   const Subject subject = draw_subject(options, id);
//   const std::vector<Beat> beats = make_beats(options, subject, id);
//   const std::vector<float> ecg = clean_ecg(subject, beats, 250, 15000);   // mV
//
// Times are seconds from the record's start. Beats begin before 0 and end after the last sample, so that no wave is
// cut.
#pragma once

#include <string>
#include <vector>

#include "synth/synth.h"

namespace cfm::synth {

// A Gaussian event: amplitude · exp(−(t − centre)² / (2 width²)).
struct Wave {
  double amplitude = 0;  // mV or NU
  double centre = 0;     // seconds after R
  double width = 0;      // seconds
};

struct Subject {
  double heart_rate = 70, vt_rate = 170;  // /min
  double breathing = 0.25;                // Hz
  double breathing_phase = 0;             // radians
  double rsa = 0.04, slow = 0.02;         // relative swing of RR with breathing, and at 0.1 Hz (Mayer waves)
  double jitter = 0.005;                  // relative SD of a beat
  Wave p, q, r, s, t;                     // sinus beats; centre and width of T at RR = 1 s
  Wave vt_main, vt_tail;                  // ventricular beats
  double pat = 0.22;                      // seconds from R to the foot of the pulse
  double pulse = 1, reflection = 0.4;     // NU, and the second wave's share of it
  double vt_pulse = 0.5;                  // what VT leaves of a pulse
  double level = 1;                       // NU under the pulses
  bool vt_at_end = false;
};
Subject draw_subject(const SynthOptions& options, const std::string& id);

struct Beat {
  double time = 0;    // R, or the peak of a ventricular beat
  double rr = 1;      // seconds since the beat before
  double breath = 0;  // sin of the breathing at R
  bool ventricular = false;
};
std::vector<Beat> make_beats(const SynthOptions& options, const Subject& subject, const std::string& id);

// Onset of Q to the end of T (two widths outside either wave: where the tangents meet the line), seconds.
double qt_of(const Subject& subject, const Beat& beat);

std::vector<float> clean_ecg(const Subject& subject, const std::vector<Beat>& beats, double fs, std::size_t samples);

struct Pulse {
  double foot = 0, peak = 0;  // seconds; the foot by tangent intersection
  double height = 0;          // NU, of the systolic wave
};
std::vector<Pulse> pulses_of(const Subject& subject, const std::vector<Beat>& beats);
std::vector<float> clean_ppg(const Subject& subject, const std::vector<Beat>& beats, double fs, std::size_t samples);

}  // namespace cfm::synth
