#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <utility>

#include "base/error.h"

namespace cfm {
namespace {

constexpr std::size_t kGathered = 256u << 10;  // bytes of small writes that leave together

// Names of files being written, for the signal handler: fixed storage, no allocation.
constexpr std::size_t kMostTemporaries = 8;
std::array<std::array<char, PATH_MAX>, kMostTemporaries> g_temporaries;
std::array<volatile std::sig_atomic_t, kMostTemporaries> g_temporary_used;
std::mutex g_temporaries_mutex;

extern "C" void remove_temporaries(int signal) {
  for (std::size_t i = 0; i < kMostTemporaries; ++i) {
    if (g_temporary_used[i] != 0) ::unlink(g_temporaries[i].data());
  }
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void remember_temporary(const std::string& path) {
  const std::lock_guard lock(g_temporaries_mutex);
  static const bool installed = [] {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ}) {
      struct sigaction now {};
      ::sigaction(signal, nullptr, &now);
      if (now.sa_handler == SIG_DFL) ::signal(signal, remove_temporaries);
    }
    return true;
  }();
  static_cast<void>(installed);
  if (path.size() >= PATH_MAX) return;
  for (std::size_t i = 0; i < kMostTemporaries; ++i) {
    if (g_temporary_used[i] != 0) continue;
    std::memcpy(g_temporaries[i].data(), path.c_str(), path.size() + 1);
    g_temporary_used[i] = 1;
    return;
  }
}

void forget_temporary(const std::string& path) {
  const std::lock_guard lock(g_temporaries_mutex);
  for (std::size_t i = 0; i < kMostTemporaries; ++i) {
    if (g_temporary_used[i] != 0 && path == g_temporaries[i].data()) g_temporary_used[i] = 0;
  }
}

// Asks for a pipe that holds a large frame; the kernel may refuse, and refuses what is no pipe.
void widen_pipe([[maybe_unused]] int fd) {
#ifdef F_SETPIPE_SZ
  constexpr int kPipeBytes = 1 << 20;
  ::fcntl(fd, F_SETPIPE_SZ, kPipeBytes);
#endif
}

bool stat_mode(const std::string& path, mode_t kind) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

}  // namespace

bool is_regular_file(const std::string& path) { return stat_mode(path, S_IFREG); }
bool is_directory(const std::string& path) { return stat_mode(path, S_IFDIR); }

std::string absolute_path(const std::string& path) {
  return path == "-" ? path : std::filesystem::absolute(path).lexically_normal().string();
}

Bytes map_file(const std::string& path) {
  InputFile file = InputFile::open(path);
  struct stat st {};
  if (::fstat(file.descriptor(), &st) != 0) throw io_error(path);
  if (S_ISDIR(st.st_mode)) {
    errno = EISDIR;
    throw io_error(path);
  }
  if (!S_ISREG(st.st_mode)) {  // a pipe, as <(command) gives: there is nothing to map
    std::vector<std::byte> all;
    constexpr std::size_t kPiece = 1 << 16;
    for (std::size_t size = 0;; size = all.size()) {
      all.resize(size + kPiece);
      const std::size_t n = file.read(std::span(all).subspan(size));
      all.resize(size + n);
      if (n < kPiece) return Bytes::own(std::move(all));
    }
  }
  const auto size = static_cast<std::size_t>(st.st_size);
  if (size == 0) return {};
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (memory == MAP_FAILED) throw io_error(path);
  const std::shared_ptr<const void> owner(memory, [size](const void* p) { ::munmap(const_cast<void*>(p), size); });
  return Bytes::mapping(owner, {static_cast<const std::byte*>(memory), size});
}

void Bytes::release(std::size_t offset, std::size_t length) const {
  constexpr std::size_t kSmall = 16u << 20;  // bytes that may stay
  if (!mapped_ || view_.size() < kSmall || offset >= view_.size()) return;
  static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto from = reinterpret_cast<std::uintptr_t>(view_.data()) + offset;
  const std::uintptr_t first = (from + page - 1) / page * page;
  const std::uintptr_t last = (from + std::min(length, view_.size() - offset)) / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

InputFile InputFile::open(const std::string& path) {
  if (path == "-" || path.empty()) return InputFile(STDIN_FILENO, "standard input", false);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw io_error(path);
  return InputFile(fd, path, true);
}

InputFile::InputFile(InputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), name_(std::move(other.name_)), owned_(other.owned_) {}

InputFile::~InputFile() {
  if (owned_ && fd_ >= 0) ::close(fd_);
}

std::size_t InputFile::read_some(std::span<std::byte> bytes) {
  for (;;) {
    const ssize_t n = ::read(fd_, bytes.data(), bytes.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) throw io_error(name_);
  }
}

std::size_t InputFile::read(std::span<std::byte> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const std::size_t n = read_some(bytes.subspan(done));
    if (n == 0) break;
    done += n;
  }
  return done;
}

