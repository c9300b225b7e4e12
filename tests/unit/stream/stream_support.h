// What the tests of streams share: streams from bytes by file and by pipe, conversion, a small segment.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <thread>

#include "stream/frame.h"
#include "stream/pipe.h"
#include "support.h"

namespace cfm::test {

enum class Way { kFile, kPipe };
inline constexpr std::array kWays = {Way::kFile, Way::kPipe};

// Makes `bytes` readable under path(), as a file or at the end of a pipe(2).
class Feed {
 public:
  Feed(const std::string& bytes, Way way) {
    if (way == Way::kFile) {
      static const TemporaryFolder folder;
      static int number = 0;
      path_ = folder / std::to_string(++number) + "-stream.cfm";
      file_ = true;
      std::ofstream(path_, std::ios::binary) << bytes;  // without the fsync of write_file: tests make thousands
      return;
    }
    ::signal(SIGPIPE, SIG_IGN);
    if (::pipe(ends_) != 0) throw io_error("pipe");
    path_ = "/dev/fd/" + std::to_string(ends_[0]);
    const auto pour = [fd = ends_[1]](const std::string& all) {
      for (std::size_t done = 0; done < all.size();) {
        const auto n = ::write(fd, all.data() + done, all.size() - done);
        if (n <= 0) break;
        done += static_cast<std::size_t>(n);
      }
      ::close(fd);
    };
    constexpr std::size_t kFits = 60'000;  // bytes, of a pipe that nobody reads yet
    if (bytes.size() < kFits) {
      pour(bytes);
    } else {
      writer_ = std::jthread([bytes, pour] { pour(bytes); });
    }
  }
  ~Feed() {
    if (file_) std::remove(path_.c_str());
    if (ends_[0] >= 0) ::close(ends_[0]);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool file_ = false;
  int ends_[2] = {-1, -1};
  std::jthread writer_;
};

struct ReadBack {
  std::vector<stream::Frame> frames;
  std::uint64_t lost_pieces = 0, lost_bytes = 0;
};

inline ReadBack read_all(const std::string& bytes, Way way = Way::kFile, const stream::ReadOptions& options = {}) {
  const Feed feed(bytes, way);
  auto reader = stream::FrameReader::open(feed.path(), options);
  ReadBack all;
  for (stream::Frame frame; reader.next(frame);) all.frames.push_back(frame);
  all.lost_pieces = reader.lost_pieces();
  all.lost_bytes = reader.lost_bytes();
  return all;
}

inline Status read_status(const std::string& bytes, Way way = Way::kFile) {
  return status_of([&] { read_all(bytes, way); });
}

// What `write` puts into a regular file.
template <typename Write>
std::string written(const stream::WriteOptions& options, Write&& write) {
  const TemporaryFolder folder;
  auto out = OutputFile::create(folder / "out", false);
  write(out, options);
  return slurp(fmt::format("{}.part-{}", folder / "out", ::getpid()));  // commit() waits for the disk
}

// Conversion as cfm-view --to does it.
inline std::string converted(const std::string& bytes, stream::Form form,
                             stream::Payload payload = stream::Payload::kText, Way way = Way::kFile) {
  return written({.form = form, .payload = payload}, [&](OutputFile& out, const stream::WriteOptions& options) {
    stream::FrameWriter writer(out, options);
    bool index = false;
    for (const auto& frame : read_all(bytes, way).frames) {
      if (frame.type == 'x') {
        index = true;
      } else if (frame.type == 'E') {
        writer.end_part(stream::Json::parse(frame.header), index);
      } else {
        writer.write(frame);
      }
    }
  });
}

inline std::string hello() { return R"({"type":"head","format":"cfm-stream","version":"1.0","prov":[]})"; }

// Segment number k of record "r": an ECG [2, samples] at 250 Hz that counts.
inline stream::Segment counting_segment(std::int64_t k, std::int64_t samples = 100) {
  stream::Segment segment;
  segment.header = {
      {"id", "r/" + std::to_string(k * samples)}, {"record", "r"}, {"subject", nullptr}, {"start", 0.4 * double(k)}};
  std::vector<float> values(static_cast<std::size_t>(2 * samples));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) + static_cast<float>(k);
  segment.put(stream::make_tensor("ecg", {2, samples}, std::move(values),
                                  {{"kind", "ecg"}, {"fs", 250}, {"names", {"I", "II"}}, {"units", {"mV", "mV"}}}));
  return segment;
}

// A part of n counting segments, byte-reproducible.
inline std::string counting_stream(std::int64_t n, std::int64_t samples = 100,
                                   const stream::WriteOptions& options = {}) {
  return written(options, [&](OutputFile& file, const stream::WriteOptions& o) {
    stream::Outlet out(
        file, o,
        {.tool = "cfm-test", .version = "0", .args = {}, .seed = {}, .device = {}, .mode = stream::Prov::kNone});
    out.begin(nullptr);
    stream::Counts counts;
    for (std::int64_t k = 0; k < n; ++k, ++counts.read, ++counts.written) out.write(counting_segment(k, samples));
    out.end(counts, false);
  });
}

}  // namespace cfm::test
