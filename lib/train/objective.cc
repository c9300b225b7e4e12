#include "train/objective.h"

#include <cmath>

#include "base/error.h"

namespace cfm::train {
namespace {

constexpr const char* kCentre = "objective.centre";

// Mean over batch and tokens of the entropy of what the teacher says, in nats.
torch::Tensor entropy(const torch::Tensor& features, const torch::Tensor& centre, double temperature) {
  const torch::Tensor log_p = torch::log_softmax((features - centre) / temperature, -1);
  return -(log_p.exp() * log_p).sum(-1).mean();
}

}  // namespace

std::unique_ptr<Objective> make_objective(const model::ModelConfig& config, std::uint64_t seed) {
  const model::Json& o = config.objective;
  if (!config.has_objective()) {
    throw Error(Status::kUsage, "{} has no pre-training objective; cfm-finetune --model {} trains it on a label",
                config.name, config.name);
  }
  const std::string kind = o.at("kind").get<std::string>();
  if (kind != "self_distillation") {
    throw Error(Status::kUsage, "objective.kind {}: there is self_distillation", kind);
  }
  SelfDistillation::Options options;
  options.losses.student_temperature = o.at("student_temperature").get<double>();
  options.losses.teacher_temperature = o.at("teacher_temperature").get<double>();
  options.losses.distillation_weight = o.at("distillation_weight").get<double>();
  options.losses.amplitude_weight = o.at("amplitude_weight").get<double>();
  options.losses.phase_weight = o.at("phase_weight").get<double>();
  options.losses.phase_of_bin_zero = o.at("phase_of_bin_zero").get<bool>();
  options.own_spectrum = o.at("spectrum_of").get<std::string>() == "own";
  options.centre_momentum = o.at("centre_momentum").get<double>();
  options.teacher_momentum = {o.at("teacher_momentum").get<double>(), o.at("teacher_momentum_end").get<double>()};
  return std::make_unique<SelfDistillation>(config.qualityfm(), options, seed);
}

SelfDistillation::SelfDistillation(const model::QualityFmOptions& architecture, const Options& options,
                                   std::uint64_t seed)
    : options_(options) {
  torch::manual_seed(seed);
  student_ = model::QualityFM(architecture);
  teacher_ = model::copy_encoder(student_->encoder, architecture);
  student_->train();
  teacher_->eval();
  centre_ = torch::zeros({1, architecture.tokens, architecture.d});
}

Terms SelfDistillation::forward(const Batch& batch) {
  const torch::Tensor &better = batch.views.at(0), &worse = batch.views.at(1);
  const model::DistillationTerms terms = model::losses(student_, teacher_, centre_, better, worse, options_.losses,
                                                       options_.own_spectrum ? worse : torch::Tensor());
  teacher_features_ = terms.teacher_features.detach();
  const torch::NoGradGuard no_grad;
  return {terms.total,
          {{"distillation", terms.distillation}, {"amplitude", terms.amplitude}, {"phase", terms.phase}},
          {{"teacher_entropy", entropy(teacher_features_, centre_, options_.losses.teacher_temperature)},
           {"feature_sd", teacher_features_.std(0, false).mean()},
           {"centre_norm", centre_.norm(2, -1).mean()}}};
}

void SelfDistillation::after_step(std::int64_t step, std::int64_t steps) {
  model::update_ema(*teacher_, *student_->encoder, options_.teacher_momentum.at(step, steps));
  centre_ = model::update_centre(centre_, teacher_features_, options_.centre_momentum);
}

model::State SelfDistillation::result() const {
  model::State state = model::state_of(*student_);
  state.merge(model::state_of(*teacher_, model::kTeacherPrefix));
  return state;
}

model::State SelfDistillation::state() const {
  model::State state = result();
  state[kCentre] = centre_.detach().clone();
  return state;
}

void SelfDistillation::load(const model::State& state, const std::string& where) {
  model::load_state(*student_, state, "", where);
  model::load_state(*teacher_, state, model::kTeacherPrefix, where);
  const auto centre = state.find(kCentre);
  if (centre == state.end() || centre->second.sizes() != centre_.sizes()) {
    throw Error(Status::kIncompatible, "{}: tensor {} is missing or of another shape", where, kCentre);
  }
  centre_ = centre->second.clone();
}

}  // namespace cfm::train
