// Weights: what is read can be written, and reads back to the same.
#include <algorithm>

#include "fuzz.h"
#include "model/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return cfm::fuzz::expect_errors([&] {
    const auto read = [](const cfm::Bytes& bytes) { return cfm::model::parse_safetensors(bytes, "w.safetensors"); };
    const cfm::model::Safetensors file = read(cfm::Bytes::own(std::vector<std::uint8_t>(data, data + size)));
    for (const auto& tensor : file.tensors) {
      if (file.find(tensor.name) != &tensor) cfm::fuzz::fail("a tensor that isn't found");
      if (std::ranges::count(tensor.data.span(), std::byte{1}) < 0) return;  // touches every byte
    }
    const std::string path = cfm::fuzz::folder() + "/again.safetensors";
    cfm::model::write_safetensors(path, file);
    const cfm::model::Safetensors again = read(cfm::map_file(path));
    const auto same = [](const auto& a, const auto& b) {
      return a.name == b.name && a.dtype == b.dtype && a.shape == b.shape &&
             std::ranges::equal(a.data.span(), b.data.span());
    };
    if (again.metadata != file.metadata || !std::ranges::equal(again.tensors, file.tensors, same)) {
      cfm::fuzz::fail("weights change when they are written");
    }
  });
}
