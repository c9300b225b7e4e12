#include "draw/content.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace cfm::draw {
namespace {

using stream::Dtype, stream::Json, stream::Segment, stream::Tensor;

constexpr double kLongest = 1e10;  // s, 300 years

std::string after_slash(const std::string& name) { return name.substr(name.find_last_of('/') + 1); }
bool is_reference(const std::string& name) { return name.starts_with("reference/"); }

// Factor to millivolts; 0 where the unit is none of voltage.
double to_millivolts(const std::string& unit) {
  if (unit == "mV") return 1;
  if (unit == "uV" || unit == "µV" || unit == "μV") return 1e-3;
  return unit == "V" ? 1e3 : 0;
}

const Json* member(const Json& object, const std::string& key) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(key);
  return at == object.end() ? nullptr : &*at;
}

std::string text_of(const Json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

// The class of one channel, or of the segment where channels were not graded one by one.
void add_quality(const Segment& segment, bool second_of_its_name, Trace& trace) {
  const Json* quality = member(segment.header, "quality");
  if (quality == nullptr) return;
  if (const Json* channels = member(*quality, "per_channel")) {
    if (!trace.prefix().empty()) return;
    quality = member(*channels, second_of_its_name ? trace.tensor + "/" + trace.name : trace.name);
    if (quality == nullptr) return;
  }
  trace.quality = text_of(member(*quality, "class"));
  const Json* score = member(*quality, "score");
  if (score != nullptr && score->is_number()) trace.score = score->get<double>();
}

void add_traces(const Segment& segment, const Tensor& tensor, Content& content) {
  const double fs = tensor.fs(), t0 = tensor.t0();
  if (!(fs > 0) || !std::isfinite(fs) || !std::isfinite(t0)) {
    throw Error(Status::kMalformed, "{}: tensor '{}' has a rate of {} Hz and begins at {} s: cannot be drawn",
                segment.id(), tensor.name, fs, t0);
  }
  const auto names = tensor.names(), units = tensor.units();
  const std::string base = after_slash(tensor.name);
  const bool ecg = tensor.kind() == "ecg" || base == "ecg" || base.starts_with("ecg@");
  for (std::size_t c = 0; c < tensor.channels(); ++c) {
    Trace trace{.tensor = tensor.name,
                .name = c < names.size() ? names[c] : "#" + std::to_string(c),
                .unit = c < units.size() ? units[c] : "",
                .channel = c,
                .millivolts = false,
                .fs = fs,
                .t0 = t0,
                .values = stream::physical(segment, tensor, c),
                .quality = {},
                .score = {}};
    const double factor = ecg ? to_millivolts(trace.unit) : 0;
    if (factor != 0) {
      trace.millivolts = true;
      trace.unit = "mV";
      if (factor != 1) {
        for (float& v : trace.values) v = static_cast<float>(v * factor);
      }
    }
    const bool second = std::any_of(content.traces.begin(), content.traces.end(), [&](const Trace& other) {
      return other.name == trace.name && other.prefix().empty();
    });
    add_quality(segment, second, trace);
    content.traces.push_back(std::move(trace));
  }
  content.duration = std::max(content.duration, t0 + static_cast<double>(tensor.samples()) / fs);
}

// A table of numbers by the names of its columns.
class Table {
 public:
  Table(const Segment& segment, const Tensor& tensor) : tensor_(tensor) {
    const Json* columns = member(tensor.attributes, "columns");
    if (tensor.shape.size() != 2 || columns == nullptr || !columns->is_array() ||
        columns->size() != static_cast<std::size_t>(tensor.shape[1])) {
      throw Error(Status::kMalformed, "{}: tensor '{}' of kind event has no list of its columns", segment.id(),
                  tensor.name);
    }
    for (const Json& column : *columns) columns_.push_back(text_of(&column));
  }

  std::size_t rows() const { return static_cast<std::size_t>(tensor_.shape[0]); }
  bool has(const std::string& column) const { return index(column) < columns_.size(); }
  // NaN where there is no such column.
  double at(std::size_t row, const std::string& column) const {
    const std::size_t c = index(column);
    if (c == columns_.size()) return std::numeric_limits<double>::quiet_NaN();
    const std::size_t i = row * columns_.size() + c;
    switch (tensor_.dtype) {
      case Dtype::kF32:
        return tensor_.values<float>()[i];
      case Dtype::kI64:
        return static_cast<double>(tensor_.values<std::int64_t>()[i]);
      case Dtype::kI32:
        return tensor_.values<std::int32_t>()[i];
      default:
        return tensor_.values<double>()[i];
    }
  }
  // A whole number that fits an int, else `otherwise`.
  int whole(std::size_t row, const std::string& column, int otherwise) const {
    const double value = at(row, column);
    return std::abs(value) < 1e9 ? static_cast<int>(value) : otherwise;
  }

 private:
  std::size_t index(const std::string& column) const {
    return static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), column) - columns_.begin());
  }
  const Tensor& tensor_;
  std::vector<std::string> columns_;
};

