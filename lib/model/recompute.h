// Activation checkpointing: memory for time.
//
//   x = recomputed([&](const torch::Tensor& t) { return layer->forward(t); }, x);
//   loss_of(x).backward();                                    // runs the layer once more, with gradients
//
// Between forward and backward only x is kept. The second run draws what the first drew (dropout) and leaves torch's
// generator where it was; it runs under the first one's autocast. So values and gradients have the bits of f(x), under
// autocast where linear layers see contiguous tensors: of others torch makes its products in one way or another by
// whether the converted weight takes a gradient.
// Parameters inside f get their gradients by backward(), not by torch::autograd::grad(). Where x takes no gradient, or
// gradients are off, this is f(x). Chen et al., "Training deep nets with sublinear memory cost", arXiv 1604.06174.
#pragma once

#include <torch/torch.h>

#include <functional>

namespace cfm::model {

// f: one tensor to one tensor; a function of x, of parameters and of draws from torch's default generator alone. What
// it captures must live until the backward pass.
torch::Tensor recomputed(std::function<torch::Tensor(const torch::Tensor&)> f, const torch::Tensor& x);

}  // namespace cfm::model
