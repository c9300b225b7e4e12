#include "features/rhythm.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "delineate/beat_class.h"
#include "delineate/beats.h"
#include "delineate/intervals.h"
#include "delineate/rhythm.h"
#include "delineate/waves.h"
#include "features/aligned_beats.h"
#include "features/numbers.h"
#include "features/rr_measures.h"
#include "features/sheet.h"
#include "quality/quality.h"
#include "signal/moments.h"
#include "signal/spectrum.h"

namespace cfm::features {
namespace {

constexpr double kLowestRate = 100;              // Hz, that beats can be told apart at
constexpr double kShortest = 0.2, kLongest = 3;  // s, other intervals are none
constexpr double kPFrom = 0.26, kPTo = 0.07;     // s before the mark, where a P wave is
constexpr double kAlike = 0.8;                   // correlation of two QRS complexes of one shape
constexpr std::size_t kFewBeats = 3;             // to say what they have in common
constexpr double kFrom = 4, kTo = 9;             // Hz, of the waves of fibrillation (Petrėnas et al. 2012: 4 to 9)
constexpr double kBelow = 1, kAbove = 30;        // Hz, of all that is compared with them

double swing(std::span<const float> x) {
  const auto [low, high] = signal::extremes(x);
  return static_cast<double>(high) - static_cast<double>(low);
}

double share(double part, std::size_t of) { return of > 0 ? part / static_cast<double>(of) : kNaN; }

std::vector<double> intervals_between(std::span<const double> marks, double fs) {
  std::vector<double> rr;
  for (std::size_t i = 1; i < marks.size(); ++i) {
    const double seconds = (marks[i] - marks[i - 1]) / fs;
    if (seconds > kShortest && seconds < kLongest) rr.push_back(seconds);
  }
  return rr;
}

void put_intervals(Sheet& sheet, const RrMeasures& m) {
  sheet.put("", "rate", m.rate);
  sheet.put("", "fastest", m.fastest);
  sheet.put("", "longest", m.longest);
  sheet.put("", "shortest", m.shortest);
  sheet.put("", "rr_sd", m.sd);
  sheet.put("", "rmssd", m.rmssd);
  sheet.put("", "jitter", m.jitter);
  sheet.put("", "pnn50", m.pnn50);
  sheet.put("", "roundness", m.roundness);
  sheet.put("", "entropy", m.entropy);
  sheet.put("", "evidence", m.evidence);
  sheet.put("", "turning", m.turning);
  sheet.put("", "alternating", m.alternating);
  sheet.put("", "premature", m.premature);
  sheet.put("", "pauses", m.pauses);
}

void put_classes(Sheet& sheet, std::span<const delineate::ClassifiedBeat> beats, double fs) {
  double ventricular = 0, supraventricular = 0, fibrillation = 0, all = 0;
  for (const auto& beat : beats) {
    ventricular += beat.code == delineate::kVentricularBeat;
    supraventricular += beat.code == delineate::kSupraventricularBeat;
  }
  for (const auto& span : delineate::find_rhythms(beats, fs)) {
    if (span.aux == "(PAUSE") continue;
    all += span.end - span.start;
    if (span.aux == "(AFIB") fibrillation += span.end - span.start;
  }
  sheet.put("", "ventricular", share(ventricular, beats.size()));
  sheet.put("", "supraventricular", share(supraventricular, beats.size()));
  sheet.put("", "fibrillation", ratio(fibrillation, all));
}

void put_shapes(Sheet& sheet, const AlignedBeats& a) {
  std::vector<double> whole, qrs, size;
  const std::ptrdiff_t q = a.samples(kQrsReach);
  double alike = 0;
  for (const std::ptrdiff_t at : a.places) {
    whole.push_back(correlation(a.about(at, -a.before, a.after), a.beat));
    qrs.push_back(correlation(a.about(at, -q, q), a.of_median(-q, q)));
    size.push_back(swing(a.about(at, -q, q)));
    alike += qrs.back() > kAlike;
  }
  sheet.put("", "likeness", median(whole));
  sheet.put("", "likeness_low", quantile(whole, 0.1));
  sheet.put("", "qrs_likeness", median(qrs));
  sheet.put("", "qrs_likeness_low", quantile(qrs, 0.1));
  sheet.put("", "qrs_alike", share(alike, qrs.size()));
  sheet.put("", "qrs_size_spread", ratio(quantile(size, 0.9) - quantile(size, 0.1), median(size)));
}

// Of the median beat, its QRS turned upwards; amplitudes over the QRS's.
void put_median_waves(Sheet& sheet, const AlignedBeats& a, double rate) {
  delineate::BeatWaves waves;
  double size = kNaN;
  if (!a.beat.empty()) {
    const auto qrs = a.of_median(-a.samples(kQrsReach), a.samples(kQrsReach));
    const auto [low, high] = signal::extremes(qrs);
    size = swing(qrs);
    std::vector<float> beat = a.beat;
    if (-low > high)
      for (float& v : beat) v = -v;
    waves = delineate::delineate_waves(beat, a.fs, std::array{static_cast<double>(a.before)}).front();
  }
  const auto intervals = delineate::intervals_of(waves, kNaN, a.fs);
  sheet.put("", "pr", intervals.pr);
  sheet.put("", "qrs", intervals.qrs);
  sheet.put("", "qtc", delineate::correct_qt(intervals.qt, 60e3 / rate).fridericia);
  sheet.put("", "p_amplitude", intervals.p_amplitude / size);
  sheet.put("", "t_amplitude", intervals.t_amplitude / size);
  sheet.put("", "st", intervals.st_80 / size);
}

void put_waves(Sheet& sheet, std::span<const delineate::BeatWaves> waves, double fs) {
  std::vector<double> before, width;  // ms: from P to the QRS, of the QRS
  double with = 0;
  for (const auto& w : waves) {
    with += !std::isnan(w.p.peak);
    before.push_back((w.qrs.onset - w.p.peak) / fs * 1000);
    width.push_back((w.qrs.offset - w.qrs.onset) / fs * 1000);
  }
  sheet.put("", "p_share", share(with, waves.size()));
  sheet.put("", "p_to_qrs", median(before));
  sheet.put("", "p_to_qrs_spread", quantile(before, 0.75) - quantile(before, 0.25));
  sheet.put("", "qrs_wide", quantile(width, 0.9));
}

// What the places of P have in common, the line through each taken off.
void put_p_region(Sheet& sheet, const AlignedBeats& a) {
  const std::ptrdiff_t from = -a.samples(kPFrom), to = -a.samples(kPTo);
  const auto n = static_cast<std::size_t>(to - from);
  const double centre = (static_cast<double>(n) - 1) / 2, beats = static_cast<double>(a.places.size());
  std::vector<double> sum(n), likeness;
  double power = 0, common = 0;
  for (const std::ptrdiff_t at : a.places) {
    const auto p = a.about(at, from, to);
    double level = 0, slope = 0, base = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double t = static_cast<double>(i) - centre;
      level += static_cast<double>(p[i]) / static_cast<double>(n);
      slope += t * static_cast<double>(p[i]);
      base += t * t;
    }
    for (std::size_t i = 0; i < n; ++i) {
      const double v = static_cast<double>(p[i]) - level - slope / base * (static_cast<double>(i) - centre);
      sum[i] += v;
      power += v * v;
    }
    likeness.push_back(correlation(p, a.of_median(from, to)));
  }
  for (const double v : sum) common += v * v;
  const bool enough = a.places.size() >= kFewBeats && power > 0;
  // Power of the mean over mean power, less what it is by chance: 0 where nothing is in common, 1 where nothing else
  // is.
  sheet.put("", "p_coherence", enough ? (common / power - 1) / (beats - 1) : kNaN);
  sheet.put("", "p_likeness", median(likeness));
}

void put_residual(Sheet& sheet, const AlignedBeats& a) {
  double power = kNaN, all = kNaN;
  if (a.places.size() >= kFewBeats) {
    const auto segment = static_cast<std::size_t>(a.samples(4));
    const auto spectrum = signal::welch(without_beats(a), a.fs, {.segment = segment, .overlap = segment / 2});
    power = signal::band_power(spectrum, kFrom, kTo);
    all = signal::band_power(spectrum, kBelow, kAbove);
  }
  sheet.put("", "f_power", 10 * std::log10(power * 1e6));
  sheet.put("", "f_share", ratio(power, all));
}

void put_quality(Sheet& sheet, std::span<const float> x, double fs) {
  const quality::Quality q = x.empty() ? quality::Quality{} : quality::ecg_quality(x, fs, 1);
  sheet.put("", "quality", x.empty() ? kNaN : q.score);
  for (const char* name : {"noise_ratio", "beat_ratio", "template_correlation", "beat_similarity", "beat_agreement",
                           "baseline_power", "high_frequency"})
    sheet.put("", name, q.index(name));
}

Sheet measure(std::span<const float> x, double fs) {
  const std::vector<double> marks = x.empty() ? std::vector<double>{} : delineate::detect_beats(x, fs);
  const RrMeasures rr = measure_rr(intervals_between(marks, fs));
  const AlignedBeats aligned = align_beats(x, fs, marks);
  Sheet sheet;
  sheet.put("", "beats",
            x.empty() ? kNaN : static_cast<double>(marks.size()) / (static_cast<double>(x.size()) / fs / 60));
  put_intervals(sheet, rr);
  put_classes(sheet, delineate::classify_beats(x, fs, marks), fs);
  put_shapes(sheet, aligned);
  put_median_waves(sheet, aligned, rr.rate);
  put_waves(sheet, delineate::delineate_waves(x, fs, marks), fs);
  put_p_region(sheet, aligned);
  put_residual(sheet, aligned);
  put_quality(sheet, x, fs);
  return sheet;
}

}  // namespace

std::span<const std::string_view> rhythm_names() {
  static const Sheet sheet = measure({}, kLowestRate);
  static const std::vector<std::string_view> names(sheet.names.begin(), sheet.names.end());
  return names;
}

void rhythm_features(std::span<const float> ecg_mV, double fs, std::span<float> out) {
  const Sheet sheet = measure(fs >= kLowestRate ? ecg_mV : std::span<const float>{}, std::max(fs, kLowestRate));
  std::copy(sheet.values.begin(), sheet.values.end(), out.begin());
}

}  // namespace cfm::features
