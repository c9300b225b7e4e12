// What unit tests share: where the golden files are, a folder that vanishes, statuses of errors.
#pragma once

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/error.h"

namespace cfm::test {

// Folder named by an environment variable (CFM_GOLDEN, CFM_DATA, CFM_STREAM), or "" where it is missing.
inline std::string folder(const char* variable) {
  const char* path = std::getenv(variable);
  return path != nullptr && std::filesystem::is_directory(path) ? path : "";
}

// Leaves the test case, saying so, where the folder is missing.
#define CFM_NEEDS(name, variable)                           \
  const std::string name = ::cfm::test::folder(variable);   \
  if (name.empty()) {                                       \
    std::printf("skipped: %s names no folder\n", variable); \
    return;                                                 \
  }

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

struct TemporaryFolder {
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "cfm-test-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  std::string path;
};

// The Status with which `action` fails; kOk when it doesn't.
template <typename Action>
Status status_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.status();
  }
  return Status::kOk;
}

}  // namespace cfm::test
