#include "synth/truth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "synth/noise.h"

namespace cfm::synth {
namespace {

using stream::Json;
using stream::Segment;

// WFDB annotation codes.
constexpr double kRhythmChange = 28, kPulseFoot = 21, kPulsePeak = 20, kSpike = 26, kVfOn = 32, kVfOff = 33;
constexpr double kWaveOn = 39, kWaveOff = 40, kPPeak = 24, kRPeak = 1, kTPeak = 27;
constexpr double kVisible = 0.02;    // mV: a smaller P or T is no wave of that lead
constexpr double kPeakShare = 0.25;  // of the deepest point: an R that high is the peak

void put_events(Segment& segment, const std::string& name, const std::string& of, std::vector<const char*> columns,
                std::vector<double> values, Json more = Json::object()) {
  Json attributes = {{"kind", "event"}, {"of", of}, {"columns", columns}};
  attributes.update(more);
  const auto width = static_cast<std::int64_t>(columns.size());
  const auto rows = static_cast<std::int64_t>(values.size()) / width;
  segment.put(stream::make_tensor(name, {rows, width}, std::move(values), std::move(attributes)));
}

// Peak of a QRS complex in a lead, in samples: of its extremum by a parabola.
double qrs_peak(std::span<const float> x, double fs, const WaveTimes& qrs) {
  const auto at = [&](double seconds) {
    return static_cast<std::size_t>(std::clamp(std::round(seconds * fs), 0.0, static_cast<double>(x.size()) - 1));
  };
  const std::size_t from = at(qrs.onset), to = at(qrs.offset);
  std::size_t top = from, bottom = from;
  for (std::size_t i = from; i <= to; ++i) {
    if (x[i] > x[top]) top = i;
    if (x[i] < x[bottom]) bottom = i;
  }
  const float level = x[from];
  const std::size_t peak = x[top] - level >= kPeakShare * (level - x[bottom]) ? top : bottom;
  if (peak == 0 || peak + 1 >= x.size()) return static_cast<double>(peak);
  const double before = x[peak - 1], here = x[peak], after = x[peak + 1], bend = before - 2 * here + after;
  return static_cast<double>(peak) + (bend == 0 ? 0 : std::clamp((before - after) / (2 * bend), -0.5, 0.5));
}

std::string label_of(const Scene& scene) {
  std::map<std::string, double> lasts;
  for (const RhythmSpan& span : scene.train.spans) lasts[span.aux] += span.end - span.start;
  const auto longest = std::ranges::max_element(lasts, {}, [](const auto& entry) { return entry.second; });
  return (scene.person.vt_at_end ? "VT" : longest->first.substr(1));
}

}  // namespace

Json signal_attributes(const char* kind, const Channel& channel) {
  const std::size_t n = channel.names.size();
  return {{"kind", kind},
          {"fs", channel.fs},
          {"names", channel.names},
          {"units", std::vector<std::string>(n, channel.unit)},
          {"scale", std::vector<double>(n, 1.0)},
          {"offset", std::vector<double>(n, 0.0)}};
}

void put_labels(Segment& segment, const Scene& scene, const std::vector<Pulse>& ppg, const std::vector<Pulse>& abp) {
  const auto& [options, person, train] = scene;
  Json& labels = segment.header["labels"];
  labels["rhythm"] = label_of(scene);
  if (options.rhythm == Rhythm::kMix) labels["true_alarm"] = person.vt_at_end;
  std::vector<const Beat*> inside;
  for (const Beat& beat : train.beats) {
    if (scene.holds(beat.time)) inside.push_back(&beat);
  }
  if (inside.size() > 1) {
    labels["heart_rate"] = 60 * static_cast<double>(inside.size() - 1) / (inside.back()->time - inside.front()->time);
  }
  double qt = 0, beats = 0;
  for (const Beat* beat : inside) {
    if (beat->is_ventricular()) continue;
    qt += t_of(person, *beat).offset - qrs_of(person, *beat).onset;
    ++beats;
  }
  if (beats > 0 && !options.signals.leads.empty()) labels["qt"] = 1000 * qt / beats;
  if (!ppg.empty()) labels["pat"] = 1000 * person.ppg.arrival;
  if (!abp.empty()) labels["pat_abp"] = 1000 * person.abp.arrival;
  double systolic = 0, diastolic = 0, pulses = 0;
  for (const Pulse& pulse : abp) {
    if (!scene.holds(pulse.peak)) continue;
    systolic += pulse.high();
    diastolic += pulse.low;
    ++pulses;
  }
  if (pulses > 0) {
    labels["sbp"] = systolic / pulses;
    labels["dbp"] = diastolic / pulses;
  }
}

void put_rhythm(Segment& segment, const Scene& scene, const Channel& channel) {
  const auto& [options, person, train] = scene;
  const double fs = channel.fs, lead = channel.names.size() > 1 ? -1 : 0;
  std::vector<double> beats, spans, notes;
  for (const Beat& beat : train.beats) {
    if (scene.holds(beat.time)) beats.insert(beats.end(), {beat.time * fs, static_cast<double>(beat.code()), lead});
    const double spike = beat.kind == BeatKind::kPaced ? spike_of(person, beat) : -1;
    if (scene.holds(spike)) notes.insert(notes.end(), {spike * fs, kSpike, -1});
  }
  if (person.base == Rhythm::kVf) notes = {0, kVfOn, -1, options.duration * fs - 1, kVfOff, -1};
  Json names = Json::array();
  for (const RhythmSpan& span : train.spans) {
    auto name = std::find(names.begin(), names.end(), Json(span.aux));
    if (name == names.end()) name = names.insert(names.end(), Json(span.aux));
    spans.insert(spans.end(),
                 {span.start * fs, span.end * fs, kRhythmChange, static_cast<double>(name - names.begin())});
  }
  put_events(segment, "reference/beats", channel.name, {"sample", "code", "channel"}, std::move(beats));
  put_events(segment, "reference/rhythm", channel.name, {"sample", "end", "code", "aux"}, std::move(spans),
             {{"aux", names}});
  if (!notes.empty())
    put_events(segment, "reference/notes", channel.name, {"sample", "code", "channel"}, std::move(notes));
}

void put_waves(Segment& segment, const Scene& scene, const Channel& channel, const LeadSet& leads,
               std::span<const float> ecg) {
  using Row = std::array<double, 4>;
  const auto& [options, person, train] = scene;
  const double fs = channel.fs;
  const std::size_t n = ecg.size() / leads.rows(), count = leads.asked();
  std::vector<Row> rows;
  const auto mark = [&](double seconds, double code, double lead, double num) {
    if (scene.holds(seconds)) rows.push_back({seconds * fs, code, lead, num});
  };
  const auto add = [&](const WaveTimes& wave, double code, double lead, double num) {
    mark(wave.onset, kWaveOn, lead, num);
    mark(wave.peak, code, lead, num);
    mark(wave.offset, kWaveOff, lead, num);
  };
  // size: of the wave in each lead; all together show what any of them shows.
  const auto add_where_seen = [&](const WaveTimes& wave, double code, double num, const auto& size) {
    bool seen = false;
    for (std::size_t lead = 0; lead < count; ++lead) {
      if (size(leads.names()[lead]) < kVisible) continue;
      seen = true;
      add(wave, code, static_cast<double>(lead), num);
    }
    if (seen && count > 1) add(wave, code, -1, num);
  };
  const auto size_of_p = [&](const std::string& lead) { return p_size(person, lead); };
  for (const Beat& beat : train.beats) {
    const WaveTimes qrs = qrs_of(person, beat);
    if (beat.p) add_where_seen(p_of(person, beat), kPPeak, 0, size_of_p);
    for (std::size_t lead = 0; lead < count; ++lead) {
      if (qrs.offset < 0 || qrs.onset >= options.duration) continue;
      WaveTimes own = qrs;
      own.peak = qrs_peak(ecg.subspan(lead * n, n), fs, qrs) / fs;
      add(own, kRPeak, static_cast<double>(lead), 1);
    }
    if (count > 1) add(qrs, kRPeak, -1, 1);
    add_where_seen(t_of(person, beat), kTPeak, 2, [&](const std::string& lead) { return t_size(person, beat, lead); });
  }
  for (const double peak : train.lone_p) add_where_seen(p_at(person, peak), kPPeak, 0, size_of_p);
  std::ranges::stable_sort(rows, {}, [](const Row& row) { return row[0]; });
  std::vector<double> values;
  values.reserve(4 * rows.size());
  for (const Row& row : rows) values.insert(values.end(), row.begin(), row.end());
  put_events(segment, "reference/waves", channel.name, {"sample", "code", "channel", "num"}, std::move(values));
}

void put_pulses(Segment& segment, const Scene& scene, const Channel& channel, const std::vector<Pulse>& pulses) {
  std::vector<double> rows;
  for (const Pulse& pulse : pulses) {
    if (scene.holds(pulse.foot)) rows.insert(rows.end(), {pulse.foot * channel.fs, kPulseFoot, 0, 0});
    if (scene.holds(pulse.peak)) rows.insert(rows.end(), {pulse.peak * channel.fs, kPulsePeak, 0, 0});
  }
  const bool first = segment.find("reference/pulses") == nullptr;
  put_events(segment, first ? "reference/pulses" : "reference/pulses/" + channel.name, channel.name,
             {"sample", "code", "channel", "num"}, std::move(rows));
}

void put_pressure(Segment& segment, const Scene& scene, const Channel& channel, const std::vector<Pulse>& pulses) {
  std::vector<double> rows;
  for (const Pulse& pulse : pulses) {
    if (scene.holds(pulse.peak)) rows.insert(rows.end(), {pulse.peak * channel.fs, pulse.high(), pulse.low});
  }
  put_events(segment, "reference/pressure", channel.name, {"sample", "systolic", "diastolic"}, std::move(rows));
}

void put_snr(Segment& segment, const Powers& powers, const Channel& channel, std::size_t samples) {
  std::vector<double> rows;
  double signal = 0, noise = 0;
  for (std::size_t k = 0; k < powers.noise.size(); ++k) {
    const auto [first, last] = span_samples(k, samples, channel.fs);
    if (!(powers.noise[k] > 0)) continue;
    rows.insert(rows.end(), {static_cast<double>(first), static_cast<double>(last),
                             10 * std::log10(powers.signal[k] / powers.noise[k])});
    signal += powers.signal[k] * static_cast<double>(last - first);
    noise += powers.noise[k] * static_cast<double>(last - first);
  }
  if (rows.empty()) return;
  segment.header["labels"]["snr"] = 10 * std::log10(signal / noise);
  put_events(segment, "reference/snr", channel.name, {"sample", "end", "value"}, std::move(rows));
}

}  // namespace cfm::synth
