#include "model/checkpoint.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/ranges.h>

#include <cstring>

#include "base/error.h"
#include "base/hash.h"
#include "model/safetensors.h"

namespace cfm::model {

namespace {

using stream::Dtype;
using torch::Tensor;

constexpr const char* kChecksumKey = "cfm.crc32c";

torch::ScalarType scalar_type(Dtype dtype) {
  switch (dtype) {
    case Dtype::kF64:
      return torch::kDouble;
    case Dtype::kF32:
      return torch::kFloat;
    case Dtype::kF16:
      return torch::kHalf;
    case Dtype::kBF16:
      return torch::kBFloat16;
    case Dtype::kI64:
      return torch::kLong;
    case Dtype::kI32:
      return torch::kInt;
    case Dtype::kI16:
      return torch::kShort;
    case Dtype::kU64:
      return torch::kUInt64;
    case Dtype::kU8:
      return torch::kByte;
    case Dtype::kBool:
      return torch::kBool;
  }
  throw Error(Status::kBug, "a dtype without a torch type");
}

Dtype dtype_of(const std::string& name, torch::ScalarType type) {
  for (const Dtype dtype : {Dtype::kF64, Dtype::kF32, Dtype::kF16, Dtype::kBF16, Dtype::kI64, Dtype::kI32, Dtype::kI16,
                            Dtype::kU64, Dtype::kU8, Dtype::kBool}) {
    if (scalar_type(dtype) == type) return dtype;
  }
  throw Error(Status::kBug, "tensor {}: its type has no name in safetensors", name);
}

std::string hashes_to_text(const std::set<std::uint64_t>& hashes) {
  Json list = Json::array();
  for (const std::uint64_t hash : hashes) list.push_back(hex16(hash));
  return list.dump();
}

std::set<std::uint64_t> hashes_of(const Json& list, const std::string& where) {
  std::set<std::uint64_t> hashes;
  for (const Json& item : list) {
    const std::string text = item.is_string() ? item.get<std::string>() : "";
    if (text.size() != 16 || text.find_first_not_of("0123456789abcdef") != std::string::npos) {
      throw Error(Status::kIncompatible, "{}: {} is no subject hash of 16 hexadecimal digits", where, item.dump());
    }
    hashes.insert(std::stoull(text, nullptr, 16));
  }
  return hashes;
}

// Takes one key out of the metadata and parses it; `absent` when it is not there, whose kind it must have unless null.
Json take_json(std::map<std::string, std::string>& metadata, const std::string& key, Json absent,
               const std::string& file) {
  const auto at = metadata.find(key);
  if (at == metadata.end()) return absent;
  Json value = Json::parse(at->second, nullptr, false);
  if (value.is_discarded() || (!absent.is_null() && value.type() != absent.type())) {
    throw Error(Status::kIncompatible, "{}: {} in its metadata is no JSON {}", file, key, absent.type_name());
  }
  metadata.erase(at);
  return value;
}

// CRC-32C of all bytes of all tensors, in the order of their names, as 8 hexadecimal digits.
class Checksum {
 public:
  void add(std::span<const std::byte> bytes) { value_ = crc32c(bytes, value_); }
  std::string text() const { return hex16(value_).substr(8); }

 private:
  std::uint32_t value_ = 0;
};

void verify_checksum(Safetensors& file, const std::string& path) {
  const auto said = file.metadata.find(kChecksumKey);
  if (said == file.metadata.end()) return;  // written by others
  Checksum checksum;
  for (const NamedTensor& stored : file.tensors) checksum.add({stored.data.data(), stored.data.size()});
  if (said->second != checksum.text()) {
    throw Error(Status::kMalformed, "{}: damaged: its tensors have the checksum {}, it says {}", path, checksum.text(),
                said->second);
  }
  file.metadata.erase(said);
}

// Draws of the constructors inside are a function of the seed and leave torch's generator as it was.
class SeededGenerator {
 public:
  explicit SeededGenerator(std::uint64_t seed)
      : generator_(at::detail::getDefaultCPUGenerator()), before_(generator_.get_state()) {
    torch::manual_seed(seed);
  }
  ~SeededGenerator() { generator_.set_state(before_); }
  SeededGenerator(const SeededGenerator&) = delete;
  SeededGenerator& operator=(const SeededGenerator&) = delete;

