#include "draw/decimate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace cfm::draw {

std::vector<Run> runs(std::span<const float> values) {
  std::vector<Run> all;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool present = std::isfinite(values[i]);
    if (all.empty() || all.back().present != present) all.push_back({i, i, present});
    all.back().last = i + 1;
  }
  return all;
}

std::vector<std::size_t> kept(std::span<const float> values, Run run, double samples_per_column) {
  std::vector<std::size_t> indices;
  if (samples_per_column <= 4) {
    indices.resize(run.last - run.first);
    std::iota(indices.begin(), indices.end(), run.first);
    return indices;
  }
  for (std::size_t first = run.first; first < run.last;) {
    const double column = std::floor(static_cast<double>(first) / samples_per_column);
    const auto next = static_cast<std::size_t>(std::ceil((column + 1) * samples_per_column));
    const std::size_t last = std::min(run.last, std::max(next, first + 1));
    const auto at = [&](std::size_t i) { return values.begin() + static_cast<std::ptrdiff_t>(i); };
    const auto [low, high] = std::minmax_element(at(first), at(last));
    std::array<std::size_t, 4> of_column = {first, static_cast<std::size_t>(low - values.begin()),
                                            static_cast<std::size_t>(high - values.begin()), last - 1};
    std::sort(of_column.begin(), of_column.end());
    indices.insert(indices.end(), of_column.begin(), std::unique(of_column.begin(), of_column.end()));
    first = last;
  }
  return indices;
}

}  // namespace cfm::draw
