#include "signal/gaps.h"

#include <cmath>
#include <cstddef>

namespace cfm::signal {

void bridge_gaps(std::span<float> x) {
  std::size_t before = x.size();  // last finite sample
  for (std::size_t i = 0; i <= x.size(); ++i) {
    if (i < x.size() && !std::isfinite(x[i])) continue;
    const std::size_t gap = before == x.size() ? 0 : before + 1;
    for (std::size_t j = gap; j < i; ++j) {
      if (before == x.size()) {
        x[j] = i < x.size() ? x[i] : 0.0F;
      } else if (i == x.size()) {
        x[j] = x[before];
      } else {
        const auto part = static_cast<float>(j - before) / static_cast<float>(i - before);
        x[j] = x[before] + part * (x[i] - x[before]);
      }
    }
    before = i;
  }
}

}  // namespace cfm::signal
