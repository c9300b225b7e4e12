#include "train/objective.h"

#include "base/error.h"
#include "train/self_distillation.h"

namespace cfm::train {

Batch Batch::part(std::int64_t first, std::int64_t last) const {
  Batch part;
  for (const torch::Tensor& view : views) part.views.push_back(view.slice(0, first, last));
  if (target.defined()) part.target = target.slice(0, first, last);
  part.epoch = epoch;
  return part;
}

std::unique_ptr<Objective> make_objective(const model::ModelConfig& config, std::uint64_t seed) {
  if (!config.has_objective()) {
    throw Error(Status::kUsage, "{} has no pre-training objective; cfm-finetune --model {} trains it on a label",
                config.name, config.name);
  }
  return std::make_unique<SelfDistillation>(config, seed);  // config.h knows no other kind
}

Validation judged(Objective& objective, const std::vector<Batch>& batches, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  objective.trained().eval();
  Validation sums;
  std::int64_t items = 0;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    torch::manual_seed(seed + i);
    const Terms terms = objective.forward(batches[i]);
    NamedScalars values = {{"loss", terms.total}};
    for (const auto& [name, value] : terms.losses) values.emplace_back("loss_" + name, value);
    const auto size = static_cast<double>(batches[i].size());
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (i == 0) sums.emplace_back(values[k].first, 0.0);
      sums[k].second += size * values[k].second.item<double>();
    }
    items += batches[i].size();
  }
  objective.trained().train();
  for (auto& [name, sum] : sums) sum /= static_cast<double>(items);
  return sums;
}

}  // namespace cfm::train
