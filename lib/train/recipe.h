// How a model is trained on labels where nobody says it: from the mode, the model's configuration and the number of
// segments.
//
//   const Recipe recipe = recipe_of({.mode = Mode::kLora}, config, train.size());
//   LoopOptions loop{.steps = recipe.epochs * per_epoch, .rate = {recipe.rate, recipe.rate / 100}, …};
//
// Of a model without an objective trained in full: its configuration, augmentation too. Of others 20 epochs at most, 5
// without a better validation loss before it stops, 128 segments a batch as published (arXiv 2509.06516), less where
// that makes fewer than 8 steps an epoch; weight decay 0.04. Rates: full 1e-4 (published), linear 1e-2, attentive and
// lora 1e-3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dataset/augment.h"
#include "model/config.h"

namespace cfm::train {

enum class Mode {
  kLinear,     // the encoder is frozen, the head linear
  kAttentive,  // the encoder is frozen, the head attends to its tokens
  kLora,       // low-rank adapters on every linear layer and convolution of the encoder, and the head
  kFull        // everything
};
const char* name_of(Mode mode);            // "linear" "attentive" "lora" "full"
Mode mode_named(const std::string& name);  // status 2
inline bool is_frozen(Mode mode) { return mode == Mode::kLinear || mode == Mode::kAttentive; }

struct RecipeOptions {
  Mode mode = Mode::kFull;
  std::optional<std::int64_t> epochs{}, steps{}, patience{}, batch{};  // epochs or steps
  std::optional<double> rate{};
};

struct Recipe {
  std::int64_t epochs = 20, patience = 5;
  std::optional<std::int64_t> steps{};  // in place of epochs
  std::int64_t batch = 128;             // at most
  double rate = 1e-4;                   // at the start; a hundredth of it at the end
  double weight_decay = 0.04;
  double clip = 0;  // largest norm of the gradient; 0: no limit
  std::optional<dataset::AugmentOptions> augmentation{};
};

// Status 2: epochs and steps, none of them, an empty batch.
Recipe recipe_of(const RecipeOptions& ask, const model::ModelConfig& config, std::size_t segments);

}  // namespace cfm::train
