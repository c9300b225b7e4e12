#include "record/raw.h"

#include <cmath>
#include <cstring>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "format/names.h"
#include "record/resegment.h"

namespace cfm::record {
namespace {

using stream::Json;

constexpr std::int16_t kMissing16 = -32768;  // as WFDB's format 16 marks it
constexpr std::size_t kAtOnce = 1 << 16;     // bytes, what a pipe holds

// Channels of one kind: a tensor.
struct Group {
  Json attributes;
  std::vector<std::size_t> channels;
};

std::map<std::string, Group> groups_of(const RawOptions& options) {
  std::map<std::string, Group> groups;
  for (std::size_t c = 0; c < options.channels.size(); ++c) {
    const auto& [name, given, step] = options.channels[c];
    std::string unit = format::canonical_unit(given);
    const std::string kind = format::kind_of(name, unit);
    if (unit.empty() && kind == "ecg") unit = "mV";
    const auto standard = format::standard_unit(kind, unit);
    Group& group = groups[kind];
    if (group.channels.empty()) {
      group.attributes = {{"kind", kind},           {"fs", json_number(options.fs)}, {"names", Json::array()},
                          {"units", Json::array()}, {"scale", Json::array()},        {"offset", Json::array()}};
    }
    group.attributes["names"].push_back(name);
    group.attributes["units"].push_back(standard.unit);
    group.attributes["scale"].push_back(json_number(step * standard.factor));
    group.attributes["offset"].push_back(0);
    group.channels.push_back(c);
  }
  return groups;
}

template <typename T>
stream::Segment segment_of(const RawOptions& options, const std::map<std::string, Group>& groups, std::int64_t first,
                           const std::byte* data, std::size_t frames) {
  stream::Segment segment;
  const std::size_t width = options.channels.size();
  segment.header = segment_header(options.record, options.record, nullptr, options.fs, first, std::nullopt);
  std::vector<stream::Tensor> masks;
  for (const auto& [name, group] : groups) {
    std::vector<T> values;
    std::vector<std::uint8_t> mask;
    values.reserve(group.channels.size() * frames);
    bool lacks = false;
    for (const std::size_t c : group.channels) {
      for (std::size_t i = 0; i < frames; ++i) {
        T value;
        std::memcpy(&value, data + (i * width + c) * sizeof(T), sizeof(T));
        if constexpr (std::is_same_v<T, std::int16_t>) {
          mask.push_back(value != kMissing16);
          lacks = lacks || value == kMissing16;
          if (value == kMissing16) value = 0;
        }
        values.push_back(value);
      }
    }
    const std::vector<std::int64_t> shape{std::ssize(group.channels), static_cast<std::int64_t>(frames)};
    Json attributes = group.attributes;
    if (lacks) {
      attributes["mask"] = name + "/mask";
      masks.push_back(stream::make_tensor(name + "/mask", shape, std::move(mask), Json{{"kind", "mask"}}));
    }
    segment.put(stream::make_tensor(name, shape, std::move(values), std::move(attributes)));
  }
  for (stream::Tensor& mask : masks) segment.put(std::move(mask));
  return segment;
}

}  // namespace

std::vector<format::ChannelName> parse_channels(const std::string& text) {
  std::vector<format::ChannelName> channels;
  std::string_view rest = text;
  for (bool more = true; more;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view item = trimmed(rest.substr(0, comma));
    more = comma < rest.size();
    rest.remove_prefix(more ? comma + 1 : comma);
    const std::size_t colon = std::min(item.find(':'), item.size());
    format::ChannelName channel{std::string(trimmed(item.substr(0, colon))), {}};
    if (channel.name.empty()) {
      throw Error(Status::kUsage, "--channels {}: a name is empty; NAME[:[STEP]UNIT],… is needed", in_quotes(text));
    }
    std::string_view unit = colon < item.size() ? trimmed(item.substr(colon + 1)) : std::string_view();
    if (const auto step = take_number<double>(unit)) {
      if (!(std::abs(*step) > 0) || !std::isfinite(*step)) {
        throw Error(Status::kUsage, "--channels {}: a step of {} is none", in_quotes(text), *step);
      }
      channel.scale = *step;
    }
    channel.unit = trimmed(unit);
    channels.push_back(std::move(channel));
  }
  return channels;
}

stream::Counts read_raw(InputFile& input, const RawOptions& options, const Refinement& refine, Sink& sink) {
  if (!(options.fs > 0) || !std::isfinite(options.fs)) {
    throw Error(Status::kUsage, "--fs {}: a rate is more than 0 Hz", options.fs);
  }
  const std::size_t value_bytes = options.type == RawType::kF32 ? sizeof(float) : sizeof(std::int16_t);
  const std::size_t frame_bytes = value_bytes * options.channels.size();
  const auto groups = groups_of(options);
  stream::Counts counts;
  counts.read = 1;
  Resegmenter cutter(refine.selection, refine.cut, [&](Cut cut) {
    if (!cut.reason.empty()) {
      ++counts.skipped[cut.reason];
      return;
    }
    if (refine.prepare) refine.prepare(cut);
    if (refine.dress) refine.dress(cut.segment);
    sink.write(cut);
    ++counts.written;
  });
  sink.begin(nullptr);
  std::vector<std::byte> buffer(std::max(kAtOnce, frame_bytes));
  std::size_t held = 0;
  std::int64_t frames = 0;
  std::string reason;
  while (const std::size_t n = input.read_some(std::span(buffer).subspan(held))) {
    held += n;
    const std::size_t whole = held / frame_bytes;
    if (whole == 0) continue;
    reason = cutter.push(options.type == RawType::kF32
                             ? segment_of<float>(options, groups, frames, buffer.data(), whole)
                             : segment_of<std::int16_t>(options, groups, frames, buffer.data(), whole));
    if (!reason.empty() && reason != "outside") break;
    frames += static_cast<std::int64_t>(whole);
    const bool holds_all = refine.cut.whole;
    if (holds_all && static_cast<std::uint64_t>(frames) * frame_bytes > refine.cut.max_frame) {
      throw Error(Status::kUsage, "{}: --whole: more than --max-frame {} bytes; choose a --length", input.name(),
                  refine.cut.max_frame);
    }
    held -= whole * frame_bytes;
    std::memmove(buffer.data(), buffer.data() + whole * frame_bytes, held);
  }
  if (!reason.empty() && reason != "outside") {
    throw Error(Status::kUsage, "--channels has not what --signals {} asks for", refine.selection.text());
  }
  if (held > 0) {
    throw Error(Status::kMalformed, "{}: ends within a frame: {} of {} bytes after {} frames of {} channels",
                input.name(), held, frame_bytes, frames, options.channels.size());
  }
  if (frames == 0) throw Error(Status::kMalformed, "{}: no samples", input.name());
  cutter.flush();
  if (refine.settle) refine.settle();
  sink.end(counts, false);
  return counts;
}

}  // namespace cfm::record
