#include "delineate/median_beat.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/error.h"

namespace cfm::delineate {
namespace {

constexpr double kSmallest = 0.5, kLargest = 2;  // standard deviation of a beat, against the reference

struct Layout {
  std::int64_t before, after, core, shift;  // samples
  std::size_t size() const { return static_cast<std::size_t>(before + after + 1); }
};

// Sample by sample the median of x around `places`; what is missing there is left out.
std::vector<float> median_of(std::span<const float> x, const std::vector<std::int64_t>& places, const Layout& l) {
  std::vector<float> out(l.size()), values;
  for (std::size_t i = 0; i < out.size(); ++i) {
    values.clear();
    for (const std::int64_t place : places) {
      const float v = x[static_cast<std::size_t>(place - l.before) + i];
      if (std::isfinite(v)) values.push_back(v);
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    out[i] = values.empty() ? NAN : *middle;
    if (!values.empty() && values.size() % 2 == 0) out[i] = (out[i] + *std::max_element(values.begin(), middle)) / 2;
  }
  return out;
}

struct Agreement {
  double correlation = -1, gain = 0;
};

Agreement compare(std::span<const float> x, std::int64_t place, const std::vector<float>& reference, const Layout& l) {
  double n = 0, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (std::int64_t d = -l.core; d <= l.core; ++d) {
    const auto a = static_cast<double>(reference[static_cast<std::size_t>(l.before + d)]);
    const auto b = static_cast<double>(x[static_cast<std::size_t>(place + d)]);
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    n += 1, sa += a, sb += b, saa += a * a, sbb += b * b, sab += a * b;
  }
  const double va = saa - sa * sa / n, vb = sbb - sb * sb / n, ab = sab - sa * sb / n;
  if (!(va > 0) || !(vb > 0) || n < static_cast<double>(l.core)) return {};
  return {ab / std::sqrt(va * vb), std::sqrt(vb / va)};
}

}  // namespace

MedianBeat median_beat(std::span<const float> x, double fs, std::span<const double> beats, const MedianBeatOptions& o) {
  if (!(fs > 0) || !std::isfinite(fs))
    throw Error(Status::kUsage, "median beat at {} Hz: a positive rate is needed", fs);
  const auto samples = [&](double seconds) { return static_cast<std::int64_t>(std::llround(seconds * fs)); };
  const Layout l{samples(o.before), samples(o.after), std::min({samples(o.core), samples(o.before), samples(o.after)}),
                 samples(o.shift)};
  const auto last = static_cast<std::int64_t>(x.size()) - 1;
  std::vector<std::int64_t> places;
  for (const double beat : beats) {
    const auto place = static_cast<std::int64_t>(std::llround(beat));
    if (place - l.before - l.shift >= 0 && place + l.after + l.shift <= last) places.push_back(place);
  }
  MedianBeat m;
  m.r = static_cast<double>(l.before);
  if (places.empty()) return m;

  std::vector<std::int64_t> kept = places;
  double shifts = 0;                      // of all that are kept
  for (int turn = 0; turn < 2; ++turn) {  // the second against a reference of aligned, like beats
    const std::vector<float> reference = median_of(x, kept, l);
    kept.clear();
    shifts = 0;
    for (const std::int64_t place : places) {
      Agreement best;
      std::int64_t at = place;
      for (std::int64_t shift = -l.shift; shift <= l.shift; ++shift) {
        const Agreement a = compare(x, place + shift, reference, l);
        if (a.correlation > best.correlation) best = a, at = place + shift;
      }
      if (best.correlation < o.correlation || best.gain < kSmallest || best.gain > kLargest) continue;
      kept.push_back(at);
      shifts += static_cast<double>(at - place);
    }
    if (kept.empty()) kept = places;
  }
  m.samples = median_of(x, kept, l);
  m.r -= shifts / static_cast<double>(kept.size());
  m.used = kept.size();
  m.left_out = beats.size() - kept.size();
  return m;
}

}  // namespace cfm::delineate
