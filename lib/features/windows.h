// What a wave is like over windows of some seconds: regular or not, wide or narrow, of one frequency or many.
//
//   const std::vector<float> band = window_band(x, 250, kEcgWindows);         // x: [samples], no gaps
//   std::vector<WindowMeasures> w = measure_windows(band, 250, kEcgWindows);
//
// Windows end at the end of x and begin a second apart; the whole of x where it is shorter. Measures of ventricular
// fibrillation and tachycardia in the literature:
//   purity         of the spectrum: m2^2 / (m0 m4), 1 for a sine (Fallet, Yazdani & Vesin 2015, Comput Cardiol 42)
//   leakage        of a filter that stops the mean frequency, 0 for a sine (Kuo & Dillman 1978)
//   crossing       share of samples beyond a fifth of the largest (Arafat et al. 2011, threshold crossing)
//   dominant       frequency of the largest density, Hz
//   concentration  share of the power within 0.75 Hz of it
//   entropy        of the normalised spectrum, 0 to 1
//   periodicity    largest autocorrelation at lags of one period, the first of equals
//   cycle          that lag's rate, 1/min
//   amplitude      SD, unit of x
// put_windows() tells of each the median, the highest and the lowest, and of the amplitude the logarithm of the highest
// over the lowest (amplitude_spread).
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "features/sheet.h"

namespace cfm::features {

struct WindowKind {
  double low, high;         // Hz, band that is looked at
  double seconds;           // of a window
  double slowest, fastest;  // 1/min, periods that are looked for
};
// Chosen for what the waves hold, not swept; a pulse's band is that of Elgendi et al. 2013.
inline constexpr WindowKind kEcgWindows{0.7, 20, 3, 60, 300};
inline constexpr WindowKind kPulseWindows{0.5, 8, 4, 40, 240};

struct WindowMeasures {
  double purity = kNaN, leakage = kNaN, crossing = kNaN, dominant = kNaN, concentration = kNaN, entropy = kNaN,
         periodicity = kNaN, cycle = kNaN, amplitude = kNaN;
};

// The band that windows look at, with zero phase.
std::vector<float> window_band(std::span<const float> x, double fs, const WindowKind& kind);
std::vector<WindowMeasures> measure_windows(std::span<const float> band, double fs, const WindowKind& kind);
void put_windows(Sheet& sheet, std::string_view of, std::span<const WindowMeasures> windows);

}  // namespace cfm::features
