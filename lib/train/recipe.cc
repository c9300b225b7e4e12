#include "train/recipe.h"

#include <cmath>

#include "base/error.h"
#include "train/batches.h"

namespace cfm::train {

const char* name_of(Mode mode) {
  switch (mode) {
    case Mode::kLinear:
      return "linear";
    case Mode::kAttentive:
      return "attentive";
    case Mode::kLora:
      return "lora";
    case Mode::kFull:
      return "full";
  }
  throw Error(Status::kBug, "a mode without a name");
}

Mode mode_named(const std::string& name) {
  for (const Mode mode : {Mode::kLinear, Mode::kAttentive, Mode::kLora, Mode::kFull}) {
    if (name == name_of(mode)) return mode;
  }
  throw Error(Status::kUsage, "--mode {}: there are linear, attentive, lora, full", name);
}

Recipe recipe_of(const RecipeOptions& ask, const model::ModelConfig& config, std::size_t segments) {
  Recipe recipe;
  if (ask.mode == Mode::kFull && !config.has_objective()) {
    recipe.epochs = std::llround(config.schedule.at("epochs").get<double>());
    recipe.patience = config.schedule.at("patience").get<std::int64_t>();
    recipe.batch = config.schedule.at("batch").get<std::int64_t>();
    recipe.rate = config.optimiser.at("lr").get<double>();
    recipe.weight_decay = config.optimiser.at("weight_decay").get<double>();
    recipe.clip = config.optimiser.at("clip").get<double>();
    recipe.augmentation = augmentation_of(config);
  } else {
    if (ask.mode == Mode::kLinear) recipe.rate = 1e-2;
    if (ask.mode == Mode::kAttentive || ask.mode == Mode::kLora) recipe.rate = 1e-3;
    while (recipe.batch > 8 && static_cast<std::int64_t>(segments) < 8 * recipe.batch) recipe.batch /= 2;
  }
  if (ask.epochs && ask.steps) throw Error(Status::kUsage, "--epochs and --steps: one of them");
  recipe.epochs = ask.epochs.value_or(recipe.epochs);
  recipe.steps = ask.steps;
  recipe.patience = ask.patience.value_or(recipe.patience);
  recipe.batch = ask.batch.value_or(recipe.batch);
  recipe.rate = ask.rate.value_or(recipe.rate);
  if (recipe.epochs < 1) throw Error(Status::kUsage, "--epochs {}: at least 1 is needed", recipe.epochs);
  if (ask.steps && *ask.steps < 1) throw Error(Status::kUsage, "--steps {}: at least 1 is needed", *ask.steps);
  if (recipe.batch < 1) throw Error(Status::kUsage, "--batch {}: at least 1 is needed", recipe.batch);
  return recipe;
}

}  // namespace cfm::train
