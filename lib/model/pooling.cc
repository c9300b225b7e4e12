#include "model/pooling.h"

#include "model/attention.h"

namespace cfm::model {

AttentivePoolImpl::AttentivePoolImpl(std::int64_t d) : heads(d % 4 == 0 ? 4 : d % 2 == 0 ? 2 : 1) {
  query = register_parameter("query", torch::zeros({d}));
  key = register_module("key", torch::nn::Linear(d, d));
  value = register_module("value", torch::nn::Linear(d, d));
}

torch::Tensor AttentivePoolImpl::forward(const torch::Tensor& tokens) {
  const auto by_head = [&](const torch::Tensor& x) { return x.unflatten(-1, {heads, -1}).transpose(1, 2); };
  const torch::Tensor asked = query.view({1, heads, 1, -1}).expand({tokens.size(0), -1, -1, -1});
  return attention(asked, by_head(key(tokens)), by_head(value(tokens))).flatten(1);
}

}  // namespace cfm::model
