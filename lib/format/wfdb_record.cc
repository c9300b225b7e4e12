#include "format/wfdb_record.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "format/names.h"
#include "format/readers.h"
#include "format/wfdb_signal.h"
#include "format/wfdb_unpack.h"

namespace cfm::format {
namespace {

constexpr std::int64_t kChunkValues = 4096;                  // decoded at once: 16 KiB, which stays in the first cache
constexpr std::int64_t kReleased = 4 << 20;                  // values after which what lies behind leaves it
constexpr std::int64_t kMostValues = std::int64_t{1} << 59;  // more than any file holds, with room for arithmetic

// 1:02:03.4, as the WFDB tools print times; cut, not rounded.
std::string clock_time(double seconds) {
  const auto tenths = static_cast<std::int64_t>(std::floor(seconds * 10));
  const std::int64_t hours = tenths / 36000, minutes = tenths / 600 % 60;
  const std::string tail = fmt::format("{:02}.{}", tenths / 10 % 60, tenths % 10);
  return hours > 0 ? fmt::format("{}:{:02}:{}", hours, minutes, tail) : fmt::format("{}:{}", minutes, tail);
}

// Signals that share a file, interleaved frame by frame.
struct Group {
  std::string path;
  std::int64_t offset = 0;  // bytes before the first value
  std::int64_t bytes = 0;   // of the file
  const SignalFormat* format = nullptr;
  std::size_t first_signal = 0, signals = 0;
  std::int64_t values_per_frame = 0;
  std::int64_t frames = 0;  // that the file holds; skewed signals reach beyond the record's
  std::unique_ptr<SampleSource> source;
  Bytes data;  // from the first value on

  // Samples of these frames are not needed soon.
  void release(std::int64_t first, std::int64_t end) const {
    const auto at = [&](std::int64_t frame) {
      return static_cast<std::size_t>(format->bytes_for(frame * values_per_frame));
    };
    if (format->bytes_for == nullptr) {
      data.release(0, data.size());
    } else {
      data.release(at(first), at(end) - at(first));
    }
  }
};

class WfdbRecord final : public Recording {
 public:
  WfdbRecord(WfdbHeader header, std::string name, const OpenOptions& options)
      : name_(std::move(name)), options_(options), header_(std::move(header)) {
    for (std::size_t i = 0; i < header_.signals.size(); ++i) add_to_group(i);
    for (Group& group : groups_) open_source(group);
    find_length();
    for (Group& group : groups_) check_length(group);
    leave_out_skewed_end();
    for (const WfdbSignal& signal : header_.signals) channels_.push_back(wfdb_channel(signal, header_.fs, frames_));
    say_uncalibrated();
  }

  const std::string& name() const override { return name_; }
  double fs() const override { return header_.fs; }
  std::int64_t frames() const override { return frames_; }
  const std::vector<Channel>& channels() const override { return channels_; }
  std::vector<std::string> comments() const override { return header_.comments; }
  std::optional<std::string> base_time() const override { return wfdb_base_time(header_); }

  void verify() const override {
    if (options_.trust_data) return;
    for (const Group& group : groups_) verify(group);
  }

  void read(std::span<const std::size_t> channels, std::int64_t first_frame, std::int64_t frames,
            std::vector<Samples>& out) const override {
    if (first_frame < 0 || frames < 0 || first_frame > frames_ - frames) {
      throw Error(Status::kBug, "{}: frames {} to {} of {} asked for", name_, first_frame, first_frame + frames,
                  frames_);
    }
    out.resize(channels.size());
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const Channel& channel = channels_.at(channels[i]);
      out[i].real.clear();
      out[i].digital.resize(static_cast<std::size_t>(frames * channel.samples_per_frame));
      if (group_[channels[i]] == kNoGroup) std::fill(out[i].digital.begin(), out[i].digital.end(), kMissing);
    }
    std::vector<std::pair<std::size_t, std::int64_t>> passes;  // group and skew; seldom more than a group each
    for (const std::size_t c : channels) {
      const std::pair pass(group_[c], header_.signals[c].skew);
      if (pass.first != kNoGroup && std::find(passes.begin(), passes.end(), pass) == passes.end()) {
        passes.push_back(pass);
      }
    }
    for (const auto& [group, skew] : passes) read_group(group, skew, channels, first_frame, frames, out);
  }

 private:
  template <typename... Args>
  [[noreturn]] void fail(const WfdbSignal& signal, fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(Status::kMalformed, "{}, line {}: {}", header_.path, signal.line,
                fmt::format(format, std::forward<Args>(args)...));
  }

