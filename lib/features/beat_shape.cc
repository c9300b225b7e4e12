#include "features/beat_shape.h"

#include <algorithm>
#include <cmath>

#include "delineate/median_beat.h"
#include "features/numbers.h"

namespace cfm::features {
namespace {

constexpr double kShift = 0.04;  // s either way, in which a beat is laid over the median beat

double likeness(std::span<const float> band, double fs, const delineate::MedianBeat& median, double mark) {
  const auto size = static_cast<std::ptrdiff_t>(band.size()), n = static_cast<std::ptrdiff_t>(median.samples.size());
  const auto first = std::lround(mark) - std::lround(median.r), shift = std::lround(kShift * fs);
  double best = kNaN;
  for (auto from = std::max<std::ptrdiff_t>(0, first - shift); n > 0 && from <= std::min(first + shift, size - n);
       ++from)
    best = std::fmax(best,
                     correlation(band.subspan(static_cast<std::size_t>(from), median.samples.size()), median.samples));
  return best;
}

}  // namespace

std::vector<BeatShape> beat_shapes(std::span<const float> band, double fs, std::span<const double> marks) {
  const delineate::MedianBeat median =
      delineate::median_beat(band, fs, marks, {.before = kBeatReach, .after = kBeatReach});
  const auto size = static_cast<std::ptrdiff_t>(band.size()), reach = static_cast<std::ptrdiff_t>(kBeatReach * fs);
  std::vector<BeatShape> out;
  for (const double mark : marks) {
    BeatShape beat{.time = mark / fs};
    double area = 0, top = 0, low = 0, slope = 0;
    const auto at = std::lround(mark);
    for (auto k = std::max<std::ptrdiff_t>(1, at - reach); k < std::min(size, at + reach + 1); ++k) {
      const double v = static_cast<double>(band[static_cast<std::size_t>(k)]);
      area += std::abs(v);
      top = std::max(top, v);
      low = std::min(low, v);
      slope = std::max(slope, std::abs(v - static_cast<double>(band[static_cast<std::size_t>(k - 1)])));
    }
    beat.height = top - low;
    beat.width = ratio(area, std::max(top, -low)) / fs;
    beat.rise = ratio(beat.height, slope) / fs;
    beat.likeness = likeness(band, fs, median, mark);
    out.push_back(beat);
  }
  return out;
}

std::vector<Run> runs_of(std::span<const BeatShape> beats) {
  std::vector<Run> out;
  for (std::size_t i = 0; i + kRunBeats <= beats.size(); ++i) {
    const auto run = beats.subspan(i, kRunBeats);
    const double start = run.front().time, end = run.back().time;
    out.push_back({.start = start,
                   .end = end,
                   .rate = 60 * static_cast<double>(kRunBeats - 1) / (end - start),
                   .width = median(each(run, &BeatShape::width)),
                   .rise = median(each(run, &BeatShape::rise)),
                   .height = median(each(run, &BeatShape::height)),
                   .likeness = median(each(run, &BeatShape::likeness))});
  }
  return out;
}

Run fullest(std::span<const Run> runs) {
  Run best;
  for (const Run& run : runs)
    if (!(best.filled() >= run.filled())) best = run;
  return best;
}

}  // namespace cfm::features
