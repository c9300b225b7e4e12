// Golden tensors as torch tensors, and the error that their README defines.
#pragma once

#include <torch/torch.h>

#include <cstring>
#include <map>
#include <string>

#include "model/safetensors.h"
#include "support.h"

namespace cfm::test {

// All tensors of a golden file as float64 (integers as int64), by name.
inline std::map<std::string, torch::Tensor> golden_tensors(const std::string& path) {
  const auto file = model::read_safetensors(path);
  std::map<std::string, torch::Tensor> all;
  for (const auto& stored : file.tensors) {
    const bool integer = stored.dtype == stream::Dtype::kI64;
    const auto type = integer                               ? torch::kLong
                      : stored.dtype == stream::Dtype::kF16 ? torch::kHalf
                      : stored.dtype == stream::Dtype::kF32 ? torch::kFloat
                                                            : torch::kDouble;
    torch::Tensor tensor = torch::empty(stored.shape, torch::dtype(type));
    if (stored.data.size() > 0) std::memcpy(tensor.data_ptr(), stored.data.data(), stored.data.size());
    all[stored.name] = integer ? tensor : tensor.to(torch::kDouble);
  }
  return all;
}

// max |a - b| / max |b|, or max |a| where b is all zero; infinite for another shape.
inline double error_of(const torch::Tensor& a, const torch::Tensor& b) {
  if (a.sizes() != b.sizes()) return INFINITY;
  if (b.numel() == 0) return 0;
  const double scale = b.abs().max().item<double>();
  const double difference = (a.detach().to(torch::kDouble) - b).abs().max().item<double>();
  return scale > 0 ? difference / scale : difference;
}

}  // namespace cfm::test
