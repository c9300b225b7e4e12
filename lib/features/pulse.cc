#include "features/pulse.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "features/numbers.h"

namespace cfm::features {
namespace {

constexpr double kLeastRate = 20;       // Hz, of delineate/pulses.h and quality/quality.h
constexpr double kMostRate = 1000;      // Hz, of delineate/pulses.h
constexpr std::size_t kLastPulses = 5;  // as many as beats in a run
constexpr auto kIndices = std::to_array<std::string_view>(
    {"kurtosis", "skewness", "flat_fraction", "clip_fraction", "noise_ratio", "baseline_ratio", "quiet_ratio",
     "burst_ratio", "beat_ratio", "template_correlation", "beat_similarity", "pulse_agreement", "high_frequency",
     "band_power"});

// The longest time without a pulse, ends of the signal included.
double longest_gap(const PulseWave& wave) {
  if (!wave.usable) return kNaN;
  if (wave.times.empty()) return wave.seconds;
  const double inner = highest(differences(wave.times));
  return std::fmax(inner, std::max(wave.times.front() - wave.t0, wave.t0 + wave.seconds - wave.times.back()));
}

double end_height(std::span<const double> heights) {
  if (heights.size() <= kLastPulses) return kNaN;
  return std::log(ratio(median(heights.last(kLastPulses)), median(heights.first(heights.size() - kLastPulses))));
}

}  // namespace

PulseWave measure_pulse(std::span<const float> x, double fs, double t0, PulseUnit unit) {
  PulseWave wave{measure_channel(x, fs, t0, kPulseWindows, kLeastRate)};
  wave.unit = unit;
  if (x.empty() || fs < kLeastRate || fs > kMostRate) return wave;
  wave.quality =
      unit == PulseUnit::kAny ? quality::ppg_quality(x, fs) : quality::abp_quality(x, fs, unit == PulseUnit::kMmhg);
  if (!wave.usable) return wave;
  wave.pulses = delineate::detect_pulses(x, fs, {.foot = delineate::Foot::kTangent});
  for (const delineate::Pulse& pulse : wave.pulses) {
    wave.times.push_back(t0 + pulse.upstroke / fs);
    wave.heights.push_back(pulse.high - pulse.low);
  }
  return wave;
}

void put_pulse(Sheet& sheet, std::string_view of, const PulseWave& wave) {
  const std::vector<double> intervals = differences(wave.times), rates = rates_of_five(wave.times);
  const double interval = median(intervals), gap = longest_gap(wave);
  sheet.put(of, "rate", 60 / interval);
  sheet.put(of, "rate_highest", highest(rates));
  sheet.put(of, "rate_lowest", lowest(rates));
  sheet.put(of, "variation", variation(intervals));
  sheet.put(of, "step", ratio(typical_step(intervals), interval));
  sheet.put(of, "longest_gap", gap);
  sheet.put(of, "gap_ratio", ratio(gap, interval));
  sheet.put(of, "height_variation", variation(wave.heights));
  sheet.put(of, "height_lowest", ratio(lowest(wave.heights), median(wave.heights)));
  sheet.put(of, "height_end", end_height(wave.heights));
  put_channel(sheet, of, wave, kIndices);
}

void put_pressure(Sheet& sheet, std::string_view of, const PulseWave& wave) {
  using delineate::Pulse;
  const bool known = wave.unit == PulseUnit::kMmhg;
  const std::vector<Pulse> pulses = known ? wave.pulses : std::vector<Pulse>{};
  const std::vector<double> systolic = each(pulses, &Pulse::high);
  const std::vector<double> height = known ? wave.heights : std::vector<double>{};
  sheet.put(of, "systolic", median(systolic));
  sheet.put(of, "diastolic", median(each(pulses, &Pulse::low)));
  sheet.put(of, "mean", median(each(pulses, &Pulse::mean)));
  sheet.put(of, "systolic_lowest", lowest(systolic));
  sheet.put(of, "pulse_pressure", median(height));
  sheet.put(of, "pulse_pressure_lowest", lowest(height));
  sheet.put(of, "systolic_drop", highest(systolic) - lowest(systolic));
}

}  // namespace cfm::features
