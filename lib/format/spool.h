// Samples that wait on disk until all of them are known: an unnamed temporary file, gone with the object.
//
//   Spool spool(layout.channels);
//   spool.append(samples, 3600);                    // as often as there are frames
//   spool.read(0, first_frame, frames, values);     // any channel, any piece
//
// Folder: TMPDIR, else /tmp. Memory: one block of about 1 MiB. Throws kIo with the folder and the reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "format/recording.h"

namespace cfm::format {

class Spool {
 public:
  explicit Spool(std::span<const Channel> channels);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool();

  // samples[i] holds frames * samples_per_frame values of channel i.
  void append(std::span<const Samples> samples, std::int64_t frames);
  std::int64_t frames() const { return frames_; }
  // Frames that are read fastest in one piece, from a multiple of it.
  std::int64_t block_frames() const { return block_frames_; }
  void read(std::size_t channel, std::int64_t first_frame, std::int64_t frames, Samples& out);

 private:
  struct Column {
    bool real;
    std::int64_t per_frame;  // values
    std::int64_t size;       // bytes of a value
    std::int64_t place;      // bytes of the columns before it, a frame
  };
  void flush();

  std::string folder_;
  int fd_ = -1;
  std::vector<Column> columns_;
  std::int64_t frame_bytes_ = 0, block_frames_ = 0;
  std::int64_t frames_ = 0, flushed_ = 0;  // flushed_: frames on disk, whole blocks
  std::vector<std::byte> block_;           // columns one after the other; the last block, as far as it is filled
};

}  // namespace cfm::format
