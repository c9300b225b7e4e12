#include "format/audio_header.h"

#include <optional>

#include "base/error.h"
#include "base/text.h"

namespace cfm::format {
namespace {

// Whole numbers of a file, by their place; reading beyond the end is an error that says so.
class Numbers {
 public:
  Numbers(std::string_view file, const std::string& path, bool big_endian)
      : file_(file), path_(path), big_endian_(big_endian) {}

  std::uint64_t at(std::uint64_t offset, std::size_t bytes) const {
    if (offset > file_.size() || bytes > file_.size() - offset) {
      throw Error(Status::kMalformed, "{}: {} bytes, the header goes on at byte {} (truncated header)", path_,
                  file_.size(), offset);
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      const std::size_t k = static_cast<std::size_t>(offset) + (big_endian_ ? i : bytes - 1 - i);
      value = value << 8 | static_cast<unsigned char>(file_[k]);
    }
    return value;
  }

 private:
  std::string_view file_;
  const std::string& path_;
  bool big_endian_;
};

double rate(std::uint64_t fs, std::uint64_t offset, const std::string& path) {
  if (fs == 0) throw Error(Status::kMalformed, "{}: the sample rate at byte {} is 0, which is no rate", path, offset);
  return static_cast<double>(fs);
}

// Frames in `promised` bytes of samples from `offset`.
std::int64_t whole_frames(std::uint64_t promised, std::uint64_t offset, std::uint64_t frame_bytes,
                          std::string_view file, const std::string& path, const char* what) {
  const std::uint64_t there = file.size() < offset ? 0 : file.size() - offset;
  if (promised > there) {
    throw Error(Status::kMalformed,
                "{}: the {} promises {} bytes of samples from byte {}, {} are there (truncated after {} samples a "
                "channel); --on-error skip leaves such records out",
                path, what, promised, offset, there, there / frame_bytes);
  }
  if (promised % frame_bytes != 0) {
    throw Error(Status::kMalformed, "{}: the {} promises {} bytes of samples from byte {}, no multiple of {} a frame",
                path, what, promised, offset, frame_bytes);
  }
  return static_cast<std::int64_t>(promised / frame_bytes);
}

AudioHeader check_wav(std::string_view file, const std::string& path) {
  const Numbers numbers(file, path, file.starts_with("RIFX"));
  AudioHeader header;
  std::uint64_t frame_bytes = 0;
  std::optional<std::uint64_t> long_size;  // of the samples, in RF64
  constexpr std::uint64_t kInLongSize = 0xffffffff;
  for (std::uint64_t at = 12; at < file.size();) {
    const std::uint64_t size = numbers.at(at + 4, 4), body = at + 8;
    const std::string_view id = file.substr(static_cast<std::size_t>(at), 4);
    if (id == "data") {
      if (frame_bytes == 0) {
        throw Error(Status::kMalformed, "{}: the samples (data chunk, byte {}) come before their format", path, at);
      }
      header.frames = whole_frames(size == kInLongSize ? long_size.value_or(size) : size, body, frame_bytes, file, path,
                                   "data chunk");
      return header;
    }
    if (size > file.size() - body) {
      throw Error(Status::kMalformed, "{}: the chunk {} at byte {} promises {} bytes, {} are there (truncated)", path,
                  in_quotes(id), at, size, file.size() - body);
    }
    if (id == "fmt ") {
      header.fs = rate(numbers.at(body + 4, 4), body + 4, path);
      frame_bytes = numbers.at(body + 12, 2);
      if (frame_bytes == 0) {
        throw Error(Status::kMalformed, "{}: the bytes a frame at byte {} are 0", path, body + 12);
      }
    } else if (id == "ds64") {
      long_size = numbers.at(body + 8, 8);
    }
    at = body + size + size % 2;
  }
  throw Error(Status::kMalformed, "{}: no data chunk in its {} bytes, so no samples (truncated?)", path, file.size());
}

AudioHeader check_au(std::string_view file, const std::string& path) {
  const Numbers numbers(file, path, true);
  const std::uint64_t offset = numbers.at(4, 4), promised = numbers.at(8, 4), encoding = numbers.at(12, 4);
  const std::uint64_t channels = numbers.at(20, 4);
  AudioHeader header{rate(numbers.at(16, 4), 16, path), -1};
  constexpr std::uint64_t kNotKnown = 0xffffffff;
  std::uint64_t bytes = 0;
  switch (encoding) {  // linear 8, 16, 24, 32 bits, float, double
    case 2:
      bytes = 1;
      break;
    case 3:
      bytes = 2;
      break;
    case 4:
      bytes = 3;
      break;
    case 5:
    case 6:
      bytes = 4;
      break;
    case 7:
      bytes = 8;
      break;
    default:
      throw Error(Status::kMalformed, "{}: the encoding {} at byte 12 is neither linear nor float", path, encoding);
  }
  if (channels == 0) throw Error(Status::kMalformed, "{}: the channels at byte 20 are 0", path);
  if (offset < 24 || offset > file.size()) {
    throw Error(Status::kMalformed, "{}: samples are promised from byte {}, of a file of {} bytes", path, offset,
                file.size());
  }
  header.frames = whole_frames(promised == kNotKnown ? file.size() - offset : promised, offset, bytes * channels, file,
                               path, "header");
  return header;
}

AudioHeader check_flac(std::string_view file, const std::string& path) {
  const Numbers numbers(file, path, true);
  constexpr std::uint64_t kInfo = 8;  // bytes before STREAMINFO: the signature and the head of this, the first block
  if ((numbers.at(4, 1) & 0x7f) != 0 || numbers.at(5, 3) < 34) {
    throw Error(Status::kMalformed, "{}: no STREAMINFO at byte 4, with which FLAC begins", path);
  }
  const std::uint64_t packed = numbers.at(kInfo + 10, 8);  // rate 20 bits, channels 3, bits a sample 5, samples 36
  const std::uint64_t frames = packed & 0xfffffffff;
  AudioHeader header{rate(packed >> 44, kInfo + 10, path), static_cast<std::int64_t>(frames)};
  if (frames == 0) {
    throw Error(Status::kMalformed, "{}: STREAMINFO says no number of samples; re-encode the file (flac)", path);
  }
  return header;
}

}  // namespace

AudioHeader check_audio_header(std::string_view file, const std::string& path) {
  if (file.starts_with("fLaC")) return check_flac(file, path);
  if (file.starts_with(".snd")) return check_au(file, path);
  return check_wav(file, path);
}

}  // namespace cfm::format
