// Shuffled batches whose every index is a function of (seed, epoch, place): no state but a position to save and resume.
//
//   BatchSampler batches(store.size(), 64, seed, LastBatch::kDrop);
//   Batch b = batches.at(step);                          // any step, in any order, from any thread
//   Batch n = batches.next(); … save(batches.step());    // and batches.seek(saved) when resuming
//
// Epochs follow one another: step s is batch s % batches_per_epoch() of epoch s / batches_per_epoch().
#pragma once

#include <cstdint>
#include <vector>

namespace cfm::dataset {

// Where i goes in a permutation of 0 … n − 1 chosen by key: a bijection without memory (a Feistel network of four
// rounds, walked until it falls below n; Black and Rogaway 2002).
std::uint64_t permuted(std::uint64_t i, std::uint64_t n, std::uint64_t key);

enum class LastBatch {
  kDrop,  // a batch that is not full is left out
  kPad    // filled up with the first items of the same epoch; Batch::real tells how many are its own
};

struct Batch {
  std::uint64_t epoch = 0;
  std::vector<std::size_t> items;  // of [0, n), always `batch` of them
  std::size_t real = 0;            // how many of the first are not padding
};

class BatchSampler {
 public:
  // Status 2: nothing to sample, a batch of 0, or a dropped last batch that leaves no batch at all.
  BatchSampler(std::size_t n, std::size_t batch, std::uint64_t seed, LastBatch last, bool shuffle = true);

  std::uint64_t batches_per_epoch() const { return batches_; }
  Batch at(std::uint64_t step) const;  // thread-safe
  Batch next() { return at(step_++); }
  std::uint64_t step() const { return step_; }  // of the next batch: what resuming needs
  void seek(std::uint64_t step) { step_ = step; }

 private:
  std::size_t n_, batch_;
  std::uint64_t seed_, batches_, step_ = 0;
  LastBatch last_;
  bool shuffle_;
};

}  // namespace cfm::dataset
