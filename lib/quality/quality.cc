#include "quality/quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "delineate/beats.h"
#include "delineate/pulses.h"
#include "quality/quality_weights.h"
#include "quality/similarity.h"
#include "signal/moments.h"
#include "signal/spectrum.h"

namespace cfm::quality {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kShortest = 2;      // s of present samples that a score needs
constexpr double kFlatRun = 0.2;     // s
constexpr double kWelchSegment = 4;  // s
constexpr std::size_t kEntropyBins = 64;

constexpr std::array<std::string_view, 19> kNames = {
    "missing_fraction", "flat_fraction",        "clip_fraction",   "kurtosis",       "skewness",
    "entropy",          "noise_ratio",          "total_ratio",     "baseline_ratio", "quiet_ratio",
    "beat_ratio",       "template_correlation", "beat_similarity", "qrs_power",      "baseline_power",
    "high_frequency",   "band_power",           "perfusion",       "limit_fraction"};

// Where an index makes a reason.
constexpr double kFlat = 0.2, kClipped = 0.02, kMissing = 0.1, kLeadOff = 0.9;
constexpr double kDrift = 5, kNoise = 15, kMotion = 8;  // dB

struct Kind {
  double clip_run;        // s at the largest or smallest value
  double baseline_piece;  // s
  double quiet_piece;     // s
  double before, after;   // s of a beat around its mark
};
constexpr Kind kEcg = {0.02, 0.8, 0.08, 0.12, 0.2};
constexpr Kind kPulse = {0.08, 2.0, 0.2, 0.1, 0.4};

double decibel(double ratio) { return std::isnan(ratio) ? kNaN : std::clamp(10 * std::log10(ratio), -20.0, 60.0); }

// Gaps filled with a line between their ends, so that spectra can be taken.
std::vector<float> fill_gaps(std::span<const float> x) {
  std::vector<float> out(x.begin(), x.end());
  std::size_t last = x.size();  // the last present sample
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i])) continue;
    if (last == x.size())
      std::fill_n(out.begin(), i, x[i]);
    else
      for (std::size_t k = last + 1; k < i; ++k)
        out[k] = x[last] + (x[i] - x[last]) * static_cast<float>(k - last) / static_cast<float>(i - last);
    last = i;
  }
  if (last < x.size()) std::fill(out.begin() + static_cast<std::ptrdiff_t>(last), out.end(), x[last]);
  return out;
}

// Transforms are quick for lengths without large factors.
std::size_t smooth_length(double wanted) {
  auto n = std::max<std::size_t>(8, static_cast<std::size_t>(wanted));
  for (;; --n) {
    std::size_t rest = n;
    for (const std::size_t factor : {2U, 3U, 5U})
      while (rest % factor == 0) rest /= factor;
    if (rest == 1) return n;
  }
}

// Variance of the medians of pieces: what moves slower than a beat.
double baseline_variance(std::span<const float> x, double piece) {
  const auto n = std::max<std::size_t>(1, static_cast<std::size_t>(piece));
  std::vector<double> medians;
  std::vector<float> part;
  for (std::size_t from = 0; from + n <= x.size(); from += n) {
    part.assign(x.begin() + static_cast<std::ptrdiff_t>(from), x.begin() + static_cast<std::ptrdiff_t>(from + n));
    std::nth_element(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(n / 2), part.end());
    medians.push_back(static_cast<double>(part[n / 2]));
  }
  const double sd = signal::moments(medians).sd;
  return sd * sd;
}

// Lower quartile of the variance of short pieces about their own line: noise where the heart is still.
double quiet_variance(std::span<const float> x, double piece) {
  const auto n = std::max<std::size_t>(4, static_cast<std::size_t>(piece));
  const double count = static_cast<double>(n), middle = (count - 1) / 2, spread = count * (count * count - 1) / 12;
  std::vector<float> variances;
  variances.reserve(x.size() / n + 1);
  for (std::size_t from = 0; from + n <= x.size(); from += n) {
    const double origin = static_cast<double>(x[from]);
    double sum = 0, squares = 0, along = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double v = static_cast<double>(x[from + i]) - origin;
      sum += v;
      squares += v * v;
      along += v * (static_cast<double>(i) - middle);
    }
    variances.push_back(
        static_cast<float>(std::max(0.0, squares - sum * sum / count - along * along / spread) / count));
  }
  return signal::quantile(std::move(variances), 0.25);
}

struct Runs {
  double flat, clipped;  // fractions of the present samples
};

