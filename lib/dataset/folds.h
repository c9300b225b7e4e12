// Splits by subject: stratified folds, an inner validation part, and the proof that nobody is on both sides.
//
//   Folds folds = make_folds(rows, 5, seed);             // rows: (subject, label) of each segment
//   if (folds.of(segment.subject_or_record()) == 0) …    // a test subject of --fold 0/5
//   auto validation = inner_split(subjects, strata, 0.2, seed);
//
// A fold is a function of the seed, the subjects and their strata, never of the order they come in. Within each
// stratum, and over all of them, the sizes of folds differ by at most one subject. Mistakes of the caller are Error
// status 2.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cfm::dataset {

// Fold (0 … n − 1) of each subject. subjects are unique; strata[i] is any number that stands for the class of subject
// i. Status 2: n < 2, fewer subjects than folds, a subject twice, lengths that differ.
std::vector<int> stratified_folds(std::span<const std::string> subjects, std::span<const int> strata, int n,
                                  std::uint64_t seed);

// For each subject whether it is held out for validation: round(fraction · size) of each stratum, but at least one of
// two or more and never all of it. 0 < fraction < 1.
std::vector<bool> inner_split(std::span<const std::string> subjects, std::span<const int> strata, double fraction,
                              std::uint64_t seed);

// Subjects of segments, sorted and unique, each with the number of its stratum: its most frequent label (of equally
// frequent ones the first in byte order), numbered in byte order.
struct Strata {
  std::vector<std::string> subjects;
  std::vector<int> strata;
};
Strata strata_of(std::span<const std::pair<std::string, std::string>> subject_and_label);

struct Folds {
  int n = 0;
  std::uint64_t seed = 0;
  std::map<std::string, int> fold_of;  // subject → fold

  int of(const std::string& subject) const;  // status 2 for a subject that was not there when the folds were made
};
Folds make_folds(std::span<const std::pair<std::string, std::string>> subject_and_label, int n, std::uint64_t seed);

// "0/5" → {0, 5}. Status 2 unless 0 ≤ fold < n and n ≥ 2.
struct FoldChoice {
  int fold = 0, n = 0;
};
FoldChoice parse_fold(std::string_view text);

// Status 2, naming one, when a subject is in both.
void require_disjoint(std::span<const std::string> fitted, std::span<const std::string> scored);

}  // namespace cfm::dataset
