// Who a synthetic subject is: the heart's rhythm, its dipole, its pulses and its blood pressure.
//
//   const Person person = draw_person(options, "s0007");
//   person.heart_rate;                                    // /min
//
// Drawn from the seed and the subject's name alone; what one signal needs does not depend on whether others are made.
#pragma once

#include <array>
#include <string>

#include "synth/synth.h"

namespace cfm::synth {

// Frank's orthogonal leads: X to the left, Y to the feet, Z to the back; mV.
using Dipole = std::array<double, 3>;

// A wave of the heart's dipole: a Gaussian in time with its own width before and after its peak, so that the tangents
// to its steepest points meet the line at two widths from the peak.
struct Wave {
  Dipole dipole = {};            // at the peak, mV
  double centre = 0;             // seconds after R
  double before = 0, after = 0;  // widths, seconds
};

// A heartbeat without its P wave. The first wave of its QRS is that of R; waves of no width aren't there.
struct Complex {
  std::array<Wave, 4> qrs;
  Wave t;                        // at RR = 1 s; of VT: centre and widths are shares of the interval
  double onset = 0, offset = 0;  // of the QRS complex, seconds after R
};

// The oscillation of fibrillating atria or ventricles.
struct Fibrillation {
  double frequency = 0;    // Hz, mean
  Dipole dipole = {};      // mV
  Dipole phase = {};       // radians, of each axis against the others
  double phase_drift = 0;  // radians, of slow changes
};

// How a pulse wave falls after its peak, at RR = 1 s: runoff towards `rest`, with a notch and a second wave. Heights
// are shares of the pulse, times are seconds after the peak.
struct Runoff {
  double round = 0;  // seconds in which the fall gets going
  double notch = 0, notch_at = 0, notch_width = 0;
  double wave = 0, wave_at = 0, wave_width = 0;
};

struct PulseWave {
  double arrival = 0;          // seconds from R to the foot
  double rise = 0;             // seconds from the end of diastole to the peak at RR = 1 s
  double low = 0, height = 0;  // at the end of diastole, and above it, of a sinus beat at rest: NU, mmHg
  double rest = 0;             // where the runoff leads
  double breathing = 0;        // relative swing of the height with breathing
  Runoff runoff;
};

struct Person {
  Rhythm base = Rhythm::kSinus;  // never kMix
  bool vt_at_end = false;
  double heart_rate = 70, vt_rate = 170;  // /min
  double breathing = 0.25;                // Hz
  double breathing_phase = 0;             // radians
  double mayer_phase = 0, slow_phase = 0;
  double rsa = 0.04, mayer = 0.02;  // relative swing of RR with breathing, and at 0.1 Hz (Mayer waves)
  double jitter = 0.005;            // relative SD of a beat

  double ectopy = 0.1, couplets = 0.1;  // chance of an ectopic beat after a beat, of a second one after that
  bool bigeminy = false;
  double coupling = 0.6;        // of the sinus interval
  bool p_waves = false;         // in asystole, and before the pacemaker's beats
  double block = 0.5;           // share of the AV node's impulses that take the slow, sooner ready pathway
  double spike_width = 0.0015;  // seconds
  Dipole spike = {};            // mV
  Wave p;
  Complex sinus, ectopic, tachycardia, paced;
  Fibrillation atria, ventricles;

  PulseWave ppg, abp;
  double ectopic_pulse = 0.8, vt_pulse = 0.5;  // what is left of a pulse, beside what filling leaves
  double collapse = 6, filling = 15;           // seconds, mmHg: without beats pressure falls to this
};
Person draw_person(const SynthOptions& options, const std::string& id);

// sin of the breathing, from -1 to 1.
double breath_at(const Person& person, double seconds);

}  // namespace cfm::synth
