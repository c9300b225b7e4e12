// Recordings as users have them, behind one interface: named channels of digital values, read at random.
//
//   RecordWalk walk("challenge2015");
//   while (auto found = walk.next()) {
//     auto recording = open_recording(found->path, found->name, {});
//     recording->verify();
//     recording->read(std::vector<std::size_t>{0, 2}, 0, recording->frames(), samples);  // samples[0], samples[1]
//   }
//
// A record has a clock of fs() frames a second; a channel has one sample a frame or several (channel.fs = n * fs()).
// Throws Error: kMalformed (a file that lies or is cut, with file and line or place; a feature that this version
// doesn't read), kIo (no such record). Format today: WFDB, https://physionet.org/physiotools/wag/header-5.htm and
// signal-5.htm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cfm::record {

// A sample that was not recorded, whatever the file's own mark is.
inline constexpr std::int32_t kMissing = std::numeric_limits<std::int32_t>::min();

struct Channel {
  std::string name;          // as the file has it, UTF-8
  std::string unit;          // as the file has it, usual spelling ("mv" is "mV"), UTF-8
  std::string kind;          // ecg ppg abp resp … other, by the alias table of names.h
  double fs = 0;             // Hz of this channel
  std::int64_t samples = 0;  // whole record: frames * samples_per_frame
  int samples_per_frame = 1;
  double scale = 1;  // physical = (x - offset) * scale, in `unit`
  double offset = 0;
  bool calibrated = true;  // false: the file gives no gain, 200 units a mV are assumed
  int bits = 16;           // 16: every value fits 16 bits; else 32
};

struct OpenOptions {
  bool trust_data = false;  // read records whose checksums or first values lie; lengths are always verified
};

class Recording {
 public:
  virtual ~Recording() = default;

  virtual const std::string& name() const = 0;  // path below the input folder, no suffix
  virtual double fs() const = 0;                // frames a second
  virtual std::int64_t frames() const = 0;
  virtual const std::vector<Channel>& channels() const = 0;
  virtual std::vector<std::string> comments() const = 0;  // in the file's order, without their mark
  virtual std::optional<std::string> base_time()
      const = 0;  // of frame 0, ISO 8601 local, only where date and time are known

  // First values and checksums of all channels; nothing with trust_data. Throws kMalformed. Reads the whole record
  // once.
  virtual void verify() const = 0;

  // Digital values of `channels` (indices, any order, repeats allowed) for frames [first_frame, first_frame + frames),
  // which must lie within the record: out[i] gets frames * samples_per_frame values, kMissing where none was recorded.
  // May be called from several threads at once.
  virtual void read(std::span<const std::size_t> channels, std::int64_t first_frame, std::int64_t frames,
                    std::vector<std::vector<std::int32_t>>& out) const = 0;
};

// Opens the record whose header file is `path`; lengths of its files are verified here.
std::unique_ptr<Recording> open_recording(const std::string& path, const std::string& name, const OpenOptions& options);

struct FoundRecord {
  std::string path;  // of its header file: challenge2015/v100s.hea
  std::string name;  // v100s
};

// The records an input names, in byte order of their names, found as they are asked for.
//
// Input is a folder (every NAME.hea below it; what begins with a dot is left out), a header file, or a record's path
// without suffix. A header that another header of the same folder lists as a segment is no record: for that, the first
// lines of a folder's headers are looked at when its first record is asked for, folder by folder.
class RecordWalk {
 public:
  explicit RecordWalk(std::string input);
  ~RecordWalk();
  RecordWalk(RecordWalk&&) noexcept;
  RecordWalk& operator=(RecordWalk&&) noexcept;

  std::optional<FoundRecord> next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// All of RecordWalk; empty for a folder without records.
std::vector<FoundRecord> find_recordings(const std::string& input);

}  // namespace cfm::record