  void add_to_group(std::size_t index) {
    const WfdbSignal& signal = header_.signals[index];
    place_.push_back(0);
    group_.push_back(kNoGroup);
    if (signal.format == 0) return;
    const SignalFormat* format = find_signal_format(signal.format);
    if (format == nullptr) {
      std::vector<int> known;
      for (const SignalFormat& f : signal_formats()) known.push_back(f.code);
      fail(signal, "unknown format {}; known are 0, {}", signal.format, fmt::join(known, ", "));
    }
    const std::string path = beside(header_.path, signal.file);
    if (index == 0 || group_[index - 1] == kNoGroup || groups_.back().path != path) {
      for (const Group& group : groups_) {
        if (group.path == path) fail(signal, "signals of {} don't stand together", in_quotes(signal.file));
      }
      Group group;
      group.path = path;
      group.offset = signal.offset;
      group.format = format;
      group.first_signal = index;
      groups_.push_back(std::move(group));
    }
    Group& group = groups_.back();
    if (group.format != format) fail(signal, "formats {} and {} in one file", group.format->code, format->code);
    if (signal.offset != 0 && signal.offset != group.offset) {
      fail(signal, "byte offsets {} and {} in one file", group.offset, signal.offset);
    }
    place_.back() = group.values_per_frame;
    group_.back() = groups_.size() - 1;
    if (signal.samples_per_frame > kMostValues - group.values_per_frame)
      fail(signal, "more samples a frame than a file holds");
    group.values_per_frame += signal.samples_per_frame;
    ++group.signals;
  }

  void open_source(Group& group) const {
    const WfdbSignal& signal = header_.signals[group.first_signal];
    if (!is_regular_file(group.path)) fail(signal, "no such file: {}", group.path);
    const Bytes file = map_file(group.path);
    group.bytes = static_cast<std::int64_t>(file.size());
    if (group.offset > group.bytes) {
      fail(signal, "byte offset {} lies beyond the end of {} ({} bytes)", group.offset, group.path, group.bytes);
    }
    SignalFile signals{.data = file.slice(static_cast<std::size_t>(group.offset),
                                          static_cast<std::size_t>(group.bytes - group.offset)),
                       .path = group.path};
    for (std::size_t i = 0; i < group.signals; ++i) {
      const WfdbSignal& s = header_.signals[group.first_signal + i];
      signals.initial.push_back(s.initial.value_or(s.adc_zero));
      signals.samples_per_frame.push_back(s.samples_per_frame);
    }
    group.data = signals.data;
    group.source = group.format->open(std::move(signals));
    group.frames = group.source->values() / group.values_per_frame;
  }

  // From the header, or from the files where it says nothing.
  void find_length() {
    if (header_.frames) {
      frames_ = *header_.frames;
      return;
    }
    if (groups_.empty()) throw Error(Status::kMalformed, "{}: neither signals nor a length", header_.path);
    for (const Group& group : groups_) {
      const std::int64_t bytes = group.bytes - group.offset;
      const std::int64_t block = group.format->block;
      const std::int64_t used =
          group.format->bytes_for ? group.format->bytes_for(group.frames * group.values_per_frame) : bytes;
      if (bytes != used && bytes != (used + block - 1) / block * block) {
        throw Error(Status::kMalformed,
                    "{}: {} bytes end within a frame (record truncated at {}); the header gives no length", group.path,
                    group.bytes, clock_time(static_cast<double>(group.frames) / header_.fs));
      }
      if (group.frames == 0) throw Error(Status::kMalformed, "{}: no samples", group.path);
      if (group.frames != groups_[0].frames) {
        throw Error(Status::kMalformed, "{}: {} frames in {} and {} in {}; the header gives no length", header_.path,
                    groups_[0].frames, groups_[0].path, group.frames, group.path);
      }
    }
    frames_ = groups_[0].frames;
  }

  void check_length(Group& group) const {
    if (group.frames < frames_) {
      const std::string end = clock_time(static_cast<double>(group.frames) / header_.fs);
      if (group.format->bytes_for == nullptr) {
        throw Error(Status::kMalformed,
                    "{}: {} samples a signal where the header promises {} (record truncated at {}); --on-error skip "
                    "leaves such records out",
                    group.path, group.source->values() / static_cast<std::int64_t>(group.signals),
                    frames_ > kMostValues / group.values_per_frame
                        ? "more than any file holds"
                        : std::to_string(frames_ * header_.signals[group.first_signal].samples_per_frame),
                    end);
      }
      throw Error(
          Status::kMalformed,
          "{}: {} bytes where the header promises {} (record truncated at {}); --on-error skip leaves such records "
          "out",
          group.path, group.bytes,
          frames_ > kMostValues / group.values_per_frame ? "more than any file holds" : std::to_string(bytes_of(group)),
          end);
    }
    std::int64_t skew = 0;
    for (std::size_t i = 0; i < group.signals; ++i) {
      skew = std::max(skew, header_.signals[group.first_signal + i].skew);
    }
    if (group.frames - frames_ > skew) group.frames = frames_ + skew;
  }

