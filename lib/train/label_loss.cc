#include "train/label_loss.h"

#include "base/error.h"

namespace cfm::train {

namespace F = torch::nn::functional;
using torch::Tensor;

Tensor targets(std::span<const Json> values, const LabelTask& task) {
  const auto n = static_cast<std::int64_t>(values.size()), width = static_cast<std::int64_t>(task.logits());
  Tensor all = task.kind == TaskKind::kClasses ? torch::empty({n}, torch::kLong) : torch::empty({n, width});
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

Tensor asymmetric_loss(const Tensor& logits, const Tensor& labels, double negative, double positive, double shift) {
  constexpr double kLeast = 1e-8;  // of a probability whose logarithm is taken
  const Tensor p = torch::sigmoid(logits);
  const Tensor absent = (1 - p + shift).clamp_max(1);
  const Tensor of_yes = labels * p.clamp_min(kLeast).log() * (1 - p).pow(positive);
  const Tensor of_no = (1 - labels) * absent.clamp_min(kLeast).log() * (1 - absent).pow(negative);
  return -(of_yes + of_no).sum();
}

LossKind loss_named(const std::string& name) {
  if (name == "entropy") return LossKind::kOfLabel;
  if (name == "asymmetric") return LossKind::kAsymmetric;
  throw Error(Status::kUsage, "--loss {}: there are entropy, asymmetric", name);
}

ClassWeights class_weights_named(const std::string& name) {
  if (name == "none") return ClassWeights::kNone;
  if (name == "balanced") return ClassWeights::kBalanced;
  throw Error(Status::kUsage, "--class-weights {}: there are none, balanced", name);
}

LabelLoss::LabelLoss(const LabelTask& task, const LossOptions& options, const Tensor& training)
    : kind_(task.kind), waveform_(task.waveform.has_value()), loss_(options.kind) {
  const char* what = waveform_ ? "a waveform" : dataset::name_of(kind_);
  if (loss_ == LossKind::kAsymmetric && kind_ != TaskKind::kBinary && kind_ != TaskKind::kMultilabel) {
    throw Error(Status::kUsage, "--loss asymmetric: {} is {}; it is for two classes and for several labels at once",
                task.label, what);
  }
  if (options.weights == ClassWeights::kNone) return;
  if (kind_ == TaskKind::kNumber) {
    throw Error(Status::kUsage, "--class-weights balanced: {} is {}, which has no classes", task.label, what);
  }
  if (loss_ == LossKind::kAsymmetric) {
    throw Error(Status::kUsage, "--class-weights balanced: the asymmetric loss weighs by itself");
  }
  const auto n = static_cast<double>(training.size(0));
  if (kind_ == TaskKind::kClasses) {
    const auto classes = static_cast<std::int64_t>(task.classes.size());
    weights_ = torch::bincount(training, {}, classes);
    weights_ = weights_ * weights_.count_nonzero();
  } else {
    const Tensor yes = training.sum(0);
    weights_ = torch::stack({n - yes, yes}) * 2;
  }
  weights_ = n / weights_.to(torch::kFloat).clamp_min(1);
}

Tensor LabelLoss::operator()(const Tensor& logits, const Tensor& target) const {
  if (waveform_) {
    const Tensor recorded = torch::isfinite(target);
    const Tensor each = F::smooth_l1_loss(logits, target.nan_to_num(), F::SmoothL1LossFuncOptions(torch::kNone));
    return ((each * recorded).sum(1) / recorded.sum(1).clamp_min(1)).mean();
  }
  if (kind_ == TaskKind::kNumber) return F::mse_loss(logits, target);
  if (kind_ == TaskKind::kClasses) {
    auto options = F::CrossEntropyFuncOptions().reduction(torch::kSum);
    if (weights_.defined()) options.weight(weights_);
    return F::cross_entropy(logits, target, options) / static_cast<double>(logits.size(0));
  }
  if (loss_ == LossKind::kAsymmetric) return asymmetric_loss(logits, target) / static_cast<double>(logits.numel());
  auto options = F::BinaryCrossEntropyWithLogitsFuncOptions();
  if (weights_.defined()) options.weight(torch::where(target > 0.5, weights_[1], weights_[0]));
  return F::binary_cross_entropy_with_logits(logits, target, options);
}

}  // namespace cfm::train
