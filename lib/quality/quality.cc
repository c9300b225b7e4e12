#include "quality/quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/lanes.h"
#include "delineate/beats.h"
#include "delineate/pulses.h"
#include "quality/score.h"
#include "quality/second_opinion.h"
#include "quality/similarity.h"
#include "quality/window.h"
#include "signal/spectrum.h"

namespace cfm::quality {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kWelchSegment = 4;  // s
constexpr double kBeatRate = 120;  // Hz, least rate at which beats are looked for: three times what a QRS complex holds
constexpr double kQrsReach = 0.05;  // s, either side of a mark, in which a QRS complex has its height
constexpr double kQuietSecond = 1;  // s, of each of which the quietest is taken
constexpr double kQuietQuantile = 0.25;
constexpr std::size_t kEntropyBins = 64;
constexpr double kEcgLimit = 7;                          // mV, either side of the mean (Plesinger et al. 2015)
constexpr double kPressureLow = 0, kPressureHigh = 300;  // mmHg (Plesinger et al. 2015)
constexpr double kJump = 20;                             // mmHg from beat to beat (Sun et al. 2005)

constexpr auto kNames = std::to_array<std::string_view>(
    {"missing_fraction", "flat_fraction", "clip_fraction",  "kurtosis",        "skewness",       "entropy",
     "noise_ratio",      "total_ratio",   "baseline_ratio", "quiet_ratio",     "beat_ratio",     "template_correlation",
     "beat_similarity",  "qrs_power",     "baseline_power", "high_frequency",  "band_power",     "perfusion",
     "limit_fraction",   "burst_ratio",   "beat_agreement", "pulse_agreement", "lead_agreement", "range_fraction",
     "jump_fraction",    "rate_agreement"});

constexpr std::size_t kFewest = 2;      // beats that can be compared
constexpr double kSlowest = 20.0 / 60;  // Hz, rate from which on the detector of beats is made for (delineate/beats.h)

// Where an index makes a reason.
constexpr double kFlat = 0.2, kClipped = 0.02, kMissing = 0.1, kLeadOff = 0.9;
constexpr double kDrift = 5, kNoise = 15, kMotion = 8;  // dB

struct Kind {
  WindowOptions window;
  double quiet_piece;    // s
  double before, after;  // s of a beat around its mark
  std::string_view agreement;
};
constexpr Kind kEcg = {{.clip_run = 0.02}, 0.04, 0.2, 0.35, "beat_agreement"};
constexpr Kind kPulse = {{.clip_run = 0.08}, 0.1, 0.1, 0.4, "pulse_agreement"};

double decibel(double ratio) { return std::isnan(ratio) ? kNaN : std::clamp(10 * std::log10(ratio), -20.0, 60.0); }

signal::Spectrum spectrum_of(const Window& w) {
  const std::size_t segment = signal::smooth_at_most(static_cast<std::size_t>(kWelchSegment * w.fs()));
  return signal::welch(w.filled(), w.fs(), {.segment = segment, .overlap = segment / 2});
}

// Noise where the heart is still: the variance of short pieces about their own line, of each second the lower quartile.
struct Quiet {
  double mean, loudest;  // over the seconds
};
Quiet quiet_of(const Window& w, double piece) {
  const std::span<const float> x = w.filled();
  const auto n = std::max<std::size_t>(4, static_cast<std::size_t>(piece * w.fs()));
  const double count = static_cast<double>(n), middle = (count - 1) / 2, spread = count * (count * count - 1) / 12;
  const auto pieces = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(kQuietSecond * w.fs() / count)));
  std::vector<float> variances;
  double sum_of_seconds = 0, loudest = 0, seconds = 0;
  for (std::size_t from = 0; from + n <= x.size(); from += n) {
    // About the first sample, so that a large offset costs nothing.
    const float origin = x[from];
    Float4 sums{}, square_sums{}, along_sums{}, place = {0, 1, 2, 3};
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4, place += 4.0F) {
      const Float4 v = load4(&x[from + i]) - origin;
      sums += v;
      square_sums += v * v;
      along_sums += v * place;
    }
    float sum = total(sums), squares = total(square_sums), along = total(along_sums);
    for (; i < n; ++i) {
      const float v = x[from + i] - origin;
      sum += v;
      squares += v * v;
      along += v * static_cast<float>(i);
    }
    const double s = static_cast<double>(sum), a = static_cast<double>(along) - s * middle;
    variances.push_back(
        static_cast<float>(std::max(0.0, static_cast<double>(squares) - s * s / count - a * a / spread) / count));
    if (variances.size() < pieces) continue;
    const auto low = variances.begin() + static_cast<std::ptrdiff_t>(kQuietQuantile * static_cast<double>(pieces - 1));
    std::nth_element(variances.begin(), low, variances.end());
    const double quiet = static_cast<double>(*low);
    sum_of_seconds += quiet;
    loudest = std::max(loudest, quiet);
    ++seconds;
    variances.clear();
  }
  return {seconds > 0 ? sum_of_seconds / seconds : kNaN, seconds > 0 ? loudest : kNaN};
}

