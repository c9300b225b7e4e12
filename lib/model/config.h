// A model as data: one JSON object names its family, its input, its sizes and how it is trained. Free of LibTorch.
//
//   ModelConfig config = ModelConfig::open("qualityfm-base");   // a registered name, or a file NAME.json
//   config.set({"schedule.batch=64", "objective.spectrum_of=own"});   // --set, dotted paths; then checked as a whole
//   config.to_json();                                           // --print-model; reads back to the same
//
// A file may say less: what it leaves out is that of the named model in its key `base` (default qualityfm-base). A key
// that does not exist, a value of another kind and sizes that do not fit together are Error status 2 naming the key.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "prepare/prepare.h"
#include "stream/segment.h"

namespace cfm::model {

using stream::Json;

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

  bool operator==(const QualityFmOptions&) const = default;
};

// Sizes that do not fit together: Error status 2 naming them.
void check(const QualityFmOptions& options);

// Length after three convolutions of these strides.
std::int64_t tokens_after(std::int64_t length, const std::array<std::int64_t, 3>& strides);

struct ModelConfig {
  std::string name;    // "qualityfm-base"
  std::string family;  // "qualityfm"
  std::string description;
  prepare::Profile profile;
  QualityFmOptions architecture;
  // Plain JSON, complete and checked against the registered models: see the table in config.cc for keys and defaults.
  Json objective, optimiser, schedule, augmentation;

  static ModelConfig from_json(const Json& json, const std::string& where = "configuration");
  static ModelConfig open(const std::string& name_or_file);
  Json to_json() const;
  // "schedule.batch=64": the value is JSON, or a bare word for a text. Sizes are checked after the last.
  void set(const std::vector<std::string>& assignments);
};

struct ModelSummary {
  std::string name, description;
};
// The registered models, in the order in which they are shown.
std::vector<ModelSummary> named_models();

}  // namespace cfm::model
