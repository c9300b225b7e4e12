#include "signal/gaps.h"

#include <cmath>
#include <limits>
#include <vector>

#include "support.h"

using cfm::signal::bridge_gaps, cfm::signal::resample_present;

namespace {
constexpr float kGap = std::numeric_limits<float>::quiet_NaN();
std::vector<float> bridged(std::vector<float> x) {
  bridge_gaps(x);
  return x;
}

// A slow sine of so many samples with a gap in [first, last).
std::vector<float> sine(std::size_t n, double fs, std::size_t first = 0, std::size_t last = 0) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = i >= first && i < last ? kGap
                                  : static_cast<float>(std::sin(2 * 3.141592653589793 * static_cast<double>(i) / fs));
  }
  return x;
}
}  // namespace

TEST_CASE("a line through a gap, the ends held, nothing where nothing is") {
  CHECK(bridged({1, kGap, kGap, kGap, 3}) == std::vector<float>{1, 1.5F, 2, 2.5F, 3});
  CHECK(bridged({kGap, kGap, 4, 5, kGap}) == std::vector<float>{4, 4, 4, 5, 5});
  CHECK(bridged({2, std::numeric_limits<float>::infinity(), 4}) == std::vector<float>{2, 3, 4});
  CHECK(bridged({kGap, kGap}) == std::vector<float>{0, 0});
  CHECK(bridged({}).empty());
  CHECK(bridged({7, 8}) == std::vector<float>{7, 8});
}

TEST_CASE("another rate leaves gaps where they are") {
  for (const double to : {50.0, 62.5, 100.0, 125.0, 250.0}) {
    CAPTURE(to);
    const std::vector<float> y = resample_present(sine(1000, 100, 400, 430), 100, to), whole = sine(y.size(), to);
    CHECK(y.size() == std::size_t(std::lround(10 * to)));
    for (std::size_t k = 0; k < y.size(); ++k) {
      const double at = static_cast<double>(k) * 100 / to, reach = std::max(1.0, 50 / to);  // samples of 100 Hz
      CAPTURE(at);
      const bool gone = to == 100 ? at >= 400 && at < 430 : at > 400 - reach && at < 429 + reach;
      CHECK(std::isnan(y[k]) == gone);
      if (at > 100 && at < 300) CHECK(y[k] == doctest::Approx(whole[k]).epsilon(0.001).scale(1));
    }
  }
  for (const float value : resample_present({kGap, kGap, kGap, kGap}, 4, 2)) CHECK(std::isnan(value));
  CHECK(resample_present({kGap, kGap, kGap, kGap}, 4, 2).size() == 2);
  CHECK(resample_present({}, 4, 2).empty());
}