Runs find_runs(std::span<const float> x, double fs, double clip_run) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  std::size_t present = 0;
  for (const float v : x) {
    if (!std::isfinite(v)) continue;
    ++present;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  const double flat_length = std::max(2.0, kFlatRun * fs), clip_length = std::max(3.0, clip_run * fs);
  std::size_t flat = 0, clipped = 0;
  for (std::size_t i = 0; i < x.size();) {
    std::size_t end = i + 1;
    while (end < x.size() && x[end] == x[i]) ++end;
    const double length = static_cast<double>(end - i);
    if (std::isfinite(x[i]) && length >= flat_length) flat += end - i;
    if ((x[i] == low || x[i] == high) && length >= clip_length && low < high) clipped += end - i;
    i = end;
  }
  if (present == 0) return {kNaN, kNaN};
  return {static_cast<double>(flat) / static_cast<double>(present),
          static_cast<double>(clipped) / static_cast<double>(present)};
}

double share(const signal::Spectrum& s, double low, double high, double all_low, double all_high, double fs) {
  if (high > fs / 2) return kNaN;
  const double all = signal::band_power(s, all_low, std::min(all_high, fs / 2));
  return all > 0 ? signal::band_power(s, low, high) / all : kNaN;
}

double logistic(const Quality& q, std::span<const Weight> weights) {
  double sum = 0;
  for (const Weight& w : weights) {
    const double value = w.index.empty() ? 1.0 : (q.index(w.index) - w.mean) / w.sd;
    if (!std::isnan(value)) sum += w.weight * std::clamp(value, -3.0, 3.0);
  }
  return 1 / (1 + std::exp(-sum));
}

// What all kinds share. Returns the samples without gaps, empty when there are too few.
std::vector<float> begin(Quality& q, std::span<const float> x, double fs, const Kind& kind,
                         signal::Spectrum& spectrum) {
  const std::vector<float> there = signal::present(x);
  const double n = static_cast<double>(x.size()),
               missing = x.empty() ? 1.0 : (n - static_cast<double>(there.size())) / n;
  const Runs runs = find_runs(x, fs, kind.clip_run);
  const signal::Moments m = signal::moments(there);
  q.indices = {{"missing_fraction", missing},   {"flat_fraction", runs.flat},
               {"clip_fraction", runs.clipped}, {"kurtosis", m.kurtosis},
               {"skewness", m.skewness},        {"entropy", signal::shannon_entropy(there, kEntropyBins)}};
  if (static_cast<double>(there.size()) < kShortest * fs || !std::isfinite(m.sd)) {
    q.reasons.push_back("missing");
    return {};
  }
  std::vector<float> filled = fill_gaps(x);
  const std::size_t segment = smooth_length(kWelchSegment * fs);
  spectrum = signal::welch(filled, fs, {.segment = segment, .overlap = segment / 2});
  return filled;
}

// Ratios against the signal power, from the marks of beats or pulses.
void compare(Quality& q, std::span<const float> filled, double fs, std::span<const double> marks, double height,
             const Kind& kind) {
  const double power = height > 0 ? height * height / 8 : kNaN;
  const signal::Moments m = signal::moments(filled);
  const Similarity s = beat_similarity(filled, fs, marks, kind.before, kind.after);
  const double baseline = baseline_variance(filled, kind.baseline_piece * fs);
  const double quiet = quiet_variance(filled, kind.quiet_piece * fs);
  q.indices.emplace_back("noise_ratio", decibel(power / (baseline + quiet + (s.difference > 0 ? s.difference : 0))));
  q.indices.emplace_back("total_ratio", decibel(power / (m.sd * m.sd)));
  q.indices.emplace_back("baseline_ratio", decibel(power / baseline));
  q.indices.emplace_back("quiet_ratio", decibel(power / quiet));
  q.indices.emplace_back("beat_ratio", decibel(power / s.difference));
  q.indices.emplace_back("template_correlation", s.with_template);
  q.indices.emplace_back("beat_similarity", s.with_neighbour);
}

