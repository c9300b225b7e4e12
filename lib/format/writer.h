// Recordings written: frames in order, from wherever they come, into a file format of the field.
//
//   auto writer = format::create_wfdb("out/100", {.name = "100", .fs = 360, .channels = channels});
//   writer->write(samples, 3600);                          // as often as there are frames
//   writer->finish({.annotations = {{"atr", beats}}});     // only now it looks whole
//
// Files are written beside and renamed by finish(); a writer that is destroyed without it leaves nothing. What a format
// can't keep is said once by log::warn, by the channel's name, never dropped in silence. An existing file is kUsage
// unless `force`. Throws kUsage for a layout that the format can't hold at all (says why), kIo.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format/annotation.h"
#include "format/recording.h"

namespace cfm::format {

struct RecordLayout {
  std::string name;                           // of the record: no folder, no suffix
  double fs = 0;                              // frames a second
  std::vector<Channel> channels;              // `samples` is not looked at
  std::optional<std::string> base_time = {};  // of frame 0, ISO 8601 local
  std::vector<std::string> comments = {};
  bool force = false;  // replace existing files
};

// What belongs to a record beside its samples.
struct Marks {
  std::map<std::string, std::vector<Annotation>> annotations = {};  // by the extension of their file
  std::vector<Note> notes = {};                                     // ascending by onset
  double resolution = 0;  // Hz, of the annotations' own clock; 0: frames of the record
};

class RecordWriter {
 public:
  virtual ~RecordWriter() = default;
  // The next `frames` frames: samples[i] holds frames * samples_per_frame values of channels[i].
  virtual void write(std::span<const Samples> samples, std::int64_t frames) = 0;
  virtual void finish(const Marks& marks) = 0;
};

// stem.hea, stem.dat (format 16, or 32 where a channel needs it), stem.EXT. Integer channels only.
std::unique_ptr<RecordWriter> create_wfdb(const std::string& stem, const RecordLayout& layout);
// One EDF+ file; BDF+ where `path` ends in .bdf. Integer channels only: EDF holds 16 bits, BDF 24.
std::unique_ptr<RecordWriter> create_edf(const std::string& path, const RecordLayout& layout);
// One array [channels, samples] of physical values; all channels at one rate. Marks are not kept.
std::unique_ptr<RecordWriter> create_npy(const std::string& path, const RecordLayout& layout);

// Any of them for channels of real numbers: values wait in a temporary file until their range is known, and become
// integers of at most `bits` bits then: exactly where they are decimals that fit, else with the finest step that does.
std::unique_ptr<RecordWriter> quantised(const RecordLayout& layout, int bits,
                                        std::function<std::unique_ptr<RecordWriter>(const RecordLayout&)> create);

}  // namespace cfm::format
