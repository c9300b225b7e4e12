#include "format/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace cfm::format {
namespace {

constexpr std::int64_t kBlockBytes = 1 << 20;

int open_unnamed(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
  std::string path = folder + "/cfm-XXXXXX";  // for file systems without O_TMPFILE
  const int named = ::mkostemp(path.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(path.c_str());
  return named;
}

}  // namespace

Spool::Spool(std::span<const Channel> channels) {
  const char* folder = std::getenv("TMPDIR");
  folder_ = folder != nullptr && *folder != '\0' ? folder : "/tmp";
  for (const Channel& channel : channels) {
    const bool real = is_real(channel.type);
    const std::int64_t size = real ? sizeof(double) : sizeof(std::int32_t);
    columns_.push_back({real, channel.samples_per_frame, size, frame_bytes_});
    frame_bytes_ += size * channel.samples_per_frame;
  }
  block_frames_ = std::max<std::int64_t>(1, kBlockBytes / std::max<std::int64_t>(1, frame_bytes_));
  block_.resize(static_cast<std::size_t>(block_frames_ * frame_bytes_));
  fd_ = open_unnamed(folder_);
  if (fd_ < 0) throw io_error("temporary file in " + folder_);
}

Spool::~Spool() {
  if (fd_ >= 0) ::close(fd_);
}

void Spool::append(std::span<const Samples> samples, std::int64_t frames) {
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const std::size_t values = columns_[c].real ? samples[c].real.size() : samples[c].digital.size();
    if (values != static_cast<std::size_t>(frames * columns_[c].per_frame)) {
      throw Error(Status::kBug, "{} values of channel {} in {} frames", values, c, frames);
    }
  }
  for (std::int64_t done = 0; done < frames;) {
    const std::int64_t within = frames_ - flushed_;
    const std::int64_t n = std::min(frames - done, block_frames_ - within);
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const Column& column = columns_[c];
      const std::int64_t frame_size = column.per_frame * column.size;
      const auto* from = column.real ? reinterpret_cast<const std::byte*>(samples[c].real.data())
                                     : reinterpret_cast<const std::byte*>(samples[c].digital.data());
      std::memcpy(block_.data() + column.place * block_frames_ + within * frame_size, from + done * frame_size,
                  static_cast<std::size_t>(n * frame_size));
    }
    frames_ += n;
    done += n;
    if (frames_ - flushed_ == block_frames_) flush();
  }
}

void Spool::flush() {
  for (std::size_t done = 0; done < block_.size();) {
    const auto at = static_cast<off_t>(flushed_ * frame_bytes_ + static_cast<std::int64_t>(done));
    const ssize_t n = ::pwrite(fd_, block_.data() + done, block_.size() - done, at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw io_error("temporary file in " + folder_);
    done += static_cast<std::size_t>(n);
  }
  flushed_ = frames_;
}

void Spool::read(std::size_t channel, std::int64_t first_frame, std::int64_t frames, Samples& out) {
  if (first_frame < 0 || frames < 0 || first_frame > frames_ - frames) {
    throw Error(Status::kBug, "frames {} to {} of {} asked for", first_frame, first_frame + frames, frames_);
  }
  const Column& column = columns_.at(channel);
  const auto values = static_cast<std::size_t>(frames * column.per_frame);
  out.real.resize(column.real ? values : 0);
  out.digital.resize(column.real ? 0 : values);
  auto* to =
      column.real ? reinterpret_cast<std::byte*>(out.real.data()) : reinterpret_cast<std::byte*>(out.digital.data());
  const std::int64_t frame_size = column.per_frame * column.size;
  for (std::int64_t frame = first_frame; frame < first_frame + frames;) {
    const std::int64_t block = frame / block_frames_ * block_frames_;
    const std::int64_t n = std::min(first_frame + frames, block + block_frames_) - frame;
    const std::int64_t within = column.place * block_frames_ + (frame - block) * frame_size;
    const auto bytes = static_cast<std::size_t>(n * frame_size);
    if (block == flushed_) {
      std::memcpy(to, block_.data() + within, bytes);
    } else {
      for (std::size_t done = 0; done < bytes;) {
        const auto at = static_cast<off_t>(block * frame_bytes_ + within + static_cast<std::int64_t>(done));
        const ssize_t got = ::pread(fd_, to + done, bytes - done, at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) throw io_error("temporary file in " + folder_);
        done += static_cast<std::size_t>(got);
      }
    }
    to += bytes;
    frame += n;
  }
}

}  // namespace cfm::format
