#include "features/aligned_beats.h"

#include <algorithm>
#include <limits>

#include "delineate/median_beat.h"
#include "features/numbers.h"
#include "signal/filter.h"
#include "signal/gaps.h"

namespace cfm::features {
namespace {

constexpr double kBefore = 0.3, kAfter = 0.45;         // s of a beat
constexpr double kShift = 0.03;                        // s that a mark may be moved
constexpr double kQrsBefore = 0.05, kQrsAfter = 0.06;  // s in which a residual says nothing
constexpr double kTakenBefore = 0.2;                   // s, from P on: the T before it is another beat's
constexpr double kMostGain = 2;                        // of the median beat

}  // namespace

AlignedBeats align_beats(std::span<const float> x, double fs, std::span<const double> marks) {
  AlignedBeats a{.x = {x.begin(), x.end()}, .fs = fs, .beat = {}, .places = {}};
  if (x.empty()) return a;
  signal::bridge_gaps(a.x);
  a.x = signal::zero_phase(signal::butterworth(2, signal::Band::kBand, 0.5, 40, fs), a.x);
  delineate::MedianBeat median = delineate::median_beat(a.x, fs, marks, {.before = kBefore, .after = kAfter});
  if (median.samples.empty()) return a;
  a.before = std::lround(median.r);
  a.after = static_cast<std::ptrdiff_t>(median.samples.size()) - a.before;
  a.beat = std::move(median.samples);
  const std::ptrdiff_t q = a.samples(kQrsReach), shift = a.samples(kShift);
  const auto n = static_cast<std::ptrdiff_t>(a.x.size());
  for (const double mark : marks) {
    const std::ptrdiff_t middle = std::lround(mark);
    std::ptrdiff_t place = 0;
    double most = -2;
    for (auto at = std::max(middle - shift, a.before); at <= std::min(middle + shift, n - a.after); ++at) {
      const double r = correlation(a.about(at, -q, q), a.of_median(-q, q));
      if (!(r > most)) continue;
      most = r;
      place = at;
    }
    if (most > -2) a.places.push_back(place);
  }
  return a;
}

std::vector<float> without_beats(const AlignedBeats& a) {
  std::vector<float> rest = a.x;
  const std::ptrdiff_t q = a.samples(kQrsReach), before = a.samples(kTakenBefore);
  const auto n = static_cast<std::ptrdiff_t>(rest.size());
  for (std::size_t i = 0; i < a.places.size(); ++i) {
    const std::ptrdiff_t at = a.places[i];
    // Up to where the next beat begins.
    std::ptrdiff_t end = a.after;
    if (i + 1 < a.places.size()) end = std::clamp(a.places[i + 1] - before - at, a.samples(kQrsAfter), a.after);
    const auto own = a.about(at, -q, q), median = a.of_median(-q, q);
    double product = 0, square = 0;
    for (std::size_t k = 0; k < own.size(); ++k) {
      product += static_cast<double>(own[k]) * static_cast<double>(median[k]);
      square += static_cast<double>(median[k]) * static_cast<double>(median[k]);
    }
    const auto gain = static_cast<float>(square > 0 ? std::clamp(product / square, 0.0, kMostGain) : 0);
    for (std::ptrdiff_t k = -before; k < end; ++k)
      rest[static_cast<std::size_t>(at + k)] -= gain * a.beat[static_cast<std::size_t>(a.before + k)];
  }
  for (const std::ptrdiff_t at : a.places)
    std::fill(rest.begin() + std::max<std::ptrdiff_t>(0, at - a.samples(kQrsBefore)),
              rest.begin() + std::min(n, at + a.samples(kQrsAfter)), std::numeric_limits<float>::quiet_NaN());
  signal::bridge_gaps(rest);
  return rest;
}

}  // namespace cfm::features
