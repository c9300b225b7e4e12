// Labelled segments as batches: what a network reads, and what it should say.
//
//   const Examples examples(segments, labelled, targets, config, seed);
//   Batch batch = examples.make(rows, epoch, augmentation);       // views[0] [B, C, L], target [B, …]
//   const FrozenFeatures features(network, examples, parts.train, parts.validation);
//   batch = features.make(rows);                                  // views[0] [B, d] or [B, n, d]
//
// Rows are places in Labelled. make() is a function of its arguments, from any thread.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>

#include "dataset/augment.h"
#include "train/batches.h"
#include "train/classifier.h"
#include "train/split.h"

namespace cfm::train {

inline constexpr std::size_t kEvaluationBatch = 32;  // segments

// All of `rows`, so many at a time.
void in_batches(const Rows& rows, std::size_t size, const std::function<void(const Rows& part)>& work);

class Examples {
 public:
  // targets: [rows of labelled, …].
  Examples(const PreparedSegments& segments, const Labelled& labelled, torch::Tensor targets,
           const model::ModelConfig& config, std::uint64_t seed);
  Batch make(const Rows& rows, std::uint64_t epoch = 0,
             const std::optional<dataset::AugmentOptions>& augmentation = {}) const;
  Batch labels(const Rows& rows) const;  // without views
  const torch::Tensor& targets() const { return targets_; }

 private:
  const PreparedSegments& segments_;
  const Labelled& labelled_;
  torch::Tensor targets_;
  std::int64_t channels_, samples_;
  double fs_;
  std::uint64_t seed_;
};

// What the head of a frozen encoder reads, each feature brought to mean 0 and SD 1 over the training rows. Computed
// once where that of both parts fits into `limit` bytes. The two parts share no row.
class FrozenFeatures {
 public:
  FrozenFeatures(Classifier network, const Examples& examples, const Rows& train, const Rows& validation,
                 std::uint64_t limit = std::uint64_t{4} << 30);
  Batch make(const Rows& rows) const;
  const torch::Tensor& mean() const { return mean_; }  // [d]
  const torch::Tensor& sd() const { return sd_; }

 private:
  torch::Tensor computed(const Rows& rows) const;  // as the encoder gives them
  void keep(const torch::Tensor& features, const Rows& rows, std::uint64_t limit);

  mutable Classifier network_;
  const Examples& examples_;
  torch::Tensor mean_, sd_;
  std::unordered_map<std::size_t, torch::Tensor> kept_;  // by row; none where they are too many
  std::uint64_t held_ = 0;                               // bytes
};

}  // namespace cfm::train
