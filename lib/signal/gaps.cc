#include "signal/gaps.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "signal/resample.h"
#include "signal/segment_resampler.h"

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

std::vector<float> resample_present(std::vector<float> x, double fs_in, double fs_out) {
  if (fs_in == fs_out || x.empty()) return x;
  constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
  std::vector<std::size_t> missing;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i])) missing.push_back(i);
  }
  std::vector<float> y(resampled_size(x.size(), fs_in, fs_out), kMissing);
  if (missing.size() == x.size()) return y;
  bridge_gaps(x);
  SegmentResampler(fs_in, fs_out).run(x, y);
  const double step = fs_in / fs_out, reach = std::max(1.0, step / 2);  // samples of x
  for (const std::size_t i : missing) {
    const double first = std::floor((static_cast<double>(i) - reach) / step) + 1;  // the first within reach
    for (auto k = static_cast<std::size_t>(std::max(0.0, first));
         k < y.size() && static_cast<double>(k) * step < static_cast<double>(i) + reach; ++k) {
      y[k] = kMissing;
    }
  }
  return y;
}

}  // namespace cfm::signal
