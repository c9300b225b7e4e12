// Scaled dot-product attention: dense, and within a window around each token plus one global token.
//
//   auto out = windowed_attention(q, k, v, 8);                       // token 0 is global
//   auto out = windowed_attention(q, k, v, 8, padding, std::nullopt);  // no global token
//   auto all = attention(q, k, v, padding);
//
// q, k, v [B, H, n, D] of one floating type -> [B, H, n, D]; scale 1/sqrt(D). padding: bool [B, n], true where there is
// no token (undefined: none); padded tokens are never keys, a query without any key gives 0, rows of padded queries
// mean nothing. Windows: Beltagy et al., "Longformer", arXiv 2004.05150.
#pragma once

#include <torch/torch.h>

#include <optional>

namespace cfm::model {

// Query i sees key j when |i - j| <= window / 2; token `global` sees and is seen by all. Time and memory O(n * window),
// forward and backward: queries in blocks, each against the stretch of keys that its windows reach.
torch::Tensor windowed_attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                 std::int64_t window, const torch::Tensor& padding = {},
                                 std::optional<std::int64_t> global = 0);

// q [B, H, m, D], k and v [B, H, n, D] -> [B, H, m, D].
torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        const torch::Tensor& padding = {});

}  // namespace cfm::model
