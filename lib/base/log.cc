#include "base/log.h"

#include <unistd.h>

#include <chrono>

#include "base/text.h"

namespace cfm::log {
namespace {

Options g_options;

const char* name(Level level) {
  switch (level) {
    case Level::kError:
      return "error";
    case Level::kWarning:
      return "warning";
    case Level::kInfo:
      return "info";
    case Level::kDebug:
      return "debug";
  }
  return "";
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

// Names come out of files: what they hold must neither steer a terminal nor look like further lines.
std::string one_line(std::string_view message) {
  std::string line = as_utf8(message);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return line;
}

}  // namespace

void configure(Options options) { g_options = std::move(options); }
const Options& options() { return g_options; }
bool enabled(Level level) { return level <= g_options.level; }

void write(Level level, std::string_view text) {
  if (!enabled(level)) return;
  const std::string message = one_line(text);
  std::string line;
  if (g_options.json) {
    const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    line = fmt::format("{{\"time\":{:.3f},\"level\":\"{}\",\"program\":{},\"message\":{}}}\n", now, name(level),
                       json_string(g_options.program), json_string(message));
  } else {
    line = fmt::format("{}: {}{}\n", g_options.program, level == Level::kWarning ? "warning: " : "", message);
  }
  // A message that cannot be delivered has nowhere to be reported.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace cfm::log
