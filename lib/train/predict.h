// Predictions of a fine-tuned model, for whoever it may honestly be asked about.
//
//   Predictor predictor("runs/vt0", {.fold = dataset::FoldChoice{0, 5}});
//   if (auto reason = predictor.left_out(segment)) …     // "other_fold" "no_fold"
//   predictor.predict(segments, first);                  // header["predictions"]["true_alarm"] = {task, value, …}
//
// A waveform is a tensor "predicted/LABEL" instead (waveform.h), whose attributes say the same of the model.
// A subject whose labels the model was fitted on is never scored unnoticed: with a fold it is left out, without one it
// is status 2, with allow_seen its row says "seen": "labels"; one that was seen in pre-training says "pretraining".
// With a fold those of no fold, who had no label when the folds were made, are left out, too. Another fold than that of
// the run is status 2; a model without a task, or that needs a channel the segment lacks, status 3. What a prediction
// holds beside its task's (task.h): abstain (asked for: whether its confidence is among the least of the inner split),
// model, family, init, mode, fold, folds, seen.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "dataset/folds.h"
#include "model/checkpoint.h"
#include "prepare/prepare.h"
#include "stream/segment.h"
#include "train/classifier.h"
#include "train/task.h"

namespace cfm::train {

inline constexpr const char* kTaskKey = "cfm.task";      // in a checkpoint's metadata
LabelTask task_of(const model::Checkpoint& checkpoint);  // status 3 where it has none

struct PredictOptions {
  std::optional<dataset::FoldChoice> fold{};
  bool allow_seen = false;
  std::optional<double> abstain{};  // share of the least confident
  std::size_t batch = 16;           // segments; part of what makes results reproducible
  bool bf16 = false;                // model/precision.h
  int threads = 1;                  // that prepare segments
};

class Predictor {
 public:
  Predictor(const std::string& model, const PredictOptions& options);

  // Why this segment is not to be scored; status 2 where it must not be.
  std::optional<std::string> left_out(const stream::Segment& segment) const;
  // Places first … of one batch; first + segments.size() <= batch. The same place gives the same bits at equal threads.
  void predict(std::span<stream::Segment> segments, std::size_t first = 0);

  const LabelTask& task() const { return task_; }
  // Columns of the table for people and scripts, and the row of a segment that predict() has seen.
  std::vector<std::string> columns() const;
  std::vector<std::string> row(const stream::Segment& segment) const;

 private:
  const char* seen(const stream::Segment& segment) const;  // "labels", "pretraining", ""
  Json about(const stream::Segment& segment) const;        // model, family, mode, …
  void put(stream::Segment& segment, std::span<const double> logits) const;

  std::string name_;
  model::Checkpoint checkpoint_;
  LabelTask task_;
  PredictOptions options_;
  prepare::Preparer preparer_;
  std::set<std::string> of_fold_;  // hashes of the subjects that the fold holds
  double least_confidence_ = 0;
  Classifier network_{nullptr};
};

}  // namespace cfm::train
