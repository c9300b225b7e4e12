#include "record/event_marks.h"

#include <algorithm>
#include <utility>

namespace cfm::record {

using stream::Json;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr const char *kWaves = "waves", *kBeats = "beats";
constexpr double kQrs = 1;  // code of a QRS complex among waves
constexpr double kTouching = 1e-6;  // s: under a sample of any recording, over the rounding of a day's times

}  // namespace

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
  const stream::Tensor* beats = tensor.name == kWaves ? segment.find(kBeats) : nullptr;
  const bool told = beats != nullptr && beats->attributes.value("of", Json()) == tensor.attributes.value("of", Json());
  std::vector<EventMark> marks;
  for (std::int64_t r = 0; r < tensor.shape[0]; ++r) {
    const double* row = values.data() + r * width;
    if (told && row[code] == kQrs) continue;
    const auto get = [&](const char* name, double fallback) {
      const auto c = column(name);
      return c == width ? fallback : row[c];
    };
    std::string text;
    const double aux = get("aux", -1);
    if (aux >= 0 && aux < static_cast<double>(texts.size()) && texts[static_cast<std::size_t>(aux)].is_string()) {
      text = texts[static_cast<std::size_t>(aux)].get<std::string>();
    }
    const double origin = segment.start() + of->t0();
    marks.push_back({.seconds = origin + row[sample] / of->fs(),
                     .annotation = {.code = static_cast<int>(row[code]),
                                    .sub = static_cast<int>(get("sub", 0)),
                                    .num = static_cast<int>(get("num", 0)),
                                    .aux = text},
                     .channel = get("channel", -1),
                     .lasts = get("seconds", 0),
                     .ends = end == width ? kNan : origin + row[end] / of->fs()});
  }
  return marks;
}

void SpanMarks::add(double start, double end, const format::Annotation& annotation) {
  if (!(start <= end)) return;
  for (auto span = spans_.rbegin(); span != spans_.rend(); ++span) {
    if (span->annotation != annotation || start > span->end + kTouching || end < span->start - kTouching) continue;
    span->start = std::min(span->start, start);
    span->end = std::max(span->end, end);
    return;
  }
  spans_.push_back({start, end, annotation});
}

void SpanMarks::put(std::vector<format::Annotation>& annotations, double fs, double origin) const {
  // The longer one first where two begin together: the other lies in it.
  std::vector<Span> spans = spans_;
  std::ranges::stable_sort(spans, {}, [](const Span& s) { return std::pair(s.start, -s.end); });
  std::vector<format::Annotation> marks;
  const auto tell = [&](double at, const format::Annotation& annotation) {
    if (!marks.empty() && marks.back().aux == annotation.aux && marks.back().code == annotation.code) return;
    marks.push_back(annotation);
    marks.back().sample = std::llround((at - origin) * fs);
  };
  std::vector<Span> open;  // each within the one before it
  const auto close = [&](double now) {
    while (!open.empty() && open.back().end <= now + kTouching) {
      const double end = open.back().end;
      open.pop_back();
      if (!open.empty() && open.back().end > end + kTouching) tell(end, open.back().annotation);
    }
  };
  for (const Span& span : spans) {
    close(span.start);
    tell(span.start, span.annotation);
    open.push_back(span);
  }
  close(std::numeric_limits<double>::infinity());
  annotations.insert(annotations.begin(), marks.begin(), marks.end());
}

}  // namespace cfm::record
