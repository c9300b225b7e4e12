// A fine-tuning run small enough for a test, and how right what it gives is.
#pragma once

#include <string>
#include <vector>

#include "dataset/store.h"
#include "tiny.h"
#include "train/finetune.h"
#include "train/predict.h"

namespace cfm::test {

// A checkpoint whose encoder nothing has taught.
inline std::string tiny_checkpoint(const TemporaryFolder& folder) {
  torch::set_num_threads(1);
  const std::string path = folder / "start.safetensors";
  model::Checkpoint start;
  start.config = model::ModelConfig::open(tiny_model(folder));
  start.subjects_seen = {7};
  start.tensors = model::state_of(*model::random_encoder(start.config, 1), "encoder.");
  model::save_checkpoint(path, start);
  return path;
}

inline train::FinetuneOptions tiny_task(const TemporaryFolder& folder, const std::string& label) {
  train::FinetuneOptions ask;
  ask.model = tiny_checkpoint(folder);
  ask.label = label;
  ask.data = {tiny_stream(folder, {.subjects = 20, .segments = 3})};
  ask.folder = folder / "task";
  ask.fold = dataset::FoldChoice{0, 5};
  ask.mode = train::Mode::kLinear;
  ask.epochs = 20;
  return ask;
}

struct Scored {
  int kept = 0, right = 0;
  double absolute_error = 0;
};

inline Scored score(const train::FinetuneOptions& ask) {
  const dataset::Store store(ask.data);
  train::Predictor predictor(ask.folder, {.fold = ask.fold, .batch = 4});
  Scored scored;
  for (std::size_t i = 0; i < store.size(); ++i) {
    std::vector<stream::Segment> one = {store.segment(i)};
    if (predictor.left_out(one[0])) continue;
    predictor.predict(one, i % 4);
    const train::Json made = one[0].header["predictions"][ask.label];
    ++scored.kept;
    if (made["value"] == one[0].label(ask.label)) ++scored.right;
    if (made["value"].is_number_float()) {
      scored.absolute_error += std::abs(made["value"].get<double>() - one[0].label(ask.label).get<double>());
    }
  }
  return scored;
}

}  // namespace cfm::test
