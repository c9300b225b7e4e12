// Conv1d as a matrix product, where that is faster than torch's own convolution.
//
//   torch::Tensor y = convolution(x, conv->weight, conv->bias, 5, 100);    // x [B, C, L] -> y [B, O, out]
//
// out = floor((L + 2·padding − kernel) / stride) + 1. The same sums as torch::conv1d in another order; differentiable.
#pragma once

#include <torch/torch.h>

namespace cfm::model {

// weight [O, C, kernel], bias [O].
torch::Tensor convolution(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                          std::int64_t stride, std::int64_t padding);

}  // namespace cfm::model
