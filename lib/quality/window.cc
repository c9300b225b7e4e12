#include "quality/window.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "base/lanes.h"
#include "signal/gaps.h"

namespace cfm::quality {
namespace {

constexpr double kShortest = 2;  // s of present samples that can be measured
constexpr double kGrid = 100;    // Hz
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool all_finite(std::span<const float> x) {
  Float4 sums{};
  std::size_t i = 0;
  for (; i + 4 <= x.size(); i += 4) sums += load4(&x[i]) * 0.0F;  // 0, or NaN of what is not finite
  float sum = total(sums);
  for (; i < x.size(); ++i) sum += x[i] * 0.0F;
  return sum == 0;
}

std::vector<float>& thread_samples() {
  thread_local std::vector<float> samples;
  return samples;
}

std::vector<double>& thread_sums() {
  thread_local std::vector<double> sums;
  return sums;
}

}  // namespace

Window::Window(std::span<const float> x, double fs, const WindowOptions& options)
    : fs_(fs), filled_(thread_samples()), sums_(thread_sums()), flat_(kNaN), clipped_(kNaN), low_(kNaN), high_(kNaN) {
  // The present samples first: what they are like, and in which runs of one value they come.
  const bool complete = all_finite(x);
  filled_.assign(x.begin(), x.end());
  if (!complete) std::erase_if(filled_, [](float v) { return !std::isfinite(v); });
  present_ = filled_.size();
  moments_ = signal::moments(filled_);
  float low = 0, high = 0;
  if (present_ > 0) {
    missing_ = 1 - static_cast<double>(present_) / static_cast<double>(x.size());
    std::tie(low, high) = signal::extremes(filled_);
    low_ = static_cast<double>(low);
    high_ = static_cast<double>(high);
    count_runs(x, options);
  }
  measurable_ = static_cast<double>(present_) >= kShortest * fs && low < high && std::isfinite(moments_.sd);
  if (!measurable_) return;

  if (!complete) {
    filled_.assign(x.begin(), x.end());
    signal::bridge_gaps(filled_);
  }
  const double origin = moments_.mean;
  sums_.resize(filled_.size() + 2);
  double sum = 0;
  for (std::size_t i = 0; i < filled_.size(); ++i) {
    sums_[i] = sum;
    sum += static_cast<double>(filled_[i]) - origin;
  }
  sums_[filled_.size()] = sums_[filled_.size() + 1] = sum;
}

// A run of n samples and more holds one of every n - 1 samples that equals the next, so only those are looked at.
void Window::count_runs(std::span<const float> x, const WindowOptions& options) {
  const auto flat_length = static_cast<std::size_t>(std::max(2.0, std::ceil(options.flat_run * fs_)));
  const auto clip_length = static_cast<std::size_t>(std::max(3.0, std::ceil(options.clip_run * fs_)));
  const std::size_t stride = std::min(flat_length, clip_length) - 1;
  std::size_t flat = 0, clipped = 0;
  for (std::size_t i = 0; i + 1 < x.size();) {
    if (x[i] != x[i + 1]) {
      i += stride;
      continue;
    }
    std::size_t begin = i, end = i + 2;
    while (begin > 0 && x[begin - 1] == x[i]) --begin;
    while (end < x.size() && x[end] == x[i]) ++end;
    const double value = static_cast<double>(x[i]);
    if (std::isfinite(value) && end - begin >= flat_length) flat += end - begin;
    if ((value == low_ || value == high_) && end - begin >= clip_length && low_ < high_) clipped += end - begin;
    i = std::max(end, i + stride);
  }
  flat_ = static_cast<double>(flat) / static_cast<double>(present_);
  clipped_ = static_cast<double>(clipped) / static_cast<double>(present_);
}

double Window::outside(double low, double high) const {
  if (present_ == 0) return kNaN;
  if (low_ >= low && high_ <= high) return 0;
  const auto beyond = std::ranges::count_if(
      filled_, [&](float v) { return static_cast<double>(v) < low || static_cast<double>(v) > high; });
  return static_cast<double>(beyond) / static_cast<double>(filled_.size());
}

double Window::step() const { return std::max(1.0, fs_ / kGrid); }

std::vector<float> Window::means() const {
  const double step = this->step();
  std::vector<float> out(static_cast<std::size_t>(static_cast<double>(size()) / step));
  double before = 0;
  for (std::size_t k = 0; k < out.size(); ++k) {
    const double sum = sum_until(std::min(static_cast<double>(k + 1) * step, static_cast<double>(size())));
    out[k] = static_cast<float>((sum - before) / step);
    before = sum;
  }
  return out;
}

}  // namespace cfm::quality
