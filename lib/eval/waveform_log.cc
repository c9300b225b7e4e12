#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "delineate/beats.h"
#include "delineate/pulses.h"
#include "eval/metrics.h"
#include "eval/waveform_figures.h"
#include "signal/gaps.h"

namespace cfm::eval {
namespace {

using stream::Json, stream::Segment, stream::Tensor;
using Item = WaveformLog::Item;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
constexpr std::string_view kPrefix = "predicted/";
constexpr double kLeastCommon = 1;                           // s of a segment that both waves have, at least
constexpr std::size_t kLeastBeats = 3;                       // of a heart rate
constexpr double kLeastPulseRate = 20, kLeastBeatRate = 50;  // Hz, of the detectors

// Two waves over the same time; both missing where one is.
struct Waves {
  double fs = 0;
  std::vector<float> recorded, predicted;
  std::vector<double> recorded_there, predicted_there;  // without what is missing
};

Waves waves_of(const Segment& segment, const Tensor& predicted, const stream::ChannelRef& channel) {
  const Tensor& recorded = segment.tensors[channel.tensor];
  Waves waves{.fs = predicted.fs()};
  waves.predicted = stream::physical(segment, predicted, 0);
  const std::vector<float> moved =
      signal::resample_present(stream::physical(segment, recorded, channel.channel), recorded.fs(), waves.fs);
  const auto shift = static_cast<std::int64_t>(std::llround((predicted.t0() - recorded.t0()) * waves.fs));
  waves.recorded.assign(waves.predicted.size(), kMissing);
  for (std::size_t i = 0; i < waves.predicted.size(); ++i) {
    const std::int64_t at = static_cast<std::int64_t>(i) + shift;
    if (at >= 0 && at < static_cast<std::int64_t>(moved.size()))
      waves.recorded[i] = moved[static_cast<std::size_t>(at)];
    if (!std::isfinite(waves.recorded[i]) || !std::isfinite(waves.predicted[i])) {
      waves.recorded[i] = waves.predicted[i] = kMissing;
    } else {
      waves.recorded_there.push_back(static_cast<double>(waves.recorded[i]));
      waves.predicted_there.push_back(static_cast<double>(waves.predicted[i]));
    }
  }
  return waves;
}

// The largest, smallest and mean of each beat, median over the beats.
struct Pressures {
  double systolic, diastolic, mean;
};
Pressures pressures_of(std::span<const float> wave, std::span<const delineate::Pulse> pulses) {
  std::vector<double> high, low, mean;
  for (std::size_t p = 0; p + 1 < pulses.size(); ++p) {
    const auto first = static_cast<std::size_t>(std::max(0.0, std::ceil(pulses[p].onset)));
    const auto last = std::min(wave.size(), static_cast<std::size_t>(std::max(0.0, std::ceil(pulses[p + 1].onset))));
    if (first >= last) continue;
    const auto beat = wave.subspan(first, last - first);
    if (!std::all_of(beat.begin(), beat.end(), [](float v) { return std::isfinite(v); })) continue;
    double sum = 0;
    for (const float value : beat) sum += static_cast<double>(value);
    high.push_back(static_cast<double>(*std::max_element(beat.begin(), beat.end())));
    low.push_back(static_cast<double>(*std::min_element(beat.begin(), beat.end())));
    mean.push_back(sum / static_cast<double>(beat.size()));
  }
  return {median_of(std::move(high)), median_of(std::move(low)), median_of(std::move(mean))};
}

double heart_rate(const std::vector<double>& beats, double fs) {
  if (beats.size() < kLeastBeats) return kNaN;
  std::vector<double> intervals;
  for (std::size_t i = 1; i < beats.size(); ++i) intervals.push_back((beats[i] - beats[i - 1]) / fs);
  const double interval = median_of(std::move(intervals));
  return interval > 0 ? 60 / interval : kNaN;
}

std::vector<double> onsets(const std::vector<delineate::Pulse>& pulses) {
  std::vector<double> all;
  for (const delineate::Pulse& pulse : pulses) all.push_back(pulse.systole);
  return all;
}

void add_values(Item& item, const Waves& waves, const std::string& of, const std::string& unit) {
  if (of == "ecg") {
    if (waves.fs < kLeastBeatRate) return;
    item.values["heart_rate"] = {heart_rate(delineate::detect_beats(waves.recorded, waves.fs), waves.fs),
                                 heart_rate(delineate::detect_beats(waves.predicted, waves.fs), waves.fs)};
    return;
  }
  const bool pressure = of == "abp" || unit == "mmHg";
  if (waves.fs < kLeastPulseRate || !(pressure || of == "ppg")) return;
  const auto pulses = delineate::detect_pulses(waves.recorded, waves.fs);
  if (pressure) {
    const Pressures truth = pressures_of(waves.recorded, pulses), said = pressures_of(waves.predicted, pulses);
    item.values["sbp"] = {truth.systolic, said.systolic};
    item.values["dbp"] = {truth.diastolic, said.diastolic};
    item.values["map"] = {truth.mean, said.mean};
  }
  item.values["heart_rate"] = {heart_rate(onsets(pulses), waves.fs),
                               heart_rate(onsets(delineate::detect_pulses(waves.predicted, waves.fs)), waves.fs)};
}

}  // namespace

void WaveformLog::Item::measure(std::span<const double> truth, std::span<const double> estimate) {
  const Regression r = regression(truth, estimate);
  mae = r.mae, rmse = r.rmse, bias = r.bias, sd = r.sd, pearson = r.pearson;
}

void WaveformLog::add(const Segment& segment, const std::string& source) {
  count_once(segment.id(), fmt::format("segment '{}' is there twice", segment.id()), source);
  for (const Tensor& tensor : segment.tensors) {
    if (tensor.name.starts_with(kPrefix)) compare(segment, tensor);
  }
}

void WaveformLog::compare(const Segment& segment, const Tensor& predicted) {
  const Json& of_value = predicted.attributes.value("of", Json());
  if (!of_value.is_string() || predicted.shape.size() != 2 || predicted.shape[0] != 1 || !(predicted.fs() > 0)) {
    throw Error(Status::kMalformed,
                "segment '{}': tensor '{}' is no predicted waveform: [1, samples], a rate fs, and `of`, the kind it is "
                "compared with",
                segment.id(), predicted.name);
  }
  const std::string of = of_value.get<std::string>();
  std::map<std::string, std::uint64_t>& excluded = excluded_[of];
  std::vector<Item>& items = items_[of];
  const auto channel = stream::preferred_channel(segment, of);
  if (!channel || segment.tensors[channel->tensor].name.starts_with(kPrefix)) {
    ++excluded[fmt::format("without a recorded {}", of)];
    return;
  }
  if (!items.empty() && items.back().id == segment.id()) {
    throw Error(Status::kUsage, "segment '{}' has two waveforms predicted of '{}'", segment.id(), of);
  }
  const Waves waves = waves_of(segment, predicted, *channel);
  if (static_cast<double>(waves.recorded_there.size()) < kLeastCommon * waves.fs) {
    ++excluded["where the waves have less than 1 s in common"];
    return;
  }
  const auto units = segment.tensors[channel->tensor].units(), said = predicted.units();
  const std::string unit = channel->channel < units.size() ? units[channel->channel] : "";
  if (!said.empty() && !unit.empty() && said.front() != unit) {
    throw Error(Status::kUsage, "segment '{}': '{}' is in {}, the recorded {} in {}", segment.id(), predicted.name,
                said.front(), of, unit);
  }
  Item item{.id = segment.id(), .subject = segment.subject_or_record()};
  const Json& seen = predicted.attributes.value("seen", Json());
  if (seen.is_string()) item.seen = seen.get<std::string>();
  const Json& fold = predicted.attributes.value("fold", Json());
  if (!fold.is_null()) item.fold = fold.dump();
  item.measure(waves.recorded_there, waves.predicted_there);
  add_values(item, waves, of, unit);
  item.recorded.assign(waves.recorded_there.begin(), waves.recorded_there.end());
  items.push_back(std::move(item));
}

}  // namespace cfm::eval