void finish(Quality& q, std::span<const Weight> weights, bool pulse_missing) {
  const double flat = q.index("flat_fraction"), missing = q.index("missing_fraction");
  const auto reason = [&](bool holds, std::string_view name) {
    if (holds) q.reasons.push_back(name);
  };
  reason(flat >= kFlat, "flat");
  reason(q.index("clip_fraction") >= kClipped, "clipped");
  reason(missing >= kMissing, "missing");
  reason(q.index("baseline_ratio") < kDrift, "drift");
  reason(q.index("quiet_ratio") < kNoise, "noise");
  reason(q.index("beat_ratio") < kMotion, "motion");
  reason(flat >= kLeadOff, "lead_off");
  reason(pulse_missing, "no_pulse");
  const double usable = std::max(0.0, 1 - missing) * std::max(0.0, 1 - flat);
  q.score = pulse_missing || flat >= kLeadOff ? 0 : logistic(q, weights) * usable;
}

Quality pulse_quality(std::span<const float> x, double fs, bool pressure, bool mmhg) {
  Quality q;
  signal::Spectrum spectrum;
  const std::vector<float> filled = begin(q, x, fs, kPulse, spectrum);
  if (filled.empty()) return q;
  const std::vector<delineate::Pulse> pulses = delineate::detect_pulses(x, fs);
  std::vector<double> marks;
  std::vector<float> heights;
  std::size_t outside = 0;
  for (const delineate::Pulse& p : pulses) {
    const auto foot = static_cast<std::size_t>(p.onset), top = static_cast<std::size_t>(p.systole);
    const double low = static_cast<double>(filled[foot]), high = static_cast<double>(filled[top]);
    marks.push_back((p.onset + p.systole) / 2);
    heights.push_back(static_cast<float>(high - low));
    const double mean = (high + 2 * low) / 3;
    outside += high > 300 || low < 20 || mean < 30 || mean > 200 || high - low < 20;
  }
  const double height = signal::median(heights);
  compare(q, filled, fs, marks, height, kPulse);
  q.indices.emplace_back("high_frequency", share(spectrum, 5, 15, 0.5, 15, fs));
  q.indices.emplace_back("band_power", share(spectrum, 0.5, 5, 0.1, 50, fs));
  if (pressure) {
    const double count = static_cast<double>(pulses.size());
    q.indices.emplace_back("limit_fraction", mmhg && count > 0 ? static_cast<double>(outside) / count : kNaN);
  } else {
    const double dc = std::abs(signal::moments(filled).mean);
    q.indices.emplace_back("perfusion", dc > height ? 100 * height / dc : kNaN);
  }
  finish(q, kPpgWeights, pulses.size() < 2 && q.index("flat_fraction") < kLeadOff);
  const double limits = q.index("limit_fraction");
  if (limits > 0) q.score *= 1 - limits;
  return q;
}

}  // namespace

double Quality::index(std::string_view name) const {
  const auto at = std::find_if(indices.begin(), indices.end(), [&](const auto& entry) { return entry.first == name; });
  return at == indices.end() ? kNaN : at->second;
}

Quality ecg_quality(std::span<const float> x, double fs) {
  Quality q;
  signal::Spectrum spectrum;
  const std::vector<float> filled = begin(q, x, fs, kEcg, spectrum);
  if (filled.empty()) return q;
  const std::vector<double> marks = delineate::detect_beats(x, fs);
  std::vector<float> heights;
  const auto reach = static_cast<std::ptrdiff_t>(std::max(1.0, 0.05 * fs));
  for (const double mark : marks) {
    const auto at = static_cast<std::ptrdiff_t>(mark), end = static_cast<std::ptrdiff_t>(filled.size());
    const auto [low, high] = std::minmax_element(filled.begin() + std::max<std::ptrdiff_t>(0, at - reach),
                                                 filled.begin() + std::min(end, at + reach + 1));
    heights.push_back(*high - *low);
  }
  compare(q, filled, fs, marks, signal::median(heights), kEcg);
  q.indices.emplace_back("qrs_power", share(spectrum, 5, 15, 5, 40, fs));
  q.indices.emplace_back("baseline_power", 1 - share(spectrum, 0, 1, 0, 40, fs));
  q.indices.emplace_back("high_frequency", share(spectrum, 25, 45, 5, 45, fs));
  finish(q, kEcgWeights, false);
  return q;
}

Quality ppg_quality(std::span<const float> x, double fs) { return pulse_quality(x, fs, false, false); }
Quality abp_quality(std::span<const float> x, double fs, bool mmhg) { return pulse_quality(x, fs, true, mmhg); }

std::string_view quality_class(double score) {
  return score >= 0.9   ? "excellent"
         : score >= 0.7 ? "good"
         : score >= 0.5 ? "acceptable"
         : score >= 0.3 ? "poor"
                        : "bad";
}

std::span<const std::string_view> quality_index_names() { return kNames; }

}  // namespace cfm::quality
