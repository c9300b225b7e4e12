// A pre-training run from what a user asks for to a folder that holds a model.
//
//   PretrainOptions ask{.model = "qualityfm-base", .data = {"icu.cfm"}, .folder = "runs/q", .steps = 60, .batch = 64};
//   Ending ending = pretrain(ask);
//   ask = {.folder = "runs/q", .resume = true};  pretrain(ask);    // model, data, seed and horizon are the run's
//
// A flag that contradicts the run it resumes is status 2, and so are data that have changed. Data are .cfm files (not
// pipes) with quality; no pair at all is status 3. Of 20 subjects and more with pairs the configuration's share
// (schedule.validation) is put aside: their pairs, at most 256 and not augmented, tell the best state and nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataset/pairs.h"
#include "model/config.h"
#include "stream/pipe.h"
#include "train/batches.h"
#include "train/loop.h"

namespace cfm::train {

struct PretrainOptions {
  std::optional<std::string> model{};  // a name, or a configuration's file
  std::vector<std::string> set{};      // KEY=VALUE on the configuration
  std::vector<std::string> data{};     // .cfm files
  std::string folder{};
  std::optional<std::int64_t> steps{};  // else epochs
  std::optional<double> epochs{};       // else the configuration's
  std::optional<double> hours{};        // as many steps as fit, timed at the start and then settled
  std::optional<std::int64_t> batch{};  // pairs; else the configuration's
  std::optional<std::uint64_t> seed{};  // 0
  bool resume = false, force = false;
  bool extend = false;                  // with resume: steps, epochs or hours (more) are a new horizon
  // Steps between states; 100. What was put aside is judged as often as the run's first call said.
  std::optional<std::int64_t> checkpoint_every{};
  int keep = 2;                         // states
  int threads = 1;
  std::uint64_t max_frame = stream::kDefaultMaxFrame;
  stream::Provenance provenance{};  // of this program: the chain of the data goes on with it
  ProgressCallback progress{};
};

// What a run would do: for --dry-run.
struct Plan {
  model::ModelConfig config;
  std::int64_t parameters = 0;  // of the student
  std::int64_t batch = 0, steps = 0;
  double epochs = 0;
  dataset::PairCounts pairs;                      // to train on
  dataset::PairCounts validation;                 // put aside, by subject
  std::map<std::string, std::uint64_t> left_out;  // segments, by reason
  std::uint64_t memory = 0;  // bytes: weights, moments, gradients, activations, prepared segments (estimate)
  double seconds = 0;        // of all steps, here and now (timed)
};
Plan plan_pretraining(const PretrainOptions& options);

Ending pretrain(const PretrainOptions& options);

// From the configuration's `optimiser` and `schedule`: rates are lr · batch / lr_batch.
AdamOptions adam_options(const model::ModelConfig& config);
Cosine rate_schedule(const model::ModelConfig& config, std::int64_t batch, std::int64_t steps);
Cosine decay_schedule(const model::ModelConfig& config);

}  // namespace cfm::train
