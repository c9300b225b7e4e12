// A run's folder: who may write in it, what resuming needs, and how a signal ends it.
//
//   const StopRequest stop;                                  // SIGTERM, SIGUSR1, SIGINT: finish the step
//   RunFolder run("runs/q", RunFolder::Start::kFresh);       // locked until it goes
//   run.save(checkpoint, step, 2);                           // everything that changes: one file, renamed into place
//   run.metric({{"step", 40}, {"loss", 1.2}});
//
// DIR/model.safetensors the result · DIR/best.safetensors that of the best validation · DIR/metrics.ndjson a line a
// step · DIR/state/ what resuming needs (run.json: what was asked for; step-N.safetensors: everything that changes, the
// newest few) · DIR/lock held with flock(2), which dies with its process. A kill at any moment leaves a folder that
// resumes, and so does a disk that is full: a state is written beside the others before the oldest goes. Status 2: a
// second run on the folder, an existing run without kForce or kResume. Status 5: the file system.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "model/checkpoint.h"
#include "stream/segment.h"

namespace cfm::train {

using stream::Json;

// While it lives, the first SIGTERM, SIGUSR1 or SIGINT is a request to stop; a second SIGINT ends the process at once.
class StopRequest {
 public:
  StopRequest();
  ~StopRequest();
  StopRequest(const StopRequest&) = delete;
  StopRequest& operator=(const StopRequest&) = delete;
  static bool requested();
};

class RunFolder {
 public:
  enum class Start {
    kFresh,   // the folder must not hold a run
    kForce,   // a run in it is removed
    kResume,  // it stays
  };
  RunFolder(const std::string& path, Start start);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string model_file() const { return path_ + "/model.safetensors"; }
  std::string best_file() const { return path_ + "/best.safetensors"; }

  bool has_request() const;  // state/run.json is there
  Json request() const;      // what was asked for when the run started
  void set_request(const Json& request);

  bool has_state() const;
  // The newest state that is whole; one that is not is left out with a warning. Status 4 when none is whole.
  model::Checkpoint load() const;
  // Keeps the newest `keep` of them, at least one.
  void save(const model::Checkpoint& state, std::int64_t step, int keep);

  // Appends a line to metrics.ndjson; it has reached the system when save() returns.
  void metric(const Json& row);
  // Removes the lines of steps after `step`, and a line that was cut: they will be written again.
  void rewind_metrics(std::int64_t step);

 private:
  std::map<std::int64_t, std::string> states() const;  // files by step
  std::string path_;
  int lock_ = -1;
  int metrics_ = -1;
};

}  // namespace cfm::train
