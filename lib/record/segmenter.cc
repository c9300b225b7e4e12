#include "record/segmenter.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "base/csv.h"
#include "base/error.h"
#include "format/names.h"
#include "record/time_grammar.h"

namespace cfm::record {
namespace {

using stream::Json;

std::int64_t frames_in(double seconds, double fs, const char* what) {
  const double frames = std::round(seconds * fs);
  if (frames < 1) throw Error(Status::kUsage, "{} of {} s: less than one sample at {} Hz", what, seconds, fs);
  return static_cast<std::int64_t>(std::min(frames, 9.0e15));
}

std::int64_t bytes_of(format::SampleType type) {
  switch (type) {
    case format::SampleType::kI16:
      return 2;
    case format::SampleType::kF64:
      return 8;
    default:
      return 4;
  }
}

// Samples that are missing: those marked so, and NaN.
double missing_in(const format::Samples& channel) {
  return static_cast<double>(std::ranges::count(channel.digital, format::kMissing) +
                             std::ranges::count_if(channel.real, [](double v) { return std::isnan(v); }));
}

}  // namespace

void CutOptions::check() const {
  if (whole && (length || stride))
    throw Error(Status::kUsage, "--whole: one segment a record; leave --length and --stride out");
  if (length && !(*length > 0)) throw Error(Status::kUsage, "--length {}: more than 0 s", *length);
  if (stride && !(*stride > 0)) throw Error(Status::kUsage, "--stride {}: more than 0 s", *stride);
  for (const std::string& time : {from, until}) {
    if (!time.empty()) parse_time(time, 1, 0);
  }
  if (from == "e") throw Error(Status::kUsage, "--from e: nothing follows the end");
}

Grid grid_of(const CutOptions& options, double fs, std::int64_t frames) {
  Grid grid;
  if (!options.from.empty()) grid.first = parse_time(options.from, fs, frames);
  const bool bounded = !options.until.empty() && options.until != "e";
  if (bounded) {
    grid.limit = parse_time(options.until, fs, frames);
    if (grid.limit <= grid.first) {
      throw Error(Status::kUsage, "--until {}: not after --from {}", options.until,
                  options.from.empty() ? "0" : options.from);
    }
  }
  if (options.whole) return grid;
  grid.length = frames_in(options.length.value_or(options.usual_length), fs, "--length");
  if (!options.length && bounded && !options.from.empty()) grid.length = std::min(grid.length, grid.limit - grid.first);
  grid.stride = options.stride ? frames_in(*options.stride, fs, "--stride") : grid.length;
  return grid;
}

Json json_number(double value) {
  if (value == std::floor(value) && std::abs(value) < 9.0e15) return static_cast<std::int64_t>(value);
  return value;
}

Json later(const std::string& text, double seconds) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, read = 0;
  double second = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%lf%n", &year, &month, &day, &hour, &minute, &second, &read) != 6)
    return nullptr;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || !std::isfinite(second + seconds)) return nullptr;
  const auto since_midnight = std::chrono::hours(hour) + std::chrono::minutes(minute) +
                              std::chrono::microseconds(std::llround((second + seconds) * 1e6));
  const std::chrono::sys_time<std::chrono::microseconds> time = std::chrono::sys_days(date) + since_midnight;
  const auto midnight = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day that_day(midnight);
  const std::int64_t micros = (time - midnight).count();
  std::string out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(that_day.year()),
                                static_cast<unsigned>(that_day.month()), static_cast<unsigned>(that_day.day()),
                                micros / 3'600'000'000, micros / 60'000'000 % 60, micros / 1'000'000 % 60);
  if (micros % 1'000'000 != 0) {
    out += fmt::format(".{:06}", micros % 1'000'000);
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out + text.substr(static_cast<std::size_t>(read));
}

