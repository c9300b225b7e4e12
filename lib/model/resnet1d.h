// ResNet-1D: residual convolutions over the raw signal, trained on labels from nothing: the control beside a
// pre-trained encoder of equal size.
//
//   torch::manual_seed(seed);
//   ResNet1d encoder(ResNet1dOptions{});
//   torch::Tensor tokens = encoder(x);                       // [B, C, L] -> [B, n, widths.back()]
//
// A strided convolution, batch norm and ReLU, then residual blocks in the manner of Ribeiro et al. 2020 (Nat. Commun.
// 11:1760), who read the ECG: strided convolution, batch norm, ReLU, dropout, convolution, plus the input max-pooled by
// the same stride and brought to the same width by a convolution of one sample; batch norm, ReLU, dropout of the sum.
// Residual connections, and the stride in a block's first convolution, are those of He et al. 2016; their use on raw
// time series with global average pooling is that of Wang, Yan and Oates 2017. What differs from Ribeiro's: the stem
// strides, since 300 Hz are more than the blocks need; strides of 3, not 4, in the first convolution, not the second;
// and the mean over tokens instead of a dense layer over all, so that the head is the one every family has. Weights
// start as He et al. 2015 draw them (normal, fan out), biases of norms at 0.
// n = L divided by each stride in turn, rounded up.
#pragma once

#include "model/encoder.h"

namespace cfm::model {

// [B, in, L] -> [B, out, ceil(L / stride)]
struct ResidualBlockImpl : torch::nn::Module {
  ResidualBlockImpl(std::int64_t in, std::int64_t out, std::int64_t stride, std::int64_t kernel, double dropout);
  torch::Tensor forward(const torch::Tensor& x);

  std::int64_t stride;
  double dropout;
  torch::nn::Conv1d conv1{nullptr}, conv2{nullptr}, shortcut{nullptr};
  torch::nn::BatchNorm1d norm1{nullptr}, norm2{nullptr};
};
TORCH_MODULE(ResidualBlock);

struct ResNet1dImpl : EncoderImpl {
  explicit ResNet1dImpl(const ResNet1dOptions& options);
  torch::Tensor forward(const torch::Tensor& x) override { return after_layer(x, depth()); }
  torch::Tensor after_layer(const torch::Tensor& x, std::int64_t layer) override;  // 0: of the stem
  std::int64_t depth() const override { return static_cast<std::int64_t>(blocks->size()); }
  std::int64_t width() const override { return width_; }

  torch::nn::Conv1d stem{nullptr};
  torch::nn::BatchNorm1d norm{nullptr};
  torch::nn::ModuleList blocks{nullptr};

 private:
  std::int64_t width_;
};
TORCH_MODULE(ResNet1d);

}  // namespace cfm::model
