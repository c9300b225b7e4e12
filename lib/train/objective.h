// What a model is taught by, behind one small interface. Each objective is a file: self_distillation.h, supervised.h.
//
//   std::unique_ptr<Objective> objective = make_objective(config, seed);
//   Terms terms = objective->forward(batch);  terms.total.backward();  adam.step(rate, decay);
//   objective->after_step(step, steps);       // teacher, centre
//
// B batch, C channels, L samples of the model's profile. An objective owns its modules and everything about them that
// changes; state() is all of that, and load(state()) goes on as if nothing had been in between.
// Status 2: an objective of another name, a setting that makes no sense.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/checkpoint.h"
#include "model/config.h"

namespace cfm::train {

struct Batch {
  std::vector<torch::Tensor> views;  // float32 [B, C, L] each; of pairs: the better, the worse
  torch::Tensor target;              // [B, …], of what is supervised
  std::vector<std::string> ids;      // of the segments in them, view after view
  std::uint64_t epoch = 0;

  std::int64_t size() const { return views.front().size(0); }  // B
  Batch part(std::int64_t first, std::int64_t last) const;     // items first … last - 1, without ids
};

using NamedScalars = std::vector<std::pair<std::string, torch::Tensor>>;

struct Terms {
  torch::Tensor total;   // scalar; the one that is differentiated
  NamedScalars losses;   // its parts, before their weights
  NamedScalars watched;  // what tells whether it learns or collapses
};

class Objective {
 public:
  virtual ~Objective() = default;
  // The module whose parameters the optimiser moves.
  virtual torch::nn::Module& trained() = 0;
  // A step may be made of several forwards, one a part of its batch. Without gradients: a look that leaves no trace.
  virtual Terms forward(const Batch& batch) = 0;
  // After the optimiser's step number `step` of `steps` (from 0).
  virtual void after_step(std::int64_t /*step*/, std::int64_t /*steps*/) {}
  // What these watched values (Terms::watched) warn of, or "".
  virtual std::string warning(const std::map<std::string, double>& /*watched*/) const { return ""; }
  virtual model::State state() const = 0;
  virtual void load(const model::State& state, const std::string& where) = 0;
  // Tensors of model.safetensors, named as model/checkpoint.h says.
  virtual model::State result() const = 0;
};

std::unique_ptr<Objective> make_objective(const model::ModelConfig& config, std::uint64_t seed);

// The losses of a batch in evaluation mode: "loss" first, then its parts by name.
using Validation = std::vector<std::pair<std::string, double>>;
Validation judged(Objective& objective, const std::vector<Batch>& batches, std::uint64_t seed);

}  // namespace cfm::train
