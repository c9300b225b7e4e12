#include "synth/noise.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/random.h"

namespace cfm::synth {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr double kFade = 0.25;  // seconds at both ends of a span

// Decay of a one-pole filter with this corner frequency.
double pole(double corner, double fs) { return std::exp(-kTurn * corner / fs); }

// Wander below 0.5 Hz, as breathing and electrodes make it.
void baseline(std::span<double> x, double fs, Random& random) {
  constexpr int kTones = 8;
  for (int tone = 0; tone < kTones; ++tone) {
    const double hz = random.uniform(0.05, 0.5), amplitude = random.uniform(0.3, 1) / (1 + 4 * hz);
    double phase = random.uniform(0, kTurn);
    for (double& value : x) value += amplitude * std::sin(phase), phase += kTurn * hz / fs;
  }
}

// Bursts of slow noise (0.3 to 6 Hz, the band of QRS and pulses) and steps that recover, as moving electrodes and
// fingers make them.
void motion(std::span<double> x, double fs, Random& random) {
  constexpr double kSteps = 0.25, kBursts = 0.4;  // a second
  const double low = pole(6, fs), high = pole(0.3, fs), recovery = pole(0.5, fs), calm = pole(0.3, fs);
  double fast = 0, slow = 0, step = 0, burst = 1;
  for (double& value : x) {
    fast = low * fast + (1 - low) * random.normal();
    slow = high * slow + (1 - high) * fast;
    step *= recovery;
    burst *= calm;
    const double chance = random.uniform() * fs;
    if (chance < kSteps) {
      step += random.normal();
    } else if (chance < kSteps + kBursts) {
      burst = random.uniform(1, 6);
    }
    value += (fast - slow) * (0.5 + burst) + 0.3 * step;
  }
}

// Noise above 20 Hz whose strength comes and goes, as tense muscles make it.
void muscle(std::span<double> x, double fs, Random& random) {
  const double high = pole(std::min(20.0, 0.2 * fs), fs), slow = pole(0.5, fs);
  double below = 0, strength = 0;
  for (double& value : x) {
    const double white = random.normal();
    below = high * below + (1 - high) * white;
    strength = slow * strength + std::sqrt(1 - slow * slow) * random.normal();
    value += (white - below) * std::exp(0.5 * strength);
  }
}

// 50 or 60 Hz with what harmonics fit, slowly changing.
void mains(std::span<double> x, double fs, Random& random) {
  const double hz = random.uniform() < 0.5 ? 50 : 60, beat = random.uniform(0.05, 0.3);
  for (int harmonic = 1; harmonic * hz < fs / 2; ++harmonic) {
    const double amplitude = random.uniform(0.5, 1) / (harmonic * harmonic), phase = random.uniform(0, kTurn);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double t = static_cast<double>(i) / fs;
      x[i] += amplitude * (1 + 0.3 * std::sin(kTurn * beat * t)) * std::sin(kTurn * harmonic * hz * t + phase);
    }
  }
}

// An electrode pops: the level jumps and comes back exponentially, a few times in a span; one at least.
void pop(std::span<double> x, double fs, Random& random) {
  constexpr double kPops = 0.08;    // a second
  constexpr double kLatest = 0.95;  // of the span, so that something of it is in there
  const auto many = static_cast<std::size_t>(kPops * static_cast<double>(x.size()) / fs * random.uniform(0.5, 1.5));
  for (std::size_t k = 0; k <= many; ++k) {
    const double keep = std::exp(-1 / (random.uniform(0.1, 1) * fs));
    double level = random.uniform(0.5, 1.5) * (random.uniform() < 0.5 ? -1 : 1);
    const auto from = static_cast<std::size_t>(kLatest * random.uniform() * static_cast<double>(x.size()));
    for (std::size_t i = from; i < x.size(); ++i) x[i] += level, level *= keep;
  }
}

// A stretch of this share of n samples, somewhere.
SampleRange stretch(std::size_t n, double fraction, Random& random) {
  const auto length = static_cast<std::size_t>(std::llround(fraction * static_cast<double>(n)));
  const std::size_t first = random.below(n - length + 1);
  return {first, first + length};
}

void clip(std::span<float> x, double fraction) {
  std::vector<float> sorted(x.begin(), x.end());
  std::sort(sorted.begin(), sorted.end());
  const double last = static_cast<double>(sorted.size() - 1);
  const float low = sorted[static_cast<std::size_t>(last * fraction / 2)];
  const float high = sorted[static_cast<std::size_t>(std::ceil(last * (1 - fraction / 2)))];
  for (float& value : x) value = std::clamp(value, low, high);
}

}  // namespace

