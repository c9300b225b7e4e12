#include "synth/converter.h"

#include <algorithm>
#include <cmath>

namespace cfm::synth {
namespace {

constexpr double kMost = 32767;

// Steps a unit: a whole number, so that a step is a decimal.
double steps_of(const std::string& kind, double largest) {
  double steps = kind == "ecg" ? 1000 : kind == "abp" ? 100 : 10000;
  while (largest * steps > kMost) steps /= 10;
  return steps;
}

stream::Tensor convert(const stream::Tensor& tensor, std::vector<std::uint8_t>& mask) {
  const auto values = tensor.values<float>();
  const std::size_t n = tensor.samples(), channels = tensor.channels();
  std::vector<std::int16_t> out(values.size(), 0);
  std::vector<double> scales;
  mask.assign(values.size(), 1);
  for (std::size_t c = 0; c < channels; ++c) {
    double largest = 0;
    for (std::size_t i = c * n; i < (c + 1) * n; ++i) {
      if (std::isfinite(values[i])) largest = std::max(largest, std::abs(static_cast<double>(values[i])));
    }
    const double steps = steps_of(tensor.kind(), largest);
    for (std::size_t i = c * n; i < (c + 1) * n; ++i) {
      if (std::isfinite(values[i])) {
        out[i] = static_cast<std::int16_t>(std::lround(std::clamp(values[i] * steps, -kMost, kMost)));
      } else {
        mask[i] = 0;
      }
    }
    scales.push_back(1 / steps);
  }
  stream::Json attributes = tensor.attributes;
  attributes["scale"] = scales;
  if (std::ranges::find(mask, 0) != mask.end()) {
    attributes["mask"] = tensor.name + "/mask";
  } else {
    mask.clear();
  }
  return stream::make_tensor(tensor.name, tensor.shape, std::move(out), std::move(attributes));
}

}  // namespace

stream::Segment converted(stream::Segment segment) {
  std::vector<stream::Tensor> masks;
  for (stream::Tensor& tensor : segment.tensors) {
    if (!tensor.is_signal() || tensor.kind() == "waveform") continue;
    std::vector<std::uint8_t> mask;
    stream::Tensor stored = convert(tensor, mask);
    if (!mask.empty())
      masks.push_back(stream::make_tensor(tensor.name + "/mask", tensor.shape, std::move(mask), {{"kind", "mask"}}));
    tensor = std::move(stored);
  }
  for (stream::Tensor& mask : masks) segment.put(std::move(mask));
  return segment;
}

}  // namespace cfm::synth
