// Attentive pooling: a learnt query asks the tokens of a segment, so that those which matter count more than others.
//
//   AttentivePool pool(encoder->width());
//   torch::Tensor features = pool(tokens);                  // [B, n, d] -> [B, d]
//
// Cross attention with one query and several heads: keys and values are linear in the tokens, the weights a softmax of
// query · key / sqrt(d/heads). The query starts at 0, that is, as a mean over the tokens. The heads' results stand
// side by side; whatever is linear behind them needs no output projection before it. As the attentive probes of
// V-JEPA (Bardes et al., arXiv 2404.08471), without their feed-forward part.
#pragma once

#include <torch/torch.h>

namespace cfm::model {

// query [d]; key and value Linear(d, d). Four heads, or as many of two and one as divide d.
struct AttentivePoolImpl : torch::nn::Module {
  explicit AttentivePoolImpl(std::int64_t d);
  torch::Tensor forward(const torch::Tensor& tokens);

  std::int64_t heads;
  torch::Tensor query;
  torch::nn::Linear key{nullptr}, value{nullptr};
};
TORCH_MODULE(AttentivePool);

}  // namespace cfm::model
