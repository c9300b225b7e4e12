#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <list>
#include <mutex>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "format/wfdb_record.h"

namespace cfm::format {
namespace {

constexpr std::size_t kMostOpen = 16;  // segments that stay open
constexpr std::string_view kGap = "~";

// Where a segment has a channel of the record, and how its values become the record's.
struct Mapped {
  std::optional<std::size_t> channel;  // nullopt: not there
  bool same = true;                    // calibrated alike
  double factor = 1, shift = 0;        // record's value = factor * segment's value + shift
};

// A segment that is open.
struct Segment {
  std::shared_ptr<const Recording> recording;
  std::vector<Mapped> map;  // of each channel of the record
};

class SegmentedRecord final : public Recording {
 public:
  SegmentedRecord(WfdbHeader header, std::string name, const OpenOptions& options)
      : name_(std::move(name)), options_(options), header_(std::move(header)) {
    find_lengths();
    check_names();
    find_channels();
  }

  const std::string& name() const override { return name_; }
  double fs() const override { return header_.fs; }
  std::int64_t frames() const override { return starts_.back(); }
  const std::vector<Channel>& channels() const override { return channels_; }
  std::vector<std::string> comments() const override { return header_.comments; }
  std::optional<std::string> base_time() const override { return wfdb_base_time(header_); }

  void verify() const override {
    for (std::size_t i = 0; i < header_.segments.size(); ++i) {
      if (is_recorded(i)) open_segment(i)->recording->verify();
    }
  }

  void read(std::span<const std::size_t> channels, std::int64_t first_frame, std::int64_t frames,
            std::vector<Samples>& out) const override {
    if (first_frame < 0 || frames < 0 || first_frame > this->frames() - frames) {
      throw Error(Status::kBug, "{}: frames {} to {} of {} asked for", name_, first_frame, first_frame + frames,
                  this->frames());
    }
    out.resize(channels.size());
    for (std::size_t i = 0; i < channels.size(); ++i) {
      out[i].real.clear();
      out[i].digital.resize(static_cast<std::size_t>(frames * channels_.at(channels[i]).samples_per_frame));
    }
    auto at = static_cast<std::size_t>(std::upper_bound(starts_.begin(), starts_.end(), first_frame) - starts_.begin());
    std::vector<Samples> part;
    for (std::int64_t done = 0; done < frames; ++at) {
      const std::int64_t from = first_frame + done - starts_[at - 1];
      const std::int64_t n = std::min(starts_[at] - starts_[at - 1] - from, frames - done);
      if (n > 0) read_segment(at - 1, channels, from, n, done, part, out);
      done += n;
    }
  }

 private:
  template <typename... Args>
  [[noreturn]] void fail(std::size_t segment, fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(Status::kMalformed, "{}, line {}: {}", header_.path, header_.segments[segment].line,
                fmt::format(format, std::forward<Args>(args)...));
  }

  bool is_recorded(std::size_t segment) const {
    return header_.segments[segment].frames > 0 && header_.segments[segment].name != kGap;
  }
  // The first segment of a list may have no samples: it names the signals of all, and their calibration.
  bool has_layout() const { return header_.segments[0].frames == 0 && header_.segments[0].name != kGap; }

  void find_lengths() {
    constexpr std::int64_t kMostFrames = std::int64_t{1} << 59;
    std::int64_t sum = 0;
    starts_.push_back(0);
    for (std::size_t i = 0; i < header_.segments.size(); ++i) {
      if (header_.segments[i].frames > kMostFrames - sum) fail(i, "segments of more samples than any files hold");
      sum += header_.segments[i].frames;
      starts_.push_back(sum);
    }
    if (header_.frames && *header_.frames != sum) {
      throw Error(Status::kMalformed, "{}: segments of {} samples together where the header promises {} samples",
                  header_.path, sum, *header_.frames);
    }
  }

  // All segments are there, and none is this list.
  void check_names() const {
    const std::string& path = header_.path;
    for (std::size_t i = 0; i < header_.segments.size(); ++i) {
      const std::string& name = header_.segments[i].name;
      if (name == kGap) continue;
      const std::string segment = path_of(i);
      if (segment == path || name == header_.record) fail(i, "segment list loops: it names itself");
      if (!is_regular_file(segment)) fail(i, "no such segment: {} ({})", in_quotes(name), segment);
    }
  }

