#include "eval/preview.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace cfm::eval {
namespace {

Preview preview_of(std::span<const float> values, std::size_t columns) {
  Preview preview;
  const std::size_t n = values.size(), drawn = std::min(columns, n);
  for (std::size_t c = 0; c < drawn; ++c) {
    constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
    float low = kNone, high = kNone;
    for (const float value : values.subspan(c * n / drawn, (c + 1) * n / drawn - c * n / drawn)) {
      if (!std::isfinite(value)) continue;
      low = std::isnan(low) ? value : std::min(low, value);
      high = std::isnan(high) ? value : std::max(high, value);
    }
    preview.low.push_back(low);
    preview.high.push_back(high);
  }
  return preview;
}

}  // namespace

std::vector<Preview> previews(const stream::Segment& segment, std::size_t columns) {
  std::vector<Preview> all;
  for (const stream::Tensor& tensor : segment.tensors) {
    if (!tensor.is_signal() || tensor.kind() == "waveform") continue;
    const std::vector<std::string> names = tensor.names(), units = tensor.units();
    for (std::size_t c = 0; c < tensor.channels(); ++c) {
      Preview preview = preview_of(stream::physical(segment, tensor, c), columns);
      preview.name = names[c];
      preview.kind = tensor.kind();
      preview.unit = c < units.size() ? units[c] : "";
      preview.t0 = tensor.t0();
      preview.seconds = static_cast<double>(tensor.samples()) / tensor.fs();
      all.push_back(std::move(preview));
    }
  }
  return all;
}

}  // namespace cfm::eval
