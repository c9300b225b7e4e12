#include "model/losses.h"

namespace cfm::model {

namespace {

namespace F = torch::nn::functional;
using torch::Tensor;

constexpr double kLeastPower = 1e-8;  // of a bin, so that its logarithm and its root have a gradient

Tensor similarity(const Tensor& a, const Tensor& b, double temperature) {
  const auto last = F::NormalizeFuncOptions().dim(-1);
  return F::normalize(a, last).matmul(F::normalize(b, last).t()) / temperature;
}

}  // namespace

Tensor clip_loss(const Tensor& a, const Tensor& b, double temperature) {
  const Tensor logits = similarity(a, b, temperature);
  const Tensor target = torch::arange(a.size(0), a.options().dtype(torch::kLong));
  return (F::cross_entropy(logits, target) + F::cross_entropy(logits.t(), target)) / 2;
}

Tensor cmsc_loss(const Tensor& a, const Tensor& b, const Tensor& patient, double temperature) {
  const Tensor logits = similarity(a, b, temperature);
  const Tensor positive = patient.unsqueeze(1) == patient;
  return -(torch::log_softmax(logits, 1).masked_select(positive).mean() +
           torch::log_softmax(logits, 0).masked_select(positive).mean()) /
         2;
}

Tensor jepa_loss(const Tensor& predicted, const Tensor& target, const Tensor& hidden, bool normalise) {
  Tensor truth = target.detach();
  if (normalise) truth = torch::layer_norm(truth, {truth.size(-1)});
  return (predicted - truth).abs().mean(-1).masked_select(hidden).mean();
}

Tensor stft_magnitude(const Tensor& x, std::int64_t size) {
  const Tensor window = torch::hann_window(size, x.options().requires_grad(false));
  const Tensor s = torch::stft(x, size, size / 4, size, window, true, "reflect", false, true, true);
  return torch::sqrt(torch::real(s).square() + torch::imag(s).square() + kLeastPower);
}

Tensor multi_resolution_stft_loss(const Tensor& predicted, const Tensor& target,
                                  const std::vector<std::int64_t>& sizes) {
  Tensor total = torch::zeros({}, predicted.options().requires_grad(false));
  for (const std::int64_t size : sizes) {
    const Tensor p = stft_magnitude(predicted, size), t = stft_magnitude(target, size);
    const Tensor convergence = (t - p).flatten(1).norm(2, 1) / t.flatten(1).norm(2, 1);
    total = total + convergence.mean() + (t.log() - p.log()).abs().mean();
  }
  return total / static_cast<double>(sizes.size());
}

Tensor spectral_target(const Tensor& x, std::int64_t bins, SpectralTarget kind) {
  const Tensor f = torch::fft::rfft(x).slice(-1, 0, bins);
  if (kind == SpectralTarget::kLogPower) {
    return torch::log(torch::real(f).square() + torch::imag(f).square() + kLeastPower);
  }
  if (kind == SpectralTarget::kCosSin) return torch::stack({f.angle().cos(), f.angle().sin()}, -1);
  return (f.select(1, 0) * f.select(1, 1).conj()).angle();
}

}  // namespace cfm::model
