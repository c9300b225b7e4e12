#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

#include "cli/program.h"

namespace cfm::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kRedraw = std::chrono::milliseconds(100);

// One bar a pipeline: that of the program whose output is no pipe.
bool draws(const std::string& mode) {
  if (mode != "auto") return mode == "on";
  struct stat out {};
  const bool feeds_a_pipe = ::fstat(STDOUT_FILENO, &out) == 0 && S_ISFIFO(out.st_mode);
  return ::isatty(STDERR_FILENO) == 1 && !feeds_a_pipe;
}

std::string clock_text(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  return s >= 3600 ? fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
                   : fmt::format("{}:{:02}", s / 60, s % 60);
}

}  // namespace

struct Progress::Impl {
  std::uint64_t total;
  std::string unit;
  bool drawn = false;
  Clock::time_point started = Clock::now(), last{};
};

Progress::Progress(const Program& program, std::uint64_t total, std::string unit) {
  if (draws(program.progress_mode())) impl_ = std::make_unique<Impl>(Impl{.total = total, .unit = std::move(unit)});
}

Progress::~Progress() {
  if (!impl_ || !impl_->drawn) return;
  [[maybe_unused]] const auto n = ::write(STDERR_FILENO, "\r\033[K", 4);
}

void Progress::update(std::uint64_t done, const std::string& note) {
  if (!impl_) return;
  const auto now = Clock::now();
  if (now - impl_->last < kRedraw && done != impl_->total) return;
  impl_->last = now;
  impl_->drawn = true;
  const double seconds = std::chrono::duration<double>(now - impl_->started).count();
  std::string line = fmt::format("\r\033[K{}", done);
  if (impl_->total > 0) {
    const double share = static_cast<double>(done) / static_cast<double>(impl_->total);
    line += fmt::format("/{} {} {:.0f} %", impl_->total, impl_->unit, 100 * share);
    if (done > 0 && done < impl_->total) line += ", " + clock_text(seconds / share - seconds) + " left";
  } else {
    line += " " + impl_->unit;
  }
  if (!note.empty()) line += "  " + note;
  [[maybe_unused]] const auto n = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace cfm::cli
