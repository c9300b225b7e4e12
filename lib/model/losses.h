// Losses that several models share, beside those torch has.
//
//   torch::Tensor loss = clip_loss(pooled_ecg, pooled_ppg, 0.07);
//   torch::Tensor wave = multi_resolution_stft_loss(predicted, recorded);
//   torch::Tensor target = spectral_target(x, 512, SpectralTarget::kLogPower);
//
// N batch, D embedding width, n tokens, d token width, L samples. All return scalars unless a shape is given.
#pragma once

#include <torch/torch.h>

#include <vector>

namespace cfm::model {

// Symmetric InfoNCE (Radford et al., CLIP, arXiv 2103.00020): a, b [N, D], row i of one belongs to row i of the other.
torch::Tensor clip_loss(const torch::Tensor& a, const torch::Tensor& b, double temperature = 0.07);

// Neighbouring segments a, b [N, D] of patients [N] (int64): every pair of one patient is a positive; the mean over
// positive pairs, rows and columns averaged (Kiyasseh, Zhu, Clifton, CLOCS, arXiv 2005.13249).
torch::Tensor cmsc_loss(const torch::Tensor& a, const torch::Tensor& b, const torch::Tensor& patient,
                        double temperature = 0.1);

// Mean |difference| over hidden tokens: predicted, target [B, n, d], hidden bool [B, n]. The target takes no gradient
// and is normalised over d (Assran et al., I-JEPA, arXiv 2301.08243; L1 as V-JEPA, arXiv 2404.08471).
torch::Tensor jepa_loss(const torch::Tensor& predicted, const torch::Tensor& target, const torch::Tensor& hidden,
                        bool normalise = true);

// x [N, L] -> [N, size / 2 + 1, frames]: periodic Hann window, hop size / 4, centred with reflection, sqrt(power +
// 1e-8).
torch::Tensor stft_magnitude(const torch::Tensor& x, std::int64_t size);

// Mean over sizes (samples) of the spectral convergence |T − P| / |T| of each item plus the mean |log T − log P|;
// predicted, target [N, L] (Yamamoto, Song, Kim, Parallel WaveGAN, arXiv 1910.11480).
torch::Tensor multi_resolution_stft_loss(const torch::Tensor& predicted, const torch::Tensor& target,
                                         const std::vector<std::int64_t>& sizes = {64, 128, 256});

enum class SpectralTarget {
  kLogPower,         // log(power + 1e-8): [B, C, bins]
  kCosSin,           // of the phase: [B, C, bins, 2]
  kPhaseDifference,  // of channel 0 less channel 1, radians, wrapped: [B, bins]
};
// x [B, C, L]; the first `bins` of its FFT, not scaled.
torch::Tensor spectral_target(const torch::Tensor& x, std::int64_t bins, SpectralTarget kind);

}  // namespace cfm::model
