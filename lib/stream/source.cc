#include "stream/source.h"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace cfm::stream {
namespace {

constexpr std::size_t kBuffer = 256u << 10;     // bytes read from a pipe at once
constexpr std::size_t kFront = 4096;            // bytes read at once where a large payload may follow
constexpr std::size_t kFirstPiece = 16u << 20;  // bytes of a payload allocated before any has arrived
constexpr std::size_t kBehind = 16u << 20;      // bytes of a mapped file that stay in memory once read
constexpr int kPipeBytes = 1 << 20;             // asked of the kernel, which may refuse
constexpr std::size_t kPayloadAlignment = 16;   // bytes, of malloc

}  // namespace

Source::Source(const std::string& path) {
  if (path != "-" && !path.empty() && is_regular_file(path)) {
    name_ = path;
    map_ = map_file(path);
    return;
  }
  file_.emplace(InputFile::open(path));
  name_ = file_->name();
#ifdef F_SETPIPE_SZ
  ::fcntl(file_->descriptor(), F_SETPIPE_SZ, kPipeBytes);
#endif
  buffer_.resize(kBuffer);
}

std::span<const std::byte> Source::at_hand() const {
  return map_ ? map_->span().subspan(position_) : std::span<const std::byte>(buffer_).subspan(begin_, end_ - begin_);
}

// Room for n bytes from begin_ on.
void Source::reserve(std::size_t n) {
  if (buffer_.size() - begin_ >= n) return;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (buffer_.size() < n) buffer_.resize(n);
}

std::span<const std::byte> Source::peek(std::size_t n) {
  if (map_) return at_hand();
  keep_taken();
  while (end_ - begin_ < n && !ended_) {
    // The buffer doubles with what has arrived: a promise alone allocates nothing.
    const std::size_t have = end_ - begin_;
    reserve(std::min(n, std::max(kBuffer, 2 * have)));
    const auto room = std::span(buffer_).subspan(end_);
    const std::size_t got =
        file_->read_some(large_ ? room.first(std::min(room.size(), std::max(n - have, kFront))) : room);
    end_ += got;
    ended_ = got == 0;
  }
  return at_hand();
}

Bytes Source::take(std::size_t skip, std::size_t n) {
  if (map_) {
    const auto rest = map_->span().subspan(position_ + skip);
    const Bytes slice = map_->slice(position_ + skip, std::min(n, rest.size()));
    if (reinterpret_cast<std::uintptr_t>(slice.data()) % kPayloadAlignment == 0) return slice;
    std::vector<std::byte> copy(slice.span().begin(), slice.span().end());  // after damage frames may stand anywhere
    return Bytes::own(std::move(copy));
  }
  large_ = skip + n > kBuffer / 2;
  if (!large_) peek(skip + n);
  keep_taken();
  const std::size_t known = std::min(n, end_ - begin_ - skip);
  std::size_t room = std::max(known, std::min(n, kFirstPiece)), have = known;
  std::unique_ptr<void, decltype(&std::free)> memory(std::malloc(std::max<std::size_t>(room, 1)), &std::free);
  if (memory == nullptr) throw std::bad_alloc();
  const auto at = [&](std::size_t i) { return static_cast<std::byte*>(memory.get()) + i; };
  if (known > 0) std::memcpy(at(0), buffer_.data() + begin_ + skip, known);
  while (have < n && !ended_) {
    if (have == room) {
      room = std::min(n, 2 * room);
      void* grown = std::realloc(memory.get(), room);
      if (grown == nullptr) throw std::bad_alloc();
      static_cast<void>(memory.release());
      memory.reset(grown);
    }
    const std::size_t got = file_->read_some({at(have), room - have});
    have += got;
    ended_ = got == 0;
  }
  const std::byte* data = at(0);
  Bytes bytes(std::shared_ptr<const void>(memory.release(), [](const void* p) { std::free(const_cast<void*>(p)); }),
              {data, have});
  if (have > known) {
    taken_ = bytes;
    taken_known_ = known;
  }
  return bytes;
}

// Puts what take() read back in line: it is wanted again.
void Source::keep_taken() {
  if (taken_.size() == 0) return;
  const auto rest = taken_.span().subspan(taken_known_);
  reserve(end_ - begin_ + rest.size());
  std::memcpy(buffer_.data() + end_, rest.data(), rest.size());
  end_ += rest.size();
  taken_ = {};
}

void Source::advance(std::size_t n) {
  position_ += n;
  if (map_) {
    if (position_ - released_ >= kBehind) {
      map_->release(released_, position_ - released_);
      released_ = position_;
    }
    return;
  }
  if (n > end_ - begin_) {  // over all that take() has read
    taken_ = {};
    begin_ = end_ = 0;
    return;
  }
  keep_taken();
  begin_ += n;
  if (begin_ == end_) begin_ = end_ = 0;
}

bool Source::ready(std::size_t n) const { return map_ || ended_ || at_hand().size() >= n || file_->ready(); }

}  // namespace cfm::stream
