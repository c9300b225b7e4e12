#include "model/lora.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace cfm::model {

AdaptersImpl::AdaptersImpl(torch::nn::Module& module, const AdapterOptions& options)
    : options_(options), scale_(options.alpha / static_cast<double>(options.rank)) {
  if (options_.rank < 1) throw Error(Status::kUsage, "adapters of rank {}: at least 1 is needed", options_.rank);
  for (torch::Tensor& parameter : module.parameters()) parameter.set_requires_grad(false);
  for (const auto& item : module.named_modules("", false)) {
    if (auto* linear = item.value()->as<torch::nn::LinearImpl>()) adapt(item.key(), item.value(), linear->weight);
    if (auto* conv = item.value()->as<torch::nn::Conv1dImpl>()) adapt(item.key(), item.value(), conv->weight);
  }
}

void AdaptersImpl::adapt(const std::string& name, const std::shared_ptr<torch::nn::Module>& layer,
                         torch::Tensor& weight) {
  std::string plain = name;
  std::replace(plain.begin(), plain.end(), '.', '/');
  std::vector<std::int64_t> shape_a = weight.sizes().vec(), shape_b(shape_a.size(), 1);
  shape_b[0] = shape_a[0];
  shape_b[1] = shape_a[0] = options_.rank;
  const auto fan_in = static_cast<double>(weight.numel() / weight.size(0));
  const auto like = weight.options().requires_grad(false);
  auto place = register_module(plain, std::make_shared<torch::nn::Module>());
  // Drawn on the CPU: the same on every device.
  const torch::Tensor drawn = torch::randn(shape_a, like.device(torch::kCPU)) / std::sqrt(fan_in);
  places_.push_back({name + ".weight", &weight, weight, place->register_parameter("lora_a", drawn.to(like.device())),
                     place->register_parameter("lora_b", torch::zeros(shape_b, like)), layer});
}

AdaptersImpl::~AdaptersImpl() {
  for (Place& place : places_) *place.weight = place.own;
}

torch::Tensor AdaptersImpl::adapted(const Place& place) const {
  return torch::add(place.own, torch::matmul(place.b.flatten(1), place.a.flatten(1)).view_as(place.own), scale_);
}

void AdaptersImpl::apply() {
  for (Place& place : places_) *place.weight = adapted(place);
}

std::map<std::string, torch::Tensor> AdaptersImpl::merged() const {
  const torch::NoGradGuard no_grad;
  std::map<std::string, torch::Tensor> all;
  for (const Place& place : places_) all[place.name] = adapted(place);
  return all;
}

}  // namespace cfm::model
