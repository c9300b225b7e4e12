#include "synth/corrupt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "synth/noise.h"

namespace cfm::synth {
namespace {

using stream::Segment;
using stream::Tensor;

constexpr double kMostNoise = 1000;  // SD over SD
constexpr float kLost = std::numeric_limits<float>::quiet_NaN();

bool is_there(float value) { return std::isfinite(value); }

Corruption parse_entry(std::string_view entry) {
  const std::size_t colon = entry.find(':');
  if (colon == std::string_view::npos || colon == 0)
    throw Error(Status::kUsage, "--corrupt: '{}' is not KIND:HOW@LEVEL, as ecg:flat@3 or ppg:missing", entry);
  const std::string_view how = entry.substr(colon + 1), name = how.substr(0, how.find('@'));
  const bool has_level = name.size() < how.size();
  Corruption corruption{.kind = std::string(entry.substr(0, colon)), .how = noise_named(name)};
  if (name == "missing") {
    if (has_level) throw Error(Status::kUsage, "--corrupt: '{}': missing has no level", entry);
    return corruption;
  }
  if (!corruption.how || corruption.how == NoiseKind::kClip) {
    throw Error(Status::kUsage,
                "--corrupt: '{}': '{}' is unknown; there are flat, dropout, baseline, motion, muscle, mains, pop and "
                "missing",
                entry, name);
  }
  const bool is_noise = is_additive(*corruption.how);
  const auto level = has_level ? whole_number<double>(how.substr(name.size() + 1)) : std::nullopt;
  if (!level || !std::isfinite(*level) || *level <= 0 || (is_noise && *level > kMostNoise)) {
    throw Error(Status::kUsage, "--corrupt: '{}' needs a level: {}, as {}:{}@{}", entry,
                is_noise ? "the SD of the noise over that of the signal, up to 1000" : "seconds above 0",
                corruption.kind, name, is_noise ? "0.31" : "3");
  }
  corruption.level = *level;
  return corruption;
}

// A tensor as F32 in its unit, NaN where missing.
Tensor as_floats(const Segment& segment, const Tensor& tensor) {
  std::vector<float> all;
  all.reserve(tensor.elements());
  for (std::size_t c = 0; c < tensor.channels(); ++c) {
    const std::vector<float> x = stream::physical(segment, tensor, c);
    all.insert(all.end(), x.begin(), x.end());
  }
  stream::Json attributes = tensor.attributes;
  for (const char* key : {"scale", "offset", "mask"}) attributes.erase(key);
  return stream::make_tensor(tensor.name, tensor.shape, std::move(all), std::move(attributes));
}

void add_noise(std::span<float> x, double fs, const Corruption& corruption, std::uint64_t seed, const std::string& id,
               const std::string& channel) {
  std::vector<float> there;
  std::ranges::copy_if(x, std::back_inserter(there), is_there);
  if (there.empty()) return;
  const auto spans = static_cast<std::size_t>(std::ceil(static_cast<double>(x.size()) / fs / kSynthSpan - 1e-9));
  const double decibels = -20 * std::log10(corruption.level);
  const SynthOptions options{.noise = {{*corruption.how, {decibels, decibels}}}, .seed = seed};
  add_noise(x, fs, options, draw_spoiling(options, id, spans), id, channel,
            std::vector<double>(spans, noise_power(there)));
}

// The same stretch in every channel, held or lost.
void fill_stretch(std::span<float> samples, std::size_t n, double fs, const Corruption& corruption, std::uint64_t seed,
                  const std::string& id) {
  Random random(seed, "synth/corrupt", fmt::format("{}/{}", id, corruption.kind));
  const double place = random.uniform();  // one time at every rate
  const auto length = std::min(n, static_cast<std::size_t>(std::llround(corruption.level * fs)));
  const auto first = std::min(n - length, static_cast<std::size_t>(place * static_cast<double>(n - length + 1)));
  for (; !samples.empty(); samples = samples.subspan(n)) {
    const auto part = samples.subspan(first, length);
    const auto begin = std::ranges::find_if(part, is_there);
    if (begin == part.end()) continue;
    const float value = corruption.how == NoiseKind::kFlat ? *begin : kLost;
    std::ranges::replace_if(part, is_there, value);
  }
}

void spoil(Tensor& tensor, const Corruption& corruption, std::uint64_t seed, const std::string& id) {
  const std::size_t n = tensor.samples();
  if (n == 0) return;
  std::vector<float> samples(tensor.values<float>().begin(), tensor.values<float>().end());
  if (!corruption.how) {
    std::ranges::fill(samples, kLost);
  } else if (is_additive(*corruption.how)) {
    const auto names = tensor.names();
    for (std::size_t c = 0; c < tensor.channels(); ++c) {
      add_noise(std::span(samples).subspan(c * n, n), tensor.fs(), corruption, seed, id,
                fmt::format("{}/{}", tensor.name, names.at(c)));
    }
  } else {
    fill_stretch(samples, n, tensor.fs(), corruption, seed, id);
  }
  tensor.data = Bytes::own(std::move(samples));
}

}  // namespace

std::vector<Corruption> parse_corruptions(std::string_view text) {
  std::vector<Corruption> list;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    const Corruption entry = parse_entry(text.substr(from, comma - from));
    for (const Corruption& other : list) {
      if (other.kind == entry.kind && other.how == entry.how)
        throw Error(Status::kUsage, "--corrupt: '{}' comes twice", text.substr(from, comma - from));
    }
    list.push_back(entry);
    from = comma + 1;
  }
  return list;
}

Corruptions::Corruptions(std::vector<Corruption> list, std::uint64_t seed)
    : list_(std::move(list)), seed_(seed), met_(list_.size()) {}

void Corruptions::apply(Segment& segment) {
  const std::string id = segment.id();
  std::vector<std::string> masks;
  for (std::size_t i = 0; i < list_.size(); ++i) {
    for (Tensor& tensor : segment.tensors) {
      if (tensor.kind() != list_[i].kind || !tensor.is_signal()) continue;
      met_[i] = true;
      const std::string mask = tensor.attributes.value("mask", std::string());
      tensor = as_floats(segment, tensor);
      if (!mask.empty()) masks.push_back(mask);
      spoil(tensor, list_[i], seed_, id);
    }
  }
  for (const std::string& mask : masks) segment.remove(mask);
  for (const char* key : {"quality", "predictions"}) segment.header.erase(key);
  std::erase_if(segment.tensors, [](const Tensor& tensor) { return tensor.kind() == "embedding"; });
}

void Corruptions::settle() const {
  for (std::size_t i = 0; i < list_.size(); ++i) {
    if (!met_[i]) throw Error(Status::kUsage, "--corrupt: no segment has a signal of the kind '{}'", list_[i].kind);
  }
}

}  // namespace cfm::synth