 private:
  at::Generator generator_;
  Tensor before_;
};

std::map<std::string, Tensor> named_tensors(const torch::nn::Module& module) {
  std::map<std::string, Tensor> all;
  for (const auto& item : module.named_parameters()) all.emplace(item.key(), item.value());
  for (const auto& item : module.named_buffers()) all.emplace(item.key(), item.value());
  return all;
}

// Sizes in the configuration that the tensors don't bear out are refused before they are allocated.
void require_sizes(const Checkpoint& checkpoint, const std::string& prefix) {
  for (const auto& [name, shape] : telling_shapes(checkpoint.config.architecture)) {
    const auto at = checkpoint.tensors.find(prefix + name);
    if (at == checkpoint.tensors.end()) {
      throw Error(Status::kIncompatible, "{}: tensor {} is missing", checkpoint.path, prefix + name);
    }
    if (at->second.sizes() != torch::IntArrayRef(shape)) {
      throw Error(Status::kIncompatible, "{}: tensor {} is [{}], its configuration asks for [{}]", checkpoint.path,
                  prefix + name, fmt::join(at->second.sizes().vec(), ", "), fmt::join(shape, ", "));
    }
  }
}

}  // namespace

std::string checkpoint_file(const std::string& path) {
  return is_directory(path) ? path + (path.ends_with('/') ? "" : "/") + "model.safetensors" : path;
}

Checkpoint load_checkpoint(const std::string& path) {
  Checkpoint checkpoint;
  checkpoint.path = checkpoint_file(path);
  Safetensors file = read_safetensors(checkpoint.path);
  const auto config = file.metadata.find("cfm.config");
  if (config == file.metadata.end()) {
    throw Error(Status::kIncompatible,
                "{}: no cfm.config in its metadata: a model's weights, but not one of this toolkit", checkpoint.path);
  }
  verify_checksum(file, checkpoint.path);
  Json document = take_json(file.metadata, "cfm.config", Json::object(), checkpoint.path);
  if (file.metadata.contains("cfm.profile")) {
    document["profile"] = take_json(file.metadata, "cfm.profile", Json::object(), checkpoint.path);
  }
  try {
    checkpoint.config = ModelConfig::from_json(document, checkpoint.path);
  } catch (const Error& error) {
    throw Error(Status::kIncompatible, "{}", error.what());
  }
  checkpoint.provenance = take_json(file.metadata, "cfm.prov", Json::array(), checkpoint.path);
  checkpoint.folds = take_json(file.metadata, "cfm.folds", nullptr, checkpoint.path);
  for (auto [key, hashes] : {std::pair("cfm.subjects_seen", &checkpoint.subjects_seen),
                             std::pair("cfm.subjects_labelled", &checkpoint.subjects_labelled)}) {
    *hashes = hashes_of(take_json(file.metadata, key, Json::array(), checkpoint.path), checkpoint.path + ": " + key);
  }
  checkpoint.extra = std::move(file.metadata);
  for (const NamedTensor& stored : file.tensors) {
    Tensor tensor = torch::empty(stored.shape, torch::dtype(scalar_type(stored.dtype)));
    if (stored.data.size() > 0) std::memcpy(tensor.data_ptr(), stored.data.data(), stored.data.size());
    checkpoint.tensors.emplace(stored.name, std::move(tensor));
  }
  return checkpoint;
}

void save_checkpoint(const std::string& path, const Checkpoint& checkpoint) {
  Json document = checkpoint.config.to_json();
  document.erase("profile");
  Safetensors file;
  file.metadata = checkpoint.extra;
  file.metadata["cfm.config"] = document.dump();
  file.metadata["cfm.profile"] = checkpoint.config.profile.to_json().dump();
  file.metadata["cfm.prov"] = checkpoint.provenance.dump();
  file.metadata["cfm.folds"] = checkpoint.folds.dump();
  file.metadata["cfm.subjects_seen"] = hashes_to_text(checkpoint.subjects_seen);
  file.metadata["cfm.subjects_labelled"] = hashes_to_text(checkpoint.subjects_labelled);
  Checksum checksum;
  for (const auto& [name, value] : checkpoint.tensors) {
    auto held = std::make_shared<const Tensor>(value.detach().cpu().contiguous());
    const std::span bytes(static_cast<const std::byte*>(held->data_ptr()), held->nbytes());
    checksum.add(bytes);
    file.tensors.push_back({name, dtype_of(name, held->scalar_type()), held->sizes().vec(), Bytes(held, bytes)});
  }
  file.metadata[kChecksumKey] = checksum.text();
  write_safetensors(path, file);
}

State state_of(const torch::nn::Module& module, const std::string& prefix) {
  State state;
  for (const auto& [name, tensor] : named_tensors(module)) state[prefix + name] = tensor.detach().cpu().clone();
  return state;
}

void load_state(torch::nn::Module& module, const State& state, const std::string& prefix, const std::string& where) {
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : named_tensors(module)) {
    const auto at = state.find(prefix + name);
    if (at == state.end()) throw Error(Status::kIncompatible, "{}: tensor {} is missing", where, prefix + name);
    if (at->second.sizes() != tensor.sizes()) {
      throw Error(Status::kIncompatible, "{}: tensor {} is [{}], its configuration asks for [{}]", where, prefix + name,
                  fmt::join(at->second.sizes().vec(), ", "), fmt::join(tensor.sizes().vec(), ", "));
    }
    tensor.copy_(at->second);
  }
}

Encoder load_encoder(const Checkpoint& checkpoint) {
  const auto after = checkpoint.tensors.lower_bound(kTeacherPrefix);
  const bool teacher = after != checkpoint.tensors.end() && after->first.starts_with(kTeacherPrefix);
  const std::string prefix = teacher ? kTeacherPrefix : "encoder.";
  require_sizes(checkpoint, prefix);
  Encoder encoder = random_encoder(checkpoint.config, 0);
  load_state(*encoder, checkpoint.tensors, prefix, checkpoint.path);
  return encoder;
}

QualityFM load_model(const Checkpoint& checkpoint) {
  require_sizes(checkpoint, "encoder.");
  const SeededGenerator seeded(0);
  QualityFM model(checkpoint.config.qualityfm());
  load_state(*model, checkpoint.tensors, "", checkpoint.path);
  return model;
}

Encoder random_encoder(const ModelConfig& config, std::uint64_t seed) {
  const SeededGenerator seeded(seed);
  Encoder encoder = make_encoder(config);
  encoder->eval();
  return encoder;
}

}  // namespace cfm::model
