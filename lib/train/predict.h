// Predictions of a fine-tuned model, for whoever it may honestly be asked about.
//
//   Predictor predictor("runs/vt0", {.fold = dataset::FoldChoice{0, 5}});
//   if (auto reason = predictor.left_out(segment)) …     // "other_fold"
//   predictor.predict(segments, first);                  // header["predictions"]["true_alarm"] = {value, score, …}
//
// A subject whose labels the model was fitted on is never scored unnoticed: with a fold it is left out, without one it
// is status 2, with allow_seen its row says "seen": true. Another fold than that of the run is status 2; a model
// without a task, or that needs a channel the segment lacks, status 3. binary: score is the probability of the
// positive, value what it is at the threshold; several classes: scores a class, score that of value; number: value
// alone, in the label's unit.
#pragma once

#include <torch/torch.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataset/folds.h"
#include "model/checkpoint.h"
#include "stream/segment.h"
#include "train/task.h"

namespace cfm::train {

inline constexpr const char* kTaskKey = "cfm.task";  // in a checkpoint's metadata

// An encoder and a linear head on the mean of its tokens; parameters encoder.…, head.weight, head.bias.
struct ClassifierImpl : torch::nn::Module {
  ClassifierImpl(model::Encoder encoder, std::int64_t d, std::int64_t outputs);
  torch::Tensor features(const torch::Tensor& x);  // [B, C, L] -> [B, d]
  torch::Tensor forward(const torch::Tensor& x) { return head(features(x)); }

  model::Encoder encoder{nullptr};
  torch::nn::Linear head{nullptr};
};
TORCH_MODULE(Classifier);

struct PredictOptions {
  std::optional<dataset::FoldChoice> fold{};
  bool allow_seen = false;
  std::size_t batch = 16;  // segments; part of what makes results reproducible
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
  bool seen(const stream::Segment& segment) const;
  std::string name_;
  model::Checkpoint checkpoint_;
  LabelTask task_;
  PredictOptions options_;
  Classifier network_{nullptr};
};

}  // namespace cfm::train
