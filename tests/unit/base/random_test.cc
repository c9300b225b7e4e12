#include "base/random.h"

#include <array>
#include <cmath>
#include <set>

#include "base/hash.h"
#include "support.h"

using namespace cfm;

namespace {

// Philox 4x32-10 as Salmon et al. 2011 write it, for comparison.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53U} * c[0], b = std::uint64_t{0xCD9E8D57U} * c[2];
    c = {static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(b),
         static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(a)};
    k = {k[0] + 0x9E3779B9U, k[1] + 0xBB67AE85U};
  }
  return c;
}

}  // namespace

TEST_CASE("draws are Philox 4x32-10 of seed, purpose and id") {
  // Known answers of Random123.
  REQUIRE(philox({0, 0, 0, 0}, {0, 0}) ==
          std::array<std::uint32_t, 4>{0x6627E8D5U, 0xE169C58DU, 0xBC57AC4CU, 0x9B00DBD8U});
  constexpr std::uint32_t kOnes = 0xFFFFFFFFU;
  REQUIRE(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}) ==
          std::array<std::uint32_t, 4>{0x408F276DU, 0x41C83B0EU, 0xA20BC7C6U, 0x6D5451FDU});
  Random random(0x123456789ABCDEF0ULL, "purpose", "id");
  const std::uint64_t stream = fnv1a64("id") ^ (fnv1a64("purpose") * 0x9E3779B97F4A7C15ULL);
  for (std::uint32_t block = 0; block < 3; ++block) {
    const auto due = philox({block, 0, static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)},
                            {0x9ABCDEF0U, 0x12345678U});
    for (const std::uint32_t x : due) CHECK(random.bits() == x);
  }
}

TEST_CASE("seed, purpose and id each make another sequence") {
  std::set<std::uint32_t> firsts;
  for (const std::uint64_t seed : {0ULL, 1ULL, 1ULL << 32}) {
    for (const char* purpose : {"a", "b"}) {
      for (const char* id : {"", "a", "b"}) firsts.insert(Random(seed, purpose, id).bits());
    }
  }
  CHECK(firsts.size() == 18);
  CHECK(Random(7, "x", "y").bits() == Random(7, "x", "y").bits());
}

TEST_CASE("moments and ranges") {
  Random random(1, "moments");
  double sum = 0, squares = 0, uniform = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.normal(), u = random.uniform(2, 4);
    REQUIRE((u >= 2 && u < 4));
    sum += x;
    squares += x * x;
    uniform += u;
  }
  CHECK(std::fabs(sum / kDraws) < 0.015);
  CHECK(squares / kDraws == doctest::Approx(1).epsilon(0.02));
  CHECK(uniform / kDraws == doctest::Approx(3).epsilon(0.01));
  std::array<int, 5> counts{};
  for (int i = 0; i < 50'000; ++i) ++counts[random.below(5)];
  for (const int n : counts) CHECK(n == doctest::Approx(10'000).epsilon(0.05));
  CHECK(random.below(1) == 0);
}

TEST_CASE("a shuffle keeps all and is the seed's") {
  std::vector<int> a(100), b(100);
  for (int i = 0; i < 100; ++i) a[static_cast<std::size_t>(i)] = b[static_cast<std::size_t>(i)] = i;
  Random(3, "s").shuffle(a);
  CHECK(a != b);
  Random(3, "s").shuffle(b);
  CHECK(a == b);
  CHECK(std::set<int>(a.begin(), a.end()).size() == 100);
}
