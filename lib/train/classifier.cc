#include "train/classifier.h"

#include <algorithm>
#include <cmath>

#include "base/logistic.h"

namespace cfm::train {
namespace {

constexpr double kLeastDistance = 0.01;  // of two cuts at the start, in logits: a grade that nobody has

}  // namespace

TaskHeadImpl::TaskHeadImpl(std::int64_t d, const LabelTask& task)
    : LinearImpl(d, task.kind == TaskKind::kOrdinal ? 1 : static_cast<std::int64_t>(task.logits())) {
  if (task.kind == TaskKind::kOrdinal) {
    cuts = register_parameter("cuts", torch::zeros({static_cast<std::int64_t>(task.logits())}));
  }
}

torch::Tensor TaskHeadImpl::forward(const torch::Tensor& features) {
  const torch::Tensor projected = LinearImpl::forward(features);
  if (!cuts.defined()) return projected;
  return projected - torch::cat({cuts.slice(0, 0, 1), torch::softplus(cuts.slice(0, 1))}).cumsum(0);
}

void TaskHeadImpl::start_from(std::span<const double> counts) {
  const torch::NoGradGuard no_grad;
  double all = 0, up_to = 0, before = 0;
  for (const double count : counts) all += count;
  for (std::size_t k = 0; k + 1 < counts.size(); ++k) {
    up_to += counts[k];
    const double cut = logit((up_to + 0.5) / (all + 1));
    const double distance = std::max(cut - before, kLeastDistance);
    cuts[static_cast<std::int64_t>(k)] = k == 0 ? cut : std::log(std::expm1(distance));
    before = k == 0 ? cut : before + distance;
  }
}

ClassifierImpl::ClassifierImpl(model::Encoder the_encoder, const LabelTask& task) {
  encoder = register_module("encoder", std::move(the_encoder));
  head = register_module("head", TaskHead(encoder->width(), task));
}

torch::Tensor ClassifierImpl::features(const torch::Tensor& x) { return encoder->forward(x).mean(1); }

torch::Tensor targets(std::span<const Json> values, const LabelTask& task) {
  const auto n = static_cast<std::int64_t>(values.size()), width = static_cast<std::int64_t>(task.logits());
  torch::Tensor all = task.kind == TaskKind::kClasses ? torch::empty({n}, torch::kLong) : torch::empty({n, width});
  for (std::int64_t i = 0; i < n; ++i) {
    const Json& value = values[static_cast<std::size_t>(i)];
    if (task.kind == TaskKind::kNumber) {
      all[i][0] = (value.get<double>() - task.mean) / task.sd;
    } else if (task.kind == TaskKind::kMultilabel) {
      const std::vector<int> members = task.members_of(value);
      for (std::int64_t c = 0; c < width; ++c) all[i][c] = members[static_cast<std::size_t>(c)];
    } else if (task.kind == TaskKind::kOrdinal) {
      const auto grade = static_cast<std::int64_t>(*task.class_of(value));
      for (std::int64_t k = 0; k < width; ++k) all[i][k] = grade > k ? 1 : 0;
    } else {
      all[i] = static_cast<std::int64_t>(*task.class_of(value));
    }
  }
  return all;
}

torch::Tensor loss_of(const torch::Tensor& logits, const torch::Tensor& target, const LabelTask& task) {
  namespace F = torch::nn::functional;
  if (task.kind == TaskKind::kClasses) return F::cross_entropy(logits, target);
  if (task.kind == TaskKind::kNumber) return F::mse_loss(logits, target);
  return F::binary_cross_entropy_with_logits(logits, target);
}

}  // namespace cfm::train
