// Segments whose pictures are known.
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "draw/page.h"
#include "stream/segment.h"
#include "support.h"

namespace cfm::test {

inline constexpr float kMissingSample = std::numeric_limits<float>::quiet_NaN();

inline stream::Segment segment_at(double start) {
  stream::Segment segment;
  segment.header = {{"id", "night/7/0"}, {"record", "night/7"}, {"subject", "secret"}, {"start", start}};
  return segment;
}

inline stream::Tensor signal(const std::string& name, double fs, std::vector<float> values, const std::string& unit,
                             std::int64_t channels = 1, double t0 = 0) {
  stream::Json names = stream::Json::array(), units = stream::Json::array();
  for (std::int64_t c = 0; c < channels; ++c) {
    names.push_back(channels == 1 ? "II" : "V" + std::to_string(c + 1));
    units.push_back(unit);
  }
  const auto samples = static_cast<std::int64_t>(values.size()) / channels;
  return stream::make_tensor(
      name, {channels, samples}, std::move(values),
      {{"kind", name.substr(0, name.find('@'))}, {"fs", fs}, {"t0", t0}, {"names", names}, {"units", units}});
}

inline stream::Tensor events(const std::string& name, const std::string& of, std::vector<std::string> columns,
                             std::vector<double> values) {
  const auto width = static_cast<std::int64_t>(columns.size());
  const auto rows = static_cast<std::int64_t>(values.size()) / width;
  return stream::make_tensor(name, {rows, width}, std::move(values),
                             {{"kind", "event"}, {"of", of}, {"columns", columns}, {"aux", {"(N", "(AFIB"}}});
}

// Flat but for one sample of 1 mV.
inline std::vector<float> spike(std::size_t samples, std::size_t at) {
  std::vector<float> values(samples, 0.0F);
  values[at] = 1;
  return values;
}

inline std::vector<const draw::Shape*> shapes(const draw::Page& page, draw::Role role) {
  std::vector<const draw::Shape*> found;
  for (const draw::Shape& shape : page.shapes) {
    if (shape.role == role) found.push_back(&shape);
  }
  return found;
}

inline bool says(const draw::Page& page, const std::string& text) {
  for (const draw::Text& written : page.texts) {
    if (written.text.find(text) != std::string::npos) return true;
  }
  return false;
}

}  // namespace cfm::test
