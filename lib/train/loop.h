// Training, top to bottom: data → forward → backward → clip → AdamW → teacher → metrics → validation → checkpoint.
//
//   Position at;                                             // or what the saved state held
//   const Ending ending = train(objective, adam, make_batch, run, at, options);
//   if (ending == Ending::kInterrupted) …                    // status 75: --resume goes on
//
// Every draw of a step is a function of (seed, step): batches by make_batch(step), dropout by torch's generator seeded
// anew for each part of each step. So a run that was interrupted, resumed, or killed and resumed ends with the bits of
// one that was not, at equal threads. A loss or gradient that is not finite ends the run with status 2; the ids of the
// batch's segments are in DIR/state/failed_batch.json.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "train/objective.h"
#include "train/optimiser.h"
#include "train/schedule.h"
#include "train/state.h"

namespace cfm::train {

// done and total steps, and a note such as "loss 5.91, 80 segments/s".
using ProgressCallback = std::function<void(std::int64_t done, std::int64_t total, const std::string& note)>;

struct LoopOptions {
  std::int64_t steps = 0;  // in all, over all resumptions
  Cosine rate{.start = 1e-4, .end = 1e-6};
  Cosine decay{.start = 0.04, .end = 0.4};
  double clip = 0;               // largest norm of the gradient; 0: no limit
  std::int64_t micro_batch = 0;  // items at once, their gradients summed to the batch's; 0: the whole batch
  bool bf16 = false;             // matrix products and convolutions in bfloat16 (autocast); weights stay float32
  std::uint64_t seed = 0;
  int loader_threads = 1;
  std::int64_t checkpoint_every = 0;       // steps; 0: at the end and when interrupted
  int keep = 2;                            // states on disk, the newest ones
  std::function<Validation()> validate{};  // "loss" first: lower is better
  std::int64_t validate_every = 0;         // steps, and after the last
  std::int64_t patience = 0;               // end after so many validations without a better one; 0: go on
  std::string best_file{};                 // where the result of the best validation goes; none: nowhere
  ProgressCallback progress;
  model::Checkpoint about;  // configuration, provenance and subjects, for model.safetensors and the state
};

struct Position {
  std::int64_t step = 0;      // steps done
  std::int64_t segments = 0;  // views seen
  double seconds = 0;         // spent
  std::optional<double> best_loss{};
  std::int64_t best_step = 0, validations = 0, since_best = 0;  // since_best: validations
  bool enough = false;                                          // patience ran out
};

enum class Ending { kDone, kInterrupted };

using MakeBatch = std::function<Batch(std::uint64_t step)>;

Ending train(Objective& objective, Adam& adam, const MakeBatch& make_batch, RunFolder& run, Position& at,
             const LoopOptions& options);

// Everything that resuming needs, added to what `checkpoint` says about the model already; and back.
void put_state(model::Checkpoint& checkpoint, const Objective& objective, const Adam& adam, const Position& at);
Position progress_of(const model::Checkpoint& checkpoint);
Position take_state(const model::Checkpoint& checkpoint, Objective& objective, Adam& adam);

// Forward and backward of one batch in parts. Gradients are those of the batch's mean loss.
struct StepValues {
  double loss = 0;
  std::vector<std::pair<std::string, double>> losses, watched;  // means over the items
};
StepValues gradients(Objective& objective, const Batch& batch, std::int64_t micro_batch, bool bf16, std::uint64_t seed);

// Seed of torch's generator in one step.
std::uint64_t seed_of_step(std::uint64_t seed, std::int64_t step);

}  // namespace cfm::train
