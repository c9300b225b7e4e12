#include "delineate/global.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace cfm::delineate {
namespace {

constexpr std::size_t kSupport = 3;  // other leads
// s, how near the supporting marks lie; swept on LUDB (12 leads), flat from half to twice these
constexpr double kPTolerance = 0.012, kQrsOnsetTolerance = 0.008, kQrsOffsetTolerance = 0.012, kTTolerance = 0.016;

std::vector<double> present(std::span<const double> marks) {
  std::vector<double> sorted;
  std::copy_if(marks.begin(), marks.end(), std::back_inserter(sorted), [](double m) { return std::isfinite(m); });
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

double median(const std::vector<double>& sorted) {
  if (sorted.empty()) return kNone;
  return (sorted[(sorted.size() - 1) / 2] + sorted[sorted.size() / 2]) / 2;
}

}  // namespace

double global_mark(std::span<const double> marks, Edge edge, double tolerance) {
  const std::vector<double> sorted = present(marks);
  if (sorted.empty()) return kNone;
  const std::size_t n = sorted.size(), support = std::min(kSupport, n - 1);
  for (std::size_t i = 0; i + support < n; ++i) {
    if (edge == Edge::kOnset && sorted[i + support] - sorted[i] <= tolerance) return sorted[i];
    if (edge == Edge::kOffset && sorted[n - 1 - i] - sorted[n - 1 - i - support] <= tolerance) return sorted[n - 1 - i];
  }
  return kNone;
}

BeatWaves global_waves(std::span<const BeatWaves> leads, double fs) {
  const auto marks = [&](auto get) {
    std::vector<double> all;
    for (const BeatWaves& lead : leads) all.push_back(get(lead));
    return all;
  };
  const auto edge_of = [&](Wave BeatWaves::*wave, double Wave::*mark, Edge edge, double tolerance) {
    const auto all = marks([&](const BeatWaves& b) { return b.*wave.*mark; });
    const double found = global_mark(all, edge, tolerance * fs);
    return std::isnan(found) ? median(present(all)) : found;
  };
  const auto count = [&](Wave BeatWaves::*wave) {
    return std::count_if(leads.begin(), leads.end(), [&](const BeatWaves& b) { return !std::isnan((b.*wave).peak); });
  };
  const auto over_leads = [&](Wave BeatWaves::*wave, double on_tolerance, double off_tolerance) {
    Wave w;
    if (count(wave) == 0 || 2 * count(wave) < count(&BeatWaves::qrs)) return w;
    w.onset = edge_of(wave, &Wave::onset, Edge::kOnset, on_tolerance);
    w.peak = median(present(marks([&](const BeatWaves& b) { return (b.*wave).peak; })));
    w.offset = edge_of(wave, &Wave::offset, Edge::kOffset, off_tolerance);
    return w;
  };
  BeatWaves all;
  all.beat = median(present(marks([](const BeatWaves& b) { return b.beat; })));
  all.qrs = over_leads(&BeatWaves::qrs, kQrsOnsetTolerance, kQrsOffsetTolerance);
  all.p = over_leads(&BeatWaves::p, kPTolerance, kPTolerance);
  all.t = over_leads(&BeatWaves::t, kTTolerance, kTTolerance);
  return all;
}

}  // namespace cfm::delineate
