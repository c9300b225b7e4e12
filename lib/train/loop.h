// Training, top to bottom: data → forward → backward → clip → AdamW → teacher → metrics → checkpoint.
//
//   Position at;                                             // or what the saved state held
//   const Ending ending = train(objective, adam, make_batch, run, at, options);
//   if (ending == Ending::kInterrupted) …                    // status 75: --resume goes on
//
// Every draw of a step is a function of (seed, step): batches by make_batch(step), dropout by torch's generator seeded
// anew at each step. So a run that was interrupted, resumed, or killed and resumed ends with the bits of one that was
// not, at equal threads. A loss or gradient that is not finite ends the run with status 2; the ids of the batch's
// segments are in DIR/state/failed_batch.json.
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
  double clip = 0;  // largest norm of the gradient; 0: no limit
  std::uint64_t seed = 0;
  int loader_threads = 1;
  std::int64_t checkpoint_every = 0;  // steps; 0: at the end and when interrupted
  ProgressCallback progress;
  model::Checkpoint about;  // configuration, provenance and subjects, for model.safetensors and the state
};

struct Position {
  std::int64_t step = 0;      // steps done
  std::int64_t segments = 0;  // views seen
  double seconds = 0;         // spent
};

enum class Ending { kDone, kInterrupted };

using MakeBatch = std::function<Batch(std::uint64_t step)>;

Ending train(Objective& objective, Adam& adam, const MakeBatch& make_batch, RunFolder& run, Position& at,
             const LoopOptions& options);

// Everything that resuming needs, added to what `checkpoint` says about the model already; and back.
void put_state(model::Checkpoint& checkpoint, const Objective& objective, const Adam& adam, const Position& at);
Position take_state(const model::Checkpoint& checkpoint, Objective& objective, Adam& adam);

// Seed of torch's generator in one step.
std::uint64_t seed_of_step(std::uint64_t seed, std::int64_t step);

// Status 2 naming the step, after the ids have been saved.
[[noreturn]] void stop_for_numbers(const RunFolder& run, std::int64_t step, const Batch& batch, const Json& row);

}  // namespace cfm::train
