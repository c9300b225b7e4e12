// What a fine-tuning run starts from: a model, segments with what they should say, and who is trained on.
//
//   const FinetuneData data(request, threads, max_frame);
//   Classifier network = data.network();                    // the model's encoder, a head that has learnt nothing
//   data.targets.index_select(0, …);  data.parts.train;     // places in data.labelled
//
// Throws as finetune.h says, before anything is written.
#pragma once

#include <string>
#include <vector>

#include "train/batches.h"
#include "train/classifier.h"
#include "train/finetune_request.h"
#include "train/split.h"

namespace cfm::train {

class FinetuneData {
 public:
  FinetuneData(const FinetuneRequest& request, int threads, std::uint64_t max_frame);
  FinetuneData(const FinetuneData&) = delete;
  FinetuneData& operator=(const FinetuneData&) = delete;

  Classifier network() const;
  // Of the model, of the segments in their order and of what they should say: what resuming must find again.
  std::string fingerprint() const;
  // Who chooses the epoch: the inner split, or those who are trained on where it is empty.
  const Rows& judged() const { return parts.validation.empty() ? parts.train : parts.validation; }

  model::Checkpoint start;
  bool untaught;  // its encoder starts from random weights
  dataset::Store store;
  Labelled labelled;
  LabelTask task;
  Split parts;
  torch::Tensor targets;  // [labelled.rows, …]
  std::string note;       // what was left out
  PreparedSegments segments;

 private:
  std::uint64_t seed_;
  std::vector<double> grades_;  // of an ordinal label: training segments of each
};

}  // namespace cfm::train
