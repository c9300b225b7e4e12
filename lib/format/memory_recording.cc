#include "format/memory_recording.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "format/names.h"

namespace cfm::format {
namespace {

// out[i] is the value of frame first + i, or `missing` in a gap.
template <typename T>
void copy_frames(const std::vector<T>& rows, const std::vector<Run>& runs, std::int64_t first, std::int64_t frames,
                 T missing, std::vector<T>& out) {
  out.assign(static_cast<std::size_t>(frames), missing);
  const auto after = [](std::int64_t frame, const Run& run) { return frame < run.first_frame; };
  auto run = std::upper_bound(runs.begin(), runs.end(), first, after);
  if (run != runs.begin()) --run;
  for (; run != runs.end() && run->first_frame < first + frames; ++run) {
    const auto next = run + 1;
    const std::int64_t end_row = next == runs.end() ? static_cast<std::int64_t>(rows.size()) : next->first_row;
    const std::int64_t begin = std::max(first, run->first_frame);
    const std::int64_t end = std::min(first + frames, run->first_frame + end_row - run->first_row);
    if (begin >= end) continue;
    const auto from = rows.begin() + (run->first_row + begin - run->first_frame);
    std::copy(from, from + (end - begin), out.begin() + (begin - first));
  }
}

}  // namespace

MemoryRecording::MemoryRecording(RecordingParts parts) : parts_(std::move(parts)) {
  for (Channel& channel : parts_.channels) {
    channel.fs = parts_.fs;
    channel.samples = parts_.frames;
  }
}

void MemoryRecording::read(std::span<const std::size_t> channels, std::int64_t first_frame, std::int64_t frames,
                           std::vector<Samples>& out) const {
  check_frames(parts_.name, first_frame, frames, parts_.frames);
  out.assign(channels.size(), {});
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const Samples& rows = parts_.rows.at(channels[i]);
    if (is_real(parts_.channels[channels[i]].type)) {
      copy_frames(rows.real, parts_.runs, first_frame, frames, std::numeric_limits<double>::quiet_NaN(), out[i].real);
    } else {
      copy_frames(rows.digital, parts_.runs, first_frame, frames, kMissing, out[i].digital);
    }
  }
}

void check_frames(const std::string& name, std::int64_t first, std::int64_t frames, std::int64_t of) {
  if (first < 0 || frames < 0 || first > of - frames) {
    throw Error(Status::kBug, "{}: frames {} to {} of {} asked for", name, first, first + frames, of);
  }
}

double required_rate(const std::string& path, const OpenOptions& options) {
  if (!options.fs) throw Error(Status::kUsage, "{}: the file says no rate; --fs F gives it, in Hz", path);
  if (!std::isfinite(*options.fs) || *options.fs <= 0) {
    throw Error(Status::kUsage, "{}: {} Hz is no rate; --fs takes a number above 0", path, *options.fs);
  }
  return *options.fs;
}

bool rows_are_channels(std::int64_t rows, std::int64_t columns, const OpenOptions& options) {
  const auto names = static_cast<std::int64_t>(options.channels.size());
  if (names == rows) return true;
  if (names == columns) return false;
  return rows <= columns;
}

std::vector<Channel> plain_channels(const std::string& path, std::int64_t count, double fs, std::int64_t samples,
                                    SampleType type, const OpenOptions& options) {
  const auto names = static_cast<std::int64_t>(options.channels.size());
  if (names != 0 && names != count) {
    throw Error(Status::kUsage, "{}: {} names are given for {} channels", path, names, count);
  }
  std::vector<Channel> channels(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < channels.size(); ++i) {
    Channel& channel = channels[i];
    channel.name = names != 0 ? options.channels[i].name : fmt::format("signal {}", i);
    channel.unit = names != 0 ? canonical_unit(options.channels[i].unit) : "";
    channel.kind = kind_of(channel.name, channel.unit);
    if (names != 0) channel.scale = options.channels[i].scale;
    channel.fs = fs;
    channel.samples = samples;
    channel.type = type;
  }
  return channels;
}

}  // namespace cfm::format
