#include "base/parallel.h"

#include <chrono>
#include <numeric>

#include "support.h"

using namespace cfm;
using namespace cfm::test;

namespace {

// Doubles 0 … n-1; jobs that come later are done sooner.
std::vector<int> doubled(int threads, int n, int fails_at = -1, int next_fails_at = -1) {
  std::vector<int> out;
  int at = 0;
  const auto run = [&] {
    ordered_parallel<int, int>(
        threads,
        [&]() -> std::optional<int> {
          if (at == next_fails_at) throw Error(Status::kMalformed, "next");
          return at < n ? std::optional(at++) : std::nullopt;
        },
        [&](int i) {
          if (i == fails_at) throw Error(Status::kIncompatible, "work");
          std::this_thread::sleep_for(std::chrono::microseconds(i % 8 == 0 ? 500 : 0));
          return 2 * i;
        },
        [&](int x) { out.push_back(x); });
  };
  const Status status = status_of(run);
  CHECK(status == (fails_at >= 0 ? Status::kIncompatible : next_fails_at >= 0 ? Status::kMalformed : Status::kOk));
  return out;
}

std::vector<int> even(int n) {
  std::vector<int> out;
  for (int i = 0; i < n; ++i) out.push_back(2 * i);
  return out;
}

}  // namespace

TEST_CASE("results come in order with any number of threads") {
  for (const int threads : {1, 2, 7}) CHECK(doubled(threads, 200) == even(200));
  CHECK(doubled(4, 0).empty());
}

TEST_CASE("what came before a failure has been consumed") {
  for (const int threads : {1, 4}) {
    CHECK(doubled(threads, 200, 50) == even(50));
    CHECK(doubled(threads, 200, -1, 50) == even(50));
  }
}

TEST_CASE("a failing consumer stops all") {
  for (const int threads : {1, 3}) {
    int at = 0, seen = 0;
    CHECK(status_of([&] {
            ordered_parallel<int, int>(
                threads, [&] { return std::optional(at++); }, [](int i) { return i; },
                [&](int) {
                  if (++seen == 10) throw Error(Status::kIo, "full");
                });
          }) == Status::kIo);
    CHECK(seen == 10);
    CHECK(at < 10 + 4 * 3 + 2);
  }
}

TEST_CASE("finished results leave before waiting for input") {
  int at = 0, consumed = 0;
  ordered_parallel<int, int>(
      4,
      [&]() -> std::optional<int> {
        CHECK(consumed == at);  // nothing is kept back, as the input is never ready
        return at < 20 ? std::optional(at++) : std::nullopt;
      },
      [](int i) { return i; }, [&](int) { ++consumed; }, [] { return false; });
  CHECK(consumed == 20);
}

TEST_CASE("parallel_for does each once and passes errors on") {
  std::vector<int> count(1000);
  parallel_for(4, count.size(), [&](std::size_t i) { ++count[i]; });
  CHECK(std::accumulate(count.begin(), count.end(), 0) == 1000);
  CHECK(status_of([] {
          parallel_for(3, 100, [](std::size_t i) {
            if (i == 40) throw Error(Status::kBug, "x");
          });
        }) == Status::kBug);
  CHECK(available_processors() >= 1);
}
