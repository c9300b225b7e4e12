#include "train/supervised.h"

namespace cfm::train {

Supervised::Supervised(Classifier network, Mode mode, LabelLoss loss, const model::AdapterOptions& adapters,
                       const FrozenFeatures* features)
    : network_(std::move(network)), mode_(mode), loss_(std::move(loss)), features_(features) {
  if (mode_ == Mode::kFull) {
    trained_ = network_.ptr();
    return;
  }
  trained_ = std::make_shared<torch::nn::Module>();
  trained_->register_module("head", network_->head);
  if (mode_ == Mode::kLora) {
    adapters_ = model::Adapters(*network_->encoder, adapters);
    trained_->register_module("adapters", adapters_);
  }
}

void Supervised::set_training(bool learns) {
  network_->train(learns);
  if (mode_ != Mode::kLora) return;
  for (const auto& module : network_->encoder->modules()) {
    if (module->as<torch::nn::BatchNorm1dImpl>() != nullptr) module->eval();
  }
  adapters_->apply();
}

Terms Supervised::forward(const Batch& batch) {
  if (!is_frozen(mode_)) set_training(torch::GradMode::is_enabled());
  const torch::Tensor& x = batch.views.at(0);
  const torch::Tensor logits = is_frozen(mode_) ? network_->head(x) : network_(x);
  return {loss_(logits, batch.target), {}, {}};
}

model::State Supervised::state() const { return model::state_of(*trained_); }

void Supervised::load(const model::State& state, const std::string& where) {
  model::load_state(*trained_, state, "", where);
}

model::State Supervised::result() const {
  model::State state = model::state_of(*network_);
  if (mode_ == Mode::kLora) {
    for (const auto& [name, weight] : adapters_->merged()) state["encoder." + name] = weight;
  }
  if (is_frozen(mode_)) {
    const model::State head = model::state_of(*network_->head);
    for (const auto& [name, tensor] : network_->head->for_plain(head, features_->mean(), features_->sd())) {
      state["head." + name] = tensor;
    }
  }
  return state;
}

}  // namespace cfm::train
