#include "base/error.h"

#include <array>
#include <cerrno>
#include <cstring>

namespace cfm {

std::span<const StatusMeaning> status_table() {
  static constexpr std::array kTable = {
      StatusMeaning{Status::kOk, "success"},
      StatusMeaning{Status::kNegative, "negative answer, with --exit-status"},
      StatusMeaning{Status::kUsage, "usage or configuration error"},
      StatusMeaning{Status::kIncompatible, "incompatible model, checkpoint or stream version"},
      StatusMeaning{Status::kMalformed, "malformed or truncated input"},
      StatusMeaning{Status::kIo, "input or output failed"},
      StatusMeaning{Status::kPartial, "partial: something was skipped"},
      StatusMeaning{Status::kDevice, "device or memory not available"},
      StatusMeaning{Status::kBug, "a bug in the program; please report it"},
      StatusMeaning{Status::kInterrupted, "interrupted, can be resumed"},
  };
  return kTable;
}

Error io_error(const std::string& message) {
  const int code = errno;
  return Error(Status::kIo, "{}: {}", message, std::strerror(code));
}

}  // namespace cfm
