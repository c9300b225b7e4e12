#include "dataset/folds.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/random.h"

namespace cfm::dataset {
namespace {

// Numbers of the subjects of each stratum, shuffled; a function of what the subjects are, not of where they stand.
std::map<int, std::vector<std::size_t>> shuffled_strata(std::span<const std::string> subjects,
                                                        std::span<const int> strata, std::string_view purpose,
                                                        std::uint64_t seed) {
  if (subjects.size() != strata.size()) {
    throw Error(Status::kUsage, "{} subjects but {} strata", subjects.size(), strata.size());
  }
  std::vector<std::size_t> order(subjects.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return subjects[a] < subjects[b]; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (subjects[order[i]] == subjects[order[i - 1]]) {
      throw Error(Status::kUsage, "subject {} is listed twice; folds need each subject once", subjects[order[i]]);
    }
  }
  std::map<int, std::vector<std::size_t>> members;
  for (const std::size_t i : order) members[strata[i]].push_back(i);
  for (auto& [stratum, list] : members) {
    Random random(seed, purpose, std::to_string(stratum));
    random.shuffle(list);
  }
  return members;
}

}  // namespace

std::vector<int> stratified_folds(std::span<const std::string> subjects, std::span<const int> strata, int n,
                                  std::uint64_t seed) {
  if (n < 2) throw Error(Status::kUsage, "{} folds; at least 2 are needed", n);
  if (subjects.size() < static_cast<std::size_t>(n)) {
    throw Error(Status::kUsage, "{} subjects cannot make {} folds; ask for fewer", subjects.size(), n);
  }
  std::vector<int> fold(subjects.size());
  int next = 0;  // runs on from one stratum to the next, so that the folds as a whole are balanced too
  for (const auto& [stratum, members] : shuffled_strata(subjects, strata, "folds", seed)) {
    for (const std::size_t i : members) {
      fold[i] = next;
      next = (next + 1) % n;
    }
  }
  return fold;
}

std::vector<bool> inner_split(std::span<const std::string> subjects, std::span<const int> strata, double fraction,
                              std::uint64_t seed) {
  if (!(fraction > 0 && fraction < 1)) {
    throw Error(Status::kUsage, "a validation part of {} of the subjects; it lies between 0 and 1", fraction);
  }
  std::vector<bool> held(subjects.size(), false);
  for (const auto& [stratum, members] : shuffled_strata(subjects, strata, "inner split", seed)) {
    if (members.size() < 2) continue;
    const auto wanted = static_cast<std::size_t>(std::lround(fraction * static_cast<double>(members.size())));
    const std::size_t count = std::clamp<std::size_t>(wanted, 1, members.size() - 1);
    for (std::size_t k = 0; k < count; ++k) held[members[k]] = true;
  }
  return held;
}

Strata strata_of(std::span<const std::pair<std::string, std::string>> subject_and_label) {
  std::map<std::string, std::map<std::string, std::size_t>> counts;
  for (const auto& [subject, label] : subject_and_label) ++counts[subject][label];
  std::map<std::string, int> numbers;
  std::vector<const std::string*> majority;
  Strata result;
  for (const auto& [subject, labels] : counts) {
    const auto most = std::max_element(labels.begin(), labels.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    result.subjects.push_back(subject);
    majority.push_back(&most->first);
    numbers[most->first] = 0;
  }
  int number = 0;
  for (auto& [label, value] : numbers) value = number++;
  for (const std::string* label : majority) result.strata.push_back(numbers[*label]);
  return result;
}

int Folds::of(const std::string& subject) const {
  const auto found = fold_of.find(subject);
  if (found == fold_of.end()) {
    throw Error(Status::kUsage, "subject {} belongs to none of the {} folds: they were made from other data", subject,
                n);
  }
  return found->second;
}

Folds make_folds(std::span<const std::pair<std::string, std::string>> subject_and_label, int n, std::uint64_t seed) {
  const Strata strata = strata_of(subject_and_label);
  const std::vector<int> fold = stratified_folds(strata.subjects, strata.strata, n, seed);
  Folds folds{n, seed, {}};
  for (std::size_t i = 0; i < fold.size(); ++i) folds.fold_of[strata.subjects[i]] = fold[i];
  return folds;
}

FoldChoice parse_fold(std::string_view text) {
  FoldChoice choice;
  const char* const end = text.data() + text.size();
  const auto fold = std::from_chars(text.data(), end, choice.fold);
  if (fold.ec == std::errc() && fold.ptr != end && *fold.ptr == '/') {
    const auto n = std::from_chars(fold.ptr + 1, end, choice.n);
    if (n.ec == std::errc() && n.ptr == end && choice.n >= 2 && choice.fold >= 0 && choice.fold < choice.n) {
      return choice;
    }
  }
  throw Error(Status::kUsage, "fold '{}' is not I/N with 0 <= I < N and N >= 2, as 0/5", text);
}

void require_disjoint(std::span<const std::string> fitted, std::span<const std::string> scored) {
  const std::set<std::string_view> seen(fitted.begin(), fitted.end());
  for (const std::string& subject : scored) {
    if (seen.contains(subject)) {
      throw Error(Status::kUsage, "subject {} is both among those fitted on and those scored", subject);
    }
  }
}

}  // namespace cfm::dataset
