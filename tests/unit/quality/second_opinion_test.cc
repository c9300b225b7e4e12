#include "quality/second_opinion.h"

#include <cmath>
#include <numbers>

#include "support.h"

using namespace cfm;
using namespace cfm::quality;

namespace {

std::vector<float> bumps(double fs, double seconds, double width, double offset) {
  std::vector<float> x(static_cast<std::size_t>(seconds * fs), static_cast<float>(offset));
  for (double t = 0.5; t < seconds; t += 0.8)
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double d = (static_cast<double>(i) / fs - t) / width;
      x[i] += static_cast<float>(std::exp(-d * d / 2));
    }
  return x;
}

void check_marks(const std::vector<double>& marks, double fs, double seconds, double tolerance) {
  CAPTURE(fs);
  REQUIRE(marks.size() == static_cast<std::size_t>((seconds - 0.5) / 0.8) + 1);
  for (std::size_t i = 0; i < marks.size(); ++i)
    CHECK(std::abs(marks[i] / fs - (0.5 + 0.8 * static_cast<double>(i))) <= tolerance);
}

}  // namespace

TEST_CASE("each finds its own kind of wave at any rate and offset") {
  for (const double fs : {50.0, 100.0, 128.0}) {
    check_marks(second_beats(bumps(fs, 10, 0.012, 5), fs), fs, 10, 0.1);
    check_marks(second_pulses(bumps(fs, 10, 0.1, -3), fs), fs, 10, 0.03);
  }
  const std::vector<double> scaled = second_beats(bumps(100, 10, 0.012, 0), 100, 2.5);
  check_marks(scaled, 250, 10, 0.1);
}

TEST_CASE("nothing in a flat line, a sample or none") {
  for (const std::size_t n : {0UL, 1UL, 2UL, 3UL, 1000UL}) {
    const std::vector<float> flat(n, 2.0F);
    CHECK(second_beats(flat, 100).empty());
    CHECK(second_pulses(flat, 100).empty());
  }
}

TEST_CASE("agreement is what both found over what either found") {
  const std::vector<double> a = {100, 200, 300, 400}, b = {110, 205, 330}, none;
  CHECK(agreement(a, b, 15) == doctest::Approx(2.0 / 5));
  CHECK(agreement(a, b, 30) == doctest::Approx(3.0 / 4));
  CHECK(agreement(a, a, 0) == 1);
  CHECK(agreement(a, none, 15) == 0);
  CHECK(std::isnan(agreement(none, none, 15)));
}