Json segment_header(const std::string& record, const Json& subject, const Json& source, double fs, std::int64_t frame,
                    const std::optional<std::string>& base_time) {
  const double start = static_cast<double>(frame) / fs;
  return Json{{"id", fmt::format("{}/{}", record, frame)},
              {"record", record},
              {"subject", subject},
              {"source", source},
              {"split", nullptr},
              {"start", json_number(start)},
              {"clock", {{"fs", json_number(fs)}, {"sample", frame}}},
              {"t_abs", base_time ? later(*base_time, start) : Json(nullptr)}};
}

RecordCutter::RecordCutter(std::shared_ptr<const format::Recording> recording, const Selection& selection,
                           const CutOptions& options, RecordFacts facts)
    : recording_(std::move(recording)), options_(options), facts_(std::move(facts)) {
  const auto choice = selection.choose(labels_of(*recording_));
  reason_ = choice.reason;
  if (reason_.empty() && std::ssize(choice.channels) < options.min_channels) reason_ = "few_channels";
  if (!reason_.empty()) return;

  const std::int64_t frames = recording_->frames();
  grid_ = grid_of(options, recording_->fs(), frames);
  end_ = std::min(grid_.limit, frames);
  const std::int64_t available = end_ - grid_.first;
  if (available <= 0) {
    reason_ = "outside";
    return;
  }
  if (grid_.length == 0) grid_.length = grid_.stride = available;
  const std::int64_t complete = available < grid_.length ? 0 : (available - grid_.length) / grid_.stride + 1;
  const std::int64_t covered = complete == 0 ? 0 : (complete - 1) * grid_.stride + grid_.length;
  windows_ = complete + (complete * grid_.stride < available && covered < available ? 1 : 0);

  const auto& channels = recording_->channels();
  for (const std::size_t c : choice.channels) {
    const format::Channel& channel = channels[c];
    std::string name = channel.kind;
    const bool has_kind = std::ranges::any_of(groups_, [&](const Group& g) { return g.name == name; });
    auto same = [&](const Group& g) {
      return channels[g.channels[0]].kind == channel.kind && channels[g.channels[0]].fs == channel.fs &&
             format::is_real(g.type) == format::is_real(channel.type);
    };
    auto group = std::ranges::find_if(groups_, same);
    if (group == groups_.end()) {
      if (has_kind) name += "@" + csv_number(channel.fs);
      group = groups_.insert(groups_.end(), Group{std::move(name), {}, channel.type});
    }
    group->type = std::max(group->type, channel.type);
    order_.push_back({static_cast<std::size_t>(group - groups_.begin()), group->channels.size()});
    group->channels.push_back(c);
  }
  if (static_cast<std::uint64_t>(bytes()) > options.max_frame) {
    throw Error(Status::kUsage, "{}: a segment of {} bytes, and --max-frame is {}; choose a shorter --length",
                recording_->name(), bytes(), options.max_frame);
  }
}

std::int64_t RecordCutter::bytes() const {
  std::int64_t total = 0;
  for (const Group& group : groups_) {
    for (const std::size_t c : group.channels) {
      const format::Channel& channel = recording_->channels()[c];
      total += grid_.length * channel.samples_per_frame * bytes_of(group.type);
    }
  }
  return total;
}

bool RecordCutter::reads_all() const { return options_.from.empty() && options_.until.empty(); }

