// Learning from labels as an objective of the training loop.
//
//   Supervised objective(network, Mode::kLora, loss, {.rank = 8, .alpha = 16});
//   Supervised head(network, Mode::kLinear, loss, {}, &features);     // of a frozen encoder: batches of features
//   train(objective, adam, make_batch, run, at, loop);
//
// What is trained: the head alone (linear, attentive), the head and adapters (lora), everything (full). With adapters
// the encoder's norms keep what they know of the data's mean and SD. result() is an ordinary network in every mode:
// adapters merged, the scaling of features in the head.
#pragma once

#include <torch/torch.h>

#include "model/lora.h"
#include "train/classifier.h"
#include "train/examples.h"
#include "train/label_loss.h"
#include "train/objective.h"
#include "train/recipe.h"

namespace cfm::train {

class Supervised : public Objective {
 public:
  // features: of linear and attentive, what the batches are made by.
  Supervised(Classifier network, Mode mode, LabelLoss loss, const model::AdapterOptions& adapters,
             const FrozenFeatures* features = nullptr);

  torch::nn::Module& trained() override { return *trained_; }
  Terms forward(const Batch& batch) override;
  model::State state() const override;
  void load(const model::State& state, const std::string& where) override;
  model::State result() const override;

 private:
  void set_training(bool learns);

  Classifier network_;
  Mode mode_;
  LabelLoss loss_;
  const FrozenFeatures* features_;
  model::Adapters adapters_{nullptr};
  std::shared_ptr<torch::nn::Module> trained_;
};

}  // namespace cfm::train
