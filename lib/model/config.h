// A model as data: one JSON object names its family, its input, its sizes and how it is trained. Free of LibTorch.
//
//   ModelConfig config = ModelConfig::open("qualityfm-base");   // a registered name, or a file NAME.json
//   config.set({"schedule.batch=64", "objective.spectrum_of=own"});   // --set, dotted paths; then checked as a whole
//   config.to_json();                                           // --print-model; reads back to the same
//
// A file may say less: what it leaves out is that of the named model in its key `base` (default: the first of its
// family, else qualityfm-base). A key that does not exist, a value of another kind, another family than the base's and
// sizes that do not fit together are Error status 2 naming the key. A model without an objective is trained on labels
// from the start: its optimiser and schedule are those of cfm-finetune.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/architecture.h"
#include "prepare/prepare.h"

namespace cfm::model {

struct ModelConfig {
  std::string name;    // "qualityfm-base"
  std::string family;  // "qualityfm" or "resnet1d"
  std::string description;
  std::string source;          // the paper
  Json notes = Json::array();  // why its settings are what they are: texts
  prepare::Profile profile;
  Architecture architecture;
  // Plain JSON, complete and checked against the registered models: see lib/model/models for keys and defaults.
  Json objective, optimiser, schedule, augmentation;

  static ModelConfig from_json(const Json& json, const std::string& where = "configuration");
  static ModelConfig open(const std::string& name_or_file);
  Json to_json() const;
  std::int64_t channels() const { return static_cast<std::int64_t>(profile.channels.size()); }
  bool has_objective() const { return !objective.empty(); }
  // The architecture as that of its family: status 2 where it is another.
  const QualityFmOptions& qualityfm() const;
  // "schedule.batch=64": the value is JSON, or a bare word for a text. Sizes are checked after the last.
  void set(const std::vector<std::string>& assignments);
};

struct ModelSummary {
  std::string name, description;
};
// The registered models, in the order in which they are shown.
std::vector<ModelSummary> named_models();

}  // namespace cfm::model
