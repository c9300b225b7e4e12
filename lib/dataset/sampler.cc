#include "dataset/sampler.h"

#include <bit>
#include <string>

#include "base/error.h"
#include "base/random.h"

namespace cfm::dataset {
namespace {

// Finaliser of SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace

std::uint64_t permuted(std::uint64_t i, std::uint64_t n, std::uint64_t key) {
  if (i >= n) throw Error(Status::kBug, "item {} of {} was asked for", i, n);
  if (n < 2) return i;
  const int half = (static_cast<int>(std::bit_width(n - 1)) + 1) / 2;  // bits of each half; the domain is less than 4 n
  const std::uint64_t mask = (std::uint64_t{1} << half) - 1;
  do {
    std::uint64_t left = i >> half, right = i & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
      const std::uint64_t next = left ^ (mix(mix(key + 0x9E3779B97F4A7C15ULL * (round + 1)) ^ right) & mask);
      left = right;
      right = next;
    }
    i = left << half | right;
  } while (i >= n);
  return i;
}

BatchSampler::BatchSampler(std::size_t n, std::size_t batch, std::uint64_t seed, LastBatch last, bool shuffle)
    : n_(n), batch_(batch), seed_(seed), batches_(0), last_(last), shuffle_(shuffle) {
  if (n == 0) throw Error(Status::kUsage, "there is nothing to make batches of");
  if (batch == 0) throw Error(Status::kUsage, "a batch of 0");
  batches_ = last == LastBatch::kDrop ? n / batch : (n + batch - 1) / batch;
  if (batches_ == 0) throw Error(Status::kUsage, "{} items make no batch of {}; choose a smaller one", n, batch);
}

Batch BatchSampler::at(std::uint64_t step) const {
  Batch batch{step / batches_, {}, 0};
  const std::uint64_t key = Random(seed_, "batches", std::to_string(batch.epoch)).below(UINT64_MAX);
  const std::uint64_t first = step % batches_ * batch_;
  batch.items.reserve(batch_);
  for (std::uint64_t k = first; k < first + batch_; ++k) {
    batch.items.push_back(shuffle_ ? permuted(k % n_, n_, key) : k % n_);
    batch.real += k < n_ ? 1 : 0;
  }
  return batch;
}

}  // namespace cfm::dataset
