#include "signal/spectrum.h"

#include <fftw3.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <mutex>
#include <numbers>

#include "base/error.h"

namespace cfm::signal {
namespace {

template <typename T>
struct Fftw;
template <>
struct Fftw<double> {
  using Plan = fftw_plan;
  using Bin = fftw_complex;
  static constexpr auto plan_forward = fftw_plan_dft_r2c_1d;
  static constexpr auto plan_inverse = fftw_plan_dft_c2r_1d;
  static constexpr auto run_forward = fftw_execute_dft_r2c;
  static constexpr auto run_inverse = fftw_execute_dft_c2r;
};
template <>
struct Fftw<float> {
  using Plan = fftwf_plan;
  using Bin = fftwf_complex;
  static constexpr auto plan_forward = fftwf_plan_dft_r2c_1d;
  static constexpr auto plan_inverse = fftwf_plan_dft_c2r_1d;
  static constexpr auto run_forward = fftwf_execute_dft_r2c;
  static constexpr auto run_inverse = fftwf_execute_dft_c2r;
};

// FFTW's planner may run in one thread at a time, whatever the precision; executing a plan is free.
std::mutex& planner() {
  static std::mutex mutex;
  return mutex;
}

template <typename T>
struct Plans {
  typename Fftw<T>::Plan forward, inverse;
};

// Plans live as long as the process.
template <typename T>
const Plans<T>& plans_of(std::size_t n, Memory memory) {
  static std::map<std::pair<std::size_t, Memory>, Plans<T>> cache;
  const std::lock_guard lock(planner());
  const auto at = cache.find({n, memory});
  if (at != cache.end()) return at->second;
  // Where arrays may lie anywhere the plan is of the unaligned kind, which gives the same bits wherever they lie.
  const unsigned flags = FFTW_ESTIMATE | (memory == Memory::kAny ? FFTW_UNALIGNED : 0U);
  AlignedVector<T> real(n);
  AlignedVector<std::complex<T>> bins(n / 2 + 1);
  auto* out = reinterpret_cast<typename Fftw<T>::Bin*>(bins.data());
  const int length = static_cast<int>(n);
  const Plans<T> plans{Fftw<T>::plan_forward(length, real.data(), out, flags | FFTW_PRESERVE_INPUT),
                       Fftw<T>::plan_inverse(length, out, real.data(), flags)};
  return cache.emplace(std::pair(n, memory), plans).first->second;
}

std::vector<double> make_window(Window kind, std::size_t n) {
  std::vector<double> window(n, 1.0);
  if (kind == Window::kBoxcar) return window;
  const double a = kind == Window::kHann ? 0.5 : 0.54;
  for (std::size_t i = 0; i < n; ++i)
    window[i] = a - (1 - a) * std::cos(2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n));
  return window;
}

// A window and its power; made once a length, for as long as the process lives.
struct WindowShape {
  std::vector<double> values;
  double power = 0;
};
const WindowShape& window_of(Window kind, std::size_t n) {
  static std::map<std::pair<Window, std::size_t>, WindowShape> cache;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  WindowShape& shape = cache[{kind, n}];
  if (shape.values.empty()) {
    shape.values = make_window(kind, n);
    for (const double w : shape.values) shape.power += w * w;
  }
  return shape;
}

bool is_smooth(std::size_t n) {
  for (const std::size_t prime : {2U, 3U, 5U})
    while (n % prime == 0) n /= prime;
  return n == 1;
}

// The samples without their trend, times the window.
void taper(std::span<const float> x, Detrend kind, std::span<const double> window, std::span<double> out) {
  const double n = static_cast<double>(x.size()), middle = (n - 1) / 2;
  double mean = 0, slope = 0;
  if (kind != Detrend::kNone) {
    std::array<double, 4> sums{};
    std::size_t i = 0;
    for (; i + 4 <= x.size(); i += 4)
      for (std::size_t k = 0; k < 4; ++k) sums[k] += static_cast<double>(x[i + k]);
    for (; i < x.size(); ++i) sums[0] += static_cast<double>(x[i]);
    mean = (sums[0] + sums[1] + sums[2] + sums[3]) / n;
  }
  if (kind == Detrend::kLinear && x.size() > 1) {
    double covariance = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      covariance += (static_cast<double>(i) - middle) * (static_cast<double>(x[i]) - mean);
    slope = covariance / (n * (n * n - 1) / 12);
    for (std::size_t i = 0; i < x.size(); ++i)
      out[i] = (static_cast<double>(x[i]) - (mean + slope * (static_cast<double>(i) - middle))) * window[i];
    return;
  }
  for (std::size_t i = 0; i < x.size(); ++i) out[i] = (static_cast<double>(x[i]) - mean) * window[i];
}

}  // namespace

