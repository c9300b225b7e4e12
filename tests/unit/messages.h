// What an error says.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"

namespace cfm::test {

// "" where nothing is thrown.
inline std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// What a mistake of the caller (status 2) says; "" where nothing is thrown, and for any other status.
inline std::string usage_message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.status() == Status::kUsage ? error.what() : "";
  }
  return "";
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace cfm::test
