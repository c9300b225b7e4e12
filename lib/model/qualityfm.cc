#include "model/qualityfm.h"

#include <string>

#include "model/convolution.h"
#include "model/recompute.h"

namespace cfm::model {

namespace {

using torch::Tensor;
constexpr std::array<std::int64_t, 3> kKernels = {201, 101, 51};  // samples, features, features

}  // namespace

TokeniserImpl::TokeniserImpl(std::int64_t channels, std::int64_t d, const std::array<std::int64_t, 3>& strides) {
  const std::array<std::int64_t, 4> widths = {channels, d / 100, d / 10, d};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto options = torch::nn::Conv1dOptions(widths[i], widths[i + 1], kKernels[i])
                             .stride(strides[i])
                             .padding((kKernels[i] - 1) / 2);
    conv[i] = register_module("conv" + std::to_string(i + 1), torch::nn::Conv1d(options));
    norm[i] = register_module("norm" + std::to_string(i + 1), torch::nn::GroupNorm(1, widths[i + 1]));
  }
}

Tensor TokeniserImpl::forward(Tensor x) {
  for (std::size_t i = 0; i < 3; ++i) {
    const auto stride = conv[i]->options.stride()->at(0);
    x = torch::gelu(norm[i](convolution(x, conv[i]->weight, conv[i]->bias, stride, (kKernels[i] - 1) / 2)));
  }
  return x.transpose(1, 2).contiguous();
}

QualityFmEncoderImpl::QualityFmEncoderImpl(const QualityFmOptions& options, std::int64_t channels,
                                           const std::array<std::int64_t, 3>& strides)
    : dropout(options.dropout) {
  tokeniser = register_module("tokeniser", Tokeniser(channels, options.d, strides));
  layers = register_module("layers", torch::nn::ModuleList());
  for (std::int64_t i = 0; i < options.layers; ++i) {
    layers->push_back(PostNormLayer(LayerOptions{.d = options.d,
                                                 .heads = options.heads,
                                                 .ffn = options.ffn,
                                                 .window = options.window,
                                                 .dropout = options.dropout}));
  }
  output = register_module("output", torch::nn::Linear(options.d, options.d));
}

Tensor QualityFmEncoderImpl::after_layer(const Tensor& input, std::int64_t last) {
  Tensor x = tokeniser(input);
  if (last == 0) return x;
  x = torch::dropout(x + sinusoidal_positions(x.size(1), x.size(2)).to(x.options()), dropout, is_training());
  for (std::size_t i = 0; i < static_cast<std::size_t>(last); ++i) {
    const auto pass = [layer = layers[i]](const Tensor& t) { return layer->as<PostNormLayerImpl>()->forward(t); };
    x = recompute && is_training() ? recomputed(pass, x) : pass(x);
  }
  return x;
}

HeadImpl::HeadImpl(std::int64_t d, std::int64_t bins) {
  linear1 = register_module("linear1", torch::nn::Linear(d, d));
  linear2 = register_module("linear2", torch::nn::Linear(d, bins));
}

Tensor HeadImpl::forward(const Tensor& x) { return linear2(torch::tanh(linear1(x))); }

QualityFMImpl::QualityFMImpl(const QualityFmOptions& model_options) : options(model_options) {
  check(options);
  encoder = register_module("encoder", QualityFmEncoder(options));
  decoder = register_module("decoder", QualityFmEncoder(options, options.tokens, options.decoder_strides));
  amplitude_head = register_module("amplitude_head", Head(options.d, options.bins));
  phase_head = register_module("phase_head", Head(options.d, options.phase_values * options.bins));
}

QualityFmOutput QualityFMImpl::forward(const Tensor& x) {
  QualityFmOutput out;
  out.features = encoder(x);
  out.decoded = decoder(out.features);
  out.amplitude = amplitude_head(out.decoded);
  out.phase = phase_head(out.decoded);
  return out;
}

QualityFmEncoder copy_encoder(const QualityFmEncoder& encoder, const QualityFmOptions& options) {
  const torch::NoGradGuard no_grad;
  QualityFmEncoder copy(options);
  const auto from = encoder->named_parameters();
  for (auto& item : copy->named_parameters()) {
    const Tensor& source = from[item.key()];
    item.value().set_data(source.detach().clone());
    item.value().set_requires_grad(false);
  }
  copy->eval();
  return copy;
}

std::int64_t parameter_count(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

}  // namespace cfm::model