std::size_t smooth_at_least(std::size_t n) {
  for (n = std::max<std::size_t>(n, 1); !is_smooth(n);) ++n;
  return n;
}

std::size_t smooth_at_most(std::size_t n) {
  for (n = std::max<std::size_t>(n, 1); !is_smooth(n);) --n;
  return n;
}

template <typename T>
RealFft<T>::RealFft(std::size_t n, Memory memory) : n_(n), memory_(memory), plans_(nullptr) {
  if (n == 0 || n > (std::size_t{1} << 30))
    throw Error(Status::kUsage, "a transform of {} samples: 1 to 2^30 are possible", n);
  plans_ = &plans_of<T>(n, memory);
}

template <typename T>
void RealFft<T>::check_place(const void* in, const void* out) const {
  constexpr std::uintptr_t kBoundary = 16;  // bytes: what FFTW asks for
  if (memory_ == Memory::kAny) return;
  if (reinterpret_cast<std::uintptr_t>(in) % kBoundary == 0 && reinterpret_cast<std::uintptr_t>(out) % kBoundary == 0)
    return;
  throw Error(Status::kBug, "transform of {} in aligned memory: an array is not", n_);
}

template <typename T>
void RealFft<T>::forward(std::span<const T> in, std::span<std::complex<T>> out) const {
  if (in.size() != n_ || out.size() != bins())
    throw Error(Status::kBug, "transform of {}: {} samples, {} bins", n_, in.size(), out.size());
  check_place(in.data(), out.data());
  Fftw<T>::run_forward(static_cast<const Plans<T>*>(plans_)->forward, const_cast<T*>(in.data()),
                       reinterpret_cast<typename Fftw<T>::Bin*>(out.data()));
}

template <typename T>
void RealFft<T>::inverse(std::span<std::complex<T>> in, std::span<T> out) const {
  if (out.size() != n_ || in.size() != bins())
    throw Error(Status::kBug, "inverse of {}: {} bins, {} samples", n_, in.size(), out.size());
  check_place(in.data(), out.data());
  Fftw<T>::run_inverse(static_cast<const Plans<T>*>(plans_)->inverse,
                       reinterpret_cast<typename Fftw<T>::Bin*>(in.data()), out.data());
  for (T& value : out) value /= static_cast<T>(n_);
}

template class RealFft<float>;
template class RealFft<double>;

Spectrum welch(std::span<const float> x, double fs, const WelchOptions& options) {
  if (options.segment == 0 || options.overlap >= options.segment)
    throw Error(Status::kUsage, "Welch density of segments of {} samples that overlap by {}", options.segment,
                options.overlap);
  const std::size_t length = std::min(options.segment, x.size());
  if (length == 0) return {};
  const std::size_t overlap = std::min(options.overlap, length - 1);
  const std::size_t n = options.fft == 0 ? length : options.fft;
  if (n < length)
    throw Error(Status::kUsage, "Welch density: a transform of {} is shorter than a segment of {}", n, length);

  const WindowShape& window = window_of(options.window, length);
  const RealFft<double> fft(n, Memory::kAligned);
  AlignedVector<double> piece(n, 0.0);
  AlignedVector<std::complex<double>> bins(fft.bins());
  Spectrum result{fs / static_cast<double>(n), std::vector<double>(fft.bins(), 0.0)};
  std::size_t count = 0;
  for (std::size_t from = 0; from + length <= x.size(); from += length - overlap, ++count) {
    taper(x.subspan(from, length), options.detrend, window.values, piece);
    fft.forward(piece, bins);
    for (std::size_t k = 0; k < bins.size(); ++k)
      result.density[k] += bins[k].real() * bins[k].real() + bins[k].imag() * bins[k].imag();
  }
  const double unit = 1 / (fs * window.power * static_cast<double>(count));
  for (std::size_t k = 0; k < bins.size(); ++k) {
    const bool single = k == 0 || (n % 2 == 0 && k == n / 2);
    result.density[k] *= single ? unit : 2 * unit;
  }
  return result;
}

double band_power(const Spectrum& spectrum, double low, double high) {
  const double last = static_cast<double>(spectrum.density.size());
  if (!(low < high) || !(spectrum.step > 0)) return 0;
  const auto begin = static_cast<std::size_t>(std::clamp(std::floor(low / spectrum.step), 1.0, std::max(1.0, last)));
  const auto end = static_cast<std::size_t>(std::clamp(std::ceil(high / spectrum.step) + 1, 0.0, last));
  double sum = 0;
  for (std::size_t k = begin; k < end; ++k) {
    const double from = static_cast<double>(k - 1) * spectrum.step, to = static_cast<double>(k) * spectrum.step;
    if (from >= low && to <= high) sum += (spectrum.density[k - 1] + spectrum.density[k]) / 2 * spectrum.step;
  }
  return sum;
}

}  // namespace cfm::signal
