#include "model/layers.h"

#include <cmath>

#include "model/attention.h"

namespace cfm::model {

using torch::Tensor;

SelfAttentionImpl::SelfAttentionImpl(const LayerOptions& layer_options) : options(layer_options) {
  const std::int64_t inner = options.heads * (options.head_dim > 0 ? options.head_dim : options.d / options.heads);
  qkv = register_module("qkv", torch::nn::Linear(torch::nn::LinearOptions(options.d, 3 * inner).bias(options.bias)));
  output = register_module("output", torch::nn::Linear(inner, options.d));
}

Tensor SelfAttentionImpl::forward(const Tensor& x, const Tensor& padding) {
  // [B, n, 3·H·D] -> three of [B, H, n, D]
  const auto part = qkv(x).unflatten(-1, {3, options.heads, -1}).permute({2, 0, 3, 1, 4}).unbind(0);
  const Tensor out = options.window ? windowed_attention(part[0], part[1], part[2], *options.window, padding)
                                    : model::attention(part[0], part[1], part[2], padding);
  return output(out.transpose(1, 2).flatten(2));
}

PostNormLayerImpl::PostNormLayerImpl(const LayerOptions& options) : dropout(options.dropout) {
  const torch::nn::LayerNormOptions norm({options.d});
  attention = register_module("attention", SelfAttention(options));
  norm1 = register_module("norm1", torch::nn::LayerNorm(norm));
  linear1 = register_module("linear1", torch::nn::Linear(options.d, options.ffn));
  linear2 = register_module("linear2", torch::nn::Linear(options.ffn, options.d));
  norm2 = register_module("norm2", torch::nn::LayerNorm(norm));
}

Tensor PostNormLayerImpl::forward(Tensor x, const Tensor& padding) {
  const auto drop = [&](const Tensor& t) { return torch::dropout(t, dropout, is_training()); };
  x = norm1(x + drop(attention(x, padding)));
  return norm2(x + drop(linear2(drop(torch::gelu(linear1(x))))));
}

PreNormLayerImpl::PreNormLayerImpl(const LayerOptions& options) : dropout(options.dropout) {
  const torch::nn::LayerNormOptions norm({options.d});
  norm1 = register_module("norm1", torch::nn::LayerNorm(norm));
  attention = register_module("attention", SelfAttention(options));
  norm2 = register_module("norm2", torch::nn::LayerNorm(norm));
  linear1 = register_module("linear1", torch::nn::Linear(options.d, options.ffn));
  linear2 = register_module("linear2", torch::nn::Linear(options.ffn, options.d));
}

Tensor PreNormLayerImpl::forward(Tensor x, const Tensor& padding) {
  const auto drop = [&](const Tensor& t) { return torch::dropout(t, dropout, is_training()); };
  x = x + drop(attention(norm1(x), padding));
  return x + drop(linear2(drop(torch::gelu(linear1(norm2(x))))));
}

Tensor sinusoidal_positions(std::int64_t n, std::int64_t d) {
  const Tensor position = torch::arange(n, torch::kDouble).unsqueeze(1);
  const Tensor angle =
      position * torch::exp(torch::arange(0, d, 2, torch::kDouble) * (-std::log(10000.0) / static_cast<double>(d)));
  return torch::stack({angle.sin(), angle.cos()}, -1).flatten(1).slice(1, 0, d);
}

}  // namespace cfm::model
