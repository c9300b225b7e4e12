#include "stream/segment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "stream/half.h"

namespace cfm::stream {
namespace {

struct DtypeRow {
  Dtype dtype;
  std::string_view name;
  std::size_t size;  // bytes
};
constexpr std::array<DtypeRow, 10> kDtypes = {{{Dtype::kF64, "F64", 8},
                                               {Dtype::kF32, "F32", 4},
                                               {Dtype::kF16, "F16", 2},
                                               {Dtype::kBF16, "BF16", 2},
                                               {Dtype::kI64, "I64", 8},
                                               {Dtype::kI32, "I32", 4},
                                               {Dtype::kI16, "I16", 2},
                                               {Dtype::kU64, "U64", 8},
                                               {Dtype::kU8, "U8", 1},
                                               {Dtype::kBool, "BOOL", 1}}};

const Json& member(const Json& object, std::string_view key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto at = object.find(key);
  return at == object.end() ? kNull : *at;
}

double number_or(const Json& object, std::string_view key, double otherwise, const std::string& where) {
  const Json& value = member(object, key);
  if (value.is_null()) return otherwise;
  if (!value.is_number()) throw Error(Status::kMalformed, "{}: '{}' is no number", where, key);
  return value.get<double>();
}

std::string text_or_empty(const Json& object, std::string_view key, const std::string& where) {
  const Json& value = member(object, key);
  if (value.is_null()) return {};
  if (!value.is_string()) throw Error(Status::kMalformed, "{}: '{}' is no text", where, key);
  return value.get<std::string>();
}

std::vector<std::string> texts(const Json& object, std::string_view key, const std::string& where) {
  const Json& value = member(object, key);
  std::vector<std::string> out;
  if (value.is_null()) return out;
  if (!value.is_array()) throw Error(Status::kMalformed, "{}: '{}' is no list", where, key);
  for (const Json& entry : value) {
    if (!entry.is_string()) throw Error(Status::kMalformed, "{}: '{}' holds something that is no text", where, key);
    out.push_back(entry.get<std::string>());
  }
  return out;
}

double entry_or(const Json& object, std::string_view key, std::size_t i, double otherwise, const std::string& where) {
  const Json& value = member(object, key);
  if (value.is_null()) return otherwise;
  if (!value.is_array() || i >= value.size() || !value[i].is_number()) {
    throw Error(Status::kMalformed, "{}: '{}' has no number for channel {}", where, key, i);
  }
  return value[i].get<double>();
}

template <typename T>
void scale_to(const Tensor& signal, std::size_t channel, std::vector<float>& out) {
  const std::size_t n = signal.samples();
  const auto* from = reinterpret_cast<const T*>(signal.data.data()) + channel * n;
  const double scale = signal.scale(channel), offset = signal.offset(channel);
  out.resize(n);
  if (std::is_same_v<T, float> && scale == 1 && offset == 0) {
    std::memcpy(out.data(), from, n * sizeof(float));
    return;
  }
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<float>((static_cast<double>(from[i]) - offset) * scale);
}

void scale_half(const Tensor& signal, std::size_t channel, float (*widen)(std::uint16_t), std::vector<float>& out) {
  const std::size_t n = signal.samples();
  const auto* from = reinterpret_cast<const std::uint16_t*>(signal.data.data()) + channel * n;
  const double scale = signal.scale(channel), offset = signal.offset(channel);
  out.resize(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<float>((double{widen(from[i])} - offset) * scale);
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::size_t size_of(Dtype dtype) { return kDtypes[static_cast<std::size_t>(dtype)].size; }
std::string_view name_of(Dtype dtype) { return kDtypes[static_cast<std::size_t>(dtype)].name; }
std::optional<Dtype> dtype_named(std::string_view name) {
  for (const auto& row : kDtypes) {
    if (row.name == name) return row.dtype;
  }
  return std::nullopt;
}

std::size_t Tensor::elements() const {
  std::size_t n = 1;
  for (const std::int64_t size : shape) n *= static_cast<std::size_t>(size);
  return n;
}

std::string Tensor::kind() const { return text_or_empty(attributes, "kind", name); }

bool Tensor::is_signal() const {
  const bool rate = attributes.contains("fs") || (attributes.contains("fs_num") && attributes.contains("fs_den"));
  const Json& channel_names = member(attributes, "names");
  return rate && shape.size() == 2 && channel_names.is_array() &&
         channel_names.size() == static_cast<std::size_t>(shape[0]);
}

double Tensor::fs() const {
  double rate = number_or(attributes, "fs", 0, name);
  if (rate == 0) rate = number_or(attributes, "fs_num", 0, name) / number_or(attributes, "fs_den", 1, name);
  if (!(rate > 0) || !std::isfinite(rate)) throw Error(Status::kMalformed, "tensor '{}' has no sampling rate", name);
  return rate;
}

std::size_t Tensor::channels() const { return shape.size() == 2 ? static_cast<std::size_t>(shape[0]) : 0; }
std::size_t Tensor::samples() const { return shape.size() == 2 ? static_cast<std::size_t>(shape[1]) : 0; }
double Tensor::t0() const { return number_or(attributes, "t0", 0, name); }
std::vector<std::string> Tensor::names() const { return texts(attributes, "names", name); }
std::vector<std::string> Tensor::units() const { return texts(attributes, "units", name); }
double Tensor::scale(std::size_t channel) const { return entry_or(attributes, "scale", channel, 1, name); }
double Tensor::offset(std::size_t channel) const { return entry_or(attributes, "offset", channel, 0, name); }

void Tensor::require(Dtype wanted) const {
  if (dtype != wanted) {
    throw Error(Status::kMalformed, "tensor '{}' is {} where {} is needed", name, name_of(dtype), name_of(wanted));
  }
}

const Tensor* Segment::find(std::string_view name) const {
  const auto at = std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& t) { return t.name == name; });
  return at == tensors.end() ? nullptr : &*at;
}

Tensor* Segment::find(std::string_view name) { return const_cast<Tensor*>(std::as_const(*this).find(name)); }

void Segment::put(Tensor tensor) {
  if (Tensor* old = find(tensor.name)) {
    *old = std::move(tensor);
  } else {
    tensors.push_back(std::move(tensor));
  }
}

void Segment::remove(std::string_view name) {
  std::erase_if(tensors, [&](const Tensor& t) { return t.name == name; });
}

std::string Segment::id() const { return text_or_empty(header, "id", "segment"); }
std::string Segment::record() const { return text_or_empty(header, "record", id()); }
std::string Segment::subject() const { return text_or_empty(header, "subject", id()); }

std::string Segment::subject_or_record() const {
  std::string who = subject();
  return who.empty() ? record() : who;
}

double Segment::start() const { return number_or(header, "start", 0, id()); }

std::optional<double> Segment::score() const {
  const Json& score = member(member(header, "quality"), "score");
  if (score.is_null()) return std::nullopt;
  if (!score.is_number()) throw Error(Status::kMalformed, "{}: quality.score is no number", id());
  return score.get<double>();
}

Json Segment::label(std::string_view name) const { return member(member(header, "labels"), name); }

std::vector<float> physical(const Segment& segment, const Tensor& signal, std::size_t channel) {
  if (signal.shape.size() != 2 || channel >= signal.channels()) {
    throw Error(Status::kMalformed, "{}: tensor '{}' has no channel {}", segment.id(), signal.name, channel);
  }
  std::vector<float> out;
  switch (signal.dtype) {
    case Dtype::kF64:
      scale_to<double>(signal, channel, out);
      break;
    case Dtype::kF32:
      scale_to<float>(signal, channel, out);
      break;
    case Dtype::kF16:
      scale_half(signal, channel, float_of_half, out);
      break;
    case Dtype::kBF16:
      scale_half(signal, channel, float_of_bfloat, out);
      break;
    case Dtype::kI64:
      scale_to<std::int64_t>(signal, channel, out);
      break;
    case Dtype::kI32:
      scale_to<std::int32_t>(signal, channel, out);
      break;
    case Dtype::kI16:
      scale_to<std::int16_t>(signal, channel, out);
      break;
    case Dtype::kU64:
      scale_to<std::uint64_t>(signal, channel, out);
      break;
    case Dtype::kU8:
    case Dtype::kBool:
      scale_to<std::uint8_t>(signal, channel, out);
      break;
  }
  const std::string mask_name = text_or_empty(signal.attributes, "mask", signal.name);
  if (mask_name.empty()) return out;
  const Tensor* mask = segment.find(mask_name);
  if (mask == nullptr || mask->dtype != Dtype::kU8 || mask->shape != signal.shape) {
    throw Error(Status::kMalformed, "{}: tensor '{}' has no mask '{}' of its shape", segment.id(), signal.name,
                mask_name);
  }
  const auto present = mask->values<std::uint8_t>().subspan(channel * out.size(), out.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (present[i] == 0) out[i] = std::numeric_limits<float>::quiet_NaN();
  }
  return out;
}

std::optional<ChannelRef> preferred_channel(const Segment& segment, std::string_view kind) {
  std::optional<ChannelRef> best;
  int best_rank = 3;  // 0 II, 1 MLII, 2 the first
  for (std::size_t t = 0; t < segment.tensors.size(); ++t) {
    const Tensor& tensor = segment.tensors[t];
    if (tensor.kind() != kind || !tensor.is_signal()) continue;
    const auto names = tensor.names();
    for (std::size_t c = 0; c < names.size(); ++c) {
      const int rank = kind != "ecg" ? 2 : same_name(names[c], "II") ? 0 : same_name(names[c], "MLII") ? 1 : 2;
      if (rank >= best_rank) continue;
      best_rank = rank;
      best = ChannelRef{t, c};
    }
  }
  return best;
}

}  // namespace cfm::stream
