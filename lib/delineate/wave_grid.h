// A stretch of one lead on a grid of 2 ms around a beat, so that what is measured on it is the same at any rate.
//
//   SampleHistory samples; samples.push(chunk);
//   Grid grid; grid.fill(samples, first_sample, samples_per_point, points);
//   double where = grid.position(i);   // of a (fractional) grid point, in samples
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace cfm::delineate {

inline constexpr double kGridStep = 0.002;  // s

// Grid points in so many seconds.
constexpr int points(double seconds) { return static_cast<int>(seconds / kGridStep + (seconds < 0 ? -0.5 : 0.5)); }

using Series = std::vector<double>;

// The samples of a stream from some place on, by their place in it.
class SampleHistory {
 public:
  void push(std::span<const float> in) { values_.insert(values_.end(), in.begin(), in.end()); }
  void drop_before(double position);
  std::int64_t begin() const { return begin_; }
  std::int64_t end() const { return begin_ + static_cast<std::int64_t>(values_.size()); }
  float operator[](std::int64_t at) const { return values_[static_cast<std::size_t>(at - begin_)]; }

 private:
  std::vector<float> values_;
  std::int64_t begin_ = 0;
};

struct Grid {
  double origin = 0;       // samples, of point 0
  double step = 1;         // samples
  int first = 0, end = 0;  // points that lie within the recording; x goes on with its last value outside
  bool gaps = false;       // some sample is missing: x is a straight line there
  Series x;

  double position(double point) const { return origin + point * step; }
  double index(double position) const { return (position - origin) / step; }
  bool has_gap(double from, double to) const;  // grid points
  // Between samples: cubic; where the samples are denser than the grid, means with triangular weights.
  void fill(const SampleHistory& samples, double from, double samples_per_point, int count);

 private:
  Series raw_;
  std::vector<char> missing_;
};

// Centred mean over 2 * half + 1 points; outside, the first and last values go on.
void smooth(const Series& in, int half, Series& out);

// Difference over 2 * lag points, a point.
void differentiate(const Series& in, int lag, Series& out);

}  // namespace cfm::delineate
