// What a fine-tuning run gave, for people and for the model's metadata.
//
//   log::info("{}", report.line());
//   checkpoint.extra["cfm.fit"] = report.to_json().dump();
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/loop.h"
#include "train/split.h"
#include "train/task.h"

namespace cfm::train {

inline constexpr const char* kFitKey = "cfm.fit";  // in a checkpoint's metadata

struct Share {
  std::size_t segments = 0, subjects = 0;
};

struct FinetuneReport {
  Ending ending = Ending::kDone;  // interrupted: there is no model of the task yet
  LabelTask task;
  Share train, validation, held_out;
  std::int64_t epochs = 0, best_epoch = 0;  // run, and kept (from 1)
  double validation_loss = 0;
  std::string note;                 // what was left out or could not be fitted on the inner split, and why
  std::vector<double> seed_losses;  // validation losses of several seeds; all else is of the last

  // "true_alarm: 92 segments of 92 subjects to train, …", or "true_alarm: 3 seeds, validation loss 0.41 ± 0.02"
  std::string line() const;
  Json to_json() const;
  static FinetuneReport from_json(const Json& json, const LabelTask& task);
};

}  // namespace cfm::train
