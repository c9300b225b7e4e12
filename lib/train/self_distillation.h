// QualityFM's objective: the teacher sees the better segment of a pair, the student the worse, and tells a spectrum.
//
//   SelfDistillation objective(config, seed);
//
// Guo, Chen, Ferrario, arXiv 2509.06516; losses: model/self_distillation.h. The teacher is the moving average of the
// student's encoder. Watched: SD of the teacher's features over the batch and as a share of their SD over everything (0:
// every segment looks the same), entropy of its softmax (nats; ln d is no information, 0 is one feature for all), mean
// norm of the centre over the tokens. With a distillation weight of 0 the teacher is not asked, and the features are the
// student's.
#pragma once

#include "model/self_distillation.h"
#include "train/objective.h"
#include "train/schedule.h"

namespace cfm::train {

class SelfDistillation : public Objective {
 public:
  SelfDistillation(const model::ModelConfig& config, std::uint64_t seed);

  torch::nn::Module& trained() override { return *student_; }
  Terms forward(const Batch& batch) override;
  void after_step(std::int64_t step, std::int64_t steps) override;
  std::string warning(const std::map<std::string, double>& watched) const override;
  model::State state() const override;
  void load(const model::State& state, const std::string& where) override;
  model::State result() const override;

 private:
  torch::Tensor shown(const torch::Tensor& view) const;

  struct Options {
    model::DistillationOptions losses;
    bool own_spectrum = false;   // tell the spectrum of the segment the student sees, not that of the better one
    double hidden = 0;           // share of the student's segment that is set to zero, in all channels at once
    std::int64_t stretches = 1;  // of equal length that the segment is cut into to hide some of them
    double centre_momentum = 0.9;
    Cosine teacher_momentum{};
  };
  Options options_;
  model::QualityFM student_{nullptr};
  model::QualityFmEncoder teacher_{nullptr};
  torch::Tensor centre_;            // [1, n, d]
  torch::Tensor teacher_features_;  // [1, n, d]: sum over the items of the forwards since the last step
  std::int64_t items_ = 0;          // of that sum
};

}  // namespace cfm::train
