#include "stream/layout.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "stream/preamble.h"

namespace cfm::stream {
namespace {

bool needs_rate(std::string_view kind) { return kind == "ecg" || kind == "ppg" || kind == "abp" || kind == "resp"; }

bool is_rate(const HeaderView& entry, std::string_view key) {
  const auto value = entry.find(key);
  const auto rate = value ? json_number(*value) : std::nullopt;
  return rate && *rate > 0;
}

TensorPlace tensor_place(const std::string& name, std::string_view text, std::uint64_t payload_length,
                         bool signals_need_rate) {
  const auto wrong = [&](const std::string& what) { return Error(Status::kMalformed, "tensor '{}': {}", name, what); };
  if (name.empty() || name.size() > kLongestName) {
    throw Error(Status::kMalformed, "tensor name of {} bytes; 1 to {} are allowed", name.size(), kLongestName);
  }
  if (!text.starts_with('{')) throw wrong("its entry is no object");
  const HeaderView entry(text);
  TensorPlace place{.name = name, .dtype = {}, .shape = {}};
  const auto dtype = entry.text("dtype");
  const auto known = dtype ? dtype_named(*dtype) : std::nullopt;
  if (!known) throw wrong("unknown dtype");
  place.dtype = *known;

  const auto shape = entry.find("shape");
  const auto sizes = shape ? json_elements(*shape) : std::nullopt;
  if (!sizes || sizes->size() > kMostDimensions) throw wrong("no shape");
  std::uint64_t bytes = size_of(place.dtype);
  bool huge = false, empty = false;
  for (const auto& size : *sizes) {
    const auto n = json_count(size);
    if (!n || *n > 1ULL << 53) throw wrong("shape has an entry that is no count");
    place.shape.push_back(static_cast<std::int64_t>(*n));
    if (*n == 0) {
      empty = true;
    } else if (__builtin_mul_overflow(bytes, *n, &bytes)) {
      huge = true;
    }
  }
  if (empty) {
    bytes = 0;
    huge = false;
  }

  const auto offsets = entry.find("data_offsets");
  const auto range = offsets ? json_elements(*offsets) : std::nullopt;
  const auto begin = range && range->size() == 2 ? json_count((*range)[0]) : std::nullopt;
  const auto end = range && range->size() == 2 ? json_count((*range)[1]) : std::nullopt;
  if (!begin || !end) throw wrong("data_offsets are not two counts");
  place.begin = *begin;
  place.end = *end;
  if (place.begin % kAlignment != 0)
    throw wrong(fmt::format("starts at {}, no multiple of {}", place.begin, kAlignment));
  if (place.end < place.begin || huge || place.end - place.begin != bytes) {
    throw wrong("shape and data_offsets disagree");
  }
  if (place.end > payload_length) {
    throw wrong(fmt::format("ends at {}, beyond the payload of {} bytes", place.end, payload_length));
  }
  if (signals_need_rate) {
    const auto kind = entry.text("kind");
    if (kind && needs_rate(*kind) && !is_rate(entry, "fs") && !(is_rate(entry, "fs_num") && is_rate(entry, "fs_den"))) {
      throw wrong("a signal without sampling rate (fs)");
    }
  }
  return place;
}

std::vector<std::size_t> by_offset(std::span<const TensorPlace> places) {
  std::vector<std::size_t> order(places.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(places[a].begin, places[a].end) < std::pair(places[b].begin, places[b].end);
  });
  return order;
}

void check_head(const HeaderView& header) {
  const auto format = header.text("format"), version = header.text("version");
  if (format && *format != "cfm-stream") throw Error(Status::kMalformed, "format '{}' is not cfm-stream", *format);
  if (version && *version != "1" && !version->starts_with("1.")) {
    throw Error(Status::kIncompatible, "cfm-stream version {}; this program reads version 1", *version);
  }
}

}  // namespace

std::vector<TensorPlace> tensor_places(std::string_view tensors, std::uint64_t payload_length, bool signals_need_rate) {
  if (!tensors.starts_with('{')) throw Error(Status::kMalformed, "'tensors' is no object");
  std::vector<TensorPlace> places;
  for (const auto& member : json_members(tensors, kDeepestJson)) {
    places.push_back(tensor_place(member.key, member.value, payload_length, signals_need_rate));
  }
  std::uint64_t last = 0;
  for (const std::size_t i : by_offset(places)) {
    if (places[i].begin < last) throw Error(Status::kMalformed, "tensor '{}' overlaps another", places[i].name);
    last = places[i].end;
  }
  return places;
}

std::uint64_t covered(std::span<const TensorPlace> places) {
  std::uint64_t end = 0;
  for (const auto& place : places) end = std::max(end, place.end);
  return end;
}

void check_gaps(std::span<const TensorPlace> places, std::span<const std::byte> payload) {
  std::uint64_t last = 0;
  for (const std::size_t i : by_offset(places)) {
    const auto gap = payload.subspan(last, places[i].begin - last);
    if (std::any_of(gap.begin(), gap.end(), [](std::byte b) { return b != std::byte{0}; })) {
      throw Error(Status::kMalformed, "bytes before tensor '{}' are not zero", places[i].name);
    }
    last = places[i].end;
  }
}

std::vector<TensorPlace> check_frame(char type, const HeaderView& header, std::uint64_t payload_length) {
  if (is_known(type) && header.text("type") != word_of(type)) {
    throw Error(Status::kMalformed, "type '{}' in the header of a frame '{}'", header.text("type").value_or(""), type);
  }
  if (type == 'H') check_head(header);
  if (type == 'S' && header.text("id").value_or("").empty()) throw Error(Status::kMalformed, "segment without id");
  const auto tensors = header.find("tensors");
  if (!tensors) return {};
  if (is_known(type)) return tensor_places(*tensors, payload_length, type == 'S');
  try {
    return tensor_places(*tensors, payload_length, false);
  } catch (const Error&) {
    return {};  // of an unknown frame the word may mean something else
  }
}

}  // namespace cfm::stream
