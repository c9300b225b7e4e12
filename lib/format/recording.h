// Recordings as users have them, behind one interface: named channels of samples, read at random.
//
//   auto recording = format::open_recording("mitdb/100.hea", "100", {});
//   recording->verify();
//   std::vector<format::Samples> samples;
//   recording->read(std::vector<std::size_t>{0, 2}, 0, recording->frames(), samples);  // samples[0], samples[1]
//
// A record has a clock of fs() frames a second; a channel has one sample a frame or several (channel.fs = n * fs()).
// Times at which a file holds nothing (gaps) are frames like any other, with missing samples.
// Throws Error: kMalformed (a file that lies or is cut, with file and line or place), kIo (no such file), kUsage (the
// file doesn't say what is needed, and how to say it). Nothing is allocated by the size that a file claims.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cfm::format {

// A digital sample that was not recorded, whatever the file's own mark is. A real one is NaN.
inline constexpr std::int32_t kMissing = std::numeric_limits<std::int32_t>::min();

// The narrowest that holds every value of a channel.
enum class SampleType { kI16, kI32, kF32, kF64 };
inline bool is_real(SampleType type) { return type == SampleType::kF32 || type == SampleType::kF64; }

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
  SampleType type = SampleType::kI16;
};

// Samples of one channel: `digital` where its type is an integer one, else `real`; the other is empty.
struct Samples {
  std::vector<std::int32_t> digital;  // kMissing where none was recorded
  std::vector<double> real;           // NaN where none was recorded
};

// A remark that stands in the recording's own file.
struct Note {
  double onset = 0;     // s after frame 0
  double duration = 0;  // s; 0: a moment
  std::string text;     // UTF-8
  bool operator==(const Note&) const = default;
};

// A channel as a user names it where the file doesn't: "II", "PLETH:NU", "ABP:0.1mmHg".
struct ChannelName {
  std::string name, unit;
  double scale = 1;  // of a stored value, in the unit
};

struct OpenOptions {
  bool trust_data = false;        // read records whose checksums or first values lie; lengths are always verified
  std::optional<double> fs = {};  // Hz; for files that don't say (NPY, MAT, CSV without time), kUsage for others
  std::vector<ChannelName> channels = {};  // for files without names (audio, NPY, MAT), as many as there are channels
  std::string variable = {};               // of a MAT file: NAME, or NAME.FIELD of a struct
};

class Recording {
 public:
  virtual ~Recording() = default;

  virtual const std::string& name() const = 0;  // path below the input folder, no suffix
  virtual double fs() const = 0;                // frames a second
  virtual std::int64_t frames() const = 0;
  virtual const std::vector<Channel>& channels() const = 0;
  virtual std::vector<std::string> comments() const { return {}; }  // in the file's order, without their mark
  // Of frame 0, ISO 8601 local, only where date and time are known.
  virtual std::optional<std::string> base_time() const { return std::nullopt; }
  virtual std::vector<Note> notes() const { return {}; }  // ascending by onset; of EDF+ and BDF+

  // What can only be said by reading the whole record once: first values and checksums. Throws kMalformed.
  virtual void verify() const {}

  // Samples of `channels` (indices, any order, repeats allowed) for frames [first_frame, first_frame + frames), which
  // must lie within the record: out[i] gets frames * samples_per_frame values. May be called from several threads at
  // once.
  virtual void read(std::span<const std::size_t> channels, std::int64_t first_frame, std::int64_t frames,
                    std::vector<Samples>& out) const = 0;
};

// Opens the record whose file (a WFDB header, or a file of any other format) is `path`; what kind it is, is seen by
// looking at it; lengths are verified here.
std::unique_ptr<Recording> open_recording(const std::string& path, const std::string& name, const OpenOptions& options);

}  // namespace cfm::format
