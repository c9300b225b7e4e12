// Bytes of a stream in order: a mapping for a regular file, a bounded buffer for a pipe.
//
//   Source source(path);
//   auto front = source.peek(64);              // fewer only at the end
//   Bytes payload = source.take(front.size(), n);
//   source.advance(64 + n);                    // or not: then everything is still there
//
// Memory of a pipe grows with what has arrived, never with what is promised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"

namespace cfm::stream {

class Source {
 public:
  explicit Source(const std::string& path);

  const std::string& name() const { return name_; }
  std::uint64_t position() const { return position_; }
  // What is at hand from the position on, at least n bytes but at the end of the input. Valid until the next call.
  std::span<const std::byte> peek(std::size_t n);
  // n bytes from `skip` bytes behind the position, fewer at the end of the input: a slice of the mapping, or memory of
  // its own. Aligned to 16.
  Bytes take(std::size_t skip, std::size_t n);
  // Moves over n bytes, which must have been seen by peek or take.
  void advance(std::size_t n);
  // True when `n` bytes are at hand or reading would not wait.
  bool ready(std::size_t n) const;
  // What is at hand without reading.
  std::span<const std::byte> at_hand() const;

 private:
  void keep_taken();
  void reserve(std::size_t n);

  std::string name_;
  std::uint64_t position_ = 0, released_ = 0;  // released_: of a mapped file, what has left memory
  std::optional<Bytes> map_;
  std::optional<InputFile> file_;
  std::vector<std::byte> buffer_;  // of a pipe: [begin_, end_) is at hand
  std::size_t begin_ = 0, end_ = 0;
  Bytes taken_;  // read past the buffer; its first taken_known_ bytes are in the buffer, too
  std::size_t taken_known_ = 0;
  bool ended_ = false;
  bool large_ = false;  // the last payload was read past the buffer: the next may be, too
};

}  // namespace cfm::stream
