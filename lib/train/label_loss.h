// What a head should have said, and how wrong it is.
//
//   const torch::Tensor target = targets(values, task);
//   const LabelLoss loss(task, {.weights = ClassWeights::kBalanced}, target.index_select(0, training));
//   loss(network(x), target.index_select(0, rows)).backward();
//
// Binary cross-entropy of two classes, and of each of several labels; cross-entropy of several classes; of grades the
// binary cross-entropy of "above grade k" for each k (CORAL: Cao, Mirjalili, Raschka 2020), one projection for all of
// them and cuts that ascend; of a number the mean squared error of the standardised label; of a waveform the smooth L1
// (the Huber loss of 1 SD) of the standardised samples that were recorded. The mean over the items, so that a batch in
// pieces has the same gradients. Status 2: a loss or weights that the kind of label does not have.
#pragma once

#include <torch/torch.h>

#include <span>
#include <string>

#include "train/task.h"

namespace cfm::train {

// [N] class numbers (int64) of several classes, else float [N, task.logits()]. Not of a waveform (waveform.h).
torch::Tensor targets(std::span<const Json> values, const LabelTask& task);

// Of two classes or several labels, logits and labels (0 or 1) of one shape; summed. What is easily seen not to be
// there counts little: (1 − p)^positive · log p of what is, q^negative · log(1 − q), q = max(p − shift, 0), of what is
// not. Ridnik et al., arXiv 2009.14119; the gradient goes through the powers, too.
torch::Tensor asymmetric_loss(const torch::Tensor& logits, const torch::Tensor& labels, double negative = 4,
                              double positive = 1, double shift = 0.05);

enum class LossKind { kOfLabel, kAsymmetric };
enum class ClassWeights {
  kNone,
  kBalanced  // N / (classes there · N of the class) among the training segments; of each yes or no alone
};
LossKind loss_named(const std::string& name);               // "entropy" "asymmetric"; status 2
ClassWeights class_weights_named(const std::string& name);  // "none" "balanced"; status 2

struct LossOptions {
  LossKind kind = LossKind::kOfLabel;
  ClassWeights weights = ClassWeights::kNone;
};

class LabelLoss {
 public:
  LabelLoss(const LabelTask& task, const LossOptions& options, const torch::Tensor& training);
  torch::Tensor operator()(const torch::Tensor& logits, const torch::Tensor& target) const;  // scalar, a mean

 private:
  TaskKind kind_;
  bool waveform_;
  LossKind loss_;
  torch::Tensor weights_;  // [classes]; or [2, logits]: of no, of yes; undefined: all the same
};

}  // namespace cfm::train
