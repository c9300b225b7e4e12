// The ECG as leads see the heart's dipole.
//
//   const LeadSet leads(options.signals.leads);              // "aVF" needs I and II, too
//   std::vector<float> x = clean_ecg(person, train, leads, 250, 15000);   // [leads.rows(), 15000], mV
//   leads.derive(x);                                         // III, aVR, aVL, aVF from I and II
//
// The dynamical model of McSharry et al. 2003 (IEEE Trans. Biomed. Eng. 50:289) in closed form, each Gaussian event
// with a direction in space (Sameni et al. 2007, EURASIP J. Adv. Signal Process. 2007:43407; Clifford et al. 2010,
// Physiol. Meas. 31:595); leads by the matrix of Dower, Machado & Osborne 1980 (Clin. Cardiol. 3:87), III = II − I,
// aVR = −(I + II)/2, aVL = I − II/2, aVF = II − I/2. Breathing turns and scales the dipole. Fibrillatory waves:
// sawtooths of drifting rate and size (Stridh & Sörnmo 2001, IEEE Trans. Biomed. Eng. 48:105).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "synth/rhythm.h"

namespace cfm::synth {

std::span<const std::string_view> lead_names();               // I II III aVR aVL aVF V1 … V6
const Dipole* lead_vector(std::string_view lead);             // of I, II, V1 … V6; else nullptr
double in_lead(const Dipole& dipole, std::string_view lead);  // mV, any of the twelve

// Which leads are made: those asked for, then I and II where others need them.
class LeadSet {
 public:
  explicit LeadSet(const std::vector<std::string>& asked);
  const std::vector<std::string>& names() const { return names_; }
  std::size_t rows() const { return names_.size(); }
  std::size_t asked() const { return asked_; }
  bool is_derived(std::size_t row) const { return lead_vector(names_[row]) == nullptr; }
  // Fills the derived rows of [rows(), n] from the others.
  void derive(std::span<float> x) const;

 private:
  std::vector<std::string> names_;
  std::size_t asked_;
};

std::vector<float> clean_ecg(const SynthOptions& options, const Person& person, const Train& train,
                             const LeadSet& leads, const std::string& id, double fs, std::size_t samples);

// Marks of a beat, seconds; P and T as far as the beat has them.
struct WaveTimes {
  double onset = 0, peak = 0, offset = 0;
};
WaveTimes p_of(const Person& person, const Beat& beat);
WaveTimes p_at(const Person& person, double peak);
WaveTimes qrs_of(const Person& person, const Beat& beat);  // peak: R
WaveTimes t_of(const Person& person, const Beat& beat);
double spike_of(const Person& person, const Beat& beat);  // seconds, where the pacemaker's spike begins
// Size of the wave in a lead, mV; of VT's T none: it has no line to stand on.
double p_size(const Person& person, std::string_view lead);
double t_size(const Person& person, const Beat& beat, std::string_view lead);
// Of a sinus beat's QRS, peak to peak, mV.
double qrs_swing(const Person& person, std::string_view lead);

}  // namespace cfm::synth
