// Weights on disk: the safetensors format, read and written without LibTorch, every number checked before it is used.
//
//   Safetensors file = read_safetensors("model.safetensors");   // mapped, nothing copied
//   file.metadata.at("cfm.config");  file.find("encoder.output.bias")->shape;
//   write_safetensors("copy.safetensors", file);
//
// A file is 8 bytes of header length (little-endian), a JSON object {name: {dtype, shape, data_offsets}}, the data
// without holes. Whatever differs from that is Error status 4 saying what, in time and memory bounded by the file's
// size. Format: https://github.com/huggingface/safetensors. Types: those of stream::Dtype.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "stream/segment.h"

namespace cfm::model {

struct NamedTensor {
  std::string name;
  stream::Dtype dtype = stream::Dtype::kF32;
  std::vector<std::int64_t> shape;  // C order; empty for a scalar
  Bytes data;                       // little-endian; of no particular alignment: copy before use as numbers
};

struct Safetensors {
  std::vector<NamedTensor> tensors;  // read: in the order of their names
  std::map<std::string, std::string> metadata;

  const NamedTensor* find(std::string_view name) const;  // of what was read
};

inline constexpr std::uint64_t kLargestSafetensorsHeader = 100'000'000;  // bytes, of the format

Safetensors read_safetensors(const std::string& path);
// `name` stands in messages.
Safetensors parse_safetensors(const Bytes& file, const std::string& name);

// Written beside and renamed. The same content gives the same bytes: wide types first, then by name; data aligned to 8.
void write_safetensors(const std::string& path, const Safetensors& content);
// To what is open already; commit() is the caller's.
void write_safetensors(OutputFile& out, const Safetensors& content);

}  // namespace cfm::model
