#include "model/layers.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "model/attention.h"

namespace cfm::model {

namespace {

namespace F = torch::nn::functional;
using torch::Tensor;
using torch::indexing::Slice;

// Queries a block at least: enough rows for a matrix product, few enough that a narrow window stays cheap.
constexpr std::int64_t kBlock = 16;
constexpr double kMinusInfinity = -1e30;  // finite: a row without any key must not become NaN

// Softmax over the last axis among visible entries; a row without any becomes all zero where padding makes such rows.
Tensor masked_softmax(const Tensor& score, const Tensor& visible, bool empty_rows) {
  const Tensor weight = torch::softmax(score.masked_fill(visible.logical_not(), kMinusInfinity), -1);
  return empty_rows ? weight * visible : weight;
}

// One block that holds all tokens: n is at most a small multiple of the window.
Tensor whole_block(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t half, const Tensor& padding,
                   std::optional<std::int64_t> global, double scale) {
  const Tensor token = torch::arange(q.size(2), q.options().dtype(torch::kLong));
  Tensor visible = (token.unsqueeze(1) - token).abs() <= half;
  if (global) visible = visible | (token == *global) | (token == *global).unsqueeze(1);
  if (padding.defined()) visible = visible & padding.logical_not().unsqueeze(1).unsqueeze(1);
  const Tensor score = torch::matmul(q * scale, k.transpose(-1, -2));
  return torch::matmul(masked_softmax(score, visible, padding.defined()), v);
}

}  // namespace

Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& padding) {
  const Tensor score = torch::matmul(q, k.transpose(-1, -2)) / std::sqrt(static_cast<double>(q.size(-1)));
  if (!padding.defined()) return torch::matmul(torch::softmax(score, -1), v);
  return torch::matmul(masked_softmax(score, padding.logical_not().unsqueeze(1).unsqueeze(1), true), v);
}

Tensor windowed_attention(const Tensor& q, const Tensor& k, const Tensor& v, std::int64_t window, const Tensor& padding,
                          std::optional<std::int64_t> global) {
  const std::int64_t n = q.size(2), half = window / 2;
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(-1)));
  const std::int64_t block = std::max(half, kBlock), reach = block + 2 * half;
  if (n <= reach) return whole_block(q, k, v, half, padding, global, scale);

  // Block b holds queries b·block + r, its keys are b·block − half + c with c in [0, reach).
  const std::int64_t blocks = (n + block - 1) / block, behind = blocks * block - n + half;
  const auto stretches = [&](const Tensor& x) {  // [B, H, n, D] -> [B, H, blocks, D, reach]
    return F::pad(x, F::PadFuncOptions({0, 0, half, behind})).unfold(2, reach, block);
  };
  const Tensor queries = F::pad(q * scale, F::PadFuncOptions({0, 0, 0, behind - half})).unflatten(2, {blocks, block});
  Tensor score = torch::matmul(queries, stretches(k));  // [B, H, blocks, block, reach]

  const auto longs = q.options().dtype(torch::kLong);
  const Tensor start = torch::arange(blocks, longs).mul(block).view({blocks, 1, 1});
  const Tensor row = torch::arange(block, longs).view({1, block, 1}), column = torch::arange(reach, longs);
  const Tensor key = start + column - half;
  Tensor visible = (column >= row) & (column <= row + 2 * half) & (key >= 0) & (key < n);  // [blocks, block, reach]
  if (padding.defined()) {
    const Tensor there = F::pad(padding.logical_not(), F::PadFuncOptions({half, behind}));
    visible = visible & there.unfold(1, reach, block).unsqueeze(1).unsqueeze(3);
  }
  if (global) {  // one more key, used where the window does not reach the global token already
    const Tensor global_key = k.slice(2, *global, *global + 1).unsqueeze(2).transpose(-1, -2);
    score = torch::cat({score, torch::matmul(queries, global_key)}, -1);
    Tensor outside = (start + row - *global).abs() > half;  // [blocks, block, 1]
    if (padding.defined()) outside = outside & padding.select(1, *global).logical_not().view({-1, 1, 1, 1, 1});
    std::vector<std::int64_t> shape = visible.sizes().vec();
    shape.back() = 1;
    visible = torch::cat({visible, outside.expand(shape)}, -1);
  }
  const Tensor weight = masked_softmax(score, visible, padding.defined());
  Tensor out = torch::matmul(weight.slice(-1, 0, reach), stretches(v).transpose(-1, -2));
  if (global) out = out + weight.slice(-1, reach) * v.slice(2, *global, *global + 1).unsqueeze(2);
  out = out.flatten(2, 3).slice(2, 0, n);
  if (!global) return out;
  const Tensor seen_by_global = attention(q.slice(2, *global, *global + 1), k, v, padding);
  return torch::cat({out.slice(2, 0, *global), seen_by_global, out.slice(2, *global + 1)}, 2);
}

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
