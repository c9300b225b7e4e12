// What streaming detectors are made of: gaps bridged, moving averages, rings, medians of the last values.
//
//   GapHold hold; BoxFilter smooth(width_in_samples(0.016, fs)); double y = smooth.push(hold.push(sample));
//   Level<8> heights; heights.add(y); double typical = heights.median();
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cfm::delineate {

// The signal without its gaps: the last sample is held through one, and the step at its end is taken off.
class GapHold {
 public:
  double push(float sample);
  void push(std::span<const float> in, double* out);
  double value() const { return last_ - offset_; }
  double last() const { return last_; }  // as it came
  bool in_gap() const { return in_gap_; }

 private:
  double last_ = 0, offset_ = 0;
  bool in_gap_ = false, begun_ = false;
};

// The last values of a series, at least `span` of them, by their place in it; 0 before its begin.
class Ring {
 public:
  explicit Ring(std::int64_t span) : values_(std::bit_ceil(static_cast<std::size_t>(span)), 0.0) {}
  double& operator[](std::int64_t at) { return values_[static_cast<std::size_t>(at) & (values_.size() - 1)]; }
  double operator[](std::int64_t at) const { return values_[static_cast<std::size_t>(at) & (values_.size() - 1)]; }
  void write(std::int64_t at, std::span<const double> values) {
    for (const double value : values) (*this)[at++] = value;
  }

 private:
  std::vector<double> values_;
};

// Odd number of samples next to `seconds`, at least 1.
std::size_t width_in_samples(double seconds, double fs);

// Moving average of an odd width; its delay is (width - 1) / 2.
class BoxFilter {
 public:
  explicit BoxFilter(std::size_t width) : ring_(width, 0.0), share_(1.0 / static_cast<double>(width)) {}
  double push(double value) {
    sum_ += value - ring_[at_];
    ring_[at_] = value;
    if (++at_ == ring_.size()) renew();
    return sum_ * share_;
  }
  // The same of many values, in their place.
  void run(std::span<double> values);
  std::int64_t delay() const { return (width() - 1) / 2; }
  std::int64_t width() const { return static_cast<std::int64_t>(ring_.size()); }

 private:
  void renew();  // the sum anew once a turn, so that rounding does not pile up
  std::vector<double> ring_;
  double sum_ = 0, share_;
  std::size_t at_ = 0;
};

// The last values of something that has a level.
template <std::size_t N>
class Level {
 public:
  void add(double value) {
    values_[at_] = value;
    at_ = (at_ + 1) % N;
    count_ = std::min(count_ + 1, N);
    settle();
  }
  void scale(double factor) {
    for (double& v : values_) v *= factor;
    settle();
  }
  std::size_t count() const { return count_; }
  double median() const { return median_; }  // 0 without values
  double mean() const { return mean_; }

 private:
  void settle() {
    std::array<double, N> sorted{};
    mean_ = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      std::size_t place = i;
      for (; place > 0 && sorted[place - 1] > values_[i]; --place) sorted[place] = sorted[place - 1];
      sorted[place] = values_[i];
      mean_ += values_[i] / static_cast<double>(count_);
    }
    median_ = count_ == 0 ? 0 : (sorted[(count_ - 1) / 2] + sorted[count_ / 2]) / 2;
  }
  std::array<double, N> values_{};
  std::size_t count_ = 0, at_ = 0;
  double median_ = 0, mean_ = 0;
};

}  // namespace cfm::delineate
