#include "stream/decode.h"

#include "base/error.h"
#include "stream/json_text.h"
#include "stream/layout.h"

namespace cfm::stream {
namespace {

Tensor tensor_of(const std::string& name, Json& entry, const Bytes& payload) {
  Tensor tensor{.name = name, .shape = {}, .attributes = Json::object(), .data = {}};
  auto& members = entry.get_ref<Json::object_t&>();
  auto& attributes = tensor.attributes.get_ref<Json::object_t&>();
  attributes.reserve(members.size());
  for (auto& [key, value] : members) {
    if (key == "dtype") {
      tensor.dtype = dtype_named(value.get_ref<const std::string&>()).value();
    } else if (key == "shape") {
      tensor.shape = value.get<std::vector<std::int64_t>>();
    } else if (key == "data_offsets") {
      const auto begin = value.at(0).get<std::uint64_t>(), end = value.at(1).get<std::uint64_t>();
      tensor.data = payload.slice(begin, end - begin);
    } else {
      attributes.emplace_back(key, std::move(value));
    }
  }
  return tensor;
}

Segment decode(const Frame& frame, bool with_tensors) {
  Json header = parse_json(frame.header);
  auto& members = header.get_ref<Json::object_t&>();
  Segment segment;
  auto& keys = segment.header.get_ref<Json::object_t&>();
  keys.reserve(members.size());
  for (auto& [key, value] : members) {
    if (key == "type") continue;
    if (key != "tensors") {
      keys.emplace_back(key, std::move(value));
      continue;
    }
    keys.emplace_back(key, nullptr);  // keeps the place of the tensors among the keys
    if (!with_tensors) continue;
    auto& tensors = value.get_ref<Json::object_t&>();
    segment.tensors.reserve(tensors.size());
    for (auto& [name, entry] : tensors) segment.tensors.push_back(tensor_of(name, entry, frame.payload));
  }
  discard(header);
  return segment;
}

}  // namespace

Segment decode_checked(const Frame& frame) { return decode(frame, true); }

Segment decode_segment(const Frame& frame) {
  try {
    const auto places = check_frame(frame.type, HeaderView(frame.header), frame.payload.size());
    return decode(frame, !places.empty());
  } catch (const Error& error) {
    throw Error(error.status(), "frame '{}' at {}, seq {}: {}", frame.type, frame.offset, frame.seq, error.what());
  }
}

}  // namespace cfm::stream
