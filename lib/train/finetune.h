// Adapts a pre-trained encoder to a label: a linear head on frozen features, or everything trainable.
//
//   FinetuneOptions ask{.model = "runs/q", .label = "true_alarm", .data = {"vt.cfm"}, .folder = "runs/vt0",
//                       .fold = dataset::FoldChoice{0, 5}};
//   FinetuneReport report = finetune(ask);
//
// Subjects are split, never segments: the fold's own are untouched, 20 % of the others choose the epoch (lowest
// validation loss) and the threshold (largest sum of sensitivity and specificity). The result carries folds and the
// hashes of the labelled subjects. Losses: binary and several classes cross-entropy, numbers mean squared error of the
// standardised label. Status 2: no such label, one value only, fewer subjects than folds, a folder that holds a run.
// Status 3: a channel of the model that the data lack.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataset/folds.h"
#include "stream/pipe.h"
#include "train/loop.h"
#include "train/task.h"

namespace cfm::train {

enum class Mode { kLinear, kFull };
Mode mode_named(const std::string& name);  // status 2

struct FinetuneOptions {
  std::string model{};  // a run folder or a safetensors file
  std::string label{};
  std::vector<std::string> data{};  // .cfm files
  std::string folder{};
  Mode mode = Mode::kFull;
  std::optional<std::string> positive{};  // text of the positive value; default: 1, true, or the later in byte order
  std::optional<dataset::FoldChoice> fold{};
  bool random_start = false;  // --init random: a control
  std::int64_t epochs = 20;
  std::int64_t patience = 5;  // epochs without a better validation loss before it stops
  std::int64_t batch = 0;     // segments; 0: 128 as published, less where that makes fewer than 8 steps an epoch
  double rate = 0;            // 0: 1e-4 for full (published), 1e-2 for linear
  double weight_decay = 0.04;
  double validation = 0.2;  // share of the training subjects
  std::uint64_t seed = 0;
  bool force = false;
  int threads = 1;
  std::uint64_t max_frame = stream::kDefaultMaxFrame;
  stream::Provenance provenance{};
  ProgressCallback progress{};
};

struct FinetuneReport {
  Ending ending = Ending::kDone;  // interrupted: no model was written
  LabelTask task;
  std::size_t train_segments = 0, validation_segments = 0, held_out_segments = 0;
  std::size_t train_subjects = 0, validation_subjects = 0, held_out_subjects = 0;
  std::int64_t epochs = 0, best_epoch = 0;  // run, and kept (from 1)
  double validation_loss = 0;
};

FinetuneReport finetune(const FinetuneOptions& options);

}  // namespace cfm::train
