#include "model/resnet1d.h"

namespace cfm::model {

namespace {

using torch::Tensor;

// Without bias: a norm follows, or is added to what one follows.
torch::nn::Conv1d convolution(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
  torch::nn::Conv1d conv(
      torch::nn::Conv1dOptions(in, out, kernel).stride(stride).padding((kernel - 1) / 2).bias(false));
  torch::nn::init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
  return conv;
}

}  // namespace

ResidualBlockImpl::ResidualBlockImpl(std::int64_t in, std::int64_t out, std::int64_t block_stride, std::int64_t kernel,
                                     double share)
    : stride(block_stride), dropout(share) {
  conv1 = register_module("conv1", convolution(in, out, kernel, stride));
  norm1 = register_module("norm1", torch::nn::BatchNorm1d(out));
  conv2 = register_module("conv2", convolution(out, out, kernel, 1));
  if (in != out) shortcut = register_module("shortcut", convolution(in, out, 1, 1));
  norm2 = register_module("norm2", torch::nn::BatchNorm1d(out));
}

Tensor ResidualBlockImpl::forward(const Tensor& x) {
  Tensor past = stride > 1 ? torch::max_pool1d(x, stride, stride, 0, 1, true) : x;
  if (shortcut) past = shortcut(past);
  Tensor y = torch::dropout(torch::relu(norm1(conv1(x))), dropout, is_training());
  y = conv2(y) + past;
  return torch::dropout(torch::relu(norm2(y)), dropout, is_training());
}

ResNet1dImpl::ResNet1dImpl(const ResNet1dOptions& options) : width_(options.widths.back()) {
  check(options);
  stem = register_module("stem", convolution(options.channels, options.stem, options.kernel, options.stem_stride));
  norm = register_module("norm", torch::nn::BatchNorm1d(options.stem));
  blocks = register_module("blocks", torch::nn::ModuleList());
  std::int64_t in = options.stem;
  for (std::size_t i = 0; i < options.widths.size(); ++i) {
    blocks->push_back(ResidualBlock(in, options.widths[i], options.strides[i], options.kernel, options.dropout));
    in = options.widths[i];
  }
}

Tensor ResNet1dImpl::after_layer(const Tensor& input, std::int64_t layer) {
  Tensor x = torch::relu(norm(stem(input)));
  for (std::size_t i = 0; i < static_cast<std::size_t>(layer); ++i) x = blocks[i]->as<ResidualBlockImpl>()->forward(x);
  return x.transpose(1, 2);
}

}  // namespace cfm::model
