// Segments as batches of tensors: prepared once, kept in memory up to a limit, made ahead by the loader's threads.
//
//   PreparedSegments segments(store, config.profile, {});
//   PairBatches batches(segments, pairs, config, augmentation_of(config), 64, seed);
//   Batch batch = batches.make(step);              // views: better, worse, [64, C, L] each, augmented
//
// make(step) is a function of (data, configuration, seed, step), from any thread. Pairs follow one another over the
// epochs without a gap, so a batch may be larger than an epoch and no pair is left out.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dataset/augment.h"
#include "dataset/pairs.h"
#include "dataset/store.h"
#include "model/config.h"
#include "train/objective.h"

namespace cfm::train {

struct PreparedSegment {
  std::string id;
  std::vector<float> values;  // [C, L] row-major
};

class PreparedSegments {
 public:
  // limit: bytes of prepared samples that are kept; what exceeds it is prepared anew each time.
  PreparedSegments(const dataset::Store& store, const prepare::Profile& profile,
                   std::uint64_t limit = std::uint64_t{4} << 30);
  std::shared_ptr<const PreparedSegment> get(std::size_t row) const;  // thread-safe

 private:
  const dataset::Store& store_;
  prepare::Preparer preparer_;
  std::uint64_t limit_;
  mutable std::mutex mutex_;
  mutable std::uint64_t held_ = 0;
  mutable std::vector<std::shared_ptr<const PreparedSegment>> kept_;
};

// For each row whether pre-training may use it, and how many may not, by reason ("no_grade", "missing", "constant").
struct Fitness {
  std::vector<std::uint8_t> fit;
  std::map<std::string, std::uint64_t> left_out;
};
// Status 3 when no segment has the channels of the profile.
Fitness fitness(const dataset::Store& store, const prepare::Profile& profile, int threads);

class PairBatches {
 public:
  PairBatches(const PreparedSegments& segments, const dataset::PairSampler& pairs, const model::ModelConfig& config,
              const dataset::AugmentOptions& augmentation, std::size_t batch, std::uint64_t seed);
  Batch make(std::uint64_t step) const;

 private:
  const PreparedSegments& segments_;
  const dataset::PairSampler& pairs_;
  std::int64_t channels_, samples_;
  double fs_;
  dataset::AugmentOptions augmentation_;
  std::size_t batch_;
  std::uint64_t seed_;
};

dataset::AugmentOptions augmentation_of(const model::ModelConfig& config);
dataset::AugmentOptions no_augmentation();

}  // namespace cfm::train
