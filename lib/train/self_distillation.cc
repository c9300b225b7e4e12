#include "train/self_distillation.h"

#include <cmath>

#include "base/error.h"

namespace cfm::train {
namespace {

constexpr const char* kCentre = "objective.centre";

// Limits of the watch for collapse. A softmax of d features says nothing at the entropy ln d and always the same at 0.
// The spread is the share of the features' SD that differs between segments.
constexpr double kHighEntropy = 0.98;  // of ln d
constexpr double kLowEntropy = 0.02;
constexpr double kLowSpread = 0.02;

// Mean over batch and tokens of the entropy of what the teacher says, in nats.
torch::Tensor entropy(const torch::Tensor& features, const torch::Tensor& centre, double temperature) {
  const torch::Tensor log_p = torch::log_softmax((features - centre) / temperature, -1);
  return -(log_p.exp() * log_p).sum(-1).mean();
}

model::AmplitudeTarget amplitude_named(const std::string& name) {
  return name == "log_power" ? model::AmplitudeTarget::kLogPower : model::AmplitudeTarget::kAmplitude;
}

model::PhaseTarget phase_named(const std::string& name) {
  return name == "cos_sin"      ? model::PhaseTarget::kCosSin
         : name == "difference" ? model::PhaseTarget::kDifference
         : name == "stft"       ? model::PhaseTarget::kStft
                                : model::PhaseTarget::kAngle;
}

}  // namespace

SelfDistillation::SelfDistillation(const model::ModelConfig& config, std::uint64_t seed) {
  const model::Json& o = config.objective;
  const auto number = [&](const char* key) { return o.at(key).get<double>(); };
  options_.losses.student_temperature = number("student_temperature");
  options_.losses.teacher_temperature = number("teacher_temperature");
  options_.losses.distillation_weight = number("distillation_weight");
  options_.losses.amplitude_weight = number("amplitude_weight");
  options_.losses.phase_weight = number("phase_weight");
  options_.losses.phase_of_bin_zero = o.at("phase_of_bin_zero").get<bool>();
  options_.losses.normalise_features = o.at("normalise_features").get<bool>();
  options_.losses.amplitude = amplitude_named(o.at("amplitude").get<std::string>());
  options_.losses.phase = phase_named(o.at("phase").get<std::string>());
  options_.own_spectrum = o.at("spectrum_of").get<std::string>() == "own";
  options_.hidden = number("hidden");
  options_.stretches = std::max<std::int64_t>(1, std::llround(config.profile.seconds / number("hidden_stretch")));
  options_.centre_momentum = number("centre_momentum");
  options_.teacher_momentum = {number("teacher_momentum"), number("teacher_momentum_end")};

  torch::manual_seed(seed);
  const model::QualityFmOptions& architecture = config.qualityfm();
  student_ = model::QualityFM(architecture);
  student_->encoder->recompute = student_->decoder->recompute = config.schedule.at("recompute").get<bool>();
  teacher_ = model::copy_encoder(student_->encoder, architecture);
  student_->train();
  teacher_->eval();
  centre_ = torch::zeros({1, architecture.tokens, architecture.d});
  teacher_features_ = torch::zeros_like(centre_);
}

// The view with `hidden` of its stretches zero, drawn for each item from torch's generator.
torch::Tensor SelfDistillation::shown(const torch::Tensor& view) const {
  const std::int64_t count = std::llround(options_.hidden * static_cast<double>(options_.stretches));
  if (count == 0) return view;
  const torch::Tensor order =
      torch::rand({view.size(0), options_.stretches}).argsort(std::int64_t{1}).argsort(std::int64_t{1});
  const torch::Tensor kept = (order >= count).to(view.options());  // [B, stretches]
  const std::int64_t samples = view.size(2);
  const torch::Tensor of = torch::arange(samples).mul(options_.stretches).floor_divide(samples);
  return view * kept.index_select(1, of).unsqueeze(1);
}

Terms SelfDistillation::forward(const Batch& batch) {
  const torch::Tensor &better = batch.views.at(0), &worse = batch.views.at(1);
  const model::DistillationTerms terms = model::losses(student_, teacher_, centre_, better, shown(worse),
                                                       options_.losses, options_.own_spectrum ? worse : better);
  const bool asked = terms.teacher_features.defined();
  const torch::Tensor features = (asked ? terms.teacher_features : terms.student_features).detach();
  if (asked && torch::GradMode::is_enabled()) {
    teacher_features_ = teacher_features_ + features.sum(0, true);
    items_ += features.size(0);
  }
  const torch::NoGradGuard no_grad;
  const torch::Tensor sd = features.std(0, false).mean();
  Terms made = {terms.total,
                {{"amplitude", terms.amplitude}, {"phase", terms.phase}},
                {{"feature_sd", sd}, {"feature_spread", sd / (features.std(false) + 1e-12)}}};
  if (asked) {
    made.losses.emplace_back("distillation", terms.distillation);
    made.watched.emplace_back("teacher_entropy", entropy(features, centre_, options_.losses.teacher_temperature));
    made.watched.emplace_back("centre_norm", centre_.norm(2, -1).mean());
  }
  return made;
}

void SelfDistillation::after_step(std::int64_t step, std::int64_t steps) {
  model::update_ema(*teacher_, *student_->encoder, options_.teacher_momentum.at(step, steps));
  if (items_ == 0) return;  // the teacher was not asked
  centre_ = model::update_centre(centre_, teacher_features_ / static_cast<double>(items_), options_.centre_momentum);
  teacher_features_ = torch::zeros_like(centre_);
  items_ = 0;
}

std::string SelfDistillation::warning(const std::map<std::string, double>& watched) const {
  if (options_.losses.distillation_weight == 0) return "";
  const double whole = std::log(static_cast<double>(student_->options.d)),
               share = watched.at("teacher_entropy") / whole;
  if (share > kHighEntropy) {
    return fmt::format(
        "the teacher says nothing: the entropy of its softmax is {:.0f} % of the largest; a lower "
        "objective.teacher_temperature may help",
        100 * share);
  }
  if (share < kLowEntropy) {
    return "the teacher says one feature for everything; a higher objective.teacher_temperature or centring may help";
  }
  if (watched.at("feature_spread") < kLowSpread) {
    return "the teacher's features hardly differ between segments: the model is collapsing; a smaller "
           "objective.distillation_weight or a higher objective.teacher_momentum may help";
  }
  return "";
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
