#include "train/waveform.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "signal/gaps.h"

namespace cfm::train {
namespace {

constexpr double kLeastRate = 60;  // Hz
constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();

double seconds_of(const stream::Tensor& tensor) { return static_cast<double>(tensor.samples()) / tensor.fs(); }

std::set<std::string> kinds_of(const stream::Segment& segment) {
  std::set<std::string> kinds;
  for (const stream::Tensor& tensor : segment.tensors) {
    if (tensor.is_signal() && tensor.kind() != "waveform") kinds.insert(tensor.kind());
  }
  return kinds;
}

}  // namespace

WaveformReader::WaveformReader(std::string kind, const prepare::Profile& profile)
    : kind_(std::move(kind)),
      preparer_(profile),
      fs_(profile.fs / std::max(1.0, std::floor(profile.fs / kLeastRate))) {}

std::optional<Recorded> WaveformReader::read(const stream::Segment& segment) const {
  const auto target = stream::preferred_channel(segment, kind_);
  if (!target) return std::nullopt;
  const prepare::Prepared input = preparer_.run(segment);
  for (const auto& from : input.from) {
    if (from && from->tensor == target->tensor && from->channel == target->channel) {
      throw Error(Status::kUsage, "--label {}: the model reads it; its channels are {}", kind_,
                  preparer_.profile().signals());
    }
  }
  const stream::Tensor& tensor = segment.tensors[target->tensor];
  const double fs = tensor.fs(), lasts = static_cast<double>(input.samples) / preparer_.profile().fs;
  const auto samples = static_cast<std::size_t>(std::llround(lasts * fs_));
  std::vector<float> x = stream::physical(segment, tensor, target->channel);
  // What of it lies within the window, and where.
  const double lead = (input.begin - tensor.t0()) * fs;
  const auto from = std::min(x.size(), static_cast<std::size_t>(std::max(0L, std::lround(lead))));
  const auto to = static_cast<std::size_t>(
      std::clamp(std::lround(lead + lasts * fs), static_cast<long>(from), static_cast<long>(x.size())));
  x = std::vector<float>(x.begin() + static_cast<std::ptrdiff_t>(from), x.begin() + static_cast<std::ptrdiff_t>(to));
  if (std::none_of(x.begin(), x.end(), [](float value) { return std::isfinite(value); })) return std::nullopt;
  const double step = fs / fs_;
  const std::vector<float> y = signal::resample_present(std::move(x), fs, fs_);
  Recorded recorded{std::vector<float>(samples, kNothing), tensor.units().at(target->channel),
                    tensor.names().at(target->channel)};
  const auto place = static_cast<std::size_t>(std::max(0L, std::lround((static_cast<double>(from) - lead) / step)));
  for (std::size_t k = 0; k < y.size() && place + k < samples; ++k) recorded.samples[place + k] = y[k];
  return recorded;
}

double mean_of(std::span<const float> samples) {
  double sum = 0, n = 0;
  for (const float value : samples) {
    if (!std::isfinite(value)) continue;
    sum += value;
    n += 1;
  }
  return sum / n;
}

bool has_signal(const dataset::Store& store, const std::string& kind) {
  for (std::size_t i = 0; i < store.size(); ++i) {
    if (kinds_of(store.segment(i)).contains(kind)) return true;
  }
  return false;
}

LabelledWaveforms read_waveforms(const dataset::Store& store, const std::string& kind, const prepare::Profile& profile,
                                 const std::string& folds_by, int threads) {
  const WaveformReader reader(kind, profile);
  std::vector<std::optional<Recorded>> recorded(store.size());
  const auto mean = [&](std::size_t i, const stream::Segment& segment) {
    recorded[i] = reader.read(segment);
    return recorded[i] ? Json(mean_of(recorded[i]->samples)) : Json();
  };
  LabelledWaveforms all;
  all.labelled = labelled_by(store, kind, mean, folds_by, threads);
  all.without = store.size() - all.labelled.rows.size();
  if (all.labelled.rows.empty()) {
    std::string kinds;
    for (const std::string& one : store.size() > 0 ? kinds_of(store.segment(0)) : std::set<std::string>()) {
      kinds += (kinds.empty() ? "" : ", ") + one;
    }
    throw Error(Status::kUsage, "--label {}: no segment has a signal of that kind; the first has {}", kind, kinds);
  }
  for (const std::size_t row : all.labelled.rows) {
    Recorded& one = *recorded[row];
    if (all.samples.empty()) {
      all.waveform = {reader.fs(), static_cast<std::int64_t>(one.samples.size()), one.units, one.name};
    }
    if (one.units != all.waveform.units) {
      throw Error(Status::kIncompatible, "{}: its {} is in {}, that of the first segment in {}",
                  store.segment(row).id(), kind, one.units, all.waveform.units);
    }
    all.samples.push_back(std::move(one.samples));
  }
  return all;
}

std::string waveform_name(const LabelTask& task) { return "predicted/" + task.label; }

stream::Tensor predicted_waveform(const LabelTask& task, std::span<const double> standardised,
                                  const prepare::Prepared& input, const stream::Segment& segment) {
  const Waveform& wave = *task.waveform;
  double first = std::numeric_limits<double>::infinity(), last = -first;  // seconds after the segment's start
  for (const auto& from : input.from) {
    if (!from) continue;
    const stream::Tensor& tensor = segment.tensors[from->tensor];
    first = std::min(first, tensor.t0());
    last = std::max(last, tensor.t0() + seconds_of(tensor));
  }
  const auto n = static_cast<long>(standardised.size());
  const long from = std::clamp(std::lround((first - input.begin) * wave.fs), 0L, n);
  const long to = std::clamp(std::lround((last - input.begin) * wave.fs), from, n);
  std::vector<float> values;
  for (long k = from; k < to; ++k) {
    values.push_back(static_cast<float>(standardised[static_cast<std::size_t>(k)] * task.sd + task.mean));
  }
  return stream::make_tensor<float>(waveform_name(task), {1, to - from}, std::move(values),
                                    {{"kind", "waveform"},
                                     {"fs", wave.fs},
                                     {"t0", input.begin + static_cast<double>(from) / wave.fs},
                                     {"names", {wave.name}},
                                     {"units", {wave.units}},
                                     {"scale", {1}},
                                     {"offset", {0}},
                                     {"of", task.label}});
}

}  // namespace cfm::train
