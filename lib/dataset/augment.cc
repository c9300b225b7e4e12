#include "dataset/augment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace cfm::dataset {

void augment(std::span<float> values, std::size_t channels, double fs, const AugmentOptions& options,
             const AugmentKey& key) {
  if (channels == 0 || values.empty()) return;
  const std::size_t samples = values.size() / channels;
  Random random(key.seed, "augment", fmt::format("{}/{}/{}", key.epoch, key.view, key.sample));
  if (random.uniform() < options.noise_p) {
    for (float& x : values) x += static_cast<float>(options.noise * random.normal());
  }
  if (random.uniform() < options.gain_p) {
    const auto gain = static_cast<float>(random.uniform(options.gain_low, options.gain_high));
    for (float& x : values) x *= gain;
  }
  if (random.uniform() < options.offset_p) {
    for (std::size_t c = 0; c < channels; ++c) {
      const auto offset = static_cast<float>(random.uniform(-options.offset, options.offset));
      for (float& x : values.subspan(c * samples, samples)) x += offset;
    }
  }
  if (random.uniform() < options.blank_p) {
    const double seconds = random.uniform(options.blank_low, options.blank_high);
    const std::size_t length = std::min(samples, static_cast<std::size_t>(std::lround(seconds * fs)));
    const std::size_t first = random.below(samples - length + 1);
    for (std::size_t c = 0; c < channels; ++c) {
      const auto blank = values.subspan(c * samples + first, length);
      std::fill(blank.begin(), blank.end(), 0.0F);
    }
  }
}

}  // namespace cfm::dataset
