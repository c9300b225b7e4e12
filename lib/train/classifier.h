// An encoder of any family and the head of a task; what the head should say, and how wrong it is.
//
//   Classifier network(model::load_encoder(checkpoint), task);
//   torch::Tensor loss = loss_of(network(x), targets(values, task), task);      // x [B, C, L]; logits [B,
//   task.logits()]
//
// Losses: binary cross-entropy of two classes, and of each of several labels; cross-entropy of several classes; of
// grades the binary cross-entropy of "above grade k" for each k (CORAL: Cao, Mirjalili, Raschka 2020), one projection
// for all of them and cuts that ascend; of a number the mean squared error of the standardised label.
#pragma once

#include <torch/torch.h>

#include <span>

#include "model/encoder.h"
#include "train/task.h"

namespace cfm::train {

// weight [outputs, d], bias [outputs] as torch::nn::Linear has and starts them; of grades one output, and cuts
// [grades − 1]: the first cut, then what the softplus of turns into the distance of the next.
struct TaskHeadImpl : torch::nn::LinearImpl {
  TaskHeadImpl(std::int64_t d, const LabelTask& task);
  torch::Tensor forward(const torch::Tensor& features);  // [B, d] -> [B, task.logits()]
  // Cuts at which a head that says nothing yet gives these shares: counts of each grade.
  void start_from(std::span<const double> counts);

  torch::Tensor cuts;
};
TORCH_MODULE(TaskHead);

// A head on the mean of the tokens; parameters encoder.…, head.weight, head.bias, head.cuts.
struct ClassifierImpl : torch::nn::Module {
  ClassifierImpl(model::Encoder encoder, const LabelTask& task);
  torch::Tensor features(const torch::Tensor& x);  // [B, C, L] -> [B, d]
  torch::Tensor forward(const torch::Tensor& x) { return head(features(x)); }

  model::Encoder encoder{nullptr};
  TaskHead head{nullptr};
};
TORCH_MODULE(Classifier);

// [N] class numbers (int64) of several classes, else float [N, task.logits()].
torch::Tensor targets(std::span<const Json> values, const LabelTask& task);
torch::Tensor loss_of(const torch::Tensor& logits, const torch::Tensor& target, const LabelTask& task);

}  // namespace cfm::train
