// One channel of a segment, made ready for measuring: gaps bridged, sums at hand, runs counted.
//
//   Window w(x, 250, options);                             // x: [samples], any unit, NaN = missing
//   if (w.measurable()) w.sum_until(10.5);                 // of the samples before a position
//
// Made anew for every channel; its buffers belong to the thread and are used again, so there is one Window a thread at
// a time. Ends of a signal are held through missing samples, gaps are bridged by a line.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "signal/moments.h"

namespace cfm::quality {

struct WindowOptions {
  double clip_run = 0.02;  // s at the largest or smallest value that count as clipped
  double flat_run = 0.2;   // s of one value that count as flat
};

class Window {
 public:
  Window(std::span<const float> x, double fs, const WindowOptions& options);

  // At least 2 s of samples, not all the same.
  bool measurable() const { return measurable_; }
  double fs() const { return fs_; }
  std::size_t size() const { return filled_.size(); }
  double seconds() const { return static_cast<double>(size()) / fs_; }
  std::span<const float> filled() const { return filled_; }
  double missing() const { return missing_; }  // fractions: of all samples; of the present ones
  double flat() const { return flat_; }
  double clipped() const { return clipped_; }
  double outside(double low, double high) const;               // fraction of the present samples
  const signal::Moments& moments() const { return moments_; }  // of the present samples

  // Sum of the filled signal about its mean (so that a large offset costs nothing) up to a position in 0 … size(),
  // which may lie within a sample.
  double sum_until(double at) const {
    const auto whole = static_cast<std::size_t>(at);
    const double part = at - static_cast<double>(whole);
    return sums_[whole] + part * (sums_[whole + 1] - sums_[whole]);
  }
  // Means of equal pieces of step() samples: 10 ms, or one sample where that is more.
  std::vector<float> means() const;
  double step() const;

 private:
  void count_runs(std::span<const float> x, const WindowOptions& options);

  double fs_;
  std::vector<float>& filled_;
  std::vector<double>& sums_;  // sums_[i]: of the i samples before
  double missing_ = 1, flat_, clipped_, low_, high_;
  std::size_t present_ = 0;
  signal::Moments moments_;
  bool measurable_ = false;
};

}  // namespace cfm::quality
