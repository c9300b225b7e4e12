#include "synth/synth.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "synth/synth_noise.h"
#include "synth/synth_waves.h"

namespace cfm::synth {
namespace {

using stream::Json;
using stream::Segment;

constexpr std::array<std::pair<std::string_view, NoiseKind>, 7> kNoises = {{{"baseline", NoiseKind::kBaseline},
                                                                            {"motion", NoiseKind::kMotion},
                                                                            {"muscle", NoiseKind::kMuscle},
                                                                            {"mains", NoiseKind::kMains},
                                                                            {"clip", NoiseKind::kClip},
                                                                            {"dropout", NoiseKind::kDropout},
                                                                            {"flat", NoiseKind::kFlat}}};

// WFDB annotation codes.
constexpr double kNormalBeat = 1, kVentricularBeat = 5, kRhythmChange = 28, kPulseFoot = 21, kPulsePeak = 20;

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

double median(std::vector<double> x) {
  const auto middle = x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2);
  std::nth_element(x.begin(), middle, x.end());
  return *middle;
}

// Peak-to-peak of the clean signal between two times.
double swing(std::span<const float> x, double fs, double from, double to) {
  const double last = static_cast<double>(x.size()) - 1;
  const auto a = static_cast<std::size_t>(std::clamp(std::round(from * fs), 0.0, last));
  const auto b = static_cast<std::size_t>(std::clamp(std::round(to * fs), 0.0, last));
  const auto [low, high] =
      std::minmax_element(x.begin() + static_cast<std::ptrdiff_t>(a), x.begin() + static_cast<std::ptrdiff_t>(b) + 1);
  return *high - *low;
}

// (median swing)² / 8 of each span: swings are (time, peak-to-peak). A span without any takes the record's.
std::vector<double> powers_of(const std::vector<std::pair<double, double>>& swings, std::size_t spans) {
  std::vector<double> all, powers;
  for (const auto& [time, size] : swings) all.push_back(size);
  for (std::size_t k = 0; k < spans; ++k) {
    std::vector<double> here;
    for (const auto& [time, size] : swings) {
      if (time >= static_cast<double>(k) * kSynthSpan && time < static_cast<double>(k + 1) * kSynthSpan)
        here.push_back(size);
    }
    const double typical = !here.empty() ? median(here) : all.empty() ? 1 : median(all);
    powers.push_back(typical * typical / 8);
  }
  return powers;
}

Json signal_attributes(const char* kind, double fs, const char* name, const char* unit) {
  return {{"kind", kind},
          {"fs", fs},
          {"names", Json::array({name})},
          {"units", Json::array({unit})},
          {"scale", Json::array({1.0})},
          {"offset", Json::array({0.0})}};
}

void put_events(Segment& segment, const std::string& name, const std::string& of, std::vector<const char*> columns,
                std::vector<double> values, Json more = Json::object()) {
  Json attributes = {{"kind", "event"}, {"of", of}, {"columns", columns}};
  attributes.update(more);
  const auto width = static_cast<std::int64_t>(columns.size());
  const auto rows = static_cast<std::int64_t>(values.size()) / width;
  segment.put(stream::make_tensor(name, {rows, width}, std::move(values), std::move(attributes)));
}

// Noise and other damage on top of a clean signal, both put into the segment; SNR of each span where there is noise.
struct Channel {
  std::string name;  // "ecg"
  double fs;
  const char* lead;
  const char* unit;
};
struct Powers {
  std::vector<double> signal, noise;  // of each span
};
Powers put_signal(Segment& segment, const SynthOptions& options, const std::string& id, const Channel& channel,
                  std::vector<float> clean, const std::vector<std::pair<double, double>>& swings,
                  const std::vector<Spoiling>& plan) {
  std::vector<float> noisy = clean;
  Powers powers{powers_of(swings, plan.size()), {}};
  powers.noise = add_noise(noisy, channel.fs, options, plan, id, channel.name, powers.signal);
  spoil(noisy, channel.fs, options, plan, id, channel.name);
  const auto n = static_cast<std::int64_t>(clean.size());
  segment.put(stream::make_tensor(channel.name, {1, n}, std::move(noisy),
                                  signal_attributes(channel.name.c_str(), channel.fs, channel.lead, channel.unit)));
  segment.put(stream::make_tensor("reference/" + channel.name, {1, n}, std::move(clean),
                                  signal_attributes("waveform", channel.fs, channel.lead, channel.unit)));
  return powers;
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

void put_rhythm(Segment& segment, const std::vector<Beat>& beats, const Channel& channel, double duration) {
  const double fs = channel.fs;
  std::vector<double> beat_rows, rhythm_rows;
  std::size_t normal = 0, ventricular = 0;
  for (const Beat& beat : beats) {
    if (beat.time < 0 || beat.time >= duration) continue;
    beat_rows.insert(beat_rows.end(), {beat.time * fs, beat.ventricular ? kVentricularBeat : kNormalBeat, 0});
    const double aux = beat.ventricular ? 1 : 0;
    if (rhythm_rows.empty()) {
      rhythm_rows = {0, duration * fs, kRhythmChange, aux};
    } else if (rhythm_rows.back() != aux) {
      rhythm_rows[rhythm_rows.size() - 3] = beat.time * fs;
      rhythm_rows.insert(rhythm_rows.end(), {beat.time * fs, duration * fs, kRhythmChange, aux});
    }
    ++(beat.ventricular ? ventricular : normal);
  }
  put_events(segment, "reference/beats", channel.name, {"sample", "code", "channel"}, std::move(beat_rows));
  put_events(segment, "reference/rhythm", channel.name, {"sample", "end", "code", "aux"}, std::move(rhythm_rows),
             {{"aux", Json::array({"(N", "(VT"})}});
}

void put_labels(Segment& segment, const SynthOptions& options, const Subject& subject, const std::vector<Beat>& beats) {
  std::vector<const Beat*> inside;
  for (const Beat& beat : beats) {
    if (beat.time >= 0 && beat.time < options.duration) inside.push_back(&beat);
  }
  Json& labels = segment.header["labels"];
  labels["rhythm"] = options.rhythm == Rhythm::kVt || subject.vt_at_end ? "VT" : "N";
  if (options.rhythm == Rhythm::kMix) labels["true_alarm"] = subject.vt_at_end;
  if (inside.size() > 1) {
    labels["heart_rate"] = 60 * static_cast<double>(inside.size() - 1) / (inside.back()->time - inside.front()->time);
  }
  double qt = 0;
  std::size_t sinus = 0;
  for (const Beat* beat : inside) {
    if (beat->ventricular) continue;
    qt += qt_of(subject, *beat);
    ++sinus;
  }
  if (sinus > 0 && options.ecg) labels["qt"] = 1000 * qt / static_cast<double>(sinus);
  if (options.ppg) labels["pat"] = 1000 * subject.pat;
}

}  // namespace

Range parse_range(std::string_view text, std::string_view what) {
  const std::size_t dots = text.find("..");
  const auto low = parse_number(text.substr(0, dots));
  const auto high = dots == std::string_view::npos ? low : parse_number(text.substr(dots + 2));
  if (!low || !high) throw Error(Status::kUsage, "{} '{}' is neither a number nor LOW..HIGH", what, text);
  if (*low > *high)
    throw Error(Status::kUsage, "{} '{}' runs backwards; did you mean {}..{}?", what, text, *high, *low);
  return {*low, *high};
}

Rhythm parse_rhythm(std::string_view text) {
  if (text == "sinus") return Rhythm::kSinus;
  if (text == "vt") return Rhythm::kVt;
  if (text == "mix") return Rhythm::kMix;
  throw Error(Status::kUsage, "rhythm '{}' is unknown; there are sinus, vt and mix", text);
}

std::vector<Noise> parse_noise(std::string_view text) {
  std::vector<Noise> noises;
  if (text == "none") return noises;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view entry = text.substr(0, comma);
    const std::size_t at = entry.find('@');
    const auto known = std::find_if(kNoises.begin(), kNoises.end(),
                                    [&](const auto& noise) { return noise.first == entry.substr(0, at); });
    if (known == kNoises.end()) {
      std::string names;
      for (const auto& [name, kind] : kNoises) names += (names.empty() ? "" : ", ") + std::string(name);
      throw Error(Status::kUsage, "noise '{}' is unknown; there are {} and none", entry.substr(0, at), names);
    }
    const bool decibels = is_additive(known->second);
    if (at == std::string_view::npos) {
      throw Error(Status::kUsage, "noise '{}' has no level; write {}@{}", entry, entry,
                  decibels ? "DB or @LOW..HIGH" : "FRACTION");
    }
    const Range level = parse_range(entry.substr(at + 1), fmt::format("level of noise {}", known->first));
    const Range possible = decibels ? Range{-60, 100} : Range{0, 1};
    if (level.low < possible.low || level.high > possible.high) {
      throw Error(Status::kUsage, "level '{}' of noise {} lies outside {}..{} {}", entry.substr(at + 1), known->first,
                  possible.low, possible.high, decibels ? "dB" : "of the samples");
    }
    noises.push_back({known->second, level});
    if (comma == std::string_view::npos) return noises;
    text.remove_prefix(comma + 1);
  }
}

