#include "synth/pulses.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace cfm::synth {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
// Where the tangent to the middle of half a cosine meets its lower level, as a share of the rise.
constexpr double kFoot = 0.5 - 1 / std::numbers::pi;
constexpr double kMayer = 0.1, kSlow = 0.013;            // Hz
constexpr double kMayerSwing = 0.03, kSlowSwing = 0.03;  // of the height
constexpr double kEmpty = 0.2, kFill = 0.35;             // seconds: nothing flows in; time constant of filling
constexpr double kLeast = 0.12;                          // of the height at rest: less opens no valve

double shrink(double rr) { return std::sqrt(std::min(rr, 1.0)); }

double bell(double u, double centre, double width) {
  const double z = (u - centre) / width;
  return std::exp(-0.5 * z * z);
}

// Of a pulse's height, u seconds after its peak at RR = 1 s.
double second_wave(const Runoff& r, double u) {
  return r.wave * bell(u, r.wave_at, r.wave_width) - r.notch * bell(u, r.notch_at, r.notch_width);
}

// The runoff with its time constant.
struct Fall {
  const PulseWave& wave;
  double decay;  // 1/s

  Fall(const Person& person, const PulseWave& pulse) : wave(pulse) {
    const double rr = 60 / person.heart_rate, scale = shrink(rr), length = rr - wave.rise * scale;
    const double high = wave.low + wave.height;
    const double left =
        (wave.low - wave.rest - wave.height * second_wave(wave.runoff, length / scale)) / (high - wave.rest);
    constexpr double kLeastLeft = 0.02, kMostLeft = 0.98;
    decay = -std::log(std::clamp(left, kLeastLeft, kMostLeft)) / course(length, scale);
  }
  // Seconds of runoff after u seconds: it sets in smoothly.
  double course(double u, double scale) const { return u * u / (u + wave.runoff.round * scale); }
  double left(double u, double scale) const { return std::exp(-decay * course(u, scale)); }
  double level(const Pulse& pulse, double u) const {
    return wave.rest + (pulse.high() - wave.rest) * left(u, pulse.scale) +
           pulse.height * second_wave(wave.runoff, u / pulse.scale);
  }
};

}  // namespace

std::vector<Pulse> make_pulses(const Person& person, const Train& train, const PulseWave& wave) {
  const Fall fall(person, wave);
  const double usual = 60 / person.heart_rate, empty = std::min(kEmpty, usual / 4);
  const auto filled = [&](double rr) { return 1 - std::exp(-std::max(0.0, rr - empty) / kFill); };
  std::vector<Pulse> pulses;
  double since = 0;  // seconds of filling since the last pulse
  for (const Beat& beat : train.beats) {
    since += beat.rr;
    const double size = filled(since) / filled(usual);
    Pulse pulse;
    pulse.scale = shrink(std::min(beat.rr, beat.slow_rr));
    pulse.foot = beat.time + wave.arrival;
    pulse.onset = pulse.foot - kFoot * wave.rise * pulse.scale;
    pulse.peak = pulse.onset + wave.rise * pulse.scale;
    if (size < kLeast || (!pulses.empty() && pulse.onset <= pulses.back().peak)) continue;
    const double slow = kMayerSwing * std::sin(kTurn * kMayer * beat.time + person.mayer_phase) +
                        kSlowSwing * std::sin(kTurn * kSlow * beat.time + person.slow_phase);
    const double kind = beat.kind == BeatKind::kEctopic       ? person.ectopic_pulse
                        : beat.kind == BeatKind::kTachycardia ? person.vt_pulse
                                                              : 1;
    pulse.height = wave.height * size * kind * (1 + slow - wave.breathing * beat.breath);
    if (pulses.empty()) {
      // As if all beats before had been like this one.
      const double length = beat.rr - wave.rise * pulse.scale, left = fall.left(length, pulse.scale);
      const double bump = second_wave(wave.runoff, length / pulse.scale);
      pulse.low = wave.rest + pulse.height * std::max(0.0, left + bump) / (1 - left);
    } else {
      pulse.low = fall.level(pulses.back(), pulse.onset - pulses.back().peak);
    }
    pulses.push_back(pulse);
    since = 0;
  }
  return pulses;
}

std::vector<float> clean_pulses(const Person& person, const PulseWave& wave, const std::vector<Pulse>& pulses,
                                double fs, std::size_t samples) {
  std::vector<float> x(samples);
  const bool is_pressure = &wave == &person.abp;
  if (pulses.empty()) {
    const double end = is_pressure ? std::min(person.filling, wave.low) : wave.rest;
    for (std::size_t i = 0; i < samples; ++i) {
      const double t = static_cast<double>(i) / fs;
      x[i] = static_cast<float>(end + (wave.low - end) * std::exp(-t / person.collapse));
    }
    return x;
  }
  const Fall fall(person, wave);
  std::size_t k = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    const double t = static_cast<double>(i) / fs;
    while (k + 1 < pulses.size() && t >= pulses[k + 1].onset) ++k;
    const Pulse& pulse = pulses[k];
    const double rise = pulse.peak - pulse.onset, u = t - pulse.onset;
    double value = pulse.low;
    if (u >= rise) {
      value = fall.level(pulse, u - rise);
    } else if (u > 0) {
      value += pulse.height * (1 - std::cos(std::numbers::pi * u / rise)) / 2;
    }
    x[i] = static_cast<float>(value);
  }
  return x;
}

}  // namespace cfm::synth
