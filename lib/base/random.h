// Counter-based random numbers: every draw is a function of (seed, purpose, id) and of its place in that sequence.
//
//   Random random(seed, "cfm-synth/noise", segment_id);
//   random.uniform();  random.normal();  random.below(10);
//
// Philox 4x32-10 (Salmon et al., SC'11). The order of other draws, threads and shards do not matter.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace cfm {

class Random {
 public:
  Random(std::uint64_t seed, std::string_view purpose, std::string_view id = {});

  std::uint32_t bits();                     // 32 uniform bits
  double uniform();                         // in [0, 1), 53 bits
  double uniform(double low, double high);  // in [low, high)
  double normal();                          // mean 0, standard deviation 1 (Box and Muller 1958)
  std::uint64_t below(std::uint64_t n);     // in [0, n), unbiased; n > 0

  template <typename T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  void refill();

  std::uint32_t key_[2];
  std::uint64_t counter_ = 0;
  std::uint64_t stream_;
  std::uint32_t block_[4];
  int used_ = 4;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace cfm
