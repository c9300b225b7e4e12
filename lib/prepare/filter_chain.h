// The filters of a profile, designed for one rate, run over the channels of one segment.
//
//   const FilterChain chain(profile.filters.for_kind("ecg"), 250, "profile csfm: filters.ecg");
//   chain.run(rows, 12);          // [12, samples] row-major, in place
//   chain.delay(0);               // samples that the first filter's output was moved by
//
// Arithmetic and what passes from one filter to the next are double; each channel gives the same bits alone as among
// others. Zero phase of Butterworth, Chebyshev II and notch is signal::zero_phase, bit for bit. The mean of zero phase
// runs forward and backward, too (so it weighs by a triangle), with odd padding of 3 widths; its width is round(fs ·
// seconds), at least 1. The running median's width is the odd number of samples at or next above round(fs · seconds);
// beyond the ends the signal is 0, as in the system that uses it. A causal filter starts in the steady state of the
// first sample and its delay is compensated in whole samples: the group delay at 0 Hz for low, stop and notch, in the
// geometric middle of a band, half-way between the cut-off and fs / 2 for high, and (width − 1) / 2 for the mean. The
// samples that this needs beyond the end are the odd continuation. Throws kUsage for a cut-off that is not below half
// of fs.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "prepare/profile.h"
#include "signal/filter.h"

namespace cfm::prepare {

class FilterChain {
 public:
  // fs in Hz; where: what messages name.
  FilterChain(const std::vector<FilterSpec>& filters, double fs, const std::string& where);
  bool empty() const { return stages_.empty(); }
  std::size_t delay(std::size_t filter) const { return stages_[filter].delay; }
  void run(std::span<float> rows, std::size_t channels) const;

 private:
  struct Stage {
    FilterKind kind;
    Phase phase;
    signal::Sos sos;                     // of kButterworth, kChebyshev2, kNotch
    std::size_t width = 1;               // samples, of kMean, kMinusMedian
    std::size_t padding = 0, delay = 0;  // samples
  };
  class Block;
  std::vector<Stage> stages_;
  std::size_t margin_ = 0;  // samples around a signal that some stage needs
};

}  // namespace cfm::prepare
