#include "quality/window.h"

#include <cmath>
#include <limits>

#include "base/random.h"
#include "support.h"

using namespace cfm;
using namespace cfm::quality;

namespace {
constexpr float kGap = std::numeric_limits<float>::quiet_NaN();

// Runs of one value, counted plainly.
std::pair<double, double> plain_runs(const std::vector<float>& x, std::size_t flat, std::size_t clip) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  double present = 0, flats = 0, clips = 0;
  for (const float v : x)
    if (!std::isnan(v)) low = std::min(low, v), high = std::max(high, v), ++present;
  for (std::size_t i = 0; i < x.size();) {
    std::size_t end = i + 1;
    while (end < x.size() && x[end] == x[i]) ++end;
    const auto n = static_cast<double>(end - i);
    if (!std::isnan(x[i]) && end - i >= flat) flats += n;
    if ((x[i] == low || x[i] == high) && end - i >= clip) clips += n;
    i = end;
  }
  return {flats / present, clips / present};
}
}  // namespace

TEST_CASE("runs are those of the plain count, for random steps and gaps") {
  Random random(1, "window_test");
  for (int round = 0; round < 200; ++round) {
    std::vector<float> x;
    while (x.size() < 600) {
      const auto length = static_cast<std::size_t>(random.uniform(1, random.uniform() < 0.2 ? 80 : 8));
      const double draw = random.uniform();
      x.insert(x.end(), length, draw < 0.1 ? kGap : static_cast<float>(std::floor(draw * 6)));
    }
    const Window w(x, 100, {.clip_run = 0.05, .flat_run = 0.2});
    const auto [flat, clipped] = plain_runs(x, 20, 5);
    CHECK(w.flat() == doctest::Approx(flat));
    CHECK(w.clipped() == doctest::Approx(clipped));
  }
}

TEST_CASE("gaps are bridged, ends held, sums those of the bridged signal") {
  std::vector<float> x(300, 0.0F);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 1000 + static_cast<float>(i % 7);
  for (std::size_t i = 0; i < 5; ++i) x[i] = kGap;
  for (std::size_t i = 100; i < 110; ++i) x[i] = kGap;
  const Window w(x, 100, {});
  REQUIRE(w.measurable());
  CHECK(w.missing() == doctest::Approx(15.0 / 300));
  CHECK(w.filled()[0] == x[5]);
  CHECK(w.filled()[104] == doctest::Approx(x[99] + (x[110] - x[99]) * 5 / 11));
  const double mean = w.moments().mean;
  double sum = 0;
  for (std::size_t i = 0; i < 50; ++i) sum += static_cast<double>(w.filled()[i]) - mean;
  CHECK(w.sum_until(50) == doctest::Approx(sum));
  CHECK(w.sum_until(50.5) - w.sum_until(50) == doctest::Approx((static_cast<double>(w.filled()[50]) - mean) / 2));
  CHECK(w.means().size() == 300);
  CHECK(w.outside(1001, 2000) == doctest::Approx(1.0 / 7).epsilon(0.1));
}

TEST_CASE("too short, constant or empty cannot be measured") {
  CHECK(!Window(std::vector<float>{}, 250, {}).measurable());
  CHECK(!Window(std::vector<float>(5000, 1.5F), 250, {}).measurable());
  CHECK(!Window(std::vector<float>(5000, kGap), 250, {}).measurable());
  CHECK(!Window(std::vector<float>{1, 2, 3}, 250, {}).measurable());
}
