// Pulse waves of PPG and arterial pressure, beat by beat, and their signals.
//
//   const std::vector<Pulse> pulses = make_pulses(person, train, person.abp);
//   std::vector<float> abp = clean_pulses(person, person.abp, pulses, 125, 7500);      // mmHg
//
// From the end of diastole the wave rises as half a cosine, so that its tangent foot, where the steepest tangent meets
// the level before it, lies a known share of the rise after that: it is put `arrival` after R exactly. From its peak it
// runs off as the two-element Windkessel does, exponentially towards a resting level (Frank 1899; Westerhof, Lankhaar &
// Westerhof 2009, Med. Biol. Eng. Comput. 47:131), with a notch and a second wave, until the next rise begins: systole
// and diastole are known exactly. The time constant is what leads a sinus beat at rest from the one to the other. A
// pulse is the smaller the less time the heart had to fill; a beat that came too early makes none.
#pragma once

#include <vector>

#include "synth/rhythm.h"

namespace cfm::synth {

struct Pulse {
  double onset = 0, foot = 0, peak = 0;  // seconds: end of diastole; by tangents; systole
  double low = 0, height = 0;            // NU or mmHg, at the onset and from there to the peak
  double scale = 1;                      // of times
  double high() const { return low + height; }
};
std::vector<Pulse> make_pulses(const Person& person, const Train& train, const PulseWave& wave);

// Without pulses: what is left falls away from time 0 (without any before it).
std::vector<float> clean_pulses(const Person& person, const PulseWave& wave, const std::vector<Pulse>& pulses,
                                double fs, std::size_t samples);

}  // namespace cfm::synth
