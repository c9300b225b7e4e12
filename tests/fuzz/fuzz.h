// What the fuzzers share: bytes as a file, and what may be thrown.
//
//   extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
//     return fuzz::expect_errors([&] { parse(fuzz::text(data, size), "file"); });
//   }
//
// Only cfm::Error may leave the code under test, and not as a bug of ours (70): whatever else does ends the run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "format/recording.h"

namespace cfm::fuzz {

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Ends the process, saying where, so that the input is kept.
[[noreturn]] void fail(std::string_view what);

// True where `run` got to its end.
template <typename Run>
bool completes(const Run& run);

// 0, as a fuzzer returns it.
template <typename Run>
int expect_errors(const Run& run) {
  completes(run);
  return 0;
}

// A regular file without a name in any folder, which holds `bytes` while this lives.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes);
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();
  const std::string& path() const { return path_; }

 private:
  int fd_ = -1;
  std::string path_;
};

// An empty folder in memory (/dev/shm where there is one), the same for the whole run.
const std::string& folder();
// A file in it, anew.
void put_file(const std::string& name, std::string_view bytes);

// Pieces of an input that is several files: apart by lines of "==".
std::vector<std::string_view> pieces(std::string_view input);

// All that a recording says, and samples from its begin, middle and end: read in pieces they are the same.
void read_through(const format::Recording& recording);

void check_message(const Error& error);

template <typename Run>
bool completes(const Run& run) {
  try {
    run();
    return true;
  } catch (const Error& error) {
    check_message(error);
    return false;
  }
}

}  // namespace cfm::fuzz
