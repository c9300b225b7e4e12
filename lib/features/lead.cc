#include "features/lead.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "delineate/beat_class.h"
#include "delineate/beats.h"
#include "delineate/intervals.h"
#include "delineate/pulse_arrival.h"
#include "features/numbers.h"

namespace cfm::features {
namespace {

constexpr double kLeastRate = 100, kLeastGraded = 50;  // Hz, of delineate/beat_class.h and quality/quality.h
constexpr auto kIndices = std::to_array<std::string_view>(
    {"kurtosis", "skewness", "flat_fraction", "clip_fraction", "noise_ratio", "baseline_ratio", "quiet_ratio",
     "burst_ratio", "beat_ratio", "template_correlation", "beat_similarity", "beat_agreement", "qrs_power",
     "high_frequency"});

void put_rates(Sheet& sheet, std::string_view of, std::span<const BeatShape> beats) {
  const std::vector<double> times = each(beats, &BeatShape::time), rr = differences(times);
  const std::vector<double> rates = rates_of_five(times);
  sheet.put(of, "rate", 60 / median(rr));
  sheet.put(of, "rate_highest", highest(rates));
  sheet.put(of, "rate_lowest", lowest(rates));
  sheet.put(of, "rr_variation", variation(rr));
  sheet.put(of, "rr_step", ratio(typical_step(rr), median(rr)));
}

void put_ventricular(Sheet& sheet, std::string_view of, const Lead& lead) {
  std::size_t all = 0, run = 0, longest = 0;
  double rate = kNaN;
  for (std::size_t i = 0; i < lead.ventricular.size(); ++i) {
    run = lead.ventricular[i] ? run + 1 : 0;
    all += lead.ventricular[i] ? 1 : 0;
    if (run <= longest) continue;
    longest = run;
    rate = 60 * ratio(static_cast<double>(run - 1), lead.beats[i].time - lead.beats[i + 1 - run].time);
  }
  const auto n = static_cast<double>(lead.beats.size());
  sheet.put(of, "ventricular", ratio(static_cast<double>(all), n));
  sheet.put(of, "ventricular_run", n > 0 ? static_cast<double>(longest) : kNaN);
  sheet.put(of, "ventricular_rate", longest > 1 ? rate : kNaN);
}

void put_shapes(Sheet& sheet, std::string_view of, std::span<const BeatShape> beats) {
  const std::vector<Run> runs = runs_of(beats);
  const std::vector<double> heights = each(beats, &BeatShape::height), run_heights = each(runs, &Run::height);
  sheet.put(of, "width", median(each(beats, &BeatShape::width)));
  sheet.put(of, "width_highest", highest(each(runs, &Run::width)));
  sheet.put(of, "rise", median(each(beats, &BeatShape::rise)));
  sheet.put(of, "rise_highest", highest(each(runs, &Run::rise)));
  sheet.put(of, "likeness", median(each(beats, &BeatShape::likeness)));
  sheet.put(of, "likeness_lowest", lowest(each(runs, &Run::likeness)));
  sheet.put(of, "height_variation", variation(heights));
  sheet.put(of, "height_highest", ratio(highest(run_heights), median(heights)));
  sheet.put(of, "height_lowest", ratio(lowest(run_heights), median(heights)));
  const Run run = fullest(runs);
  sheet.put(of, "run_filled", run.filled());
  sheet.put(of, "run_rate", run.rate);
  sheet.put(of, "run_width", run.width);
  sheet.put(of, "run_rise", run.rise);
  sheet.put(of, "run_likeness", run.likeness);
}

}  // namespace

Lead measure_lead(std::span<const float> x, double fs, double t0, double millivolt) {
  Lead lead{measure_channel(x, fs, t0, kEcgWindows, kLeastRate)};
  if (!x.empty() && fs >= kLeastGraded) lead.quality = quality::ecg_quality(x, fs, millivolt);
  if (!lead.usable) return lead;
  const std::vector<double> marks = delineate::detect_beats(x, fs);
  const auto intervals = delineate::beat_intervals(delineate::delineate_waves(x, fs, marks), fs);
  lead.qrs = median(each(intervals, &delineate::BeatIntervals::qrs));
  lead.qt = median(each(intervals, &delineate::BeatIntervals::qt));
  lead.pr = median(each(intervals, &delineate::BeatIntervals::pr));
  lead.beats = beat_shapes(lead.band, fs, marks);
  for (BeatShape& beat : lead.beats) beat.time += t0;
  for (const double mark : marks) lead.r.push_back(t0 + delineate::refine_r(x, fs, mark) / fs);
  for (const auto& beat : delineate::classify_beats(x, fs, marks))
    lead.ventricular.push_back(beat.code == delineate::kVentricularBeat);
  return lead;
}

void put_lead(Sheet& sheet, std::string_view of, const Lead& lead) {
  put_rates(sheet, of, lead.beats);
  put_ventricular(sheet, of, lead);
  put_shapes(sheet, of, lead.beats);
  sheet.put(of, "qrs", lead.qrs);
  sheet.put(of, "qt", lead.qt);
  sheet.put(of, "pr", lead.pr);
  put_channel(sheet, of, lead, kIndices);
}

}  // namespace cfm::features
