// A segment of a recording: named tensors with attributes, and what is known about them. The unit every tool works on.
//
//   Segment segment = decode_segment(frame);
//   if (const Tensor* ecg = segment.find("ecg")) auto mv = physical(*ecg, 0);   // [samples], NaN = missing
//   segment.header["quality"]["score"] = 0.9;
//
// Format: cfm-stream 1.0. Keys, kinds and tensors that nobody here knows are kept as they came.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace cfm::stream {

using Json = nlohmann::ordered_json;

// As in safetensors.
enum class Dtype : std::uint8_t { kF64, kF32, kF16, kBF16, kI64, kI32, kI16, kU64, kU8, kBool };
std::size_t size_of(Dtype dtype);       // bytes an element
std::string_view name_of(Dtype dtype);  // "F32"
std::optional<Dtype> dtype_named(std::string_view name);

template <typename T>
constexpr Dtype dtype_of() {
  if constexpr (std::is_same_v<T, double>)
    return Dtype::kF64;
  else if constexpr (std::is_same_v<T, float>)
    return Dtype::kF32;
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return Dtype::kI64;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return Dtype::kI32;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return Dtype::kI16;
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return Dtype::kU64;
  else {
    static_assert(std::is_same_v<T, std::uint8_t>);
    return Dtype::kU8;
  }
}

struct Tensor {
  std::string name;  // "ecg", "reference/beats"
  Dtype dtype = Dtype::kF32;
  std::vector<std::int64_t> shape;  // C order
  Json attributes =
      Json::object();  // kind, fs, names, units, scale, offset, columns, of, … ; not dtype, shape, data_offsets
  Bytes data;          // little-endian, elements() * size_of(dtype) bytes

  std::size_t elements() const;
  std::string kind() const;      // "" when there is none
  bool is_signal() const;        // [channels, samples] at a rate: has fs (or fs_num/fs_den), names, and two dimensions
  double fs() const;             // Hz; throws (status 4) when absent
  std::size_t channels() const;  // shape[0] of a signal
  std::size_t samples() const;   // shape[1] of a signal
  double t0() const;             // seconds of the first sample after the segment's start
  std::vector<std::string> names() const;
  std::vector<std::string> units() const;
  double scale(std::size_t channel) const;   // default 1
  double offset(std::size_t channel) const;  // default 0

  // The elements, where the dtype is T's (else status 4).
  template <typename T>
  std::span<const T> values() const {
    require(dtype_of<T>());
    return {reinterpret_cast<const T*>(data.data()), elements()};
  }
  void require(Dtype wanted) const;
};

// A tensor that owns `values`; shape must multiply to their number.
template <typename T>
Tensor make_tensor(std::string name, std::vector<std::int64_t> shape, std::vector<T> values, Json attributes) {
  return Tensor{std::move(name), dtype_of<T>(), std::move(shape), std::move(attributes), Bytes::own(std::move(values))};
}

struct Segment {
  Json header =
      Json::object();  // all keys but `tensors` (and `type`): id, record, subject, start, clock, quality, labels, …
  std::vector<Tensor> tensors;  // in the order of the frame

  const Tensor* find(std::string_view name) const;
  Tensor* find(std::string_view name);
  void put(Tensor tensor);  // replaces the tensor of that name, else appends
  void remove(std::string_view name);
  std::string id() const;
  std::string record() const;
  std::string subject() const;            // "" when null
  std::string subject_or_record() const;  // who is who: the subject, or the record where the subject is null
  double start() const;                   // seconds from the record's start
  std::optional<double> score() const;    // quality.score
  // labels.NAME, null Json when absent
  Json label(std::string_view name) const;
};

// Channel of a signal as numbers in its unit, [samples], NaN where missing (NaN in floats, mask tensor 0 in integers).
std::vector<float> physical(const Segment& segment, const Tensor& signal, std::size_t channel);

// Where a channel is: by kind ("ecg": the preferred channel of that kind), or by name through the alias table of the
// caller. Index into segment.tensors and channel.
struct ChannelRef {
  std::size_t tensor = 0, channel = 0;
};
// The preferred channel of a kind: ECG II, then MLII, then the first; other kinds the first.
std::optional<ChannelRef> preferred_channel(const Segment& segment, std::string_view kind);

}  // namespace cfm::stream
