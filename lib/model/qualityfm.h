// QualityFM: strided-convolution tokens, windowed post-norm encoder, decoder with spectral heads.
//
//   torch::manual_seed(seed);                       // initial weights are a function of the seed
//   QualityFM model(config.qualityfm());            // config.h
//   auto [features, decoded, amplitude, phase] = model(x);   // x [B, C, L]
//
// B batch, C channels, L samples (9000 at 300 Hz), n tokens (18), d width (512), K spectral bins (512). Names, shapes
// and order of the parameters are those of the published sizes (9.58, 70.59, 319.55 M). Weights start as torch's layers
// do (Linear and Conv1d uniform in ±1/sqrt(fan in), norms 1 and 0). Sizes that do not fit together: Error status 2.
// Guo, Chen, Ferrario: arXiv 2509.06516.
#pragma once

#include <torch/torch.h>

#include <array>
#include <vector>

#include "model/encoder.h"
#include "model/layers.h"

namespace cfm::model {

// [B, C, L] -> [B, n, d]: convolutions of kernels 201/101/51, each followed by GroupNorm(1) and GELU;
// n = ceil(ceil(ceil(L / s1) / s2) / s3), widths d/100 -> d/10 -> d.
struct TokeniserImpl : torch::nn::Module {
  TokeniserImpl(std::int64_t channels, std::int64_t d, const std::array<std::int64_t, 3>& strides);
  torch::Tensor forward(torch::Tensor x);

  std::array<torch::nn::Conv1d, 3> conv{nullptr, nullptr, nullptr};
  std::array<torch::nn::GroupNorm, 3> norm{nullptr, nullptr, nullptr};
};
TORCH_MODULE(Tokeniser);

// [B, C, L] -> [B, n, d]: tokens + fixed positions, post-norm layers, one last Linear(d, d).
struct QualityFmEncoderImpl : EncoderImpl {
  QualityFmEncoderImpl(const QualityFmOptions& options, std::int64_t channels,
                       const std::array<std::int64_t, 3>& strides);
  // The model's own encoder: options.channels, options.strides.
  explicit QualityFmEncoderImpl(const QualityFmOptions& options)
      : QualityFmEncoderImpl(options, options.channels, options.strides) {}
  torch::Tensor forward(const torch::Tensor& x) override { return output(after_layer(x, depth())); }
  torch::Tensor after_layer(const torch::Tensor& x, std::int64_t layer) override;
  std::int64_t depth() const override { return static_cast<std::int64_t>(layers->size()); }
  std::int64_t width() const override { return output->options.out_features(); }

  double dropout;
  Tokeniser tokeniser{nullptr};
  torch::nn::ModuleList layers{nullptr};
  torch::nn::Linear output{nullptr};
};
TORCH_MODULE(QualityFmEncoder);

// [..., d] -> [..., bins]: Linear, Tanh, Linear.
struct HeadImpl : torch::nn::Module {
  HeadImpl(std::int64_t d, std::int64_t bins);
  torch::Tensor forward(const torch::Tensor& x);

  torch::nn::Linear linear1{nullptr}, linear2{nullptr};
};
TORCH_MODULE(Head);

struct QualityFmOutput {
  torch::Tensor features;   // [B, n, d]
  torch::Tensor decoded;    // [B, C, d]
  torch::Tensor amplitude;  // [B, C, K]
  torch::Tensor phase;      // [B, C, K], with phase_values 2 [B, C, 2·K]: two values after each other a bin
};

// The decoder is an encoder of its own whose channels are the n tokens and whose time axis is the d features; its
// strides must leave one token a channel.
struct QualityFMImpl : torch::nn::Module {
  explicit QualityFMImpl(const QualityFmOptions& options);
  QualityFmOutput forward(const torch::Tensor& x);

  QualityFmOptions options;
  QualityFmEncoder encoder{nullptr}, decoder{nullptr};
  Head amplitude_head{nullptr}, phase_head{nullptr};
};
TORCH_MODULE(QualityFM);

// A copy of an encoder that shares no memory with it and takes no gradient: the teacher, at the start.
QualityFmEncoder copy_encoder(const QualityFmEncoder& encoder, const QualityFmOptions& options);

std::int64_t parameter_count(const torch::nn::Module& module);

}  // namespace cfm::model
