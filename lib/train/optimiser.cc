#include "train/optimiser.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.h"

namespace cfm::train {

bool decays(const std::string& name, const torch::Tensor& parameter) {
  const auto sizes = parameter.sizes();
  const auto long_dimensions = std::count_if(sizes.begin(), sizes.end(), [](std::int64_t size) { return size > 1; });
  return long_dimensions > 1 && !name.ends_with("bias");
}

namespace {

// The number of the layer that a parameter belongs to; -1: of none.
std::int64_t layer_of(const std::string& name) {
  for (const std::string_view list : {"layers.", "blocks."}) {
    const std::size_t at = name.find(list);
    if (at != std::string::npos && (at == 0 || name[at - 1] == '.')) return std::atoll(name.c_str() + at + list.size());
  }
  return -1;
}

}  // namespace

std::int64_t layers_of(const torch::OrderedDict<std::string, torch::Tensor>& parameters) {
  std::int64_t layers = 0;
  for (const auto& item : parameters) layers = std::max(layers, layer_of(item.key()) + 1);
  return layers;
}

double layer_scale(const std::string& name, std::int64_t layers, double decay) {
  const std::int64_t layer = layer_of(name);
  std::int64_t k = layer + 1;
  if (layer < 0) {
    // "encoder.output.weight" comes after the layers as "output.weight" does.
    const std::string_view own = std::string_view(name).substr(name.starts_with("encoder.") ? 8 : 0);
    const bool after = own.starts_with("head.") || own.starts_with("norm.") || own.starts_with("output.");
    k = after ? layers + 1 : 0;
  }
  return std::pow(decay, static_cast<double>(layers + 1 - k));
}

Adam::Adam(const torch::OrderedDict<std::string, torch::Tensor>& parameters, const AdamOptions& options)
    : options_(options) {
  const std::int64_t layers = layers_of(parameters);
  for (const auto& item : parameters) {
    const torch::Tensor& parameter = item.value();
    if (!parameter.requires_grad()) continue;
    const bool decaying = decays(item.key(), parameter);
    const double scale = layer_scale(item.key(), layers, options.layer_decay);
    const auto same = [&](const Group& group) { return group.decays == decaying && group.scale == scale; };
    auto group = std::find_if(groups_.begin(), groups_.end(), same);
    if (group == groups_.end()) group = groups_.insert(groups_.end(), Group{decaying, scale, {}, {}, {}, {}, {}});
    group->names.push_back(item.key());
    group->parameters.push_back(parameter);
    group->first.push_back(torch::zeros_like(parameter).detach());
    group->second.push_back(torch::zeros_like(parameter).detach());
    group->steps.push_back(torch::zeros({}, parameter.options().dtype(torch::kFloat32).requires_grad(false)));
  }
}

void Adam::zero_grad() {
  for (Group& group : groups_) {
    for (torch::Tensor& parameter : group.parameters) parameter.mutable_grad().reset();
  }
}

double Adam::clip(double largest) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> gradients;
  for (const Group& group : groups_) {
    for (const torch::Tensor& parameter : group.parameters) {
      if (parameter.grad().defined()) gradients.push_back(parameter.grad());
    }
  }
  if (gradients.empty()) return 0;
  const double norm = torch::stack(torch::_foreach_norm(gradients)).norm().item<double>();
  // The margin is the one of torch.nn.utils.clip_grad_norm_.
  const double factor = largest / (norm + 1e-6);
  if (largest > 0 && factor < 1) torch::_foreach_mul_(gradients, factor);
  return norm;
}

void Adam::update(const Group& group, double rate, double weight_decay) {
  std::vector<torch::Tensor> parameters, gradients, first, second, steps;
  for (std::size_t i = 0; i < group.parameters.size(); ++i) {
    if (!group.parameters[i].grad().defined()) continue;
    parameters.push_back(group.parameters[i]);
    gradients.push_back(group.parameters[i].grad());
    first.push_back(group.first[i]);
    second.push_back(group.second[i]);
    steps.push_back(group.steps[i].fill_(steps_));
  }
  if (parameters.empty()) return;
  if (options_.decay == Decay::kDecoupled) {
    at::_fused_adamw_(parameters, gradients, first, second, {}, steps, rate, options_.beta1, options_.beta2,
                      weight_decay, options_.epsilon, false, false);
  } else {
    at::_fused_adam_(parameters, gradients, first, second, {}, steps, rate, options_.beta1, options_.beta2,
                     weight_decay, options_.epsilon, false, false);
  }
}

void Adam::step(double rate, double weight_decay) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  for (const Group& group : groups_) update(group, rate * group.scale, group.decays ? weight_decay : 0.0);
}

model::State Adam::moments() const {
  model::State moments;
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.names.size(); ++i) {
      moments[group.names[i] + ".first"] = group.first[i];
      moments[group.names[i] + ".second"] = group.second[i];
    }
  }
  return moments;
}

void Adam::load(const model::State& moments, std::int64_t steps) {
  const torch::NoGradGuard no_grad;
  for (auto& [name, mine] : this->moments()) {
    const auto found = moments.find(name);
    if (found == moments.end() || found->second.sizes() != mine.sizes()) {
      throw Error(Status::kIncompatible, "the saved optimiser has no {} of this model's shape", name);
    }
    mine.copy_(found->second);
  }
  steps_ = steps;
}

}  // namespace cfm::train