// Power of one band over that of another, whose upper end is at most half the rate.
double share(const signal::Spectrum& s, double low, double high, double all_low, double all_high, double fs) {
  if (high > fs / 2) return kNaN;
  const double all = signal::band_power(s, all_low, std::min(all_high, fs / 2));
  return all > 0 ? signal::band_power(s, low, high) / all : kNaN;
}

// What all kinds share. False where there are too few samples to go on.
bool begin(Quality& q, const Window& w) {
  q.indices = {{"missing_fraction", w.missing()},
               {"flat_fraction", w.flat()},
               {"clip_fraction", w.clipped()},
               {"kurtosis", w.moments().kurtosis},
               {"skewness", w.moments().skewness}};
  if (!w.measurable()) {
    q.reasons.push_back(w.flat() >= kLeadOff ? "flat" : "missing");
    return false;
  }
  q.indices.emplace_back("entropy", signal::shannon_entropy(w.filled(), kEntropyBins));
  return true;
}

// Ratios against the signal power, from the marks of beats or pulses, and how many of them another detector finds too.
void compare(Quality& q, const Window& w, std::span<const double> marks, double agreed, double height,
             const Kind& kind) {
  const double power = height > 0 ? height * height / 8 : kNaN, sd = w.moments().sd;
  const Similarity s = beat_similarity(w, marks, kind.before, kind.after);
  const Quiet quiet = quiet_of(w, kind.quiet_piece);
  q.indices.emplace_back("noise_ratio", decibel(power / (s.level_variance + quiet.mean + s.difference)));
  q.indices.emplace_back("total_ratio", decibel(power / (sd * sd)));
  q.indices.emplace_back("baseline_ratio", decibel(power / s.level_variance));
  q.indices.emplace_back("quiet_ratio", decibel(power / quiet.mean));
  q.indices.emplace_back("burst_ratio", decibel(power / quiet.loudest));
  q.indices.emplace_back("beat_ratio", decibel(power / s.difference));
  q.indices.emplace_back("template_correlation", s.with_template);
  q.indices.emplace_back("beat_similarity", s.with_neighbour);
  q.indices.emplace_back(kind.agreement, agreed);
}

// odd_units: the amplitudes are none that the unit can have. outside: part of the samples beyond what is possible.
void finish(Quality& q, const ScoreModel& model, bool pulse_missing, bool odd_units, double outside) {
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
  reason(odd_units, "units");
  const double usable = std::max(0.0, 1 - missing) * std::max(0.0, 1 - flat) * (outside > 0 ? 1 - outside : 1);
  q.score = pulse_missing || flat >= kLeadOff ? 0 : probability(q, model) * usable;
}

// Marks of beats, found at the least rate that is enough for them.
std::vector<double> beats_of(std::span<const float> x, double fs) {
  const auto every = static_cast<std::size_t>(std::max(1.0, fs / kBeatRate));
  if (every == 1) return delineate::detect_beats(x, fs);
  std::vector<float> means(x.size() / every);
  const float share = 1 / static_cast<float>(every);
  for (std::size_t i = 0; i < means.size(); ++i) {
    float sum = 0;
    for (std::size_t k = 0; k < every; ++k) sum += x[i * every + k];
    means[i] = sum * share;
  }
  std::vector<double> marks = delineate::detect_beats(means, fs / static_cast<double>(every));
  const double n = static_cast<double>(every);
  for (double& mark : marks) mark = mark * n + (n - 1) / 2;
  return marks;
}

std::vector<double> in_seconds(std::span<const double> marks, double fs) {
  std::vector<double> out(marks.begin(), marks.end());
  for (double& mark : out) mark /= fs;
  return out;
}

