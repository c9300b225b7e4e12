#include "train/optimiser.h"

#include "base/error.h"

namespace cfm::train {

bool decays(const std::string& name, const torch::Tensor& parameter) {
  const auto sizes = parameter.sizes();
  const auto long_dimensions = std::count_if(sizes.begin(), sizes.end(), [](std::int64_t size) { return size > 1; });
  return long_dimensions > 1 && !name.ends_with("bias");
}

Adam::Adam(const torch::OrderedDict<std::string, torch::Tensor>& parameters, const AdamOptions& options)
    : options_(options), groups_{{true, {}, {}, {}, {}, {}}, {false, {}, {}, {}, {}, {}}} {
  for (const auto& item : parameters) {
    const torch::Tensor& parameter = item.value();
    if (!parameter.requires_grad()) continue;
    Group& group = groups_[decays(item.key(), parameter) ? 0 : 1];
    group.names.push_back(item.key());
    group.parameters.push_back(parameter);
    group.first.push_back(torch::zeros_like(parameter).detach());
    group.second.push_back(torch::zeros_like(parameter).detach());
    group.steps.push_back(torch::zeros({}, parameter.options().dtype(torch::kFloat32).requires_grad(false)));
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
  for (const Group& group : groups_) update(group, rate, group.decays ? weight_decay : 0.0);
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
