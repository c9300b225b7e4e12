#include "train/state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"

namespace cfm::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStateName = "step-%" SCNd64 ".safetensors%n";

constexpr std::array kStopSignals = {SIGTERM, SIGUSR1, SIGINT};
volatile std::sig_atomic_t g_requested = 0;
volatile std::sig_atomic_t g_interrupts = 0;
std::array<struct sigaction, kStopSignals.size()> g_before;

extern "C" void request_stop(int signal) {
  g_requested = 1;
  if (signal != SIGINT) return;
  g_interrupts = g_interrupts + 1;
  if (g_interrupts < 2) return;
  ::signal(SIGINT, SIG_DFL);
  ::raise(SIGINT);
}

void require_absent(const std::string& path) {
  for (const char* part : {"/model.safetensors", "/metrics.ndjson", "/state/run.json"}) {
    if (!fs::exists(path + part)) continue;
    throw Error(Status::kUsage, "{} holds a run; --resume continues it, --force replaces it", path);
  }
}

// What a killed process was writing.
void remove_leftovers(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().find(".part-") != std::string::npos) fs::remove(entry.path(), ignored);
  }
}

}  // namespace

StopRequest::StopRequest() {
  g_requested = 0;
  g_interrupts = 0;
  struct sigaction action {};
  action.sa_handler = request_stop;
  action.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) ::sigaction(kStopSignals[i], &action, &g_before[i]);
}

StopRequest::~StopRequest() {
  for (std::size_t i = 0; i < kStopSignals.size(); ++i) ::sigaction(kStopSignals[i], &g_before[i], nullptr);
}

bool StopRequest::requested() { return g_requested != 0; }

RunFolder::RunFolder(const std::string& path, Start start) : path_(path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (fs::exists(path) && !is_directory(path)) {
    throw Error(Status::kUsage, "{} is a file; a run needs a folder (-o DIR)", path);
  }
  if (failure) throw Error(Status::kIo, "{}: {}", path, failure.message());
  lock_ = ::open((path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) throw io_error(path + "/lock");
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    ::close(lock_);
    errno = reason;
    if (reason != EWOULDBLOCK) throw io_error(path + "/lock");
    throw Error(Status::kUsage, "{}: another run is at work in this folder", path);
  }
  try {
    if (start == Start::kFresh) require_absent(path);
    if (start == Start::kForce) {
      for (const char* part : {"/model.safetensors", "/best.safetensors", "/metrics.ndjson", "/state"}) {
        fs::remove_all(path + part);
      }
    }
    fs::create_directories(path + "/state");
    remove_leftovers(path);
    remove_leftovers(path + "/state");
  } catch (const fs::filesystem_error& error) {
    ::close(lock_);
    throw Error(Status::kIo, "{}: {}", path, error.code().message());
  } catch (...) {
    ::close(lock_);
    throw;
  }
}

RunFolder::~RunFolder() {
  if (metrics_ >= 0) ::close(metrics_);
  ::close(lock_);
}

bool RunFolder::has_request() const { return is_regular_file(path_ + "/state/run.json"); }

Json RunFolder::request() const {
  const std::string file = path_ + "/state/run.json";
  const Bytes text = map_file(file);
  Json json = Json::parse(text.text(), nullptr, false);
  if (!json.is_object()) throw Error(Status::kMalformed, "{}: no JSON object", file);
  return json;
}

void RunFolder::set_request(const Json& request) { write_file(path_ + "/state/run.json", request.dump(1) + "\n"); }

std::map<std::int64_t, std::string> RunFolder::states() const {
  std::map<std::int64_t, std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(path_ + "/state", ignored)) {
    const std::string name = entry.path().filename().string();
    std::int64_t step = 0;
    int end = 0;
    if (std::sscanf(name.c_str(), kStateName, &step, &end) == 1 && end > 0 &&
        name.size() == static_cast<std::size_t>(end)) {
      found[step] = entry.path().string();
    }
  }
  return found;
}

bool RunFolder::has_state() const { return !states().empty(); }

model::Checkpoint RunFolder::load() const {
  const auto files = states();
  for (auto file = files.rbegin();; ++file) {
    try {
      return model::load_checkpoint(file->second);
    } catch (const Error& error) {
      if (error.status() != Status::kMalformed || std::next(file) == files.rend()) throw;
      log::warn("{}; going on from the state before it", error.what());
      std::error_code ignored;
      fs::rename(file->second, file->second + ".damaged", ignored);
    }
  }
}

void RunFolder::save(const model::Checkpoint& state, std::int64_t step, int keep) {
  if (metrics_ >= 0 && ::fdatasync(metrics_) != 0) throw io_error(path_ + "/metrics.ndjson");
  model::save_checkpoint(fmt::format("{}/state/step-{:09}.safetensors", path_, step), state);
  auto files = states();
  while (files.size() > static_cast<std::size_t>(std::max(1, keep))) {
    std::error_code ignored;
    fs::remove(files.begin()->second, ignored);
    files.erase(files.begin());
  }
}

void RunFolder::metric(const Json& row) {
  const std::string file = path_ + "/metrics.ndjson";
  if (metrics_ < 0) metrics_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (metrics_ < 0) throw io_error(file);
  const std::string line = row.dump() + "\n";
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t count = ::write(metrics_, line.data() + done, line.size() - done);
    if (count < 0 && errno != EINTR) throw io_error(file);
    if (count > 0) done += static_cast<std::size_t>(count);
  }
}

void RunFolder::rewind_metrics(std::int64_t step) {
  const std::string file = path_ + "/metrics.ndjson";
  if (!is_regular_file(file)) return;
  const Bytes bytes = map_file(file);
  std::string kept;
  for (std::string_view rest = bytes.text(); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;
    const Json row = Json::parse(rest.substr(0, end), nullptr, false);
    if (row.is_object() && row.value("step", step + 1) <= step) kept += rest.substr(0, end + 1);
    rest.remove_prefix(end + 1);
  }
  write_file(file, kept);
}

}  // namespace cfm::train
