// The beats of an ECG lead laid over each other.
//
//   AlignedBeats a = align_beats(x, 300, detect_beats(x, 300));
//   for (std::ptrdiff_t at : a.places) correlation(a.about(at, -a.before, a.after), a.beat);
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace cfm::features {

struct AlignedBeats {
  std::vector<float> x;                  // 0.5 to 40 Hz, gaps bridged
  double fs = 0;                         // Hz
  std::vector<float> beat;               // their median; empty where there is none
  std::ptrdiff_t before = 0, after = 0;  // samples of `beat` either side of the mark
  std::vector<std::ptrdiff_t> places;    // of the marks in x, moved to where the QRS agrees best; beats that are whole

  std::ptrdiff_t samples(double seconds) const { return std::lround(seconds * fs); }
  // from, to: samples about a mark, which is at `at` of x; of the median beat.
  std::span<const float> about(std::ptrdiff_t at, std::ptrdiff_t from, std::ptrdiff_t to) const {
    return std::span(x).subspan(static_cast<std::size_t>(at + from), static_cast<std::size_t>(to - from));
  }
  std::span<const float> of_median(std::ptrdiff_t from, std::ptrdiff_t to) const {
    return std::span(beat).subspan(static_cast<std::size_t>(before + from), static_cast<std::size_t>(to - from));
  }
};

inline constexpr double kQrsReach = 0.06;  // s either side of the mark, where QRS complexes are compared

// x: [samples], NaN = missing; 100 Hz and up. marks: samples, ascending.
AlignedBeats align_beats(std::span<const float> x, double fs, std::span<const double> marks);

// x without its beats: the median beat, scaled to each QRS, is taken off, and a line put through the QRS, of which
// always something stays. As long as x.
std::vector<float> without_beats(const AlignedBeats& a);

}  // namespace cfm::features
