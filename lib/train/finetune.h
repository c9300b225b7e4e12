// Fits a model to a label: a linear head on frozen features, everything of a pre-trained model, or a model from
// nothing.
//
//   FinetuneOptions ask{.model = "runs/q", .label = "true_alarm", .data = {"vt.cfm"}, .folder = "runs/vt0",
//                       .fold = dataset::FoldChoice{0, 5}};
//   FinetuneReport report = finetune(ask);
//
// Subjects are split, never segments (split.h): the fold's own are untouched, 20 % of the others choose the epoch
// (lowest validation loss), the calibration and the thresholds (task.h). Losses: classifier.h. The result carries folds
// and the hashes of the labelled subjects. Status 2: no such label, one value only, fewer subjects than folds, a folder
// that holds a run, both a model and a configuration or neither. Status 3: a channel of the model that the data lack.
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
  std::string model{};          // a run folder or a safetensors file; or:
  std::string configuration{};  // a registered model or a JSON file, trained from random weights
  std::vector<std::string> set{};
  std::string label{};
  std::vector<std::string> data{};  // .cfm files
  std::string folder{};
  Mode mode = Mode::kFull;
  std::optional<std::string> positive{};  // text of the positive value; default: 1, true, or the later in byte order
  std::optional<TaskKind> kind{};
  std::optional<dataset::FoldChoice> fold{};
  std::string folds_by{};     // split.h
  bool random_start = false;  // --init random: a control
  // Where nothing is said: of a model without an objective trained in full, its configuration; of others 20 epochs at
  // most, 5 without a better validation loss before it stops, 128 segments a batch as published, less where that makes
  // fewer than 8 steps an epoch, a rate of 1e-4 for full (published) and 1e-2 for linear, weight decay 0.04.
  std::optional<std::int64_t> epochs{}, patience{}, batch{};
  std::optional<double> rate{};
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
  std::string note;  // what could not be fitted on the inner split, and why
  // "true_alarm: 92 segments of 92 subjects to train, …"
  std::string line() const;
};

FinetuneReport finetune(const FinetuneOptions& options);

}  // namespace cfm::train