  // Frames at the end where a signal that is stored late has no sample are no frames, as in the WFDB library.
  void leave_out_skewed_end() {
    stored_ = frames_;
    for (std::size_t i = 0; i < header_.signals.size(); ++i) {
      const WfdbSignal& signal = header_.signals[i];
      if (group_[i] == kNoGroup || signal.skew == 0) continue;
      const std::int64_t there = groups_[group_[i]].frames - std::min(signal.skew, groups_[group_[i]].frames);
      if (there == 0 && stored_ > 0) fail(signal, "a skew of {} frames, and the record has {}", signal.skew, stored_);
      frames_ = std::min(frames_, there);
    }
    if (frames_ < stored_) {
      log::info("{}: the last {} of {} frames, where a skewed signal has no sample, are left out", header_.path,
                stored_ - frames_, stored_);
    }
  }

  // That the header promises of a file that isn't compressed.
  std::int64_t bytes_of(const Group& group) const {
    return group.offset + group.format->bytes_for(frames_ * group.values_per_frame);
  }

  // Once a program, for the first record that has such a signal.
  void say_uncalibrated() const {
    static std::atomic_flag said;
    for (const WfdbSignal& signal : header_.signals) {
      if (signal.calibrated || said.test_and_set()) continue;
      log::warn("{}, line {}: {} is uncalibrated (gain 0 or none); 200 units a mV are assumed, here and wherever else",
                header_.path, signal.line, signal.name);
    }
  }

  // use(frames done, frames n, values): n frames of the group's interleaved values.
  template <typename Use>
  void for_each_chunk(const Group& group, std::int64_t first, std::int64_t frames, const Use& use) const {
    const std::int64_t at_once =
        std::clamp<std::int64_t>(kChunkValues / group.values_per_frame, 1, std::max<std::int64_t>(frames, 1));
    std::vector<std::int32_t> values(static_cast<std::size_t>(at_once * group.values_per_frame));
    std::int64_t released = 0;
    for (std::int64_t done = 0; done < frames; done += at_once) {
      const std::int64_t n = std::min(at_once, frames - done);
      const std::span part(values.data(), static_cast<std::size_t>(n * group.values_per_frame));
      group.source->decode((first + done) * group.values_per_frame, part);
      use(done, n, values.data());
      if ((done + n - released) * group.values_per_frame < kReleased && done + n < frames) continue;
      group.release(first + released, first + done + n);
      released = done + n;
    }
  }

  // The signals of a group that are stored `skew` frames late.
  void read_group(std::size_t number, std::int64_t skew, std::span<const std::size_t> channels, std::int64_t first,
                  std::int64_t frames, std::vector<Samples>& out) const {
    const Group& group = groups_[number];
    const auto is_ours = [&](std::size_t c) { return group_[c] == number && header_.signals[c].skew == skew; };
    for_each_chunk(group, first + skew, frames, [&](std::int64_t done, std::int64_t n, const std::int32_t* values) {
      for (std::size_t i = 0; i < channels.size(); ++i) {
        if (!is_ours(channels[i])) continue;
        const std::int64_t per_frame = channels_[channels[i]].samples_per_frame;
        const std::int32_t* at = values + place_[channels[i]];
        std::int32_t* to = out[i].digital.data() + done * per_frame;
        if (per_frame == group.values_per_frame) {
          pick(at, 1, n * per_frame, group.format->missing, to);
        } else if (per_frame == 1) {
          pick(at, group.values_per_frame, n, group.format->missing, to);
        } else {
          for (std::int64_t f = 0; f < n; ++f) {
            pick(at + f * group.values_per_frame, 1, per_frame, group.format->missing, to + f * per_frame);
          }
        }
      }
    });
  }

