#include "train/classifier.h"

#include <algorithm>
#include <cmath>

#include "base/logistic.h"

namespace cfm::train {
namespace {

constexpr double kLeastDistance = 0.01;  // of two cuts at the start, in logits: a grade that nobody has

std::int64_t outputs_of(const LabelTask& task, double hop) {
  if (task.waveform) return static_cast<std::int64_t>(std::ceil(hop * task.waveform->fs - 1e-9));
  return task.kind == TaskKind::kOrdinal ? 1 : static_cast<std::int64_t>(task.logits());
}

}  // namespace

TaskHeadImpl::TaskHeadImpl(std::int64_t d, double hop, const LabelTask& task)
    : LinearImpl(d, outputs_of(task, hop)), reads_tokens_(task.waveform || task.mode == "attentive") {
  if (task.kind == TaskKind::kOrdinal) {
    cuts = register_parameter("cuts", torch::zeros({static_cast<std::int64_t>(task.logits())}));
  }
  if (task.waveform) {
    samples_a_token_ = hop * task.waveform->fs;
    samples_ = task.waveform->samples;
  } else if (reads_tokens_) {
    pool = register_module("pool", model::AttentivePool(d));
  }
}

torch::Tensor TaskHeadImpl::forward(const torch::Tensor& reduced) {
  namespace F = torch::nn::functional;
  const torch::Tensor projected = LinearImpl::forward(pool ? pool(reduced) : reduced);
  if (samples_ > 0) {
    torch::Tensor wave = projected.flatten(1);  // the tokens' stretches, one behind the other
    const auto all = static_cast<std::int64_t>(std::llround(static_cast<double>(projected.size(1)) * samples_a_token_));
    if (all != wave.size(1)) {  // a stretch is no whole number of samples
      auto to_all = F::InterpolateFuncOptions().size(std::vector<std::int64_t>{all}).mode(torch::kLinear);
      wave = F::interpolate(wave.unsqueeze(1), to_all.align_corners(false)).squeeze(1);
    }
    return wave.slice(1, 0, samples_);
  }
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

model::State TaskHeadImpl::for_plain(model::State state, const torch::Tensor& mean, const torch::Tensor& sd) const {
  const std::vector<std::string> first =
      pool ? std::vector<std::string>{"pool.key.", "pool.value."} : std::vector<std::string>{""};
  for (const std::string& layer : first) {
    torch::Tensor& w = state.at(layer + "weight");
    torch::Tensor& b = state.at(layer + "bias");
    w = w / sd;
    b = b - w.matmul(mean);
  }
  return state;
}

ClassifierImpl::ClassifierImpl(model::Encoder the_encoder, const model::ModelConfig& config, const LabelTask& task) {
  encoder = register_module("encoder", std::move(the_encoder));
  const auto hop = static_cast<double>(model::samples_a_token(config.architecture)) / config.profile.fs;
  head = register_module("head", TaskHead(encoder->width(), hop, task));
}

}  // namespace cfm::train
