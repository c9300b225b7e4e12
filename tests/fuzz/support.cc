#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/log.h"
#include "base/text.h"
#include "fuzz.h"

namespace cfm {

// Stands for map_file() in all that is linked with this (-Wl,--wrap): memory of exactly the file's size, so that
// reading beyond its end is seen, where a mapping goes on to the end of its page.
Bytes exact_file(const std::string& path) asm(
    "__wrap__ZN3cfm8map_fileERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE");
Bytes exact_file(const std::string& path) {
  InputFile file = InputFile::open(path);
  const off_t size = ::lseek(file.descriptor(), 0, SEEK_END);
  if (size < 0 || is_directory(path)) throw Error(Status::kIo, "{}: no regular file", path);
  ::lseek(file.descriptor(), 0, SEEK_SET);
  const std::shared_ptr<std::byte> memory(static_cast<std::byte*>(std::malloc(static_cast<std::size_t>(size))),
                                          std::free);
  const std::size_t n = file.read({memory.get(), static_cast<std::size_t>(size)});
  return Bytes(memory, {memory.get(), n});
}

namespace fuzz {

void fail(std::string_view what) {
  std::fprintf(stderr, "fuzz: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void check_message(const Error& error) {
  const std::string_view message = error.what();
  if (error.status() == Status::kBug) fail(fmt::format("status 70: {}", message));
  if (message.empty()) fail("an error without a message");
}

MemoryFile::MemoryFile(std::string_view bytes) : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
  if (fd_ < 0) fail("memfd_create() gives nothing");
  for (std::string_view rest = bytes; !rest.empty();) {
    const ssize_t n = ::write(fd_, rest.data(), rest.size());
    if (n <= 0) fail("a file in memory can't be written");
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  path_ = fmt::format("/proc/self/fd/{}", fd_);
}

MemoryFile::~MemoryFile() { ::close(fd_); }

const std::string& folder() {
  static const std::string& path = *new std::string([] {  // needed until the process ends
    const char* base = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
    std::string name = fmt::format("{}/cfm-fuzz-XXXXXX", base);
    if (::mkdtemp(name.data()) == nullptr) fail("no folder for files");
    std::atexit([] { std::filesystem::remove_all(folder()); });
    return name;
  }());
  return path;
}

void put_file(const std::string& name, std::string_view bytes) {
  const std::string path = folder() + "/" + name;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) fail("no file written");
  ::close(fd);
}

std::vector<std::string_view> pieces(std::string_view input) {
  constexpr std::string_view kBetween = "\n==\n";
  std::vector<std::string_view> all;
  for (;;) {
    const std::size_t end = input.find(kBetween);
    all.push_back(input.substr(0, end == input.npos ? end : end + 1));
    if (end == input.npos) return all;
    input.remove_prefix(end + kBetween.size());
  }
}

namespace {

bool is_text(std::string_view text) { return as_utf8(text) == text; }

bool same(const format::Samples& whole, const format::Samples& part, std::size_t at) {
  const auto equal = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
  if (part.digital.size() > whole.digital.size() || part.real.size() > whole.real.size()) return false;
  const auto from = [at](const auto& values) {
    return values.begin() + static_cast<std::ptrdiff_t>(values.empty() ? 0 : at);
  };
  return std::equal(part.digital.begin(), part.digital.end(), from(whole.digital)) &&
         std::equal(part.real.begin(), part.real.end(), from(whole.real), equal);
}

// Frames [first, first + frames) of all channels, at once and in two pieces.
void read_twice(const format::Recording& recording, const std::vector<std::size_t>& channels, std::int64_t first,
                std::int64_t frames) {
  std::vector<format::Samples> whole, part;
  recording.read(channels, first, frames, whole);
  for (const auto& [from, n] : {std::pair(std::int64_t{0}, frames / 3), std::pair(frames / 3, frames - frames / 3)}) {
    recording.read(channels, first + from, n, part);
    for (std::size_t i = 0; i < channels.size(); ++i) {
      const format::Channel& channel = recording.channels()[channels[i]];
      const auto expected = static_cast<std::size_t>(n * channel.samples_per_frame);
      if ((is_real(channel.type) ? part[i].real : std::vector<double>(part[i].digital.size())).size() != expected) {
        fail("other than as many samples as asked for");
      }
      if (!same(whole[i], part[i], static_cast<std::size_t>(from * channel.samples_per_frame))) {
        fail("samples differ when they are read in pieces");
      }
    }
  }
}

}  // namespace

void read_through(const format::Recording& recording) {
  if (!(recording.fs() > 0) || !std::isfinite(recording.fs())) fail(fmt::format("{} frames a second", recording.fs()));
  if (recording.frames() < 0) fail(fmt::format("{} frames", recording.frames()));
  std::vector<std::size_t> channels;
  std::int64_t width = 0;
  for (const format::Channel& channel : recording.channels()) {
    channels.push_back(channels.size());
    width += channel.samples_per_frame;
    if (channel.samples_per_frame < 1 || channel.samples != recording.frames() * channel.samples_per_frame) {
      fail(fmt::format("{} samples, {} a frame", channel.samples, channel.samples_per_frame));
    }
    if (!std::isfinite(channel.scale) || channel.scale == 0 || !std::isfinite(channel.offset)) {
      fail(fmt::format("scale {} and offset {}", channel.scale, channel.offset));
    }
    if (!is_text(channel.name) || !is_text(channel.unit)) fail("a name or unit that is no UTF-8");
  }
  for (const std::string& comment : recording.comments()) {
    if (!is_text(comment)) fail("a comment that is no UTF-8");
  }
  const std::vector<format::Note> notes = recording.notes();
  for (const format::Note& note : notes) {
    if (!is_text(note.text) || !std::isfinite(note.onset) || !std::isfinite(note.duration)) fail("a note that is none");
  }
  if (!std::is_sorted(notes.begin(), notes.end(), [](const auto& a, const auto& b) { return a.onset < b.onset; })) {
    fail("notes out of order");
  }
  recording.base_time();
  constexpr std::int64_t kValues = 1 << 15;  // at once
  const std::int64_t frames = recording.frames(),
                     n = std::min(frames, std::max<std::int64_t>(1, kValues / std::max<std::int64_t>(1, width)));
  completes([&] { recording.verify(); });
  for (const std::int64_t first : {std::int64_t{0}, frames / 2, frames - n}) {
    completes([&] { read_twice(recording, channels, first, std::min(n, frames - first)); });
  }
  completes([&] { read_twice(recording, channels, frames, 0); });
}

}  // namespace fuzz
}  // namespace cfm

// Warnings of the programs would be millions of lines.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  cfm::log::configure({.program = "fuzz", .level = cfm::log::Level::kError});
  return 0;
}
