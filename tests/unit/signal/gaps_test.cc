#include "signal/gaps.h"

#include <limits>
#include <vector>

#include "support.h"

using cfm::signal::bridge_gaps;

namespace {
constexpr float kGap = std::numeric_limits<float>::quiet_NaN();
std::vector<float> bridged(std::vector<float> x) {
  bridge_gaps(x);
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
