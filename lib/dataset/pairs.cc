#include "dataset/pairs.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "base/error.h"
#include "base/hash.h"
#include "base/random.h"
#include "dataset/sampler.h"

namespace cfm::dataset {

PairSampler::PairSampler(const stream::Index& rows, std::uint64_t seed, const PairOptions& options,
                         std::span<const std::uint8_t> keep)
    : seed_(seed), max_apart_(options.max_apart + 1e-6) {
  counts_.segments = rows.start.size();
  if (!keep.empty() && keep.size() != rows.start.size()) {
    throw Error(Status::kBug, "{} marks of what to keep for {} segments", keep.size(), rows.start.size());
  }
  const std::uint64_t nobody = fnv1a64("");
  bool any_class = false;
  for (std::size_t i = 0; i < rows.start.size(); ++i) {
    if (rows.klass[i] == stream::kNoClass) continue;
    any_class = true;
    if (!keep.empty() && keep[i] == 0) continue;
    const std::uint64_t who = rows.subject[i] == nobody ? rows.record[i] : rows.subject[i];
    rows_.push_back({rows.record[i], who, rows.start[i], i, rows.klass[i]});
  }
  if (!any_class) {
    throw Error(Status::kIncompatible,
                "none of {} segments has a quality class, which pairs of better and worse need; run cfm-quality first",
                counts_.segments);
  }
  counts_.graded = rows_.size();
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    return std::tie(a.record, a.start, a.number) < std::tie(b.record, b.start, b.number);
  });

  std::map<std::uint64_t, std::vector<std::size_t>> by_subject;
  std::set<std::uint64_t> records;
  std::uint64_t twice = 0;
  for (std::size_t place = 0; place < rows_.size(); ++place) {
    const std::size_t n = partners(place).size();
    if (n == 0) continue;
    twice += n;
    ++counts_.used;
    records.insert(rows_[place].record);
    by_subject[rows_[place].who].push_back(place);
  }
  if (counts_.used == 0) {
    throw Error(
        Status::kIncompatible,
        "{} graded segments make no pair: no two of one record start within {} s of each other and differ in quality "
        "class",
        counts_.graded, options.max_apart);
  }
  counts_.pairs = twice / 2;
  counts_.records = records.size();
  counts_.subjects = by_subject.size();
  for (auto& [who, places] : by_subject) leaders_.push_back(std::move(places));
}

std::vector<std::size_t> PairSampler::partners(std::size_t place) const {
  const Row& row = rows_[place];
  std::vector<std::size_t> found;
  const auto consider = [&](std::size_t other) {
    const Row& candidate = rows_[other];
    if (candidate.record != row.record || std::abs(candidate.start - row.start) > max_apart_) return false;
    if (candidate.klass != row.klass) found.push_back(other);
    return true;
  };
  for (std::size_t other = place; other-- > 0 && consider(other);) {
  }
  for (std::size_t other = place + 1; other < rows_.size() && consider(other); ++other) {
  }
  return found;
}

Pair PairSampler::pair(std::uint64_t epoch, std::uint64_t k) const {
  Random keys(seed_, "pairs", std::to_string(epoch));
  const std::uint64_t subject_key = keys.below(UINT64_MAX), segment_key = keys.below(UINT64_MAX);
  const std::uint64_t turn = k / leaders_.size();
  const std::uint64_t who = permuted(k % leaders_.size(), leaders_.size(), subject_key + turn);
  const std::vector<std::size_t>& own = leaders_[who];
  const std::uint64_t round = turn / own.size();
  const std::uint64_t key = (segment_key ^ fnv1a64(std::to_string(who))) + round;
  const std::size_t place = own[permuted(turn % own.size(), own.size(), key)];
  const std::vector<std::size_t> choices = partners(place);
  Random draw(seed_, "pairs/partner", std::to_string(epoch) + "/" + std::to_string(k));
  const Row &a = rows_[place], &b = rows_[choices[draw.below(choices.size())]];
  return a.klass < b.klass ? Pair{a.number, b.number} : Pair{b.number, a.number};
}

}  // namespace cfm::dataset
