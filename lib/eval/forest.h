// Random forests: classes by Gini's index, numbers by their variance; missing values need no filling in.
//
//   Forest forest = Forest::classify(features, training_rows, y, classes, {.balanced = true});   // features: [n, d]
//   Matrix p = forest.predict(features, test_rows);      // [rows, classes]: mean over the trees of shares in the leaf
//   Matrix q = forest.out_of_bag();                      // the same of the training rows, by trees that had not seen
//   them
//
// Breiman 2001 (Mach Learn 45:5), with scikit-learn's defaults: every tree grows on a bootstrap sample of the rows
// until its leaves are pure, each split being the best of a random choice of features, halfway between two values; more
// features are tried while none can split. y: of the training rows, in their order. A NaN goes to the side of a split
// where it gains more, or, where training had none, to the larger side. A tree is a function of seed and number: the
// same bits with any number of threads. One class only is status 2.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "eval/matrix.h"

namespace cfm::eval {

struct ForestOptions {
  int trees = 500;
  int least_leaf = 1;     // different rows in a leaf at least
  int features = 0;       // tried a split; 0: the root of their number for classes, a third of them for numbers
  bool balanced = false;  // rows are drawn so that all classes come equally often (after Chen, Liaw & Breiman 2004)
  std::uint64_t seed = 0;
  int threads = 1;
};

class Forest {
 public:
  static Forest classify(const Matrix& features, std::span<const std::size_t> rows, std::span<const int> y,
                         std::size_t classes, const ForestOptions& options = {});
  static Forest regress(const Matrix& features, std::span<const std::size_t> rows, std::span<const double> y,
                        const ForestOptions& options = {});
  ~Forest();
  Forest(Forest&&) noexcept;
  Forest& operator=(Forest&&) noexcept;

  // [rows, classes], or [rows, 1] of the expected number.
  Matrix predict(const Matrix& features, std::span<const std::size_t> rows) const;
  // [training rows, outputs]; NaN for a row that every tree has seen: few trees, or a rare class, balanced.
  const Matrix& out_of_bag() const { return out_of_bag_; }

 private:
  struct Training;
  struct Tree;
  Forest(const Training& training, const ForestOptions& options);

  std::vector<Tree> trees_;
  Matrix out_of_bag_;
  std::size_t outputs_;
  int threads_;
};

}  // namespace cfm::eval