  void verify(const Group& group) const {
    std::vector<std::uint32_t> sums(group.signals, 0);
    std::vector<std::int32_t> first(group.signals, 0);
    for_each_chunk(group, 0, stored_, [&](std::int64_t done, std::int64_t n, const std::int32_t* values) {
      for (std::size_t s = 0; s < group.signals; ++s) {
        const std::size_t index = group.first_signal + s;
        const std::int32_t* from = values + place_[index];
        const std::int64_t per_frame = channels_[index].samples_per_frame;
        if (done == 0) first[s] = *from;
        if (per_frame == 1) {
          sums[s] += sum_of(from, group.values_per_frame, n);
        } else {
          for (std::int64_t f = 0; f < n; ++f) sums[s] += sum_of(from + f * group.values_per_frame, 1, per_frame);
        }
      }
    });
    for (std::size_t s = 0; s < group.signals; ++s) {
      const WfdbSignal& signal = header_.signals[group.first_signal + s];
      const int sum = static_cast<int>(sums[s] & 0xffff);
      if (signal.checksum && *signal.checksum != sum) refuse_checksum(group, signal, sum);
      const bool is_start = group.format->code == 8;  // and no copy of the first value
      if (signal.initial && *signal.initial != first[s] && stored_ > 0 && !is_start) {
        if (!signal.checksum) {
          fail(signal, "first value of signal {} is {} where the header promises {}; --trust-data reads it as it is",
               signal.name, first[s], *signal.initial);
        }
        log::warn("{}, line {}: first value of signal {} is {} where the header promises {}; the checksum is right",
                  header_.path, signal.line, signal.name, first[s], *signal.initial);
      }
    }
  }

  [[noreturn]] void refuse_checksum(const Group& group, const WfdbSignal& signal, int sum) const {
    const bool none = std::all_of(header_.signals.begin(), header_.signals.end(),
                                  [](const WfdbSignal& s) { return s.checksum.value_or(0) == 0; });
    if (none) {
      throw Error(Status::kMalformed,
                  "{}: all checksums in the header are 0, so nothing vouches for the samples (signal {} has {}); "
                  "--trust-data reads such records",
                  header_.path, signal.name, sum);
    }
    const std::int64_t more_bytes = group.format->bytes_for == nullptr ? 0 : group.bytes - bytes_of(group);
    const std::string more =
        more_bytes > 0 ? fmt::format(" ({} holds {} bytes more than promised)", group.path, more_bytes) : "";
    fail(signal, "checksum of signal {} is {} where the header promises {}{}; --trust-data reads it as it is",
         signal.name, sum, *signal.checksum, more);
  }

  static constexpr auto kNoGroup = static_cast<std::size_t>(-1);  // of a signal of format 0

  std::string name_;
  OpenOptions options_;
  WfdbHeader header_;
  std::int64_t frames_ = 0;
  std::int64_t stored_ = 0;  // with those where a skewed signal has no sample
  std::vector<Group> groups_;
  std::vector<std::size_t> group_;   // of each signal
  std::vector<std::int64_t> place_;  // of each signal's first value within its group's frame
  std::vector<Channel> channels_;
};

}  // namespace

std::string beside(const std::string& header_path, const std::string& file) {
  const auto slash = header_path.rfind('/');
  return (slash == std::string::npos ? "" : header_path.substr(0, slash + 1)) + file;
}

Channel wfdb_channel(const WfdbSignal& signal, double frames_a_second, std::int64_t frames) {
  Channel channel;
  channel.name = signal.name;
  channel.unit = canonical_unit(signal.unit);
  channel.kind = kind_of(channel.name, channel.unit);
  channel.samples_per_frame = static_cast<int>(signal.samples_per_frame);
  channel.fs = frames_a_second * static_cast<double>(signal.samples_per_frame);
  channel.samples = frames * signal.samples_per_frame;
  channel.scale = 1 / signal.gain;
  channel.offset = static_cast<double>(signal.baseline);
  channel.calibrated = signal.calibrated;
  const SignalFormat* format = find_signal_format(signal.format);
  channel.type = format != nullptr && format->bits <= 16 ? SampleType::kI16 : SampleType::kI32;
  return channel;
}

std::optional<std::string> wfdb_base_time(const WfdbHeader& header) {
  if (!header.date || !header.time) return std::nullopt;
  return *header.date + "T" + *header.time;
}

std::unique_ptr<Recording> open_wfdb_signals(WfdbHeader header, std::string name, const OpenOptions& options) {
  return std::make_unique<WfdbRecord>(std::move(header), std::move(name), options);
}

std::unique_ptr<Recording> open_wfdb_record(const std::string& path, const std::string& name,
                                            const OpenOptions& options) {
  WfdbHeader header = read_wfdb_header(path);
  return header.is_multi_segment ? open_wfdb_segments(std::move(header), name, options)
                                 : open_wfdb_signals(std::move(header), name, options);
}

}  // namespace cfm::format