  std::string path_of(std::size_t segment) const {
    return beside(header_.path, header_.segments[segment].name + ".hea");
  }

  WfdbHeader header_of(std::size_t segment) const {
    const std::string path = path_of(segment);
    WfdbHeader header = read_wfdb_header(path);
    if (header.is_multi_segment) {
      for (const WfdbSegment& s : header.segments) {
        if (s.name == header_.record || s.name == header_.segments[segment].name) {
          fail(segment, "segment list loops: {} names {}", path, in_quotes(s.name));
        }
      }
      fail(segment, "segment {} is itself a list of segments, which WFDB does not allow", in_quotes(header.record));
    }
    if (header.fs != header_.fs) {
      fail(segment, "{} frames a second in {} and {} in the list", header.fs, path, header_.fs);
    }
    return header;
  }

  void find_channels() {
    std::size_t first = 0;
    while (first < header_.segments.size() && header_.segments[first].name == kGap) ++first;
    if (first == header_.segments.size()) {
      throw Error(Status::kMalformed, "{}: no segment says which signals there are", header_.path);
    }
    const WfdbHeader reference = header_of(first);
    for (const WfdbSignal& signal : reference.signals) {
      channels_.push_back(wfdb_channel(signal, header_.fs, frames()));
      // What later segments hold is seen when they are read.
      if (has_layout()) channels_.back().type = SampleType::kI32;
    }
  }

  // Opens segment `number`, or takes it from those that are open.
  std::shared_ptr<const Segment> open_segment(std::size_t number) const {
    const std::string& name = header_.segments[number].name;
    {
      const std::lock_guard lock(mutex_);
      for (auto at = open_.begin(); at != open_.end(); ++at) {
        if (at->first != name) continue;
        open_.splice(open_.begin(), open_, at);
        return at->second;
      }
    }
    WfdbHeader header = header_of(number);
    auto segment = std::make_shared<Segment>();
    segment->recording = open_wfdb_signals(std::move(header), name, options_);
    const std::int64_t frames = segment->recording->frames();
    if (frames != header_.segments[number].frames) {
      fail(number, "segment {} of {} samples, its header says {}", in_quotes(name), header_.segments[number].frames,
           frames);
    }
    map_channels(number, *segment);
    const std::lock_guard lock(mutex_);
    open_.emplace_front(name, segment);
    if (open_.size() > kMostOpen) open_.pop_back();
    return segment;
  }

  // By name where there is a layout (the second of a name is the second of that name), else by position.
  void map_channels(std::size_t number, Segment& segment) const {
    const std::vector<Channel>& theirs = segment.recording->channels();
    const std::string& name = header_.segments[number].name;
    if (!has_layout() && theirs.size() != channels_.size()) {
      fail(number, "segment {} has {} signals where the first has {}", in_quotes(name), theirs.size(),
           channels_.size());
    }
    std::vector<bool> used(theirs.size(), false);
    for (std::size_t c = 0; c < channels_.size(); ++c) {
      Mapped mapped;
      if (has_layout()) {
        for (std::size_t t = 0; t < theirs.size() && !mapped.channel; ++t) {
          if (!used[t] && theirs[t].name == channels_[c].name) mapped.channel = t;
        }
      } else {
        mapped.channel = c;
        if (theirs[c].name != channels_[c].name) say_renamed(number, channels_[c].name, theirs[c].name);
      }
      if (mapped.channel) {
        used[*mapped.channel] = true;
        calibrate(number, channels_[c], theirs[*mapped.channel], mapped);
      }
      segment.map.push_back(mapped);
    }
    for (std::size_t t = 0; t < theirs.size(); ++t) {
      if (!used[t]) {
        fail(number, "signal {} of segment {} is not in the layout", in_quotes(theirs[t].name), in_quotes(name));
      }
    }
  }

