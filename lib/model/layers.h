// Transformer layers with the parameter names every checkpoint here uses: attention.qkv, norm1, linear1, …
//
//   PostNormLayer layer(LayerOptions{.d = 512, .heads = 4, .ffn = 256, .window = 8, .dropout = 0.1});
//   x = layer(x);                                            // [B, n, d] -> [B, n, d]
//   x = x + sinusoidal_positions(n, d).to(x.options());
//
// GELU is the exact (erf) form, LayerNorm eps 1e-5. Dropout acts in training mode only, on both residual branches and
// after GELU, and draws from torch's default generator. Vaswani et al. 2017 (post-norm), Xiong et al. 2020 (pre-norm).
#pragma once

#include <torch/torch.h>

#include <optional>

namespace cfm::model {

struct LayerOptions {
  std::int64_t d = 512;  // model width
  std::int64_t heads = 4;
  std::int64_t ffn = 256;                // width of the feed-forward part
  std::optional<std::int64_t> window{};  // none: every token sees every other
  std::int64_t head_dim = 0;             // 0: d / heads
  bool bias = true;                      // of qkv
  double dropout = 0;
};

// x [B, n, d], padding bool [B, n] or undefined -> [B, n, d]. Rows of qkv.weight: query, key, value, each head by head.
struct SelfAttentionImpl : torch::nn::Module {
  explicit SelfAttentionImpl(const LayerOptions& options);
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& padding = {});

  LayerOptions options;
  torch::nn::Linear qkv{nullptr}, output{nullptr};
};
TORCH_MODULE(SelfAttention);

// x <- norm1(x + attention(x)); x <- norm2(x + linear2(gelu(linear1(x)))).
struct PostNormLayerImpl : torch::nn::Module {
  explicit PostNormLayerImpl(const LayerOptions& options);
  torch::Tensor forward(torch::Tensor x, const torch::Tensor& padding = {});

  double dropout;
  SelfAttention attention{nullptr};
  torch::nn::LayerNorm norm1{nullptr}, norm2{nullptr};
  torch::nn::Linear linear1{nullptr}, linear2{nullptr};
};
TORCH_MODULE(PostNormLayer);

// x <- x + attention(norm1(x)); x <- x + linear2(gelu(linear1(norm2(x)))).
struct PreNormLayerImpl : torch::nn::Module {
  explicit PreNormLayerImpl(const LayerOptions& options);
  torch::Tensor forward(torch::Tensor x, const torch::Tensor& padding = {});

  double dropout;
  torch::nn::LayerNorm norm1{nullptr}, norm2{nullptr};
  SelfAttention attention{nullptr};
  torch::nn::Linear linear1{nullptr}, linear2{nullptr};
};
TORCH_MODULE(PreNormLayer);

// [n, d], float64: column 2i is sin(p / 10000^(2i/d)), column 2i + 1 the cosine.
torch::Tensor sinusoidal_positions(std::int64_t n, std::int64_t d);

}  // namespace cfm::model
