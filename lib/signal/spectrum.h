// Spectra: real FFT of any length, Welch's density, band power.
//
//   RealFft<double> fft(9000); fft.forward(x, bins);                    // bins[k] = sum x[i] exp(-2 pi j k i / n)
//   Spectrum s = welch(x, 250, {.segment = 512, .overlap = 256});      // s.density[k] at k * s.step Hz, unit^2/Hz
//   double ratio = band_power(s, 5, 15) / band_power(s, 5, 40);
//
// Plans (FFTW, estimated, so the same on every run) are made once a length and shared; all functions may be called from
// several threads. Welch 1967: one-sided density, periodic window, a last segment that is not full is dropped.
#pragma once

#include <complex>
#include <cstddef>
#include <new>
#include <span>
#include <vector>

namespace cfm::signal {

// Memory on which transforms run several times as fast.
template <typename T>
struct AlignedAllocator {
  static constexpr std::align_val_t kBoundary{64};  // bytes: a cache line, and more than any vector register
  using value_type = T;
  AlignedAllocator() = default;
  template <typename U>
  AlignedAllocator(const AlignedAllocator<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kBoundary)); }
  void deallocate(T* place, std::size_t) { ::operator delete(place, kBoundary); }
  bool operator==(const AlignedAllocator&) const = default;
};
template <typename T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

enum class Memory { kAny, kAligned };  // where arrays lie: anywhere, or at the begin of an AlignedVector

// T: float or double.
template <typename T>
class RealFft {
 public:
  explicit RealFft(std::size_t n, Memory memory = Memory::kAny);  // n >= 1
  std::size_t size() const { return n_; }
  std::size_t bins() const { return n_ / 2 + 1; }
  // in: n samples; out: n / 2 + 1 bins, no scaling.
  void forward(std::span<const T> in, std::span<std::complex<T>> out) const;
  // The inverse, scaled by 1 / n: inverse(forward(x)) == x. `in` is overwritten.
  void inverse(std::span<std::complex<T>> in, std::span<T> out) const;

 private:
  void check_place(const void* in, const void* out) const;

  std::size_t n_;
  Memory memory_;
  const void* plans_;
};

extern template class RealFft<float>;
extern template class RealFft<double>;

// Lengths without a prime factor above 5, of which transforms are quick; n >= 1.
std::size_t smooth_at_least(std::size_t n);
std::size_t smooth_at_most(std::size_t n);

enum class Window { kHann, kHamming, kBoxcar };
enum class Detrend { kNone, kConstant, kLinear };

struct WelchOptions {
  std::size_t segment = 256;  // samples; longer than the signal: the signal
  std::size_t overlap = 128;  // samples, less than segment
  std::size_t fft = 0;        // length of the transform; 0 = segment; longer: zero padding
  Window window = Window::kHann;
  Detrend detrend = Detrend::kConstant;  // of every segment, before the window
};

struct Spectrum {
  double step = 0;              // Hz between bins
  std::vector<double> density;  // unit^2/Hz at k * step
};

// An empty signal gives an empty density. Throws Error (kUsage) for lengths that make no sense.
Spectrum welch(std::span<const float> x, double fs, const WelchOptions& options = {});

// Trapezoid over the bins with low <= f <= high; 0 with fewer than two bins.
double band_power(const Spectrum& spectrum, double low, double high);

}  // namespace cfm::signal