stream::Tensor RecordCutter::tensor_of(const Group& group, std::span<const format::Samples> values, bool lacks,
                                       std::vector<std::uint8_t>& mask) const {
  const auto& channels = recording_->channels();
  const format::Channel& first = channels[group.channels[0]];
  Json names = Json::array(), units = Json::array(), scale = Json::array(), offset = Json::array(),
       calibrated = Json::array();
  bool all_calibrated = true;
  for (const std::size_t c : group.channels) {
    const format::Channel& channel = channels[c];
    const format::StandardUnit standard = format::standard_unit(channel.kind, channel.unit);
    names.push_back(channel.name);
    units.push_back(standard.unit);
    scale.push_back(json_number(channel.scale * standard.factor));
    offset.push_back(json_number(channel.offset));
    calibrated.push_back(channel.calibrated);
    all_calibrated = all_calibrated && channel.calibrated;
  }
  Json attributes{{"kind", first.kind}, {"fs", json_number(first.fs)},
                  {"names", names},     {"units", units},
                  {"scale", scale},     {"offset", offset}};
  if (!all_calibrated) attributes["calibrated"] = calibrated;
  const bool real = format::is_real(group.type);
  const std::size_t samples = real ? values[0].real.size() : values[0].digital.size();
  const auto gather = [&]<typename T>(std::vector<T> all) {
    all.resize(samples * values.size());
    auto to = all.begin();
    for (const format::Samples& channel : values) {
      to = real ? std::transform(channel.real.begin(), channel.real.end(), to,
                                 [](double v) { return static_cast<T>(v); })
                : std::transform(channel.digital.begin(), channel.digital.end(), to,
                                 [](std::int32_t v) { return v == format::kMissing ? T{0} : static_cast<T>(v); });
    }
    return stream::make_tensor(group.name, {std::ssize(values), static_cast<std::int64_t>(samples)}, std::move(all),
                               std::move(attributes));
  };
  if (lacks && !real) {
    attributes["mask"] = group.name + "/mask";
    for (const format::Samples& channel : values) {
      for (const std::int32_t v : channel.digital) mask.push_back(v != format::kMissing);
    }
  }
  switch (group.type) {
    case format::SampleType::kI16:
      return gather(std::vector<std::int16_t>{});
    case format::SampleType::kI32:
      return gather(std::vector<std::int32_t>{});
    case format::SampleType::kF32:
      return gather(std::vector<float>{});
    default:
      return gather(std::vector<double>{});
  }
}

Cut RecordCutter::cut(std::int64_t window) const {
  Cut cut;
  const std::int64_t first = grid_.first + window * grid_.stride;
  const std::int64_t there = std::min(grid_.length, end_ - first);
  if (there < grid_.length && options_.tail == Tail::kDrop) {
    cut.reason = "tail";
    return cut;
  }
  const std::int64_t length = options_.tail == Tail::kKeep ? there : grid_.length;
  cut.segment.header = segment_header(recording_->name(), facts_.subject, facts_.source, recording_->fs(), first,
                                      recording_->base_time());
  if (!facts_.labels.empty()) cut.segment.header["labels"] = facts_.labels;

  std::vector<std::size_t> channels;
  for (const Group& group : groups_) channels.insert(channels.end(), group.channels.begin(), group.channels.end());
  std::vector<format::Samples> all;
  recording_->read(channels, first, there, all);
  std::vector<stream::Tensor> masks;
  std::size_t at = 0;
  for (const Group& group : groups_) {
    const std::span values = std::span(all).subspan(at, group.channels.size());
    at += group.channels.size();
    const auto samples = static_cast<std::size_t>(length * recording_->channels()[group.channels[0]].samples_per_frame);
    bool lacks = false;
    for (format::Samples& channel : values) {
      if (format::is_real(group.type)) {
        channel.real.resize(samples, std::numeric_limits<double>::quiet_NaN());
      } else {
        channel.digital.resize(samples, format::kMissing);
      }
      const double missing = missing_in(channel);
      lacks = lacks || missing > 0;
      if (missing > options_.max_missing * static_cast<double>(samples)) {
        cut.reason = "missing";
        return cut;
      }
    }
    std::vector<std::uint8_t> mask;
    stream::Tensor tensor = tensor_of(group, values, lacks, mask);
    if (!mask.empty()) {
      masks.push_back(stream::make_tensor(group.name + "/mask", tensor.shape, std::move(mask), Json{{"kind", "mask"}}));
    }
    cut.segment.put(std::move(tensor));
  }
  for (stream::Tensor& mask : masks) cut.segment.put(std::move(mask));
  cut.order = order_;
  if (facts_.reference) facts_.reference->add(cut.segment, first, there);
  return cut;
}

}  // namespace cfm::record
