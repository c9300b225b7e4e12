// What a pre-training step takes, before a run is begun.
//
//   memory_estimate(config, parameters, 512, store.size()) / 1e9;      // GB
//   seconds_per_step(config, 512) * steps / 3600;                      // hours
//
// Both of the batch as the configuration works on it: schedule.micro_batch, schedule.recompute, schedule.precision.
#pragma once

#include <cstdint>

#include "model/config.h"

namespace cfm::train {

// Bytes in memory at the most: weights, moments, gradients, activations, prepared segments. An estimate.
std::uint64_t memory_estimate(const model::ModelConfig& config, std::int64_t parameters, std::int64_t batch,
                              std::size_t segments);

// Seconds of one step of `batch` pairs here and now: a step of a few pairs on made-up signals is timed, its forward and
// backward part scaled by the batch.
double seconds_per_step(const model::ModelConfig& config, std::int64_t batch);

}  // namespace cfm::train
