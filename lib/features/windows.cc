#include "features/windows.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "features/numbers.h"
#include "signal/filter.h"
#include "signal/moments.h"
#include "signal/spectrum.h"

namespace cfm::features {
namespace {

constexpr double kThreshold = 0.2;  // of the largest sample (Arafat et al. 2011)
constexpr double kAbout = 0.75;  // Hz either side of the dominant frequency: the width of a peak of a 3-s Hann window
constexpr double kPeriodRate = 50;  // Hz at least, at which periods are looked for: twice the band and some
constexpr double kBetter = 0.05;    // by which a longer period must agree better, else it is a multiple
constexpr double kShift = 1;        // s from window to window

double leakage(std::span<const float> x) {
  double sum = 0, steps = 0;
  for (std::size_t i = 1; i < x.size(); ++i) {
    sum += std::abs(static_cast<double>(x[i]));
    steps += std::abs(static_cast<double>(x[i]) - static_cast<double>(x[i - 1]));
  }
  if (!(steps > 0)) return kNaN;
  const auto half = static_cast<std::size_t>(std::floor(std::numbers::pi * sum / steps + 0.5));
  if (half >= x.size()) return kNaN;
  double left = 0, all = 0;
  for (std::size_t i = half; i < x.size(); ++i) {
    const double a = static_cast<double>(x[i]), b = static_cast<double>(x[i - half]);
    left += std::abs(a + b);
    all += std::abs(a) + std::abs(b);
  }
  return all > 0 ? left / all : kNaN;
}

void spectrum_of(std::span<const float> x, double fs, const WindowKind& kind, WindowMeasures& m) {
  const signal::Spectrum s =
      signal::welch(x, fs, {.segment = x.size(), .overlap = 0, .fft = signal::smooth_at_least(2 * x.size())});
  const auto first = static_cast<std::size_t>(std::ceil(kind.low / s.step));
  const auto last = std::min(s.density.size(), static_cast<std::size_t>(kind.high / s.step) + 1);
  if (first + 1 >= last) return;
  double m0 = 0, m2 = 0, m4 = 0;
  std::size_t top = first;
  for (std::size_t k = first; k < last; ++k) {
    const double p = s.density[k], f2 = std::pow(static_cast<double>(k) * s.step, 2);
    m0 += p;
    m2 += p * f2;
    m4 += p * f2 * f2;
    if (p > s.density[top]) top = k;
  }
  if (!(m0 > 0)) return;
  double about = 0, entropy = 0;
  for (std::size_t k = first; k < last; ++k) {
    const double p = s.density[k] / m0;
    if (p > 0) entropy -= p * std::log(p);
    const double away = (static_cast<double>(k) - static_cast<double>(top)) * s.step;
    if (std::abs(away) <= kAbout) about += p;
  }
  m.purity = m2 * m2 / (m0 * m4);
  m.dominant = static_cast<double>(top) * s.step;
  m.concentration = about;
  m.entropy = entropy / std::log(static_cast<double>(last - first));
}

void period_of(std::span<const float> x, double fs, const WindowKind& kind, WindowMeasures& m) {
  const auto every = static_cast<std::size_t>(std::max(1.0, std::floor(fs / kPeriodRate)));
  std::vector<double> y;
  for (std::size_t i = 0; i < x.size(); i += every) y.push_back(static_cast<double>(x[i]));
  const double rate = 60 * fs / static_cast<double>(every);  // samples a minute
  const auto from = static_cast<std::size_t>(std::max(1.0, rate / kind.fastest)),
             until = std::min(y.size() * 2 / 3, static_cast<std::size_t>(rate / kind.slowest) + 1);
  double best = kNaN;
  std::vector<double> r(until + 2, 0.0);
  for (std::size_t lag = from - 1; lag < until + 2 && lag < y.size(); ++lag) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = lag; i < y.size(); ++i) {
      ab += y[i] * y[i - lag];
      aa += y[i] * y[i];
      bb += y[i - lag] * y[i - lag];
    }
    r[lag] = aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
  }
  for (std::size_t lag = from; lag <= until; ++lag) {
    if (r[lag] < r[lag - 1] || r[lag] < r[lag + 1]) continue;
    if (std::isnan(best) || r[lag] > best + kBetter) {
      best = r[lag];
      m.cycle = rate / static_cast<double>(lag);
    }
  }
  m.periodicity = best;
}

}  // namespace

std::vector<float> window_band(std::span<const float> x, double fs, const WindowKind& kind) {
  return signal::zero_phase(signal::butterworth(2, signal::Band::kBand, kind.low, std::min(kind.high, 0.45 * fs), fs),
                            x);
}

std::vector<WindowMeasures> measure_windows(std::span<const float> band, double fs, const WindowKind& kind) {
  std::vector<WindowMeasures> out;
  const std::size_t n = std::min(band.size(), static_cast<std::size_t>(kind.seconds * fs));
  const auto step = static_cast<std::size_t>(std::max(1.0, kShift * fs));
  for (std::size_t end = band.size(); end >= n && n > 0; end -= step) {
    const std::span<const float> x = band.subspan(end - n, n);
    WindowMeasures m;
    m.amplitude = signal::moments(x).sd;
    if (m.amplitude > 0) {
      const auto [low, high] = signal::extremes(x);
      const double limit = kThreshold * static_cast<double>(std::max(std::abs(low), std::abs(high)));
      m.crossing = static_cast<double>(
                       std::ranges::count_if(x, [&](float v) { return std::abs(static_cast<double>(v)) > limit; })) /
                   static_cast<double>(n);
      m.leakage = leakage(x);
      spectrum_of(x, fs, kind, m);
      period_of(x, fs, kind, m);
    }
    out.push_back(m);
    if (end < step) break;
  }
  return out;
}

void put_windows(Sheet& sheet, std::string_view of, std::span<const WindowMeasures> windows) {
  using M = WindowMeasures;
  constexpr std::pair<std::string_view, double M::*> kMeasures[] = {{"purity", &M::purity},
                                                                    {"leakage", &M::leakage},
                                                                    {"crossing", &M::crossing},
                                                                    {"dominant", &M::dominant},
                                                                    {"concentration", &M::concentration},
                                                                    {"entropy", &M::entropy},
                                                                    {"periodicity", &M::periodicity},
                                                                    {"cycle", &M::cycle}};
  for (const auto& [name, measure] : kMeasures) {
    const std::vector<double> values = each(windows, measure);
    sheet.put(of, name, median(values));
    sheet.put(of, std::string(name) + "_highest", highest(values));
    sheet.put(of, std::string(name) + "_lowest", lowest(values));
  }
  const std::vector<double> amplitudes = each(windows, &M::amplitude);
  sheet.put(of, "amplitude_spread", std::log(ratio(highest(amplitudes), lowest(amplitudes))));
}

}  // namespace cfm::features
