#include "delineate/wave_choice.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace cfm::delineate {
namespace {

// Swept on LUDB (100 records), where no other source is named; see the commit.
constexpr double kTPlace = 0.34, kTPlaceWidth = 0.15;    // s; the place times sqrt(RR / 1 s), as QT
constexpr double kPPlace = -0.105, kPPlaceWidth = 0.15;  // s; median of the reference's P peaks
constexpr double kVoteWeight = 3, kVoteReach = 0.07;     // s: so far apart, peaks are not the same wave
constexpr std::size_t kVoters = 4;                       // beats, either side
constexpr double kShapeHalf = 0.064;                     // s either side of the peak of P that is compared
constexpr double kPresence = 0.85;                       // coherence and correlation that make a P wave, of 2
constexpr double kIrregularWeight = 5.0, kMostIrregular = 0.5;
constexpr double kPremature = 0.8;  // of the median interval
constexpr double kFewest = 3;       // beats that can be compared
constexpr double kStandsOut = 2.0;  // times the upper quartile of the slopes around

double bell(double z) { return 1 / (1 + z * z); }

// Every candidate gets the mean, over the beats around, of what they have in the same place and of the same sign.
void vote(std::deque<MeasuredBeat>& beats, std::size_t k, Around around, std::vector<Candidate> MeasuredBeat::*list) {
  const std::size_t from = std::max(around.from, k >= kVoters ? k - kVoters : 0),
                    to = std::min(around.to, k + kVoters + 1);
  for (Candidate& c : beats[k].*list) {
    double sum = 0;
    for (std::size_t j = from; j < to; ++j) {
      if (j == k) continue;
      double best = 0;
      for (const Candidate& other : beats[j].*list)
        if (other.before * c.before > 0)
          best = std::max(best, other.score * std::max(0.0, 1 - std::abs(other.place - c.place) / kVoteReach));
      sum += std::min(best, 2 * c.score);
    }
    c.votes = to - from > 1 ? sum / static_cast<double>(to - from - 1) : 0;
  }
}

const Candidate* best_of(const std::vector<Candidate>& list, double after) {
  const Candidate* best = nullptr;
  const auto worth = [](const Candidate& c) { return c.score + kVoteWeight * c.votes; };
  for (const Candidate& c : list)
    if (c.wave.peak > after && (best == nullptr || worth(c) > worth(*best))) best = &c;
  return best;
}

// Intervals between the beats around: their median, and how much they change from one to the next, in parts of it.
// Changes into and out of a premature beat do not count: ectopy is no fibrillation.
struct Rhythm {
  double median = 0, irregularity = 0;
};

Rhythm rhythm_of(const std::deque<MeasuredBeat>& beats, Around around) {
  Series intervals;
  for (std::size_t j = around.from + 1; j < around.to; ++j) intervals.push_back(beats[j].at - beats[j - 1].at);
  if (intervals.empty()) return {};
  Series sorted = intervals;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const double median = *middle;
  if (!(median > 0)) return {};
  const auto is_premature = [&](std::size_t i) { return intervals[i] < kPremature * median; };
  double changes = 0, n = 0;
  for (std::size_t i = 1; i < intervals.size(); ++i) {
    if (is_premature(i) || is_premature(i - 1) || (i > 1 && is_premature(i - 2))) continue;
    changes += std::abs(intervals[i] - intervals[i - 1]);
    n += 1;
  }
  return {median, n > 0 ? std::min(kMostIrregular, changes / n / median) : 0};
}

// Whether the candidate stands out of what is before the QRS, in want of other beats.
bool stands_out(const Series& shape, const Candidate& p, int from, int to) {
  Series rest;
  for (int i = 0; i < kShapePoints; ++i)
    if (i < from || i > to) rest.push_back(std::abs(shape[i]));
  if (rest.empty()) return false;
  const auto upper = rest.begin() + static_cast<std::ptrdiff_t>(rest.size() * 3 / 4);
  std::nth_element(rest.begin(), upper, rest.end());
  return std::sqrt(std::abs(p.before * p.after)) > kStandsOut * *upper;
}

// A P wave goes along with its QRS. What is before the QRS in the place of the candidate is compared with the same
// place before the QRS of the beats around (premature ones left out), each scaled to the same power: the coherence of
// all (power of the mean over mean power, corrected for their number) and the mean correlation of this beat with them.
// Waves of atrial fibrillation and flutter, dissociated P waves and noise agree little; an irregular rhythm asks for
// more agreement.
bool is_present(const std::deque<MeasuredBeat>& beats, std::size_t k, Around around, const Candidate& p) {
  const int middle = kShapePoints + static_cast<int>(p.place / kShapeStep),
            half = static_cast<int>(kShapeHalf / kShapeStep);
  const int from = std::max(0, middle - half), to = std::min(kShapePoints - 1, middle + half);
  const auto dot = [&](const Series& a, const Series& b, int shift_a, int shift_b) {
    double sum = 0;
    for (int i = from; i <= to; ++i)
      sum += a[std::clamp(i + shift_a, 0, kShapePoints - 1)] * b[std::clamp(i + shift_b, 0, kShapePoints - 1)];
    return sum;
  };
  const Series& own = beats[k].shape;
  const double power = dot(own, own, 0, 0);
  if (!(power > 0)) return false;
  const Rhythm rhythm = rhythm_of(beats, around);
  std::array<double, kShapePoints> sum{};
  const auto add = [&](const Series& shape, double energy) {
    for (int i = from; i <= to; ++i) sum[i] += shape[i] / std::sqrt(energy);
  };
  add(own, power);
  double n = 1, correlations = 0;
  for (std::size_t j = around.from; j < around.to; ++j) {
    if (j == k || (j > 0 && beats[j].at - beats[j - 1].at < kPremature * rhythm.median)) continue;
    const Series& other = beats[j].shape;
    const double energy = dot(other, other, 0, 0);
    if (!(energy > 0)) continue;
    double best = -1;
    for (int shift = -1; shift <= 1; ++shift) {
      const double shifted = dot(other, other, shift, shift);
      if (shifted > 0) best = std::max(best, dot(own, other, 0, shift) / std::sqrt(power * shifted));
    }
    correlations += best;
    add(other, energy);
    n += 1;
  }
  if (n < kFewest) return stands_out(own, p, from, to);
  double coherence = 0;
  for (int i = from; i <= to; ++i) coherence += sum[i] * sum[i] / (n * n);
  coherence = (n * coherence - 1) / (n - 1);
  return coherence + correlations / (n - 1) - kIrregularWeight * rhythm.irregularity > kPresence;
}

}  // namespace

double t_place_weight(double place, double interval) {
  return bell((place - kTPlace * std::sqrt(std::clamp(interval, 0.4, 1.2))) / kTPlaceWidth);
}
double p_place_weight(double place) { return bell((place - kPPlace) / kPPlaceWidth); }

const Candidate* choose_t(std::deque<MeasuredBeat>& beats, std::size_t k, Around around) {
  vote(beats, k, around, &MeasuredBeat::t);
  return best_of(beats[k].t, -1e300);
}

const Candidate* choose_p(std::deque<MeasuredBeat>& beats, std::size_t k, Around around, double after) {
  vote(beats, k, around, &MeasuredBeat::p);
  const Candidate* p = best_of(beats[k].p, after);
  return p != nullptr && is_present(beats, k, around, *p) ? p : nullptr;
}

}  // namespace cfm::delineate
