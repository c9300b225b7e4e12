#include "format/readers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "format/names.h"
#include "format/wfdb_header.h"
#include "format/wfdb_signal.h"

namespace cfm::format {
namespace {

constexpr std::int64_t kChunkValues = 8192;                  // decoded at once: 32 KiB, which stays in the first cache
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
  std::unique_ptr<SampleSource> source;
};

class WfdbRecord final : public Recording {
 public:
  WfdbRecord(const std::string& path, std::string name, const OpenOptions& options)
      : name_(std::move(name)), options_(options), header_(parse_wfdb_header(map_file(path).text(), path)) {
    if (header_.is_multi_segment) {
      throw Error(Status::kMalformed, "{}: a record of {} segments is not supported by this version", path,
                  header_.segments.size());
    }
    for (std::size_t i = 0; i < header_.signals.size(); ++i) add_to_group(i);
    std::vector<Bytes> files;
    for (Group& group : groups_) files.push_back(map_signals(group));
    find_length(files);
    for (std::size_t g = 0; g < groups_.size(); ++g) open_source(groups_[g], files[g]);
    for (const WfdbSignal& signal : header_.signals) channels_.push_back(make_channel(signal));
    say_uncalibrated();
  }

  const std::string& name() const override { return name_; }
  double fs() const override { return header_.fs; }
  std::int64_t frames() const override { return frames_; }
  const std::vector<Channel>& channels() const override { return channels_; }
  std::vector<std::string> comments() const override { return header_.comments; }
  std::optional<std::string> base_time() const override {
    if (!header_.date || !header_.time) return std::nullopt;
    return *header_.date + "T" + *header_.time;
  }

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
      out[i].digital.resize(static_cast<std::size_t>(frames * channel.samples_per_frame));
    }
    for (const Group& group : groups_) {
      const std::size_t end = group.first_signal + group.signals;
      const bool wanted = std::any_of(channels.begin(), channels.end(),
                                      [&](std::size_t c) { return c >= group.first_signal && c < end; });
      if (!wanted) continue;
      for_each_chunk(group, first_frame, frames, [&](std::int64_t done, std::int64_t n, const std::int32_t* values) {
        for (std::size_t i = 0; i < channels.size(); ++i) {
          if (channels[i] < group.first_signal || channels[i] >= end) continue;
          const std::int64_t per_frame = channels_[channels[i]].samples_per_frame;
          pick(values + place_[channels[i]], group.values_per_frame, per_frame, n, group.format->missing,
               out[i].digital.data() + done * per_frame);
        }
      });
    }
  }

 private:
  template <typename... Args>
  [[noreturn]] void fail(const WfdbSignal& signal, fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(Status::kMalformed, "{}, line {}: {}", header_.path, signal.line,
                fmt::format(format, std::forward<Args>(args)...));
  }

  void add_to_group(std::size_t index) {
    const WfdbSignal& signal = header_.signals[index];
    const SignalFormat* format = find_signal_format(signal.format);
    if (format == nullptr) {
      std::vector<int> known;
      for (const SignalFormat& f : signal_formats()) known.push_back(f.code);
      fail(signal, "unknown format {}; this version reads {}", signal.format, fmt::join(known, ", "));
    }
    if (signal.skew != 0) fail(signal, "skew of {} samples is not supported by this version", signal.skew);
    const bool joins = index > 0 && header_.signals[index - 1].file == signal.file;
    if (!joins) {
      for (std::size_t i = 0; i < index; ++i) {
        if (header_.signals[i].file == signal.file)
          fail(signal, "signals of {} don't stand together", in_quotes(signal.file));
      }
      const auto slash = header_.path.rfind('/');
      Group group;
      group.path = (slash == std::string::npos ? "" : header_.path.substr(0, slash + 1)) + signal.file;
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
    place_.push_back(group.values_per_frame);
    if (signal.samples_per_frame > kMostValues - group.values_per_frame)
      fail(signal, "more samples a frame than a file holds");
    group.values_per_frame += signal.samples_per_frame;
    ++group.signals;
  }

  Bytes map_signals(Group& group) const {
    const WfdbSignal& signal = header_.signals[group.first_signal];
    if (!is_regular_file(group.path)) fail(signal, "no such file: {}", group.path);
    const Bytes file = map_file(group.path);
    group.bytes = static_cast<std::int64_t>(file.size());
    if (group.offset > group.bytes) {
      fail(signal, "byte offset {} lies beyond the end of {} ({} bytes)", group.offset, group.path, group.bytes);
    }
    return file;
  }

  // From the header, or from the files where it says nothing.
  void find_length(const std::vector<Bytes>& files) {
    if (header_.frames) {
      frames_ = *header_.frames;
      return;
    }
    if (groups_.empty()) throw Error(Status::kMalformed, "{}: neither signals nor a length", header_.path);
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const Group& group = groups_[g];
      const auto bytes = static_cast<std::int64_t>(files[g].size()) - group.offset;
      const std::int64_t frames = group.format->values_in(bytes) / group.values_per_frame;
      const std::int64_t used = group.format->bytes_for(frames * group.values_per_frame);
      const std::int64_t block = group.format->block;
      if (bytes != used && bytes != (used + block - 1) / block * block) {
        throw Error(Status::kMalformed,
                    "{}: {} bytes end within a frame (record truncated at {}); the header gives no length", group.path,
                    group.bytes, clock_time(static_cast<double>(frames) / header_.fs));
      }
      if (frames == 0) throw Error(Status::kMalformed, "{}: no samples", group.path);
      if (g > 0 && frames != frames_) {
        throw Error(Status::kMalformed, "{}: {} frames in {} and {} in {}; the header gives no length", header_.path,
                    frames_, groups_[0].path, frames, group.path);
      }
      frames_ = frames;
    }
  }

  void open_source(Group& group, const Bytes& file) const {
    const bool absurd = frames_ > kMostValues / group.values_per_frame;
    const std::int64_t need = absurd ? 0 : group.offset + group.format->bytes_for(frames_ * group.values_per_frame);
    if (absurd || group.bytes < need) {
      const std::int64_t there = group.format->values_in(group.bytes - group.offset) / group.values_per_frame;
      throw Error(
          Status::kMalformed,
          "{}: {} bytes where the header promises {} (record truncated at {}); --on-error skip leaves such records "
          "out",
          group.path, group.bytes, absurd ? "more than any file holds" : std::to_string(need),
          clock_time(static_cast<double>(there) / header_.fs));
    }
    SignalFile signals{
        file.slice(static_cast<std::size_t>(group.offset), static_cast<std::size_t>(group.bytes - group.offset)), {}};
    for (std::size_t i = 0; i < group.signals; ++i) {
      const WfdbSignal& signal = header_.signals[group.first_signal + i];
      signals.initial.push_back(signal.initial.value_or(signal.adc_zero));
    }
    group.source = group.format->open(std::move(signals));
  }

  Channel make_channel(const WfdbSignal& signal) const {
    Channel channel;
    channel.name = signal.name;
    channel.unit = canonical_unit(signal.unit);
    channel.kind = kind_of(channel.name, channel.unit);
    channel.samples_per_frame = static_cast<int>(signal.samples_per_frame);
    channel.fs = header_.fs * static_cast<double>(signal.samples_per_frame);
    channel.samples = frames_ * signal.samples_per_frame;
    channel.scale = 1 / signal.gain;
    channel.offset = static_cast<double>(signal.baseline);
    channel.calibrated = signal.calibrated;
    channel.type = find_signal_format(signal.format)->bits <= 16 ? SampleType::kI16 : SampleType::kI32;
    return channel;
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
    for (std::int64_t done = 0; done < frames; done += at_once) {
      const std::int64_t n = std::min(at_once, frames - done);
      const std::span part(values.data(), static_cast<std::size_t>(n * group.values_per_frame));
      group.source->decode((first + done) * group.values_per_frame, part);
      use(done, n, values.data());
    }
  }

  static void pick(const std::int32_t* values, std::int64_t stride, std::int64_t per_frame, std::int64_t frames,
                   std::int32_t missing, std::int32_t* out) {
    const auto mark = [missing](std::int32_t value) { return value == missing ? kMissing : value; };
    if (stride == per_frame) {
      for (std::int64_t i = 0; i < frames * per_frame; ++i) out[i] = mark(values[i]);
    } else if (per_frame == 1) {
      for (std::int64_t i = 0; i < frames; ++i) out[i] = mark(values[i * stride]);
    } else {
      for (std::int64_t i = 0; i < frames; ++i) {
        for (std::int64_t k = 0; k < per_frame; ++k) out[i * per_frame + k] = mark(values[i * stride + k]);
      }
    }
  }

  void verify(const Group& group) const {
    std::vector<std::uint32_t> sums(group.signals, 0);
    std::vector<std::int32_t> first(group.signals, 0);
    for_each_chunk(group, 0, frames_, [&](std::int64_t done, std::int64_t n, const std::int32_t* values) {
      for (std::size_t s = 0; s < group.signals; ++s) {
        const std::size_t index = group.first_signal + s;
        const std::int32_t* from = values + place_[index];
        const std::int64_t per_frame = channels_[index].samples_per_frame;
        if (done == 0) first[s] = *from;
        std::uint32_t sum = sums[s];
        for (std::int64_t i = 0; i < n; ++i) {
          for (std::int64_t k = 0; k < per_frame; ++k)
            sum += static_cast<std::uint32_t>(from[i * group.values_per_frame + k]);
        }
        sums[s] = sum;
      }
    });
    for (std::size_t s = 0; s < group.signals; ++s) {
      const WfdbSignal& signal = header_.signals[group.first_signal + s];
      const int sum = static_cast<int>(sums[s] & 0xffff);
      if (signal.checksum && *signal.checksum != sum) refuse_checksum(group, signal, sum);
      if (signal.initial && *signal.initial != first[s] && frames_ > 0) {
        fail(signal, "first value of signal {} is {} where the header promises {}; --trust-data reads it as it is",
             signal.name, first[s], *signal.initial);
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
    const std::int64_t need = group.offset + group.format->bytes_for(frames_ * group.values_per_frame);
    const std::string more =
        group.bytes > need ? fmt::format(" ({} holds {} bytes more than promised)", group.path, group.bytes - need)
                           : "";
    fail(signal, "checksum of signal {} is {} where the header promises {}{}; --trust-data reads it as it is",
         signal.name, sum, *signal.checksum, more);
  }

  std::string name_;
  OpenOptions options_;
  WfdbHeader header_;
  std::int64_t frames_ = 0;
  std::vector<Group> groups_;
  std::vector<std::int64_t> place_;  // of each signal's first value within its group's frame
  std::vector<Channel> channels_;
};

}  // namespace

std::unique_ptr<Recording> open_wfdb_record(const std::string& path, const std::string& name,
                                            const OpenOptions& options) {
  return std::make_unique<WfdbRecord>(path, name, options);
}

}  // namespace cfm::format