bool is_additive(NoiseKind kind) {
  return kind != NoiseKind::kClip && kind != NoiseKind::kDropout && kind != NoiseKind::kFlat;
}

std::vector<Spoiling> draw_spoiling(const SynthOptions& options, const std::string& id, std::size_t spans) {
  std::vector<Spoiling> plan(spans);
  for (std::size_t k = 0; k < spans; ++k) {
    Random random(options.seed, "synth/levels", fmt::format("{}/{}", id, k));
    for (const Noise& noise : options.noise)
      plan[k].levels.push_back(random.uniform(noise.level.low, noise.level.high));
  }
  return plan;
}

SampleRange span_samples(std::size_t k, std::size_t n, double fs) {
  const auto at = [&](std::size_t i) {
    return std::min(n, static_cast<std::size_t>(std::llround(static_cast<double>(i) * kSynthSpan * fs)));
  };
  return {at(k), at(k + 1)};
}

double noise_power(std::span<const float> x) {
  double mean = 0, square = 0;
  for (const float value : x) mean += value;
  mean /= static_cast<double>(x.size());
  for (const float value : x) square += (value - mean) * (value - mean);
  return square / static_cast<double>(x.size());
}

std::vector<double> add_noise(std::span<float> x, double fs, const SynthOptions& options,
                              const std::vector<Spoiling>& plan, const std::string& id, const std::string& signal,
                              const std::vector<double>& signal_power) {
  std::vector<double> powers(plan.size(), 0);
  for (std::size_t k = 0; k < plan.size(); ++k) {
    const auto [first, last] = span_samples(k, x.size(), fs);
    const std::size_t n = last - first, edge = std::min(n / 4, static_cast<std::size_t>(kFade * fs));
    std::vector<float> sum(n, 0.0F);
    for (std::size_t j = 0; j < options.noise.size(); ++j) {
      const NoiseKind kind = options.noise[j].kind;
      if (!is_additive(kind)) continue;
      Random random(options.seed, "synth/noise", fmt::format("{}/{}/{}/{}", id, signal, k, j));
      std::vector<double> shape(n, 0.0);
      if (kind == NoiseKind::kBaseline) baseline(shape, fs, random);
      if (kind == NoiseKind::kMotion) motion(shape, fs, random);
      if (kind == NoiseKind::kMuscle) muscle(shape, fs, random);
      if (kind == NoiseKind::kMains) mains(shape, fs, random);
      if (kind == NoiseKind::kPop) pop(shape, fs, random);
      for (std::size_t i = 0; i < edge; ++i) {
        const double share = std::sin(std::numbers::pi / 2 * static_cast<double>(i) / static_cast<double>(edge));
        shape[i] *= share;
        shape[n - 1 - i] *= share;
      }
      const std::vector<float> rounded(shape.begin(), shape.end());
      const double power = noise_power(rounded);
      const double wanted = signal_power[k] / std::pow(10, plan[k].levels[j] / 10);
      const double gain = power > 0 ? std::sqrt(wanted / power) : 0;
      for (std::size_t i = 0; i < n; ++i) sum[i] += static_cast<float>(gain * shape[i]);
    }
    powers[k] = n > 0 ? noise_power(sum) : 0;
    for (std::size_t i = 0; i < n; ++i) x[first + i] += sum[i];
  }
  return powers;
}

void spoil(std::span<float> x, double fs, const SynthOptions& options, const std::vector<Spoiling>& plan,
           const std::string& id, const std::string& signal) {
  for (std::size_t k = 0; k < plan.size(); ++k) {
    const auto [first, last] = span_samples(k, x.size(), fs);
    const std::span<float> part = x.subspan(first, last - first);
    if (part.empty()) continue;
    // Saturation comes before a lead falls off, and both before the samples are lost.
    for (const NoiseKind kind : {NoiseKind::kClip, NoiseKind::kFlat, NoiseKind::kDropout}) {
      for (std::size_t j = 0; j < options.noise.size(); ++j) {
        if (options.noise[j].kind != kind) continue;
        if (kind == NoiseKind::kClip) {
          clip(part, plan[k].levels[j]);
          continue;
        }
        Random random(options.seed, "synth/stretch", fmt::format("{}/{}/{}/{}", id, signal, k, j));
        const auto [from, to] = stretch(part.size(), plan[k].levels[j], random);
        if (from == to) continue;
        const float value = kind == NoiseKind::kFlat ? part[from] : std::numeric_limits<float>::quiet_NaN();
        std::fill(part.begin() + static_cast<std::ptrdiff_t>(from), part.begin() + static_cast<std::ptrdiff_t>(to),
                  value);
      }
    }
  }
}

}  // namespace cfm::synth
