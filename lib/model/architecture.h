// The sizes of a model, one struct a family. Free of LibTorch.
//
//   Architecture a = architecture_of("resnet1d", json);         // status 2 for sizes that do not fit together
//   std::visit([](const auto& sizes) { check(sizes); }, a);
//   to_json(a);                                                 // reads back to the same
//
// JSON has a key a field, all of them. Whether sizes fit a profile is a question to config.h.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "stream/segment.h"

namespace cfm::model {

using stream::Json;

// model/qualityfm.h
struct QualityFmOptions {
  std::int64_t channels = 2;
  std::int64_t d = 512;     // width; even, divisible by heads, at least 100
  std::int64_t layers = 2;  // of the encoder, and of the decoder
  std::int64_t heads = 4;
  std::int64_t ffn = 256;
  std::int64_t window = 8;   // token i sees |i - j| <= window / 2; token 0 is global
  std::int64_t tokens = 18;  // of one segment: what strides make of its samples
  std::int64_t bins = 512;   // spectral bins that are predicted: 0 … 17 Hz of 30 s
  std::array<std::int64_t, 3> strides = {5, 10, 10};
  std::array<std::int64_t, 3> decoder_strides = {5, 10, 10};  // must turn d features into one token a channel
  double dropout = 0.1;                                       // while training
  // Of the phase head, a bin: 1 or 2, as the objective asks for (model/self_distillation.h). Not in the JSON.
  std::int64_t phase_values = 1;

  bool operator==(const QualityFmOptions&) const = default;
};

// model/resnet1d.h
struct ResNet1dOptions {
  std::int64_t channels = 2;
  std::int64_t stem = 64;                                  // width of the first convolution
  std::int64_t stem_stride = 5;                            // samples
  std::vector<std::int64_t> widths = {64, 128, 192, 304};  // of the residual blocks; the last is that of the tokens
  std::vector<std::int64_t> strides = {3, 3, 3, 3};        // of each block
  std::int64_t kernel = 17;                                // of every convolution that looks around; odd
  double dropout = 0.2;                                    // while training, within and after each block

  bool operator==(const ResNet1dOptions&) const = default;
};

using Architecture = std::variant<QualityFmOptions, ResNet1dOptions>;

// Sizes that do not fit together: Error status 2 naming them.
void check(const QualityFmOptions& options);
void check(const ResNet1dOptions& options);

// "qualityfm", "resnet1d".
std::vector<std::string> families();
// json has every key of the family's struct, each of its kind.
Architecture architecture_of(const std::string& family, const Json& json);
Json to_json(const Architecture& architecture);

// Length after convolutions of these strides.
template <typename Strides>
std::int64_t tokens_after(std::int64_t length, const Strides& strides) {
  for (const std::int64_t stride : strides) length = (length + stride - 1) / stride;
  return length;
}

}  // namespace cfm::model
