#include "base/error.h"
#include "stream/frame.h"
#include "stream/json_text.h"
#include "stream/layout.h"

namespace cfm::stream {

Segment decode_segment(const Frame& frame) {
  try {
    const HeaderView view(frame.header);
    const auto places = check_frame(frame.type, view, frame.payload.size());
    Segment segment;
    Json header = parse_json(frame.header);
    for (auto& [key, value] : header.items()) {
      if (key == "type") continue;
      // A null keeps the place of the tensors among the keys.
      segment.header[key] = key == "tensors" ? Json() : std::move(value);
      if (key != "tensors") continue;
      for (const TensorPlace& place : places) {
        Tensor tensor{.name = place.name,
                      .dtype = place.dtype,
                      .shape = place.shape,
                      .attributes = Json::object(),
                      .data = frame.payload.slice(place.begin, place.end - place.begin)};
        for (auto& [name, attribute] : value[place.name].items()) {
          if (name != "dtype" && name != "shape" && name != "data_offsets")
            tensor.attributes[name] = std::move(attribute);
        }
        segment.tensors.push_back(std::move(tensor));
      }
    }
    return segment;
  } catch (const Error& error) {
    throw Error(error.status(), "frame '{}' at {}, seq {}: {}", frame.type, frame.offset, frame.seq, error.what());
  }
}

}  // namespace cfm::stream
