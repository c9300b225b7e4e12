// Fits a model to a label: a head on frozen features, adapters in a pre-trained model or everything of it, or a model
// from nothing.
//
//   FinetuneOptions ask;
//   ask.model = "runs/q";  ask.label = "true_alarm";  ask.data = {"vt.cfm"};  ask.fold = dataset::FoldChoice{0, 5};
//   ask.folder = "runs/vt0";
//   FinetuneReport report = finetune(ask);
//   ask = {};  ask.folder = "runs/vt0";  ask.resume = true;  finetune(ask);    // all else is the run's
//
// Subjects are split, never segments (split.h): the fold's own are untouched, 20 % of the others choose the epoch
// (lowest validation loss), the calibration and the thresholds (task.h). Modes and rates: recipe.h; losses:
// label_loss.h; signals as targets: waveform.h. The result carries folds and the hashes of the labelled subjects. A run
// that was interrupted or killed and resumed ends with the bits of one that was not (loop.h); one that is complete is
// left as it is. With several seeds there is a run a seed in DIR/seed-K, folds and first weights its own. Status 2: no
// such label, one value only, fewer subjects than folds, a folder that holds a run, what finetune_request.h refuses,
// with resume flags or data that are not the run's. Status 3: a channel of the model that the data lack.
#pragma once

#include <cstdint>
#include <string>

#include "stream/pipe.h"
#include "train/finetune_report.h"
#include "train/finetune_request.h"
#include "train/loop.h"

namespace cfm::train {

struct FinetuneOptions : FinetuneRequest {
  std::string folder{};
  int seeds = 1;  // that many fits, with the seeds seed, seed + 1, …
  bool resume = false, force = false;
  std::int64_t checkpoint_every = 100;  // steps; 0: when interrupted
  int threads = 1;
  std::uint64_t max_frame = stream::kDefaultMaxFrame;
  stream::Provenance provenance{};
  ProgressCallback progress{};
};

FinetuneReport finetune(const FinetuneOptions& options);

}  // namespace cfm::train
