// Pairs of segments better → worse, made from the rows of an index while training and never stored.
//
//   PairSampler pairs(store.rows(), seed);
//   Pair p = pairs.pair(epoch, k);                       // k in [0, pairs.size())
//   teacher(store.segment(p.better)); student(store.segment(p.worse));
//
// Two segments pair when they belong to one record, start at most 9 segments (270 s) apart and are of different quality
// classes (Guo, Chen, Ferrario, arXiv 2509.06516). Subjects take turns, so each has the same share of an epoch whatever
// its length; within a subject every segment that has a partner leads equally often, with a partner drawn among its
// own. pair() is a pure function of (rows, seed, epoch, k). Status 3: no segment has a quality class; no two pair.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stream/frame.h"

namespace cfm::dataset {

struct Pair {
  std::size_t better = 0, worse = 0;  // numbers of rows
};

struct PairOptions {
  double max_apart = 270;  // seconds between starts: 9 segments of 30 s
};

struct PairCounts {
  std::uint64_t segments = 0;               // rows
  std::uint64_t graded = 0;                 // with a quality class
  std::uint64_t used = 0;                   // with at least one partner
  std::uint64_t pairs = 0;                  // possible, each counted once
  std::uint64_t records = 0, subjects = 0;  // that have a pair
};

class PairSampler {
 public:
  // keep: empty, or for each row whether it may be used (0: leave it out).
  PairSampler(const stream::Index& rows, std::uint64_t seed, const PairOptions& options = {},
              std::span<const std::uint8_t> keep = {});

  // Pairs of an epoch: the number of segments that have a partner.
  std::size_t size() const { return counts_.used; }
  Pair pair(std::uint64_t epoch, std::uint64_t k) const;  // thread-safe
  const PairCounts& counts() const { return counts_; }

 private:
  std::vector<std::size_t> partners(std::size_t place) const;
  struct Row {
    std::uint64_t record = 0, who = 0;
    double start = 0;
    std::size_t number = 0;
    std::uint8_t klass = stream::kNoClass;
  };
  std::vector<Row> rows_;                          // graded ones by record and start
  std::vector<std::vector<std::size_t>> leaders_;  // of each subject: places in rows_ that have a partner
  std::uint64_t seed_;
  double max_apart_;
  PairCounts counts_;
};

}  // namespace cfm::dataset
