#include "quality/rr_score.h"

#include <vector>

#include "base/random.h"
#include "support.h"

namespace {

using cfm::quality::rr_score;

// Beat times from intervals, s.
std::vector<double> beats_of(const std::vector<double>& intervals) {
  std::vector<double> beats = {0.1};
  for (const double interval : intervals) beats.push_back(beats.back() + interval);
  return beats;
}

std::vector<double> even(std::size_t n, double interval) { return std::vector<double>(n, interval); }

}  // namespace

TEST_CASE("even beats are all regular but for the first, which has no interval") {
  CHECK(rr_score(beats_of(even(29, 1.0)), 30) == doctest::Approx(29.0 / 30));
  CHECK(rr_score(beats_of(even(9, 1.0)), 10) == doctest::Approx(0.9));
}

TEST_CASE("rates outside 40 to 120 have no quality") {
  CHECK(rr_score(beats_of(even(61, 0.49)), 30) == 0);
  CHECK(rr_score(beats_of(even(58, 0.501)), 30) > 0.98);
  CHECK(rr_score(beats_of(even(20, 1.51)), 30) == 0);
}

TEST_CASE("an early beat costs its interval and the pause after it") {
  std::vector<double> intervals = even(29, 1.0);
  intervals[10] = 0.6;  // rate +67 %
  intervals[11] = 1.4;  // rate -57 %; the next one is +40 %
  CHECK(rr_score(beats_of(intervals), 30) == doctest::Approx(26.0 / 30));
  // At 1.2 s the rate falls by 17 %, at 1.45 s by 31 %.
  intervals = even(29, 1.0);
  intervals[28] = 1.2;
  CHECK(rr_score(beats_of(intervals), 30) == doctest::Approx(29.0 / 30));
  intervals[28] = 1.45;
  CHECK(rr_score(beats_of(intervals), 30) == doctest::Approx(28.0 / 30));
}

TEST_CASE("a regular interval between irregular ones is irregular") {
  std::vector<double> intervals = even(29, 0.8);
  intervals[10] = 0.45;  // too fast, and a jump
  intervals[11] = 0.52;  // within limits of 0.45
  intervals[12] = 0.45;  // too fast
  // 10, 12 by their rate, 11 between them, and the jump back at 13.
  CHECK(rr_score(beats_of(intervals), 24) == doctest::Approx(25.0 / 30));
}

TEST_CASE("too few beats, or nothing at all") {
  CHECK(rr_score({}, 30) == 0);
  CHECK(rr_score(std::vector<double>{1.0}, 1) == 0);
  CHECK(rr_score(beats_of(even(18, 1.4)), 30) == 0);
  CHECK(rr_score(beats_of(even(19, 1.4)), 30) > 0.9);
  CHECK(rr_score(beats_of(even(29, 1.0)), 0) == 0);
}

TEST_CASE("it sees rhythm: fibrillation scores below sinus rhythm") {
  cfm::Random random(1, "test/rr");
  std::vector<double> sinus, fibrillation;
  for (int i = 0; i < 40; ++i) {
    sinus.push_back(0.75 * (1 + 0.05 * (random.uniform() - 0.5)));
    fibrillation.push_back(0.75 * (1 + random.uniform() - 0.5));
  }
  CHECK(rr_score(beats_of(sinus), 30) > 0.95);
  CHECK(rr_score(beats_of(fibrillation), 30) < 0.6);
}
