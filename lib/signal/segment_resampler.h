// A whole segment to another rate at once: the same contract as resample.h, several times as fast.
//
//   const SegmentResampler to_250(500, 250);
//   std::vector<float> y(resampled_size(x.size(), 500, 250));
//   to_250.run(x, y);                                        // from any thread
//
// The spectrum is cut: pass band to 0.913 of the lower Nyquist frequency exactly, nothing above it, between them the
// integral of a Kaiser window, so that the ends are felt for some 50 samples of the lower rate. They are extended with
// the first and the last value, sample 0 stays at t = 0. Rates in Hz, any positive ones; where they have no common
// measure that fits, and for more than 2^20 samples, the work is resample()'s. Samples must be finite. Transforms and
// weights are made once for lengths that lie close together. Throws what resample() throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>

namespace cfm::signal {

class SegmentResampler {
 public:
  SegmentResampler(double fs_in, double fs_out);
  ~SegmentResampler();
  // out: resampled_size(in.size(), fs_in, fs_out) samples.
  void run(std::span<const float> in, std::span<float> out) const;

 private:
  struct Plan;
  const Plan& plan_for(std::size_t n) const;

  double fs_in_, fs_out_;
  std::size_t per_in_ = 0, per_out_ = 0;  // whole numbers in the ratio of the rates; 0: there are none
  std::size_t margin_ = 0;                // samples at fs_in between the end and the begin of the circle
  mutable std::mutex mutex_;
  mutable std::map<std::size_t, std::unique_ptr<const Plan>> plans_;  // by the number of periods of the ratio
};

}  // namespace cfm::signal
