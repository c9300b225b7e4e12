// What the tests of WFDB records share: opening by stem, reading as plain vectors, what an error says.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "format/recording.h"
#include "support.h"

namespace cfm::format::test_wfdb {

using Values = std::vector<std::vector<std::int32_t>>;

inline std::unique_ptr<Recording> open(const std::string& record, OpenOptions options = {}) {
  const std::string stem = record.ends_with(".hea") ? record.substr(0, record.size() - 4) : record;
  return open_recording(stem + ".hea", stem.substr(stem.rfind('/') + 1), options);
}

// Headers right in a folder, as paths.
inline std::vector<std::string> headers_in(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".hea") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

inline Values read(const Recording& recording, const std::vector<std::size_t>& channels, std::int64_t first,
                   std::int64_t frames) {
  std::vector<Samples> samples;
  recording.read(channels, first, frames, samples);
  Values out;
  for (Samples& channel : samples) out.push_back(std::move(channel.digital));
  return out;
}

inline std::vector<std::size_t> all_of(const Recording& recording) {
  std::vector<std::size_t> channels(recording.channels().size());
  for (std::size_t c = 0; c < channels.size(); ++c) channels[c] = c;
  return channels;
}

inline Values read_all(const Recording& recording) { return read(recording, all_of(recording), 0, recording.frames()); }

inline double physical(const Channel& channel, std::int32_t value) {
  return value == kMissing ? std::numeric_limits<double>::quiet_NaN() : (value - channel.offset) * channel.scale;
}

// What opening and verifying a record says, "" where it is sound.
inline std::string refusal(const std::string& record, OpenOptions options = {}) {
  try {
    open(record, options)->verify();
  } catch (const Error& error) {
    CHECK(error.status() == Status::kMalformed);
    return error.what();
  }
  return "";
}

inline bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline void put(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

// `n` numbers of two bytes, little-endian.
inline std::string words(const std::vector<int>& values) {
  std::string bytes;
  for (const int value : values) {
    bytes += static_cast<char>(value & 0xff);
    bytes += static_cast<char>(value >> 8 & 0xff);
  }
  return bytes;
}

}  // namespace cfm::format::test_wfdb
