#include "dataset/pairs.h"

#include <cmath>
#include <map>
#include <set>

#include "base/hash.h"
#include "support.h"

using namespace cfm;
using namespace cfm::dataset;
using cfm::test::status_of;

namespace {

void add(stream::Index& rows, const std::string& record, const std::string& subject, double start, std::uint8_t klass) {
  rows.offset.push_back(0);
  rows.record.push_back(fnv1a64(record));
  rows.subject.push_back(fnv1a64(subject));
  rows.start.push_back(start);
  rows.score.push_back(0.5F);
  rows.klass.push_back(klass);
}

stream::Index example() {
  stream::Index rows;
  for (int i = 0; i < 100; ++i) add(rows, "long", "p1", 30.0 * i, static_cast<std::uint8_t>(i % 5));
  for (int i = 0; i < 4; ++i) add(rows, "short", "p2", 30.0 * i, static_cast<std::uint8_t>(i % 2));
  for (int i = 0; i < 4; ++i) add(rows, "even", "p3", 30.0 * i, 2);   // one class: no pair
  add(rows, "far", "p4", 0, 0), add(rows, "far", "p4", 300, 4);       // ten segments apart: no pair
  add(rows, "other1", "p5", 0, 0), add(rows, "other2", "p5", 30, 4);  // two records: no pair
  add(rows, "none", "", 0, 0), add(rows, "none", "", 270, 3), add(rows, "none", "", 30, stream::kNoClass);
  return rows;
}

}  // namespace

TEST_CASE("pairs are of one record, near, of different class, the better first") {
  const stream::Index rows = example();
  const PairSampler pairs(rows, 1);
  CHECK(pairs.counts().segments == 115);
  CHECK(pairs.counts().graded == 114);
  CHECK(pairs.counts().used == 100 + 4 + 2);
  CHECK(pairs.counts().records == 3);
  CHECK(pairs.counts().subjects == 3);
  std::uint64_t possible = 0;
  for (int i = 0; i < 100; ++i) {
    for (int j = i + 1; j < 100 && j <= i + 9; ++j) possible += i % 5 != j % 5 ? 1 : 0;
  }
  CHECK(pairs.counts().pairs == possible + 4 + 1);
  for (std::uint64_t k = 0; k < pairs.size(); ++k) {
    const Pair p = pairs.pair(0, k);
    REQUIRE(rows.record[p.better] == rows.record[p.worse]);
    REQUIRE(rows.klass[p.better] < rows.klass[p.worse]);
    REQUIRE(std::abs(rows.start[p.better] - rows.start[p.worse]) <= 270);
  }
}

TEST_CASE("subjects have equal shares and their segments lead equally often") {
  const stream::Index rows = example();
  const PairSampler pairs(rows, 1);
  std::map<std::uint64_t, int> share;
  std::map<std::size_t, int> used;
  for (std::uint64_t k = 0; k < 300; ++k) {
    const Pair p = pairs.pair(2, k);
    ++share[rows.record[p.better]];
    ++used[p.better], ++used[p.worse];
  }
  CHECK(share.size() == 3);
  for (const auto& [record, n] : share) CHECK(n == 100);
  for (std::size_t i = 0; i < 100; ++i)
    CHECK(used[i] >= 1);  // a hundred turns, each segment of the long record leads once
}

TEST_CASE("pairs are a function of seed, epoch and place") {
  const stream::Index rows = example();
  const PairSampler a(rows, 1), b(rows, 1), c(rows, 2);
  int same = 0, same_epoch = 0, same_seed = 0;
  for (std::uint64_t k = a.size(); k-- > 0;) {
    const Pair p = a.pair(0, k), q = b.pair(0, k), e = a.pair(1, k), s = c.pair(0, k);
    same += p.better == q.better && p.worse == q.worse ? 1 : 0;
    same_epoch += p.better == e.better && p.worse == e.worse ? 1 : 0;
    same_seed += p.better == s.better && p.worse == s.worse ? 1 : 0;
  }
  CHECK(same == 106);
  CHECK(same_epoch < 60);
  CHECK(same_seed < 60);
}

TEST_CASE("segments that are not kept make no pair") {
  const stream::Index rows = example();
  std::vector<std::uint8_t> keep(rows.start.size(), 0);
  keep[100] = keep[101] = 1;
  const PairSampler pairs(rows, 1, {}, keep);
  CHECK(pairs.counts().pairs == 1);
  CHECK(pairs.pair(0, 0).better == 100);
  CHECK(pairs.pair(0, 0).worse == 101);
}

TEST_CASE("without quality, or without a difference, there is nothing to pair") {
  stream::Index rows;
  add(rows, "r", "p", 0, stream::kNoClass), add(rows, "r", "p", 30, stream::kNoClass);
  CHECK(status_of([&] { PairSampler(rows, 0); }) == Status::kIncompatible);
  rows.klass = {1, 1};
  CHECK(status_of([&] { PairSampler(rows, 0); }) == Status::kIncompatible);
  rows.klass = {1, 2};
  CHECK(status_of([&] { PairSampler(rows, 0); }) == Status::kOk);
}
