#include "model/convolution.h"

namespace cfm::model {

namespace {

namespace F = torch::nn::functional;
using torch::Tensor;

// Measured on one AVX2 core against oneDNN 3.10, which works on eight output channels at once: 2 → 5 channels, kernel
// 201, stride 5, 32 × 9000 samples take 16 ms instead of 90 (with gradients 25 instead of 153).
constexpr std::int64_t kFewChannels = 16;
constexpr std::int64_t kAtOnce = 16;  // outputs; 8 take 22 ms, 32 as long but twice the weights
// 51 → 512 channels, kernel 51, two outputs: 8 ms instead of 26 (26 instead of 81); with 18 outputs there is no gain.
constexpr std::int64_t kFewOutputs = 8;

// Each output channel's weights `count` times, each time `stride` samples later: [O, C, kernel] -> [O·count, C·span].
// Rows that are count·stride longer than the kernel, laid end to end and cut anew into rows shorter by one stride.
Tensor staggered(const Tensor& weight, std::int64_t count, std::int64_t stride) {
  const std::int64_t span = (count - 1) * stride + weight.size(2);
  const Tensor rows = F::pad(weight, F::PadFuncOptions({0, count * stride})).unsqueeze(2).expand({-1, -1, count, -1});
  return rows.flatten(2).slice(2, 0, count * span).unflatten(2, {count, span}).transpose(1, 2).flatten(0, 1).flatten(1);
}

}  // namespace

Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias, std::int64_t stride,
                   std::int64_t padding) {
  const std::int64_t channels = weight.size(0), kernel = weight.size(2), samples = x.size(2);
  const std::int64_t outputs = (samples + 2 * padding - kernel) / stride + 1;
  const bool few_outputs = outputs <= kFewOutputs;
  if (!few_outputs && channels > kFewChannels) return torch::conv1d(x, weight, bias, stride, padding);

  // Windows of `span` samples give `count` outputs each: few windows to copy, rows enough for a matrix product.
  const std::int64_t count = few_outputs ? 1 : kAtOnce, blocks = (outputs + count - 1) / count;
  const std::int64_t span = (count - 1) * stride + kernel, step = count * stride;
  const std::int64_t behind = (blocks - 1) * step + span - samples - padding;
  const Tensor windows = F::pad(x, F::PadFuncOptions({padding, behind})).unfold(2, span, step);  // [B, C, blocks, span]
  const Tensor rows = count == 1 ? weight.flatten(1) : staggered(weight, count, stride);
  const Tensor shift = bias.unsqueeze(1).expand({-1, count}).flatten();
  const Tensor y = F::linear(windows.transpose(1, 2).flatten(2), rows, shift);  // [B, blocks, O·count]
  return y.unflatten(2, {channels, count}).transpose(1, 2).flatten(2).slice(2, 0, outputs);
}

}  // namespace cfm::model
