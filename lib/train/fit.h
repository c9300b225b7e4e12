// One fine-tuning run in one folder.
//
//   Fit fit(ask, threads…);                    // everything that can be refused is refused here
//   FinetuneReport report = fit.run(resume);   // writes
//
// Throws as finetune.h says.
#pragma once

#include <optional>

#include "dataset/sampler.h"
#include "train/finetune.h"
#include "train/finetune_data.h"
#include "train/supervised.h"

namespace cfm::train {

class Fit {
 public:
  explicit Fit(const FinetuneOptions& ask);
  // resume: go on with the run in the folder.
  FinetuneReport run(bool resume);

 private:
  Batch batch(std::uint64_t step, const FrozenFeatures* features) const;
  Validation validation(Supervised& objective, const FrozenFeatures* features) const;
  LoopOptions loop_options(const RunFolder& folder) const;
  void finish(const RunFolder& folder, model::Checkpoint result);
  std::int64_t steps_an_epoch() const { return static_cast<std::int64_t>(sampler_.batches_per_epoch()); }
  std::int64_t epoch_of(std::int64_t step) const { return (step + steps_an_epoch() - 1) / steps_an_epoch(); }

  const FinetuneOptions ask_;
  FinetuneData data_;
  Recipe recipe_;
  Examples examples_;
  LabelLoss loss_;
  dataset::BatchSampler sampler_;
  FinetuneReport report_;
};

}  // namespace cfm::train
