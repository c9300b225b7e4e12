#include "quality/similarity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/lanes.h"
#include "signal/moments.h"

namespace cfm::quality {
namespace {

constexpr std::size_t kNeighbours = 12;  // on either side

float dot(const float* a, const float* b, std::size_t n) {
  Float4 sums{};
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) sums += load4(a + i) * load4(b + i);
  float sum = total(sums);
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

Similarity beat_similarity(const Window& window, std::span<const double> marks, double before, double after) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const double step = window.step();
  const auto points = static_cast<std::size_t>((before + after) * window.fs() / step + 0.5);
  thread_local std::vector<float> beats, square, levels;
  beats.clear();
  square.clear();
  levels.clear();
  for (const double mark : marks) {
    const double first = mark - before * window.fs();
    if (first < 0 || first + static_cast<double>(points) * step > static_cast<double>(window.size())) continue;
    const std::size_t at = beats.size();
    float mean = 0;
    double before_point = window.sum_until(first);
    for (std::size_t k = 1; k <= points; ++k) {
      const double until_point = window.sum_until(first + static_cast<double>(k) * step);
      beats.push_back(static_cast<float>((until_point - before_point) / step));
      before_point = until_point;
      mean += beats.back();
    }
    mean /= static_cast<float>(points);
    for (std::size_t k = at; k < beats.size(); ++k) beats[k] -= mean;
    levels.push_back(mean);
    square.push_back(dot(&beats[at], &beats[at], points));
  }
  const std::size_t n = square.size();
  if (n < 2) return {kNaN, kNaN, kNaN, kNaN};

  std::vector<float> shape(points, 0.0F);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < points; ++k) shape[k] += beats[i * points + k];
  const float shape_square = dot(shape.data(), shape.data(), points);
  std::vector<float> best(n, -1.0F), least(n, std::numeric_limits<float>::max());
  double with_template = 0;
  std::size_t counted = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const float* a = &beats[i * points];
    if (square[i] > 0 && shape_square > 0) {
      with_template += static_cast<double>(dot(a, shape.data(), points) / std::sqrt(square[i] * shape_square));
      ++counted;
    }
    for (std::size_t j = i + 1; j < std::min(n, i + kNeighbours + 1); ++j) {
      const float product = dot(a, &beats[j * points], points);
      const float correlation = square[i] > 0 && square[j] > 0 ? product / std::sqrt(square[i] * square[j]) : -1.0F;
      const float difference = std::max(0.0F, square[i] + square[j] - 2 * product) / (2 * static_cast<float>(points));
      for (const std::size_t at : {i, j}) {
        best[at] = std::max(best[at], correlation);
        least[at] = std::min(least[at], difference);
      }
    }
  }
  const double level_sd = signal::moments(levels).sd;
  return {counted > 0 ? with_template / static_cast<double>(counted) : kNaN, signal::median(std::move(best)),
          signal::median(std::move(least)), level_sd * level_sd};
}

}  // namespace cfm::quality
