#include "dataset/sampler.h"

#include <algorithm>
#include <set>

#include "dataset/loader.h"
#include "support.h"

using namespace cfm;
using namespace cfm::dataset;
using cfm::test::status_of;

TEST_CASE("a permutation reaches everything once and differs by key") {
  for (const std::uint64_t n : {1, 2, 3, 5, 64, 65, 1000, 4097}) {
    std::set<std::uint64_t> seen;
    std::uint64_t fixed = 0, same = 0;
    for (std::uint64_t i = 0; i < n; ++i) {
      seen.insert(permuted(i, n, 7));
      fixed += permuted(i, n, 7) == i ? 1 : 0;
      same += permuted(i, n, 7) == permuted(i, n, 8) ? 1 : 0;
    }
    CAPTURE(n);
    CHECK(seen.size() == n);
    CHECK(*seen.rbegin() == n - 1);
    if (n > 100) CHECK(fixed < 10);
    if (n > 100) CHECK(same < 10);
  }
}

TEST_CASE("first places of a permutation are uniform over the keys") {
  std::vector<int> count(10);
  for (std::uint64_t key = 0; key < 10000; ++key) ++count[permuted(0, 10, key)];
  for (const int n : count) CHECK(std::abs(n - 1000) < 150);  // five standard deviations
}

TEST_CASE("an epoch of batches holds each item once") {
  const BatchSampler drop(103, 10, 1, LastBatch::kDrop), pad(103, 10, 1, LastBatch::kPad);
  CHECK(drop.batches_per_epoch() == 10);
  CHECK(pad.batches_per_epoch() == 11);
  std::multiset<std::size_t> dropped, padded;
  for (std::uint64_t s = 0; s < 10; ++s) {
    const Batch b = drop.at(s);
    CHECK(b.real == 10);
    dropped.insert(b.items.begin(), b.items.end());
  }
  CHECK(std::set<std::size_t>(dropped.begin(), dropped.end()).size() == 100);
  for (std::uint64_t s = 0; s < 11; ++s) {
    const Batch b = pad.at(s);
    CHECK(b.items.size() == 10);
    CHECK(b.real == (s < 10 ? 10 : 3));
    padded.insert(b.items.begin(), b.items.begin() + static_cast<std::ptrdiff_t>(b.real));
  }
  CHECK(padded.size() == 103);
  CHECK(std::set<std::size_t>(padded.begin(), padded.end()).size() == 103);
  CHECK(drop.at(10).epoch == 1);
  CHECK(drop.at(10).items != drop.at(0).items);
}

TEST_CASE("a sampler resumes where it was") {
  BatchSampler whole(50, 8, 3, LastBatch::kPad), second(50, 8, 3, LastBatch::kPad), other(50, 8, 4, LastBatch::kPad);
  for (int i = 0; i < 9; ++i) whole.next();
  second.seek(whole.step());
  for (int i = 0; i < 9; ++i) CHECK(whole.next().items == second.next().items);
  CHECK(other.at(0).items != second.at(0).items);
  const BatchSampler plain(5, 3, 0, LastBatch::kPad, false);
  CHECK(plain.at(1).items == std::vector<std::size_t>{3, 4, 0});
}

TEST_CASE("a sampler refuses what makes no batch") {
  CHECK(status_of([] { BatchSampler(0, 4, 0, LastBatch::kPad); }) == Status::kUsage);
  CHECK(status_of([] { BatchSampler(3, 0, 0, LastBatch::kPad); }) == Status::kUsage);
  CHECK(status_of([] { BatchSampler(3, 4, 0, LastBatch::kDrop); }) == Status::kUsage);
}

TEST_CASE("a loader hands out in order with any number of threads, and passes errors on in their place") {
  for (const int threads : {1, 3}) {
    Loader<std::uint64_t> loader(
        threads,
        [](std::uint64_t step) {
          if (step == 9) throw Error(Status::kMalformed, "step nine");
          std::this_thread::sleep_for(std::chrono::microseconds(step % 3 * 200));
          return step * step;
        },
        2, 12);
    for (std::uint64_t step = 2; step < 9; ++step) CHECK(loader.next() == step * step);
    CHECK(status_of([&] { loader.next(); }) == Status::kMalformed);
    CHECK(loader.next() == 100);
    CHECK(loader.next() == 121);
    CHECK_FALSE(loader.next().has_value());
    CHECK(loader.wait_share() >= 0);
    CHECK(loader.wait_share() <= 1);
  }
}

TEST_CASE("a loader that is left early ends") {
  Loader<int> loader(
      2, [](std::uint64_t step) { return static_cast<int>(step); }, 0, 1'000'000);
  CHECK(loader.next() == 0);
}
