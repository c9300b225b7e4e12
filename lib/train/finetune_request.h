// What a fine-tuning run is, settled before its first step: kept in DIR/state/run.json, so that --resume needs -o
// alone.
//
//   FinetuneRequest request{.model = "runs/q", .label = "true_alarm", .data = {"vt.cfm"}, .seed = 3};
//   request.settle();                                   // paths absolute, what contradicts itself refused
//   FinetuneRequest::from_json(request.to_json(), "runs/vt0") == request;
//
// Status 2: both a model and a configuration or neither, data that are a pipe, an option that the mode does not have.
// from_json: status 4 naming `where`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataset/folds.h"
#include "train/label_loss.h"
#include "train/recipe.h"
#include "train/task.h"

namespace cfm::train {

struct FinetuneRequest {
  std::string model{};          // a run folder or a safetensors file; or:
  std::string configuration{};  // a registered model or a JSON file, trained from random weights
  std::vector<std::string> set{};
  std::string label{};
  std::vector<std::string> data{};  // .cfm files
  Mode mode = Mode::kFull;
  std::optional<std::string> positive{};  // text of the positive value; default: 1, true, or the later in byte order
  std::optional<TaskKind> kind{};
  bool waveform = false;  // the label is a recorded signal's kind; found out where nothing has such a label
  std::optional<dataset::FoldChoice> fold{};
  std::string folds_by{}, folds_file{};  // split.h; settle() finds the file
  bool random_start = false;             // --init random: a control
  LossOptions loss{};
  std::optional<std::int64_t> rank{};  // of adapters (lora); default 8, with an alpha of twice the rank
  double layer_decay = 1;              // full: optimiser.h
  std::optional<std::int64_t> epochs{}, steps{}, patience{}, batch{};  // recipe.h
  std::optional<double> rate{};
  std::optional<bool> bf16{};  // loop.h; default: as the model's schedule says
  double validation = 0.2;     // share of the training subjects
  std::uint64_t seed = 0;

  void settle();
  Json to_json() const;
  static FinetuneRequest from_json(const Json& json, const std::string& where);
  bool operator==(const FinetuneRequest& other) const { return to_json() == other.to_json(); }
};

}  // namespace cfm::train
