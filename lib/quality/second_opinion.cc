#include "quality/second_opinion.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "signal/moments.h"

namespace cfm::quality {
namespace {

constexpr double kCurve = 0.13;           // s, Zong et al. 2003
constexpr double kApart = 0.25;           // s between beats at least, Zong et al. 2003
constexpr double kPiece = 2;              // s, each of which has a beat at 30 a minute and more
constexpr double kShare = 0.5;            // of the typical peak above the floor, that a beat must reach
constexpr double kPeakWindow = 0.111;     // s, Elgendi et al. 2013
constexpr double kBeatWindow = 0.667;     // s, Elgendi et al. 2013
constexpr double kOffset = 0.02;          // of the mean square, Elgendi et al. 2013
constexpr double kSlow = 0.5, kFast = 8;  // Hz, Elgendi et al. 2013

std::size_t odd(double samples) { return 2 * static_cast<std::size_t>(std::max(0.0, samples / 2)) + 1; }

// Sums of the values before each place: what moving averages are differences of.
std::vector<double> running_sums(std::span<const float> x) {
  std::vector<double> sums(x.size() + 1);
  for (std::size_t i = 0; i < x.size(); ++i) sums[i + 1] = sums[i] + static_cast<double>(x[i]);
  return sums;
}

// Centred moving average of an odd width; at the ends of what is there of it.
std::vector<float> average(std::span<const double> sums, std::size_t width) {
  const std::size_t half = width / 2, n = sums.size() - 1;
  std::vector<float> out(n);
  const auto at = [&](std::size_t i, std::size_t from, std::size_t to) {
    out[i] = static_cast<float>((sums[to] - sums[from]) / static_cast<double>(to - from));
  };
  const std::size_t first = std::min(half, n), last = n > half ? std::max(first, n - half) : first;
  for (std::size_t i = 0; i < first; ++i) at(i, 0, std::min(n, i + half + 1));
  const double share = 1 / static_cast<double>(2 * half + 1);
  for (std::size_t i = first; i < last; ++i) out[i] = static_cast<float>((sums[i + half + 1] - sums[i - half]) * share);
  for (std::size_t i = last; i < n; ++i) at(i, i - half, n);
  return out;
}

}  // namespace

std::vector<double> second_beats(std::span<const float> x, double fs, double step) {
  if (x.size() < 3) return {};
  // Length of the curve beyond what it is without beats.
  std::vector<float> steps(x.size(), 0.0F);
  for (std::size_t i = 1; i < x.size(); ++i) steps[i] = std::abs(x[i] - x[i - 1]);
  const std::vector<float> length = average(running_sums(steps), odd(kCurve * fs));
  const double floor = signal::median(length);
  std::vector<float> peaks;
  const auto piece = static_cast<std::size_t>(kPiece * fs);
  for (std::size_t from = 0; from + piece <= length.size(); from += piece)
    peaks.push_back(*std::max_element(length.begin() + static_cast<std::ptrdiff_t>(from),
                                      length.begin() + static_cast<std::ptrdiff_t>(from + piece)));
  if (peaks.empty()) peaks.push_back(*std::ranges::max_element(length));
  const double threshold = floor + kShare * (signal::median(peaks) - floor);
  std::vector<double> marks;
  const auto apart = std::max<std::size_t>(1, static_cast<std::size_t>(kApart * fs));
  for (std::size_t i = 0; i < length.size();) {
    if (!(static_cast<double>(length[i]) > threshold)) {
      ++i;
      continue;
    }
    const std::size_t end = std::min(length.size(), i + apart);
    const auto top = std::max_element(length.begin() + static_cast<std::ptrdiff_t>(i),
                                      length.begin() + static_cast<std::ptrdiff_t>(end));
    marks.push_back(static_cast<double>(top - length.begin()));
    i = static_cast<std::size_t>(marks.back()) + apart;
    while (i < length.size() && static_cast<double>(length[i]) > threshold && length[i] <= length[i - 1]) ++i;
  }
  for (double& mark : marks) mark = (mark + 0.5) * step;
  return marks;
}

std::vector<double> second_pulses(std::span<const float> x, double fs, double step) {
  const std::vector<double> sums = running_sums(x);
  const std::vector<float> slow = average(sums, odd(fs / kSlow / 2)), fast = average(sums, odd(fs / kFast / 2));
  std::vector<float> square(x.size());
  double mean = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float above = std::max(0.0F, fast[i] - slow[i]);
    square[i] = above * above;
    mean += static_cast<double>(square[i]);
  }
  mean /= static_cast<double>(std::max<std::size_t>(1, x.size()));
  const std::size_t least = odd(kPeakWindow * fs);
  const std::vector<double> squares = running_sums(square);
  const std::vector<float> peak = average(squares, least), beat = average(squares, odd(kBeatWindow * fs));
  std::vector<double> marks;
  for (std::size_t i = 0; i < x.size();) {
    std::size_t end = i;
    while (end < x.size() && static_cast<double>(peak[end]) > static_cast<double>(beat[end]) + kOffset * mean) ++end;
    if (end - i >= least)
      marks.push_back(static_cast<double>(std::max_element(fast.begin() + static_cast<std::ptrdiff_t>(i),
                                                           fast.begin() + static_cast<std::ptrdiff_t>(end)) -
                                          fast.begin()));
    i = end + 1;
  }
  for (double& mark : marks) mark = (mark + 0.5) * step;
  return marks;
}

double agreement(std::span<const double> a, std::span<const double> b, double reach) {
  std::size_t both = 0, i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (std::abs(a[i] - b[j]) <= reach) {
      ++both, ++i, ++j;
    } else {
      ++(a[i] < b[j] ? i : j);
    }
  }
  const std::size_t either = a.size() + b.size() - both;
  return either > 0 ? static_cast<double>(both) / static_cast<double>(either)
                    : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace cfm::quality
