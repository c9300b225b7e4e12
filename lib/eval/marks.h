// Marks against reference marks: pairs, errors, and shares over records with intervals over subjects.
//
//   auto pairs = match_marks(reference, test, 0.15 * fs);        // one to one, the nearest first
//   Spread s = spread_of(errors);                                // s.bias, s.sd, s.median
//   std::vector<ShareRows> rows = share_rows(shares, bootstrap);   // gross and average of each
//
// Undefined (nothing to divide by, an SD of one) is NaN.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "eval/bootstrap.h"
#include "eval/results.h"

namespace cfm::eval {

struct MarkOptions {
  int draws = 2000;  // of the bootstrap
  std::uint64_t seed = 0;
  int threads = 1;
};

// Indices into reference and test, ascending by reference; at most `window` apart; of two pairs that share a mark the
// nearer stays, of equally near ones the earlier. Both ascending, in one unit.
std::vector<std::pair<std::size_t, std::size_t>> match_marks(std::span<const double> reference,
                                                             std::span<const double> test, double window);

struct Spread {
  std::size_t n = 0;
  double bias, sd;           // sd: divided by n - 1
  double median, robust_sd;  // interquartile range / 1.35
};
Spread spread_of(std::span<const double> errors);
// The same errors with each list's median taken off.
std::vector<double> centred(std::span<const std::vector<double>> errors);
std::vector<double> pooled(std::span<const std::vector<double>> errors);

// part / whole of each record: the share of its beats that were found, the mean of its errors.
struct Share {
  std::string klass, metric;
  std::vector<double> part, whole;  // [records]
  bool root = false;                // of the quotient: a root mean square

  double of(std::size_t record) const;
};

struct ShareRows {
  Row gross;    // sums of all records; note "gross"
  Row average;  // mean of the records that have one; note "average"
};

// The rows of each share. `rows` has what they have in common.
std::vector<ShareRows> share_rows(std::span<const Share> shares, const Bootstrap& bootstrap, const Row& common);

double median_of(std::vector<double> values);  // NaN when empty

// Numbers from 0 for names, in order of appearance: what a bootstrap draws.
std::vector<std::size_t> numbered(std::span<const std::string> names);

}  // namespace cfm::eval
