// Errors and exit statuses: the one table every program, man page and test refers to.
//
//   throw Error(Status::kMalformed, "{}: {} bytes where the header promises {}", path, got, want);
//
// A program ends with the status of the Error that reaches its main function; anything else that is thrown is a bug
// (70).
#pragma once

#include <fmt/format.h>

#include <span>
#include <stdexcept>
#include <string>

namespace cfm {

enum class Status : int {
  kOk = 0,
  kNegative = 1,      // negative answer, with --exit-status
  kUsage = 2,         // usage or configuration
  kIncompatible = 3,  // incompatible model, checkpoint or stream version
  kMalformed = 4,     // malformed or truncated input
  kIo = 5,            // input or output failed
  kPartial = 6,       // done, but something was skipped
  kDevice = 7,        // device or memory
  kBug = 70,          // a bug of ours
  kInterrupted = 75,  // interrupted, can be resumed
};

struct StatusMeaning {
  Status status;
  const char* meaning;  // as the man pages print it
};

// All statuses, ascending.
std::span<const StatusMeaning> status_table();

// What went wrong, where, and what to do, in one line without the program's name and without a newline.
class Error : public std::runtime_error {
 public:
  template <typename... Args>
  Error(Status status, fmt::format_string<Args...> format, Args&&... args)
      : std::runtime_error(fmt::format(format, std::forward<Args>(args)...)), status_(status) {}

  Status status() const { return status_; }

 private:
  Status status_;
};

// "message: No such file or directory" from errno, as status 5.
Error io_error(const std::string& message);

}  // namespace cfm
