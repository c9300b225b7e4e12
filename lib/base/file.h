// Bytes, files and pipes with errors that are never lost.
//
//   Bytes all = map_file(path);                        // read-only, shared
//   OutputFile out = OutputFile::create(path, force);  // written beside, renamed by commit()
//   out.write(bytes); out.commit();
//
// Everything throws Error (status 5 with path and reason; an existing output without force is status 2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cfm {

// A shared read-only piece of memory: a mapping, a buffer, or a part of one.
class Bytes {
 public:
  Bytes() = default;
  Bytes(std::shared_ptr<const void> owner, std::span<const std::byte> view) : owner_(std::move(owner)), view_(view) {}

  // Takes the vector's memory.
  template <typename T>
  static Bytes own(std::vector<T> values) {
    auto held = std::make_shared<const std::vector<T>>(std::move(values));
    return Bytes(held, std::as_bytes(std::span(*held)));
  }

  const std::byte* data() const { return view_.data(); }
  std::size_t size() const { return view_.size(); }
  std::span<const std::byte> span() const { return view_; }
  Bytes slice(std::size_t offset, std::size_t length) const {
    Bytes part(owner_, view_.subspan(offset, length));
    if (length == view_.size()) part.crc32c_ = crc32c_;
    part.mapped_ = mapped_;
    return part;
  }
  std::string_view text() const { return {reinterpret_cast<const char*>(view_.data()), view_.size()}; }
  // The checksum that somebody has verified: what cannot change need not be summed again.
  std::optional<std::uint32_t> known_crc32c() const { return crc32c_; }
  void verified(std::uint32_t crc32c) { crc32c_ = crc32c; }

  // A file that lies in memory page by page as it is read (map_file).
  static Bytes mapping(std::shared_ptr<const void> owner, std::span<const std::byte> view) {
    Bytes bytes(std::move(owner), view);
    bytes.mapped_ = true;
    return bytes;
  }
  // This part of a large mapping is not needed soon: its pages leave memory, and come again from the file when looked
  // at. So that a week's recording is read in the memory of a minute's.
  void release(std::size_t offset, std::size_t length) const;

 private:
  std::shared_ptr<const void> owner_;
  std::span<const std::byte> view_;
  std::optional<std::uint32_t> crc32c_;
  bool mapped_ = false;
};

// The whole of a file: a regular one mapped, a pipe read to its end. An empty file gives empty bytes. "-" is standard
// input.
Bytes map_file(const std::string& path);

bool is_regular_file(const std::string& path);
bool is_directory(const std::string& path);
// For a later process, which may run elsewhere: without . and .. too; "-" stays what it is.
std::string absolute_path(const std::string& path);

// An open descriptor that is read in order; "-" is standard input. Retries interrupted calls.
class InputFile {
 public:
  static InputFile open(const std::string& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();

  // Up to bytes.size(); fewer only at the end of the file. Several reads of a pipe may be needed.
  std::size_t read(std::span<std::byte> bytes);
  // What one call gives: at least one byte, or 0 at the end.
  std::size_t read_some(std::span<std::byte> bytes);
  // True when read_some would not wait (data or end of file at hand).
  bool ready() const;
  const std::string& name() const { return name_; }
  int descriptor() const { return fd_; }

 private:
  InputFile(int fd, std::string name, bool owned) : fd_(fd), name_(std::move(name)), owned_(owned) {}
  int fd_;
  std::string name_;
  bool owned_;
};

// Where results go: a new file that appears under its name only when complete, or standard output.
class OutputFile {
 public:
  // path "-" or empty: standard output. Otherwise PATH.part-PID is written; it vanishes unless commit() is reached,
  // also when the process is interrupted. An existing path without `force` is status 2. A path that exists and is no
  // regular file (/dev/full, a named pipe) is written in place.
  static OutputFile create(const std::string& path, bool force);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  // All pieces in order, with one system call where the kernel agrees.
  void write(std::span<const std::span<const std::byte>> pieces);
  // From now on (or no longer) small writes are gathered and leave together: by flush(), or when there is enough.
  void gather(bool on);
  void flush();
  // Everything has reached the system: fsync and rename for a file; close errors are reported.
  void commit();

  const std::string& name() const { return name_; }
  bool is_regular() const { return regular_; }  // seekable result: an index is worth writing
  bool is_terminal() const;
  std::uint64_t position() const { return position_; }

 private:
  OutputFile() = default;
  void discard();
  void write_all(std::span<const std::span<const std::byte>> pieces);
  int fd_ = -1;
  std::string name_, temporary_;
  bool regular_ = false, owned_ = false;
  std::uint64_t position_ = 0;
  bool gathers_ = false;
  std::vector<std::byte> gathered_;
};

// Writes the whole of `text` to `path` by way of OutputFile with force.
void write_file(const std::string& path, std::string_view text);

}  // namespace cfm
