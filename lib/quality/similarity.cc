#include "quality/similarity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "signal/moments.h"

namespace cfm::quality {
namespace {

constexpr double kGrid = 100;            // Hz
constexpr std::size_t kNeighbours = 12;  // on either side

float dot(const float* a, const float* b, std::size_t n) {
  float sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

Similarity beat_similarity(std::span<const float> x, double fs, std::span<const double> marks, double before,
                           double after) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const auto points = static_cast<std::size_t>((before + after) * kGrid + 0.5);
  const double half = fs / kGrid / 2;
  std::vector<float> beats, square;
  for (const double mark : marks) {
    const double first = mark - before * fs, last = first + static_cast<double>(points) * 2 * half;
    if (first - half < 0 || last + half >= static_cast<double>(x.size())) continue;
    const std::size_t at = beats.size();
    const float origin = x[static_cast<std::size_t>(mark)];
    float mean = 0;
    for (std::size_t k = 0; k < points; ++k) {
      const double middle = first + static_cast<double>(k) * 2 * half;
      const auto from = static_cast<std::size_t>(middle - half + 0.5);
      const auto to = std::max(from + 1, static_cast<std::size_t>(middle + half + 0.5));
      float sum = 0;
      for (std::size_t i = from; i < to; ++i) sum += x[i] - origin;
      beats.push_back(sum / static_cast<float>(to - from));
      mean += beats.back();
    }
    mean /= static_cast<float>(points);
    for (std::size_t k = at; k < beats.size(); ++k) beats[k] -= mean;
    square.push_back(dot(&beats[at], &beats[at], points));
  }
  const std::size_t n = square.size();
  if (n < 2) return {kNaN, kNaN, kNaN};

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
  return {counted > 0 ? with_template / static_cast<double>(counted) : kNaN, signal::median(std::move(best)),
          signal::median(std::move(least))};
}

}  // namespace cfm::quality
