// Messages for people, on standard error only, one line each, prefixed with the program's name.
//
//   log::configure({.program = "cfm-quality", .level = log::Level::kInfo, .json = false});
//   log::warn("{} rows of {} match no record", n, path);
//
// Thread-safe: a line is written with one call. Control signs become ?, bytes that are no UTF-8 are taken for Latin-1.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace cfm::log {

enum class Level { kError, kWarning, kInfo, kDebug };

struct Options {
  std::string program = "cfm";
  Level level = Level::kInfo;  // -q: kError, -v: kDebug
  bool json = false;           // {"time":…,"level":…,"program":…,"message":…} a line
};

void configure(Options options);
const Options& options();
bool enabled(Level level);
void write(Level level, std::string_view message);

template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kError, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kWarning)) write(Level::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kInfo)) write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::kDebug)) write(Level::kDebug, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace cfm::log
