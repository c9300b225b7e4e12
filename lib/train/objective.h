// What a model is taught by, behind one small interface; self-distillation is its first implementation.
//
//   std::unique_ptr<Objective> objective = make_objective(config, seed);
//   Terms terms = objective->forward(batch);  terms.total.backward();  adam.step(rate, decay);
//   objective->after_step(step, steps);       // teacher, centre
//
// B batch, C channels, L samples of the model's profile. An objective owns its modules and everything about them that
// changes; state() is all of that, and load(state()) goes on as if nothing had been in between.
// Status 2: an objective of another name, a setting that makes no sense.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/checkpoint.h"
#include "model/config.h"
#include "model/qualityfm.h"
#include "model/self_distillation.h"
#include "train/schedule.h"

namespace cfm::train {

struct Batch {
  std::vector<torch::Tensor> views;  // float32 [B, C, L] each; of pairs: the better, the worse
  std::vector<std::string> ids;      // of the segments in them, view after view
  std::uint64_t epoch = 0;
};

using NamedScalars = std::vector<std::pair<std::string, torch::Tensor>>;

struct Terms {
  torch::Tensor total;   // scalar; the one that is differentiated
  NamedScalars losses;   // its parts, before their weights
  NamedScalars watched;  // what tells whether it learns or collapses
};

class Objective {
 public:
  virtual ~Objective() = default;
  // The module whose parameters the optimiser moves.
  virtual torch::nn::Module& trained() = 0;
  virtual Terms forward(const Batch& batch) = 0;
  // After the optimiser's step number `step` of `steps` (from 0).
  virtual void after_step(std::int64_t step, std::int64_t steps) = 0;
  virtual model::State state() const = 0;
  virtual void load(const model::State& state, const std::string& where) = 0;
  // Tensors of model.safetensors, named as model/checkpoint.h says.
  virtual model::State result() const = 0;
};

std::unique_ptr<Objective> make_objective(const model::ModelConfig& config, std::uint64_t seed);

// Guo, Chen, Ferrario, arXiv 2509.06516: the teacher sees the better segment of a pair, the student the worse; the
// teacher is the moving average of the student's encoder. Watched: entropy of the teacher's softmax (nats; ln d is no
// information, 0 is one feature for all), SD of its features over the batch, mean norm of the centre over the tokens.
class SelfDistillation : public Objective {
 public:
  struct Options {
    model::DistillationOptions losses;
    bool own_spectrum = false;  // predict the spectrum of the segment the student sees, not of the better one
    double centre_momentum = 0.9;
    Cosine teacher_momentum{.start = 0.996, .end = 1.0};
  };
  SelfDistillation(const model::QualityFmOptions& architecture, const Options& options, std::uint64_t seed);

  torch::nn::Module& trained() override { return *student_; }
  Terms forward(const Batch& batch) override;
  void after_step(std::int64_t step, std::int64_t steps) override;
  model::State state() const override;
  void load(const model::State& state, const std::string& where) override;
  model::State result() const override;

 private:
  Options options_;
  model::QualityFM student_{nullptr};
  model::QualityFmEncoder teacher_{nullptr};
  torch::Tensor centre_;            // [1, n, d]
  torch::Tensor teacher_features_;  // [B, n, d] of the last forward
};

}  // namespace cfm::train
