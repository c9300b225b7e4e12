// Few samples with the extremes of all, and the axes' round numbers.
#include "draw/decimate.h"

#include <algorithm>
#include <cmath>

#include "draw/scale.h"
#include "draw_support.h"

using namespace cfm;
using namespace cfm::test;

TEST_CASE("each column keeps its first, last, smallest and largest sample, in order") {
  std::vector<float> values(10007);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i * i % 7919));
  values[1234] = 100, values[5678] = -100;
  const double per_column = 37.3;
  const auto kept = draw::kept(values, {5, values.size()}, per_column);
  CHECK(std::is_sorted(kept.begin(), kept.end()));
  CHECK(std::adjacent_find(kept.begin(), kept.end()) == kept.end());
  CHECK(kept.front() == 5);
  CHECK(kept.back() == values.size() - 1);
  CHECK(kept.size() <= 4 * (std::size_t(10007 / per_column) + 2));
  for (std::size_t column = 0; static_cast<double>(column) * per_column < 10007; ++column) {
    const auto in_column = [&](std::size_t i) {
      return std::floor(static_cast<double>(i) / per_column) == static_cast<double>(column);
    };
    float low = 1e9F, high = -1e9F, kept_low = 1e9F, kept_high = -1e9F;
    for (std::size_t i = 5; i < values.size(); ++i) {
      if (in_column(i)) low = std::min(low, values[i]), high = std::max(high, values[i]);
    }
    for (const std::size_t i : kept) {
      if (in_column(i)) kept_low = std::min(kept_low, values[i]), kept_high = std::max(kept_high, values[i]);
    }
    CHECK(kept_low == low);
    CHECK(kept_high == high);
  }
  CHECK(draw::kept(values, {10, 20}, 4).size() == 10);  // few enough: all
  CHECK(draw::kept(values, {10, 11}, 1e9) == std::vector<std::size_t>{10});
}

TEST_CASE("runs alternate and cover all samples") {
  const float x = kMissingSample;
  const auto runs = draw::runs(std::vector<float>{x, 1, 2, x, x, 3});
  REQUIRE(runs.size() == 4);
  CHECK_FALSE(runs[0].present);
  CHECK((runs[1].first == 1 && runs[1].last == 3 && runs[1].present));
  CHECK((runs[3].first == 5 && runs[3].last == 6));
  CHECK(draw::runs({}).empty());
}

TEST_CASE("round numbers, clocks and lines of text") {
  CHECK(draw::nice_step(37) == doctest::Approx(50));
  CHECK(draw::nice_step(0.021) == doctest::Approx(0.025));
  CHECK(draw::nice_step(10) == doctest::Approx(10));
  CHECK(draw::time_step(0.8) == doctest::Approx(1));
  CHECK(draw::time_step(20) == 30);
  CHECK(draw::time_step(3000) == 3600);
  CHECK(draw::time_step(200000) == 3 * 86400);
  CHECK(draw::number_text(0.30000000000000004, 0.1) == "0.3");
  CHECK(draw::number_text(7.5, 2.5) == "7.5");
  CHECK(draw::number_text(-1e-17, 0.5) == "0.0");
  CHECK(draw::clock_text(290.04, 1) == "0:04:50.0");
  CHECK(draw::clock_text(59.96, 1) == "0:01:00.0");
  CHECK(draw::clock_text(360000.5, 0) == "100:00:01");
  CHECK(draw::clock_text(-0.5, 1) == "-0:00:00.5");
  CHECK(draw::one_line("a\nb\x1b[1m", 80) == "a?b?[1m");
  CHECK(draw::one_line("µV", 2) == "µV");
  CHECK(draw::one_line("心电", 5) == "??");
  CHECK(draw::one_line("abcdef", 4) == "abc…");
  CHECK(draw::characters("µ…") == 2);
}
