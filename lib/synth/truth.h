// What is known of a synthetic record, as labels and events of its segment.
//
//   const Scene scene{options, person, train};
//   put_labels(segment, scene, ppg_pulses, abp_pulses);
//   put_rhythm(segment, scene, main);                       // in samples of `main`
//
// Events, all `reference/…` and counted in samples of the tensor in `of`, which may be fractions: beats (sample, code 1
// N, 5 V or 12 paced, channel), waves (sample, code, channel, num) as cfm-delineate writes them: onset 39, peak 24 P,
// 1 QRS or 27 T, offset 40, num 0 P, 1 QRS, 2 T; with several leads those of each lead that shows the wave,
// and of all together (channel -1). Onsets and offsets are those of the dipole, the same in all leads: two widths
// outside the Gaussians, where their tangents meet the line; the peak of a QRS complex is the lead's own. rhythm
// (sample, end, code 28, aux), notes (sample, code 26 a pacemaker's spike, 32 and 33 where ventricular fibrillation
// begins and ends, channel), pulses, and pulses/abp where the PPG has pulses (sample, code 21 foot or 20 systole,
// channel, num), pressure (sample of the systole, systolic, diastolic: mmHg, the trough before it), snr (sample, end,
// value in dB).
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "stream/segment.h"
#include "synth/dipole.h"
#include "synth/pulses.h"

namespace cfm::synth {

struct Scene {
  const SynthOptions& options;
  const Person& person;
  const Train& train;

  bool holds(double seconds) const { return seconds >= 0 && seconds < options.duration; }
};

struct Channel {
  std::string name;  // of the tensor: "ecg"
  double fs = 0;
  std::vector<std::string> names;
  const char* unit = "";
};

stream::Json signal_attributes(const char* kind, const Channel& channel);

void put_labels(stream::Segment& segment, const Scene& scene, const std::vector<Pulse>& ppg,
                const std::vector<Pulse>& abp);
// Beats, rhythm and notes.
void put_rhythm(stream::Segment& segment, const Scene& scene, const Channel& channel);
// ecg: [leads.rows(), samples], clean.
void put_waves(stream::Segment& segment, const Scene& scene, const Channel& channel, const LeadSet& leads,
               std::span<const float> ecg);
void put_pulses(stream::Segment& segment, const Scene& scene, const Channel& channel, const std::vector<Pulse>& pulses);
void put_pressure(stream::Segment& segment, const Scene& scene, const Channel& channel,
                  const std::vector<Pulse>& pulses);

struct Powers {
  std::vector<double> signal, noise;  // of each span
};
void put_snr(stream::Segment& segment, const Powers& powers, const Channel& channel, std::size_t samples);

}  // namespace cfm::synth