  void calibrate(std::size_t number, const Channel& ours, const Channel& theirs, Mapped& mapped) const {
    const std::string& name = header_.segments[number].name;
    if (ours.samples_per_frame != theirs.samples_per_frame) {
      fail(number, "{} samples a frame of signal {} in segment {} where the record has {}", theirs.samples_per_frame,
           in_quotes(theirs.name), in_quotes(name), ours.samples_per_frame);
    }
    if (ours.unit != theirs.unit && ours.calibrated && theirs.calibrated) {
      fail(number, "signal {} is in {} in segment {} and in {} in the record", in_quotes(theirs.name),
           in_quotes(theirs.unit), in_quotes(name), in_quotes(ours.unit));
    }
    mapped.same = ours.scale == theirs.scale && ours.offset == theirs.offset;
    if (mapped.same) return;
    mapped.factor = theirs.scale / ours.scale;
    mapped.shift = ours.offset - mapped.factor * theirs.offset;
    static std::atomic_flag said;
    if (mapped.factor != std::floor(mapped.factor) && !said.test_and_set()) {
      log::warn(
          "{}, line {}: signal {} of segment {} has another gain; its values are rounded to that of the record, here "
          "and wherever else",
          header_.path, header_.segments[number].line, in_quotes(theirs.name), in_quotes(name));
    }
  }

  void say_renamed(std::size_t number, const std::string& ours, const std::string& theirs) const {
    static std::atomic_flag said;
    if (said.test_and_set()) return;
    log::warn("{}, line {}: signal {} is called {} in segment {}; signals are joined by their position", header_.path,
              header_.segments[number].line, in_quotes(ours), in_quotes(theirs),
              in_quotes(header_.segments[number].name));
  }

  // Frames [from, from + n) of a segment, as frames `done` and following of `out`.
  void read_segment(std::size_t number, std::span<const std::size_t> channels, std::int64_t from, std::int64_t n,
                    std::int64_t done, std::vector<Samples>& part, std::vector<Samples>& out) const {
    const std::shared_ptr<const Segment> segment = is_recorded(number) ? open_segment(number) : nullptr;
    std::vector<std::size_t> there;
    for (const std::size_t c : channels) {
      if (segment && segment->map[c].channel) there.push_back(*segment->map[c].channel);
    }
    if (!there.empty()) segment->recording->read(there, from, n, part);
    std::size_t next = 0;
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const Channel& channel = channels_[channels[i]];
      const auto to = out[i].digital.begin() + done * channel.samples_per_frame;
      const bool has = segment && segment->map[channels[i]].channel;
      if (!has) {
        std::fill(to, to + n * channel.samples_per_frame, kMissing);
        continue;
      }
      const std::vector<std::int32_t>& values = part[next++].digital;
      const Mapped& mapped = segment->map[channels[i]];
      if (mapped.same && (channel.type == SampleType::kI32 || type_of(*segment, mapped) == SampleType::kI16)) {
        std::copy(values.begin(), values.end(), to);
      } else {
        std::transform(values.begin(), values.end(), to,
                       [&](std::int32_t value) { return rescaled(number, channel, mapped, value); });
      }
    }
  }

  static SampleType type_of(const Segment& segment, const Mapped& mapped) {
    return segment.recording->channels()[*mapped.channel].type;
  }

  std::int32_t rescaled(std::size_t number, const Channel& channel, const Mapped& mapped, std::int32_t value) const {
    if (value == kMissing) return kMissing;
    const double wanted = std::floor(mapped.factor * value + mapped.shift + 0.5);
    const double most = channel.type == SampleType::kI16 ? 32767 : std::numeric_limits<std::int32_t>::max();
    if (!(std::abs(wanted) <= most)) {
      fail(number, "a value of signal {} in segment {} does not fit the record's gain, baseline and format",
           in_quotes(channel.name), in_quotes(header_.segments[number].name));
    }
    return static_cast<std::int32_t>(wanted);
  }

  std::string name_;
  OpenOptions options_;
  WfdbHeader header_;
  std::vector<std::int64_t> starts_;  // frame at which each segment starts, then the end of the last
  std::vector<Channel> channels_;
  mutable std::mutex mutex_;
  mutable std::list<std::pair<std::string, std::shared_ptr<const Segment>>> open_;  // by name, last used first
};

}  // namespace

std::unique_ptr<Recording> open_wfdb_segments(WfdbHeader header, std::string name, const OpenOptions& options) {
  return std::make_unique<SegmentedRecord>(std::move(header), std::move(name), options);
}

}  // namespace cfm::format
