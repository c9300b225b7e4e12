#include "model/self_distillation.h"

#include <cmath>

#include "model/losses.h"

namespace cfm::model {

namespace {

using torch::Tensor;

Tensor normalised(const Tensor& features) { return torch::layer_norm(features, {features.size(-1)}); }

// x [B, C, L] -> its first K bins, complex.
Tensor first_bins(const Tensor& x, std::int64_t bins) { return torch::fft::rfft(x).slice(-1, 0, bins); }

Tensor amplitude_of(const Tensor& f) { return z_score(f.abs()); }
Tensor phase_of(const Tensor& f, std::int64_t first) { return z_score(f.slice(-1, first).angle()); }

// The wave of L samples whose first bins are `half` times sqrt(L), at 2·bins samples: [B, C, L'] -> [B·C, 2·bins].
Tensor wave_of(const Tensor& half, std::int64_t samples) {
  const std::int64_t n = 2 * half.size(-1);
  const Tensor wave = torch::fft::irfft(half, n) * (static_cast<double>(n) / std::sqrt(static_cast<double>(samples)));
  return wave.flatten(0, 1);
}

}  // namespace

Tensor z_score(const Tensor& x) { return (x - x.mean(-1, true)) / (x.std(at::IntArrayRef{-1}, false, true) + 1e-8); }

Spectra spectra(const Tensor& x, std::int64_t bins, std::int64_t first_phase_bin) {
  const Tensor f = first_bins(x, bins);
  return {amplitude_of(f), phase_of(f, first_phase_bin)};
}

Tensor distillation_loss(const Tensor& student, const Tensor& teacher, const Tensor& centre, double student_temperature,
                         double teacher_temperature) {
  const Tensor target = torch::softmax((teacher.detach() - centre) / teacher_temperature, -1);
  return -(target * torch::log_softmax(student / student_temperature, -1)).sum(-1).mean();
}

Tensor amplitude_loss(const Tensor& told, const Tensor& truth, const DistillationOptions& options) {
  const std::int64_t bins = told.size(-1);
  return torch::smooth_l1_loss(told, options.amplitude == AmplitudeTarget::kLogPower
                                         ? z_score(spectral_target(truth, bins, SpectralTarget::kLogPower))
                                         : amplitude_of(first_bins(truth, bins)));
}

Tensor phase_loss(const Tensor& told, const Tensor& truth, std::int64_t bins, const DistillationOptions& options) {
  const std::int64_t first = options.phase_of_bin_zero ? 0 : 1;
  if (options.phase == PhaseTarget::kAngle) {
    return torch::smooth_l1_loss(told.slice(-1, first), phase_of(first_bins(truth, bins), first));
  }
  const Tensor pairs = told.unflatten(-1, {bins, 2});  // [B, C, K, 2]
  if (options.phase == PhaseTarget::kCosSin) {
    const Tensor target = spectral_target(truth, bins, SpectralTarget::kCosSin);
    return torch::smooth_l1_loss(pairs.slice(2, first), target.slice(2, first));
  }
  if (options.phase == PhaseTarget::kDifference) {
    const Tensor angle = spectral_target(truth, bins, SpectralTarget::kPhaseDifference);
    const Tensor target = torch::stack({angle.cos(), angle.sin()}, -1);
    return torch::smooth_l1_loss(pairs.mean(1).slice(1, first), target.slice(1, first));
  }
  const std::int64_t samples = truth.size(-1);
  const Tensor half = first_bins(truth, bins) / std::sqrt(static_cast<double>(samples));
  return multi_resolution_stft_loss(wave_of(torch::view_as_complex(pairs.contiguous()), samples),
                                    wave_of(half, samples));
}

DistillationTerms losses(QualityFM& student, QualityFmEncoder& teacher, const Tensor& centre, const Tensor& better,
                         const Tensor& worse, const DistillationOptions& options, const Tensor& spectrum_of) {
  const auto [features, decoded, amplitude, phase] = student->forward(worse);
  const Tensor& truth = spectrum_of.defined() ? spectrum_of : better;
  DistillationTerms terms;
  terms.student_features = options.normalise_features ? normalised(features) : features;
  if (options.distillation_weight != 0) {
    {
      const torch::NoGradGuard no_grad;
      terms.teacher_features = teacher->forward(better);
      if (options.normalise_features) terms.teacher_features = normalised(terms.teacher_features);
    }
    terms.distillation = distillation_loss(terms.student_features, terms.teacher_features, centre,
                                           options.student_temperature, options.teacher_temperature);
  }
  terms.amplitude = amplitude_loss(amplitude, truth, options);
  terms.phase = phase_loss(phase, truth, student->options.bins, options);
  terms.total = torch::zeros({}, features.options().requires_grad(false));
  for (const auto& [weight, part] :
       {std::pair(options.distillation_weight, terms.distillation),
        std::pair(options.amplitude_weight, terms.amplitude), std::pair(options.phase_weight, terms.phase)}) {
    if (weight != 0) terms.total = terms.total + weight * part;
  }
  return terms;
}

Tensor update_centre(const Tensor& centre, const Tensor& teacher_features, double momentum) {
  return momentum * centre + (1 - momentum) * teacher_features.detach().mean(0, true);
}

void update_ema(torch::nn::Module& teacher, const torch::nn::Module& student, double momentum) {
  const torch::NoGradGuard no_grad;
  const auto from = student.parameters();
  auto to = teacher.parameters();
  for (std::size_t i = 0; i < to.size(); ++i) to[i].mul_(momentum).add_(from.at(i), 1 - momentum);
}

}  // namespace cfm::model
