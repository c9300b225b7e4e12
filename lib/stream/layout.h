// Where the tensors of a header lie in the payload, checked before anybody touches them.
//
//   for (const TensorPlace& place : tensor_places(*header.find("tensors"), payload.size(), true))
//     payload.slice(place.begin, place.end - place.begin);
//
// Status 4 for an unknown dtype, a shape that disagrees with its offsets, offsets out of range, unaligned or
// overlapping, a long name, an ECG, PPG, ABP or respiration signal without rate. Errors name no file.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stream/frame.h"
#include "stream/json_text.h"

namespace cfm::stream {

inline constexpr std::size_t kMostDimensions = 28;  // nested arrays of the text twin stay within kDeepestJson

struct TensorPlace {
  std::string name;
  Dtype dtype = Dtype::kU8;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  // bytes of the payload
};

// In the order of the header.
std::vector<TensorPlace> tensor_places(std::string_view tensors, std::uint64_t payload_length, bool signals_need_rate);
// Where the last tensor ends: the length of a payload that holds nothing else.
std::uint64_t covered(std::span<const TensorPlace> places);
// Bytes between tensors are zero (else status 4).
void check_gaps(std::span<const TensorPlace> places, std::span<const std::byte> payload);
// What a reader demands of a frame beyond checksums: `type`, `format`, `id`, tensors. Returns the places of its
// tensors.
std::vector<TensorPlace> check_frame(char type, const HeaderView& header, std::uint64_t payload_length);

}  // namespace cfm::stream
