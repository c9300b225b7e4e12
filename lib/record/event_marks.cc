#include "record/event_marks.h"

#include <algorithm>

namespace cfm::record {

using stream::Json;

std::vector<EventMark> event_marks(const stream::Segment& segment, const stream::Tensor& tensor) {
  if (tensor.kind() != "event" || tensor.shape.size() != 2 || tensor.dtype != stream::Dtype::kF64) return {};
  const Json columns = tensor.attributes.value("columns", Json::array());
  const auto column = [&](const char* name) {
    return std::find(columns.begin(), columns.end(), Json(name)) - columns.begin();
  };
  const auto width = std::ssize(columns), sample = column("sample"), code = column("code"), end = column("end");
  const stream::Tensor* of = segment.find(tensor.attributes.value("of", std::string()));
  if (of == nullptr || !of->is_signal() || sample == width || code == width || width != tensor.shape[1]) return {};
  const Json texts = tensor.attributes.value("aux", Json::array());
  const auto values = tensor.values<double>();
  std::vector<EventMark> marks;
  for (std::int64_t r = 0; r < tensor.shape[0]; ++r) {
    const double* row = values.data() + r * width;
    const auto get = [&](const char* name, double fallback) {
      const auto c = column(name);
      return c == width ? fallback : row[c];
    };
    std::string text;
    const double aux = get("aux", -1);
    if (aux >= 0 && aux < static_cast<double>(texts.size()) && texts[static_cast<std::size_t>(aux)].is_string()) {
      text = texts[static_cast<std::size_t>(aux)].get<std::string>();
    }
    marks.push_back({.seconds = segment.start() + of->t0() + row[sample] / of->fs(),
                     .annotation = {.code = static_cast<int>(row[code]),
                                    .sub = static_cast<int>(get("sub", 0)),
                                    .num = static_cast<int>(get("num", 0)),
                                    .aux = text},
                     .channel = get("channel", -1),
                     .lasts = get("seconds", 0),
                     .is_span = end != width});
  }
  return marks;
}

void add_mark(std::vector<format::Annotation>& annotations, const EventMark& mark, std::int64_t sample, int chan) {
  const auto earlier = std::find_if(annotations.rbegin(), annotations.rend(),
                                    [&](const format::Annotation& a) { return a.code == mark.annotation.code; });
  if (mark.is_span && earlier != annotations.rend() && earlier->aux == mark.annotation.aux) return;
  annotations.push_back(mark.annotation);
  annotations.back().sample = sample;
  annotations.back().chan = chan;
}

}  // namespace cfm::record