Quality pulse_quality(std::span<const float> x, double fs, bool pressure, bool mmhg) {
  Quality q;
  const Window w(x, fs, kPulse.window);
  if (!begin(q, w)) return q;
  const std::span<const float> filled = w.filled();
  std::vector<double> marks, tops;
  std::vector<float> heights;
  std::size_t outside = 0, jumps = 0;
  double low_before = kNaN, high_before = kNaN;
  for (const delineate::Pulse& p : delineate::detect_pulses(x, fs)) {
    const double low = static_cast<double>(filled[static_cast<std::size_t>(p.onset)]);
    const double high = static_cast<double>(filled[static_cast<std::size_t>(p.systole)]);
    marks.push_back((p.onset + p.systole) / 2);
    tops.push_back(p.systole);
    heights.push_back(static_cast<float>(high - low));
    const double mean = (high + 2 * low) / 3;
    outside += high > 300 || low < 20 || mean < 30 || mean > 200 || high - low < 20;  // mmHg, Sun et al. 2005
    jumps += std::abs(high - high_before) > kJump || std::abs(low - low_before) > kJump;
    low_before = low;
    high_before = high;
  }
  const double count = static_cast<double>(marks.size()), height = signal::median(heights);
  compare(q, w, marks, agreement(tops, second_pulses(w.means(), w.fs() / w.step(), w.step()), kSameBeat * fs), height,
          kPulse);
  const signal::Spectrum spectrum = spectrum_of(w);
  q.indices.emplace_back("high_frequency", share(spectrum, 5, 15, 0.5, 15, fs));
  q.indices.emplace_back("band_power", share(spectrum, 0.5, 5, 0.1, 50, fs));
  double beyond = kNaN;
  bool odd_units = false;
  if (pressure) {
    odd_units = mmhg && (height > kPressureHigh || w.moments().mean > kPressureHigh);
    beyond = mmhg ? w.outside(kPressureLow, kPressureHigh) : kNaN;
    q.indices.emplace_back("limit_fraction", mmhg && count > 0 ? static_cast<double>(outside) / count : kNaN);
    q.indices.emplace_back("range_fraction", beyond);
    q.indices.emplace_back("jump_fraction", mmhg && count > 1 ? static_cast<double>(jumps) / (count - 1) : kNaN);
  } else {
    const double dc = std::abs(w.moments().mean);
    q.indices.emplace_back("perfusion", dc > height ? 100 * height / dc : kNaN);
  }
  finish(q, kPulseModel, marks.size() < kFewest && w.flat() < kLeadOff, odd_units, std::max(beyond, 0.0));
  const double limits = q.index("limit_fraction");
  if (limits > 0) q.score *= 1 - limits;
  q.marks = in_seconds(tops, fs);
  return q;
}

}  // namespace

double Quality::index(std::string_view name) const {
  const auto at = std::find_if(indices.begin(), indices.end(), [&](const auto& entry) { return entry.first == name; });
  return at == indices.end() ? kNaN : at->second;
}

double millivolt_in(std::string_view unit) {
  if (unit == "mV") return 1;
  if (unit == "uV" || unit == "µV") return 1e3;
  if (unit == "V") return 1e-3;
  return std::numeric_limits<double>::quiet_NaN();
}

Quality ecg_quality(std::span<const float> x, double fs, double millivolt) {
  Quality q;
  const Window w(x, fs, kEcg.window);
  if (!begin(q, w)) return q;
  const std::span<const float> filled = w.filled();
  // Where the first detector is at a loss, as in waves without a line between them, there is the second.
  std::vector<double> marks = beats_of(x, fs);
  const std::vector<double> others = second_beats(w.means(), w.fs() / w.step(), w.step());
  const bool lost = static_cast<double>(marks.size()) < std::max<double>(kFewest, kSlowest * w.seconds());
  const double agreed = lost ? kNaN : agreement(marks, others, kSameBeat * fs);
  if (lost) marks = others;
  std::vector<float> heights;
  const auto reach = static_cast<std::ptrdiff_t>(std::max(1.0, kQrsReach * fs));
  for (const double mark : marks) {
    const auto at = static_cast<std::ptrdiff_t>(mark), end = static_cast<std::ptrdiff_t>(filled.size());
    const auto [low, high] = std::minmax_element(filled.begin() + std::max<std::ptrdiff_t>(0, at - reach),
                                                 filled.begin() + std::min(end, at + reach + 1));
    heights.push_back(*high - *low);
  }
  const double height = signal::median(heights);
  compare(q, w, marks, agreed, height, kEcg);
  const signal::Spectrum spectrum = spectrum_of(w);
  q.indices.emplace_back("qrs_power", share(spectrum, 5, 15, 5, 40, fs));
  q.indices.emplace_back("baseline_power", 1 - share(spectrum, 0, 1, 0, 40, fs));
  q.indices.emplace_back("high_frequency", share(spectrum, 25, 45, 5, 45, fs));
  // A typical complex that is as high as the limits are apart is no millivolts.
  const bool odd_units = height / millivolt > 2 * kEcgLimit;
  const double middle = w.moments().mean, limit = kEcgLimit * millivolt;
  const double beyond = millivolt > 0 && !odd_units ? w.outside(middle - limit, middle + limit) : kNaN;
  q.indices.emplace_back("range_fraction", beyond);
  finish(q, kEcgModel, false, odd_units, beyond);
  q.marks = in_seconds(marks, fs);
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