bool InputFile::ready() const {
  pollfd p{.fd = fd_, .events = POLLIN, .revents = 0};
  return ::poll(&p, 1, 0) != 0;
}

OutputFile OutputFile::create(const std::string& path, bool force) {
  OutputFile out;
  struct stat st {};
  if (path == "-" || path.empty()) {
    out.fd_ = STDOUT_FILENO;
    out.name_ = "standard output";
    out.regular_ = ::fstat(STDOUT_FILENO, &st) == 0 && S_ISREG(st.st_mode);
    widen_pipe(STDOUT_FILENO);
    return out;
  }
  out.name_ = path;
  out.owned_ = true;
  const bool exists = ::stat(path.c_str(), &st) == 0;
  if (exists && S_ISDIR(st.st_mode)) throw Error(Status::kUsage, "{}: is a folder; name a file with -o", path);
  if (exists && !S_ISREG(st.st_mode)) {
    out.fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (out.fd_ < 0) throw io_error(path);
    widen_pipe(out.fd_);
    return out;
  }
  if (exists && !force) throw Error(Status::kUsage, "{}: exists; --force replaces it", path);
  out.regular_ = true;
  out.temporary_ = fmt::format("{}.part-{}", path, ::getpid());
  out.fd_ = ::open(out.temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (out.fd_ < 0) {
    out.temporary_.clear();
    throw io_error(path);
  }
  remember_temporary(out.temporary_);
  return out;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      name_(std::move(other.name_)),
      temporary_(std::exchange(other.temporary_, {})),
      regular_(other.regular_),
      owned_(other.owned_),
      position_(other.position_),
      gathers_(other.gathers_),
      gathered_(std::move(other.gathered_)) {}

OutputFile::~OutputFile() { discard(); }

void OutputFile::discard() {
  if (owned_ && fd_ >= 0) ::close(fd_);
  fd_ = -1;
  if (!temporary_.empty()) {
    ::unlink(temporary_.c_str());
    forget_temporary(temporary_);
    temporary_.clear();
  }
}

bool OutputFile::is_terminal() const { return ::isatty(fd_) == 1; }

void OutputFile::write(std::span<const std::byte> bytes) { write(std::span(&bytes, 1)); }
void OutputFile::write(std::string_view text) { write(std::as_bytes(std::span(text))); }

void OutputFile::write(std::span<const std::span<const std::byte>> pieces) {
  std::size_t size = 0;
  for (const auto& piece : pieces) size += piece.size();
  if (!gathers_ || gathered_.size() + size > kGathered) {
    flush();
    write_all(pieces);
  } else {
    for (const auto& piece : pieces) gathered_.insert(gathered_.end(), piece.begin(), piece.end());
  }
  position_ += size;
}

void OutputFile::gather(bool on) {
  if (!on) flush();
  gathers_ = on;
  if (on) gathered_.reserve(kGathered);
}

void OutputFile::flush() {
  if (gathered_.empty()) return;
  std::vector<std::byte> held = std::exchange(gathered_, {});  // what fails is not tried again
  const std::span<const std::byte> piece(held);
  write_all(std::span(&piece, 1));
  held.clear();
  gathered_ = std::move(held);
}

void OutputFile::write_all(std::span<const std::span<const std::byte>> pieces) {
  constexpr std::size_t kMostPieces = 64;  // below IOV_MAX everywhere
  std::array<iovec, kMostPieces> io{};
  std::size_t next = 0, offset = 0;
  while (next < pieces.size()) {
    std::size_t count = 0;
    for (std::size_t i = next; i < pieces.size() && count < kMostPieces; ++i) {
      const auto piece = i == next ? pieces[i].subspan(offset) : pieces[i];
      if (!piece.empty()) io[count++] = {const_cast<std::byte*>(piece.data()), piece.size()};
    }
    if (count == 0) return;
    const ssize_t n = ::writev(fd_, io.data(), static_cast<int>(count));
    if (n < 0) {
      if (errno == EINTR) continue;
      throw io_error(name_);
    }
    auto left = static_cast<std::size_t>(n);
    while (next < pieces.size() && left >= pieces[next].size() - offset) {
      left -= pieces[next].size() - offset;
      offset = 0;
      ++next;
    }
    offset += left;
  }
}

void OutputFile::commit() {
  flush();
  if (!owned_) {
    // Standard output stays open for the process; a deferred write error of a file shows at fsync.
    if (regular_ && ::fsync(fd_) != 0 && errno != EINVAL && errno != EROFS) throw io_error(name_);
    return;
  }
  if (regular_ && ::fsync(fd_) != 0) throw io_error(name_);
  if (::close(std::exchange(fd_, -1)) != 0) throw io_error(name_);
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), name_.c_str()) != 0) throw io_error(name_);
  forget_temporary(temporary_);
  temporary_.clear();
}

void write_file(const std::string& path, std::string_view text) {
  OutputFile out = OutputFile::create(path, true);
  out.write(text);
  out.commit();
}

}  // namespace cfm