void validate(const SynthOptions& options) {
  if (!(options.duration >= 1)) throw Error(Status::kUsage, "a duration of {} s; at least 1 s", options.duration);
  if (!options.ecg && !options.ppg) throw Error(Status::kUsage, "no signal to make; there are ecg and ppg");
  constexpr Range kPossible = {20, 300};  // /min
  if (options.heart_rate && (options.heart_rate->low < kPossible.low || options.heart_rate->high > kPossible.high)) {
    throw Error(Status::kUsage, "a heart rate of {}..{}; it lies within {}..{} /min", options.heart_rate->low,
                options.heart_rate->high, kPossible.low, kPossible.high);
  }
}

std::string synth_subject(std::uint64_t number) { return fmt::format("s{:04}", number); }

Segment synthesise(const SynthOptions& options, std::uint64_t number) {
  validate(options);
  const std::string id = synth_subject(number);
  const Subject subject = draw_subject(options, id);
  const std::vector<Beat> beats = make_beats(options, subject, id);
  const auto spans = static_cast<std::size_t>(std::ceil(options.duration / kSynthSpan - 1e-9));
  const std::vector<Spoiling> plan = draw_spoiling(options, id, spans);
  const Channel ecg = {"ecg", kSynthEcgFs, "II", "mV"}, ppg = {"ppg", kSynthPpgFs, "PLETH", "NU"};
  const Channel& main = options.ecg ? ecg : ppg;
  const auto samples = [&](const Channel& channel) {
    return static_cast<std::size_t>(std::llround(options.duration * channel.fs));
  };

  Segment segment;
  segment.header = {{"id", fmt::format("synth/{:04}/0", number)},
                    {"record", fmt::format("synth/{:04}", number)},
                    {"subject", id},
                    {"source", "cfm-synth"},
                    {"split", nullptr},
                    {"start", 0.0},
                    {"clock", {{"fs", main.fs}, {"sample", 0}}},
                    {"t_abs", nullptr}};
  put_labels(segment, options, subject, beats);
  Powers powers;
  if (options.ecg) {
    constexpr double kQrs = 0.05;  // seconds either side of R
    std::vector<float> clean = clean_ecg(subject, beats, ecg.fs, samples(ecg));
    std::vector<std::pair<double, double>> swings;
    for (const Beat& beat : beats) {
      if (beat.time < 0 || beat.time >= options.duration) continue;
      swings.emplace_back(beat.time, swing(clean, ecg.fs, beat.time - kQrs, beat.time + kQrs));
    }
    powers = put_signal(segment, options, id, ecg, std::move(clean), swings, plan);
  }
  if (options.ppg) {
    std::vector<std::pair<double, double>> swings;
    std::vector<double> rows;
    for (const Pulse& pulse : pulses_of(subject, beats)) {
      if (pulse.foot >= 0 && pulse.foot < options.duration)
        rows.insert(rows.end(), {pulse.foot * ppg.fs, kPulseFoot, 0, 0});
      if (pulse.peak < 0 || pulse.peak >= options.duration) continue;
      rows.insert(rows.end(), {pulse.peak * ppg.fs, kPulsePeak, 0, 0});
      swings.emplace_back(pulse.peak, pulse.height);
    }
    Powers own = put_signal(segment, options, id, ppg, clean_ppg(subject, beats, ppg.fs, samples(ppg)), swings, plan);
    put_events(segment, "reference/pulses", ppg.name, {"sample", "code", "channel", "num"}, std::move(rows));
    if (!options.ecg) powers = std::move(own);
  }
  put_rhythm(segment, beats, main, options.duration);
  put_snr(segment, powers, main, samples(main));
  return segment;
}

}  // namespace cfm::synth
