// QualityFM's objective: a teacher that sees the better segment of a pair guides a student that sees the worse, which
// also tells a spectrum.
//
//   auto terms = losses(student, teacher, centre, better, worse, {});
//   terms.total.backward();  optimiser.step();
//   update_ema(*teacher, *student->encoder, 0.996);  centre = update_centre(centre, terms.teacher_features);
//
// B batch, C channels, L samples, n tokens, d width, K spectral bins. Guo, Chen, Ferrario: arXiv 2509.06516; centring
// and temperatures: Caron et al., DINO, arXiv 2104.14294. What was not published is an option with the published way as
// its default.
#pragma once

#include <torch/torch.h>

#include "model/qualityfm.h"

namespace cfm::model {

// What the amplitude head tells, z-scored over its bins.
enum class AmplitudeTarget { kAmplitude, kLogPower };

// What the phase head tells. With two values a bin the head is as wide (phase_values of the architecture).
enum class PhaseTarget {
  kAngle,       // radians, wrapped, z-scored over the bins; one value a bin
  kCosSin,      // its cosine and sine
  kDifference,  // cosine and sine of channel 0's phase less channel 1's; the head's mean over the channels
  kStft,        // real and imaginary part of the spectrum over sqrt(L), judged by the multi-resolution STFT of its wave
};

struct DistillationOptions {
  double student_temperature = 0.1;
  double teacher_temperature = 0.04;
  double distillation_weight = 1;
  double amplitude_weight = 0.1;
  double phase_weight = 0.1;
  bool phase_of_bin_zero = false;   // the mean has no phase: its sign only
  bool normalise_features = false;  // each token to mean 0 and SD 1 over its features before both softmaxes
  AmplitudeTarget amplitude = AmplitudeTarget::kAmplitude;
  PhaseTarget phase = PhaseTarget::kAngle;
};

// Over the last axis, population standard deviation + 1e-8.
torch::Tensor z_score(const torch::Tensor& x);

struct Spectra {
  torch::Tensor amplitude, phase;  // [B, C, K] each, z-scored; phase from radians, wrapped
};
// x [B, C, L] -> FFT bins first_phase_bin … K - 1 (phase) and 0 … K - 1 (amplitude).
Spectra spectra(const torch::Tensor& x, std::int64_t bins = 512, std::int64_t first_phase_bin = 0);

// Cross-entropy over the d features, mean over batch and tokens. student, teacher [B, n, d], centre [1, n, d] ->
// scalar.
torch::Tensor distillation_loss(const torch::Tensor& student, const torch::Tensor& teacher, const torch::Tensor& centre,
                                double student_temperature = 0.1, double teacher_temperature = 0.04);

// Smooth L1 (of the STFT: its own loss) of what the heads told against the spectrum of truth [B, C, L]; scalars.
torch::Tensor amplitude_loss(const torch::Tensor& told, const torch::Tensor& truth, const DistillationOptions& options);
torch::Tensor phase_loss(const torch::Tensor& told, const torch::Tensor& truth, std::int64_t bins,
                         const DistillationOptions& options);

struct DistillationTerms {
  torch::Tensor distillation, amplitude, phase, total;  // scalars; a part whose weight is 0 has no share in the total
  torch::Tensor student_features, teacher_features;     // [B, n, d], as the softmaxes see them
  // Without a weight of distillation the teacher is not asked: `distillation` and `teacher_features` are undefined.
};

// The teacher sees `better`, the student `worse` [B, C, L]; spectra are those of `spectrum_of` (undefined: of
// `better`). The teacher takes no gradient; keep it in evaluation mode.
DistillationTerms losses(QualityFM& student, QualityFmEncoder& teacher, const torch::Tensor& centre,
                         const torch::Tensor& better, const torch::Tensor& worse, const DistillationOptions& options,
                         const torch::Tensor& spectrum_of = {});

// centre [1, n, d] moves towards the batch mean of the teacher's features [B, n, d]: one centre a token position.
torch::Tensor update_centre(const torch::Tensor& centre, const torch::Tensor& teacher_features, double momentum = 0.9);

// teacher <- momentum * teacher + (1 - momentum) * student, parameter by parameter; both of the same class and size.
void update_ema(torch::nn::Module& teacher, const torch::nn::Module& student, double momentum);

}  // namespace cfm::model
