#include "features/pair.h"

#include <cmath>

#include "delineate/pulse_arrival.h"
#include "features/numbers.h"

namespace cfm::features {
namespace {

constexpr double kSoonest = 0.1, kLatest = 0.4;  // s from an R peak to its pulse (Allen 2007; pulse_arrival.h)
constexpr double kNoHeight = 0.05;               // of the median: less is no pulse that is found

double mean_rate(std::span<const double> times) {
  return times.size() > 1 ? static_cast<double>(times.size() - 1) / (times.back() - times.front()) : kNaN;
}

// Heights of the pulses that belong to a run's beats, the last interval included.
std::vector<double> heights_in(const Run& run, const PulseWave& wave) {
  const double interval = (run.end - run.start) / static_cast<double>(kRunBeats - 1);
  std::vector<double> out;
  for (std::size_t i = 0; i < wave.times.size(); ++i)
    if (wave.times[i] > run.start + kSoonest && wave.times[i] < run.end + interval + kLatest)
      out.push_back(wave.heights[i]);
  return out;
}

double pulses_a_beat(const Run& run, const PulseWave& wave) {
  return static_cast<double>(heights_in(run, wave).size()) / static_cast<double>(kRunBeats);
}

void put_arrivals(Sheet& sheet, std::string_view of, const Lead& lead, const PulseWave& wave) {
  std::vector<delineate::PulseFoot> feet;
  for (const delineate::Pulse& pulse : wave.pulses) feet.push_back(delineate::foot_in_seconds(pulse, wave.fs, wave.t0));
  const std::vector<double> times = each(delineate::pulse_arrivals(lead.r, feet), &delineate::Arrival::time);
  sheet.put(of, "arrival", median(times));
  sheet.put(of, "arrival_variation", variation(times));
}

}  // namespace

double rate_ratio(std::span<const double> a, std::span<const double> b) {
  return std::abs(std::log(mean_rate(a) / mean_rate(b)));
}

void put_pair(Sheet& sheet, std::string_view of, const Lead& lead, const PulseWave& wave) {
  const std::vector<double> beats = each(lead.beats, &BeatShape::time);
  const std::vector<Run> runs = wave.usable ? runs_of(lead.beats) : std::vector<Run>{};
  sheet.put(of, "rate_ratio", rate_ratio(beats, wave.times));
  sheet.put(of, "fastest_ratio", std::log(highest(each(runs, &Run::rate)) / highest(rates_of_five(wave.times))));
  const Run run = fullest(runs);
  const double typical = median(wave.heights);
  const std::vector<double> heights = heights_in(run, wave);
  sheet.put(of, "pulses_a_beat", runs.empty() ? kNaN : pulses_a_beat(run, wave));
  sheet.put(of, "pulses_a_beat_lowest", lowest(each(runs, [&](const Run& r) { return pulses_a_beat(r, wave); })));
  sheet.put(of, "height_in_run",
            runs.empty() ? kNaN : std::log(heights.empty() ? kNoHeight : ratio(median(heights), typical)));
  put_arrivals(sheet, of, lead, wave);
}

}  // namespace cfm::features
