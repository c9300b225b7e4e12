// Recordings whose samples are held in memory, and what files without names and rates share.
//
//   RecordingParts parts{.name = name, .fs = required_rate(path, options), .frames = n};
//   parts.channels = plain_channels(path, 2, parts.fs, n, SampleType::kF64, options);
//   return std::make_unique<MemoryRecording>(std::move(parts));
//
// Four bytes a sample of an integer channel, eight of a real one; frames of a gap take none. One sample a frame.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "format/recording.h"

namespace cfm::format {

// Rows held that stand at frames without a gap between them.
struct Run {
  std::int64_t first_frame = 0;
  std::int64_t first_row = 0;
};

struct RecordingParts {
  std::string name;
  double fs = 0;
  std::int64_t frames = 0;
  std::vector<Channel> channels = {};  // `samples` and `fs` are set by MemoryRecording
  std::vector<Samples> rows = {};      // of each channel: digital or real by its type
  std::vector<Run> runs = {{}};        // ascending; frames between them are missing
  std::optional<std::string> base_time = {};
};

class MemoryRecording final : public Recording {
 public:
  explicit MemoryRecording(RecordingParts parts);

  const std::string& name() const override { return parts_.name; }
  double fs() const override { return parts_.fs; }
  std::int64_t frames() const override { return parts_.frames; }
  const std::vector<Channel>& channels() const override { return parts_.channels; }
  std::optional<std::string> base_time() const override { return parts_.base_time; }
  void read(std::span<const std::size_t> channels, std::int64_t first_frame, std::int64_t frames,
            std::vector<Samples>& out) const override;

 private:
  RecordingParts parts_;
};

// Throws kBug where frames [first, first + frames) don't lie within `of`.
void check_frames(const std::string& name, std::int64_t first, std::int64_t frames, std::int64_t of);

// OpenOptions::fs of a file that says no rate; kUsage where it isn't given or is no rate.
double required_rate(const std::string& path, const OpenOptions& options);

// Whether the rows of a matrix are its channels: as many names as rows or as columns tell, else the shorter side is
// (rows where both are equal).
bool rows_are_channels(std::int64_t rows, std::int64_t columns, const OpenOptions& options);

// Channels called as OpenOptions::channels says, else "signal 0", …; all of one type and rate. kUsage where the number
// of names is another.
std::vector<Channel> plain_channels(const std::string& path, std::int64_t count, double fs, std::int64_t samples,
                                    SampleType type, const OpenOptions& options);

}  // namespace cfm::format
