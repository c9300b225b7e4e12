// What every family of models has in common for those who come after it: a segment in, tokens out.
//
//   Encoder encoder = make_encoder(config);                // of the family that the configuration names
//   torch::Tensor tokens = encoder(x);                     // [B, C, L] -> [B, n, encoder->width()]
//
// B batch, C channels, L samples of the model's profile. Weights are drawn from torch's default generator; the
// configuration's schedule says whether layers are recomputed.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "model/config.h"

namespace cfm::model {

struct EncoderImpl : torch::nn::Module {
  virtual torch::Tensor forward(const torch::Tensor& x) = 0;
  // What comes out of layer `layer` of depth(), 0 being the tokens that the first gets: [B, n, d], of that layer's
  // sizes.
  virtual torch::Tensor after_layer(const torch::Tensor& x, std::int64_t layer) = 0;
  virtual std::int64_t depth() const = 0;
  virtual std::int64_t width() const = 0;  // of forward()'s tokens

  // In training keep no layer's activations, run it again in backward (recompute.h); of families that can.
  bool recompute = false;
};
TORCH_MODULE(Encoder);

Encoder make_encoder(const ModelConfig& config);

// Samples of the input from one token to the next.
std::int64_t samples_a_token(const Architecture& architecture);

// Tensors of an encoder that bear out the sizes of its configuration: what is huge would show in them.
struct NamedShape {
  std::string name;
  std::vector<std::int64_t> shape;
};
std::vector<NamedShape> telling_shapes(const Architecture& architecture);

}  // namespace cfm::model