void add_events(const Table& table, const Tensor& tensor, std::size_t first, std::size_t channels,
                const Content& content, std::vector<Event>& events) {
  const Trace& of = content.traces[first];
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const double sample = table.at(row, "sample");
    if (!std::isfinite(sample)) continue;
    const int channel = table.whole(row, "channel", -1);
    const bool one = channel >= 0 && static_cast<std::size_t>(channel) < channels;
    events.push_back({.time = of.time(sample),
                      .code = table.whole(row, "code", 0),
                      .num = table.whole(row, "num", 0),
                      .trace = first + (one ? static_cast<std::size_t>(channel) : 0),
                      .reference = is_reference(tensor.name)});
  }
}

void add_rhythms(const Table& table, const Tensor& tensor, const Trace& of, Content& content) {
  const Json* aux = member(tensor.attributes, "aux");
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const double from = table.at(row, "sample"), to = table.at(row, "end");
    const int index = table.whole(row, "aux", -1);
    if (!(to > from) || aux == nullptr || !aux->is_array() || index < 0 ||
        static_cast<std::size_t>(index) >= aux->size()) {
      continue;
    }
    std::string label = text_of(&(*aux)[static_cast<std::size_t>(index)]);
    if (label.starts_with("(")) label.erase(0, 1);
    content.rhythms.push_back({of.time(from), of.time(to), std::move(label), is_reference(tensor.name)});
  }
}

}  // namespace

std::string Trace::prefix() const {
  const auto slash = tensor.find_last_of('/');
  return slash == std::string::npos ? "" : tensor.substr(0, slash);
}

Content content_of(const Segment& segment) {
  Content content;
  for (const Tensor& tensor : segment.tensors) {
    if (tensor.is_signal() && tensor.channels() > 0) add_traces(segment, tensor, content);
  }
  if (!(std::abs(segment.start()) < kLongest && content.duration < kLongest)) {
    throw Error(Status::kMalformed, "{}: from {} s on, {} s long: no clock shows that", segment.id(), segment.start(),
                content.duration);
  }
  for (const Tensor& tensor : segment.tensors) {
    if (tensor.kind() != "event") continue;
    const std::string what = after_slash(tensor.name), of = text_of(member(tensor.attributes, "of"));
    if (what != "beats" && what != "waves" && what != "pulses" && what != "rhythm") continue;
    const auto first = std::find_if(content.traces.begin(), content.traces.end(),
                                    [&](const Trace& trace) { return trace.tensor == of; });
    if (first == content.traces.end()) continue;
    const Table table(segment, tensor);
    if (what == "rhythm") {
      add_rhythms(table, tensor, *first, content);
      continue;
    }
    add_events(table, tensor, static_cast<std::size_t>(first - content.traces.begin()), segment.find(of)->channels(),
               content, what == "beats" ? content.beats : content.fiducials);
  }
  for (auto* events : {&content.beats, &content.fiducials}) {
    std::stable_sort(events->begin(), events->end(), [](const Event& a, const Event& b) { return a.time < b.time; });
  }
  return content;
}

Window window_of(const Segment& segment, double duration, std::optional<double> from, std::optional<double> until) {
  const double start = segment.start();
  return {std::max(0.0, from.value_or(start) - start), std::min(duration, until.value_or(start + duration) - start)};
}

Range samples_between(const Trace& trace, double from, double to) {
  constexpr double kRounding = 1e-6;  // of a sample: times are sums of decimals
  const double n = static_cast<double>(trace.values.size());
  const double first = std::clamp(std::ceil((from - trace.t0) * trace.fs - kRounding), 0.0, n);
  const double last = std::clamp(std::floor((to - trace.t0) * trace.fs + kRounding) + 1, first, n);
  return {static_cast<std::size_t>(first), static_cast<std::size_t>(last)};
}

std::string quality_text(const std::string& name, std::optional<double> score) {
  return name.empty() || !score ? name : fmt::format("{} {:.2f}", name, *score);
}

std::string quality_text(const Segment& segment) {
  const Json* quality = member(segment.header, "quality");
  return quality == nullptr ? "" : quality_text(text_of(member(*quality, "class")), segment.score());
}

}  // namespace cfm::draw
