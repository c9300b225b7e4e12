// Adam for named parameters: decoupled decay or L2, two groups, clipping.
//
//   Adam adam(module->named_parameters(), {.decay = Decay::kDecoupled});
//   adam.zero_grad(); loss.backward();
//   const double norm = adam.clip(1.0);  adam.step(1e-4, 0.04);
//
// Kingma & Ba 2015 (Adam), Loshchilov & Hutter 2019 (AdamW). Weights decay, biases and everything with at most one
// dimension longer than 1 don't. With layer_decay what lies deeper moves more slowly (Bao et al., BEiT, arXiv
// 2106.08254). The moments have the shapes and the dtype of their parameters and are saved by name.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "model/checkpoint.h"

namespace cfm::train {

enum class Decay {
  kDecoupled,  // AdamW: the weight shrinks by rate · decay
  kL2,         // decay · weight is added to the gradient
};

struct AdamOptions {
  double beta1 = 0.9, beta2 = 0.999;
  double epsilon = 1e-8;
  Decay decay = Decay::kDecoupled;
  double layer_decay = 1;  // factor of the rate, for each layer further from the head
};

// Whether weight decay applies to this parameter.
bool decays(const std::string& name, const torch::Tensor& parameter);

// Layers that these names speak of: one more than the largest N in "….layers.N.…" or "….blocks.N.…".
std::int64_t layers_of(const torch::OrderedDict<std::string, torch::Tensor>& parameters);
// Rate of a parameter as a share of the head's: decay^(layers + 1 − k), k = 0 for what lies before the layers, i + 1
// for layer i, layers + 1 for what comes after (head, norm, output).
double layer_scale(const std::string& name, std::int64_t layers, double decay);

class Adam {
 public:
  Adam(const torch::OrderedDict<std::string, torch::Tensor>& parameters, const AdamOptions& options);

  void zero_grad();
  // Scales all gradients so that their joint Euclidean norm is at most `largest` (0: no limit). Returns the norm
  // before.
  double clip(double largest);
  // One update; parameters without a gradient stay as they are.
  void step(double rate, double weight_decay);

  std::int64_t steps() const { return steps_; }
  // "NAME.first" and "NAME.second", one pair a parameter. Shared with the optimiser, not copied.
  model::State moments() const;
  // Copies in what moments() gave after `steps` updates; a missing or misshapen tensor is status 3.
  void load(const model::State& moments, std::int64_t steps);

 private:
  struct Group {
    bool decays;
    double scale;  // of the rate
    std::vector<std::string> names;
    std::vector<torch::Tensor> parameters, first, second, steps;
  };
  void update(const Group& group, double rate, double weight_decay);

  AdamOptions options_;
  std::vector<Group> groups_;
  std::int64_t steps_ = 0;
};

}  // namespace cfm::train
