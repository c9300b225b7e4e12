#include "features/rr_measures.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "features/numbers.h"
#include "signal/moments.h"

namespace cfm::features {
namespace {

constexpr std::size_t kLeast = 5;                  // intervals
constexpr double kTolerance = 0.03;                // s, of sample entropy, widened until …
constexpr double kLeastMatches = 5;                // … as many templates match (Lake & Moorman 2011)
constexpr double kBin = 0.04, kOrigin = 0.02;      // s, of the Lorenz plot (Sarkar 2008: 40 ms)
constexpr double kPremature = 0.85, kPause = 1.1;  // of the median around
constexpr std::size_t kAround = 4;                 // intervals on either side

double coefficient_of_entropy(std::span<const double> rr, double mean) {
  const std::size_t n = rr.size() - 1;  // templates of one interval that another follows
  for (double r = kTolerance; r < 2; r *= 1.3) {
    double alike = 0, followed = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i + 1; j < n; ++j) {
        if (!(std::abs(rr[i] - rr[j]) < r)) continue;
        alike += 1;
        followed += std::abs(rr[i + 1] - rr[j + 1]) < r ? 1 : 0;
      }
    if (followed >= kLeastMatches) return -std::log(followed / alike) + std::log(2 * r) - std::log(mean);
  }
  return kNaN;
}

double lorenz_evidence(std::span<const double> steps) {
  std::map<std::pair<long, long>, int> places;
  double origin = 0, pairs = 0, shared = 0;
  for (std::size_t i = 1; i < steps.size(); ++i, pairs += 1) {
    if (std::abs(steps[i]) < kOrigin && std::abs(steps[i - 1]) < kOrigin) {
      origin += 1;
      continue;
    }
    shared += ++places[{std::lround(steps[i - 1] / kBin), std::lround(steps[i] / kBin)}] > 1 ? 1 : 0;
  }
  return (static_cast<double>(places.size()) - origin - 2 * shared) / pairs;
}

}  // namespace

RrMeasures measure_rr(std::span<const double> rr) {
  RrMeasures m;
  if (rr.size() < kLeast) return m;
  const double middle = median(rr);
  const signal::Moments all = signal::moments(rr);
  m.rate = 60 / middle;
  m.fastest = 60 / quantile(rr, 0.05);
  m.longest = quantile(rr, 1) / middle;
  m.shortest = quantile(rr, 0) / middle;
  m.sd = all.sd / all.mean;

  std::vector<double> steps, sizes, sums;
  double squares = 0, over = 0, next = 0;
  for (std::size_t i = 1; i < rr.size(); ++i) {
    steps.push_back(rr[i] - rr[i - 1]);
    sums.push_back(rr[i] + rr[i - 1]);
    sizes.push_back(std::abs(steps.back()));
    squares += steps.back() * steps.back();
    over += sizes.back() > 0.05 ? 1 : 0;
    if (i > 1) next += steps[i - 1] * steps[i - 2];
  }
  const auto n = static_cast<double>(steps.size());
  m.rmssd = std::sqrt(squares / n) / all.mean;
  m.jitter = median(sizes) / middle;
  m.pnn50 = over / n;
  m.roundness =
      ratio(signal::moments(std::span<const double>(steps)).sd, signal::moments(std::span<const double>(sums)).sd);
  m.alternating = ratio(next / (n - 1), squares / n);
  m.entropy = coefficient_of_entropy(rr, all.mean);
  m.evidence = lorenz_evidence(steps);

  std::vector<double> others;
  double turns = 0, premature = 0, pauses = 0;
  for (std::size_t i = 0; i < rr.size(); ++i) {
    if (i > 0 && i + 1 < rr.size()) turns += (rr[i] - rr[i - 1]) * (rr[i] - rr[i + 1]) > 0 ? 1 : 0;
    others.clear();
    for (std::size_t k = i - std::min(i, kAround); k < std::min(i + kAround + 1, rr.size()); ++k)
      if (k != i) others.push_back(rr[k]);
    const double around = median(others);
    if (rr[i] > kPremature * around) continue;
    premature += 1;
    pauses += i + 1 < rr.size() && rr[i + 1] > kPause * around ? 1 : 0;
  }
  m.turning = turns / (n - 1);
  m.premature = premature / static_cast<double>(rr.size());
  m.pauses = pauses / static_cast<double>(rr.size());
  return m;
}

}  // namespace cfm::features
