// A run's folder: who may write in it, what resuming needs, and how a signal ends it.
//
//   const StopRequest stop;                                  // SIGTERM, SIGUSR1, SIGINT: finish the step
//   RunFolder run("runs/q", RunFolder::Start::kFresh);       // locked until it goes
//   run.save(checkpoint);                                    // everything that changes: one file, renamed into place
//   run.metric({{"step", 40}, {"loss", 1.2}});
//
// DIR/model.safetensors the result · DIR/metrics.ndjson a line a step · DIR/state/ what resuming needs (run.json: what
// was asked for; state.safetensors: everything that changes) · DIR/lock held with flock(2), which dies with its
// process. A kill at any moment leaves a folder that resumes. Status 2: a second run on the folder, an existing run
// without kForce or kResume. Status 5: the file system.
#pragma once

#include <cstdint>
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

  bool has_request() const;  // state/run.json is there
  Json request() const;      // what was asked for when the run started
  void set_request(const Json& request);

  bool has_state() const;
  model::Checkpoint load() const;
  void save(const model::Checkpoint& state);

  // Appends a line to metrics.ndjson; it has reached the system when save() returns.
  void metric(const Json& row);
  // Removes the lines of steps after `step`, and a line that was cut: they will be written again.
  void rewind_metrics(std::int64_t step);

 private:
  std::string state_file() const { return path_ + "/state/state.safetensors"; }
  std::string path_;
  int lock_ = -1;
  int metrics_ = -1;
};

}  // namespace cfm::train
