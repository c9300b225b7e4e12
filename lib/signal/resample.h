// From one sampling rate to another, band-limited, the delay compensated: sample 0 stays at t = 0.
//
//   std::vector<float> y = resample(x, 360, 300);          // y.size() == resampled_size(x.size(), 360, 300)
//   Resampler r(62.5, 125);
//   r.process(chunk, y); r.process(chunk, y); r.flush(y);  // appends; in chunks equals in one piece, bit for bit
//
// Rates in Hz, any positive ones, whole or not; samples are one channel. Linear phase, pass band to 0.91 of the lower
// Nyquist frequency within 0.01 dB, more than 100 dB of alias rejection (soxr, its very high quality recipe). The ends
// are extended with the first and the last value. Samples must be finite: a NaN spreads over its surroundings, so gaps
// are filled before. Throws Error (kUsage) for rates that are not positive and finite or too far apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace cfm::signal {

// round(n * fs_out / fs_in)
std::size_t resampled_size(std::size_t n, double fs_in, double fs_out);

class Resampler {
 public:
  Resampler(double fs_in, double fs_out);
  Resampler(Resampler&&) noexcept;
  Resampler& operator=(Resampler&&) noexcept;
  ~Resampler();

  // Appends what is ready.
  void process(std::span<const float> in, std::vector<float>& out);
  // Appends the rest, so that all calls together gave resampled_size(all samples in); then starts anew.
  void flush(std::vector<float>& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::vector<float> resample(std::span<const float> in, double fs_in, double fs_out);

}  // namespace cfm::signal
