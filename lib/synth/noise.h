// The other half of synthesis: noise at a set SNR and what else spoils a recording, span by span.
//
//   const std::vector<Spoiling> plan = draw_spoiling(options, id, spans);
//   std::vector<double> power = add_noise(x, fs, options, plan, id, "ecg", signal_power);   // of each span's noise
//   spoil(x, fs, options, plan, id, "ecg");                                                 // clip, flat, dropout
//
// A span's noise fades in and out over 0.25 s, then is scaled to its SNR exactly.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "synth/synth.h"

namespace cfm::synth {

// Levels of options.noise in one span, in that order: dB or fractions.
struct Spoiling {
  std::vector<double> levels;
};
std::vector<Spoiling> draw_spoiling(const SynthOptions& options, const std::string& id, std::size_t spans);

// "motion"; nothing for a name that there isn't.
std::optional<NoiseKind> noise_named(std::string_view name);

// Is it measured in dB?
bool is_additive(NoiseKind kind);

// Mean square of x without its mean.
double noise_power(std::span<const float> x);

// Adds the noise of every span to x and returns its power in each; signal_power: of each span, in the unit of x
// squared.
std::vector<double> add_noise(std::span<float> x, double fs, const SynthOptions& options,
                              const std::vector<Spoiling>& plan, const std::string& id, const std::string& signal,
                              const std::vector<double>& signal_power);

void spoil(std::span<float> x, double fs, const SynthOptions& options, const std::vector<Spoiling>& plan,
           const std::string& id, const std::string& signal);

// Samples of span k in a signal of n samples at fs.
struct SampleRange {
  std::size_t first = 0, last = 0;  // half open
};
SampleRange span_samples(std::size_t k, std::size_t n, double fs);

}  // namespace cfm::synth
