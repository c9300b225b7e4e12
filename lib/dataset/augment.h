// QualityFM's augmentation of one view of a segment (Guo, Chen, Ferrario, arXiv 2509.06516).
//
//   std::vector<float> view = prepare(segment, profile);
//   augment(view, 2, 300, {}, {.seed = seed, .epoch = epoch, .sample = segment.id(), .view = 0});
//
// values is [channels, samples] row-major, already scaled. Each step happens with its own probability, in the order
// noise, gain, offset, blank; every draw is a function of the key.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cfm::dataset {

struct AugmentOptions {
  double noise = 0.01, noise_p = 0.5;                       // SD of white noise on every sample
  double gain_low = 0.9, gain_high = 1.1, gain_p = 0.5;     // one factor for all channels
  double offset = 0.1, offset_p = 0.3;                      // U(−offset, offset), drawn for each channel
  double blank_low = 1.5, blank_high = 3.0, blank_p = 0.3;  // seconds set to zero, in all channels at once
};

struct AugmentKey {
  std::uint64_t seed = 0, epoch = 0;
  std::string_view sample;  // a segment's id
  int view = 0;             // 0 teacher, 1 student
};

void augment(std::span<float> values, std::size_t channels, double fs, const AugmentOptions& options,
             const AugmentKey& key);

}  // namespace cfm::dataset
