// An encoder of any family and the head of a task.
//
//   Classifier network(model::load_encoder(checkpoint), checkpoint.config, task);
//   torch::Tensor logits = network(x);                      // x [B, C, L]; logits [B, task.logits()]
//
// The head is linear: in the mean of the tokens; in what a learnt query makes of them (mode attentive, pooling.h); of a
// waveform in each token alone, which gives the samples of its stretch of time. What is right of them: label_loss.h.
#pragma once

#include <torch/torch.h>

#include <span>

#include "model/checkpoint.h"
#include "model/encoder.h"
#include "model/pooling.h"
#include "train/task.h"

namespace cfm::train {

// weight [outputs, d], bias [outputs] as torch::nn::Linear has and starts them; of grades one output, and cuts
// [grades − 1]: the first cut, then what the softplus of turns into the distance of the next. pool: of mode attentive.
struct TaskHeadImpl : torch::nn::LinearImpl {
  // hop: seconds from token to token.
  TaskHeadImpl(std::int64_t d, double hop, const LabelTask& task);
  // What of the tokens [B, n, d] the head reads: their mean [B, d], or all of them.
  torch::Tensor reduce(const torch::Tensor& tokens) const { return reads_tokens_ ? tokens : tokens.mean(1); }
  torch::Tensor forward(const torch::Tensor& reduced);  // -> [B, task.logits()]
  // Cuts at which a head that says nothing yet gives these shares: counts of each grade.
  void start_from(std::span<const double> counts);
  // A state of this head that was fitted to (x − mean) / sd, [d] both, as one that takes x.
  model::State for_plain(model::State state, const torch::Tensor& mean, const torch::Tensor& sd) const;

  torch::Tensor cuts;
  model::AttentivePool pool{nullptr};

 private:
  bool reads_tokens_;
  double samples_a_token_ = 0;  // of a waveform
  std::int64_t samples_ = 0;
};
TORCH_MODULE(TaskHead);

// Parameters encoder.…, head.weight, head.bias, head.cuts, head.pool.…
struct ClassifierImpl : torch::nn::Module {
  ClassifierImpl(model::Encoder encoder, const model::ModelConfig& config, const LabelTask& task);
  torch::Tensor features(const torch::Tensor& x) { return head->reduce(encoder->forward(x)); }
  torch::Tensor forward(const torch::Tensor& x) { return head(features(x)); }

  model::Encoder encoder{nullptr};
  TaskHead head{nullptr};
};
TORCH_MODULE(Classifier);

}  // namespace cfm::train
