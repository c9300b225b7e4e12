#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "synth/dipole.h"
#include "synth/noise.h"
#include "synth/synth.h"

namespace cfm::synth {
namespace {

constexpr std::array<std::pair<std::string_view, NoiseKind>, 8> kNoises = {{{"baseline", NoiseKind::kBaseline},
                                                                            {"motion", NoiseKind::kMotion},
                                                                            {"muscle", NoiseKind::kMuscle},
                                                                            {"mains", NoiseKind::kMains},
                                                                            {"pop", NoiseKind::kPop},
                                                                            {"clip", NoiseKind::kClip},
                                                                            {"dropout", NoiseKind::kDropout},
                                                                            {"flat", NoiseKind::kFlat}}};
constexpr std::array<std::pair<std::string_view, Rhythm>, 8> kRhythms = {{{"sinus", Rhythm::kSinus},
                                                                          {"af", Rhythm::kAf},
                                                                          {"pvc", Rhythm::kPvc},
                                                                          {"vt", Rhythm::kVt},
                                                                          {"vf", Rhythm::kVf},
                                                                          {"asystole", Rhythm::kAsystole},
                                                                          {"paced", Rhythm::kPaced},
                                                                          {"mix", Rhythm::kMix}}};

std::optional<double> parse_number(std::string_view text) {
  const auto value = whole_number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

template <typename Known>
std::string names_of(const Known& known) {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : known) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

void check(const std::optional<Range>& range, const Range& possible, const char* what, const char* unit) {
  if (!range || (range->low >= possible.low && range->high <= possible.high)) return;
  throw Error(Status::kUsage, "a {} of {}..{}; it lies within {}..{} {}", what, range->low, range->high, possible.low,
              possible.high, unit);
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
  for (const auto& [name, rhythm] : kRhythms) {
    if (name == text) return rhythm;
  }
  throw Error(Status::kUsage, "rhythm '{}' is unknown; there are {}", text, names_of(kRhythms));
}

std::optional<NoiseKind> noise_named(std::string_view name) {
  for (const auto& [known, kind] : kNoises) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

std::vector<Noise> parse_noise(std::string_view text) {
  std::vector<Noise> noises;
  if (text == "none") return noises;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view entry = text.substr(0, comma);
    const std::size_t at = entry.find('@');
    const std::string_view name = entry.substr(0, at);
    const auto kind = noise_named(name);
    if (!kind) throw Error(Status::kUsage, "noise '{}' is unknown; there are {} and none", name, names_of(kNoises));
    const bool decibels = is_additive(*kind);
    if (at == std::string_view::npos) {
      throw Error(Status::kUsage, "noise '{}' has no level; write {}@{}", entry, entry,
                  decibels ? "DB or @LOW..HIGH" : "FRACTION");
    }
    const Range level = parse_range(entry.substr(at + 1), fmt::format("level of noise {}", name));
    const Range possible = decibels ? Range{-60, 100} : Range{0, 1};
    if (level.low < possible.low || level.high > possible.high) {
      throw Error(Status::kUsage, "level '{}' of noise {} lies outside {}..{} {}", entry.substr(at + 1), name,
                  possible.low, possible.high, decibels ? "dB" : "of the samples");
    }
    noises.push_back({*kind, level});
    if (comma == std::string_view::npos) return noises;
    text.remove_prefix(comma + 1);
  }
}

Signals parse_signals(std::string_view text) {
  Signals signals{.leads = {}, .ppg = false, .abp = false};
  const auto add_lead = [&](std::string_view lead) {
    if (std::ranges::find(signals.leads, lead) != signals.leads.end())
      throw Error(Status::kUsage, "--signals: lead {} is named twice", lead);
    signals.leads.emplace_back(lead);
  };
  const auto set = [](bool& chosen, std::string_view name) {
    if (chosen) throw Error(Status::kUsage, "--signals: {} is named twice", name);
    chosen = true;
  };
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    const std::string name = lower(text.substr(from, comma - from));
    from = comma + 1;
    const auto lead = std::ranges::find_if(lead_names(), [&](std::string_view known) { return lower(known) == name; });
    if (name == "ppg") {
      set(signals.ppg, name);
    } else if (name == "abp") {
      set(signals.abp, name);
    } else if (name == "ecg") {
      add_lead("II");
    } else if (name == "ecg:all") {
      for (const std::string_view each : lead_names()) add_lead(each);
    } else if (lead != lead_names().end()) {
      add_lead(*lead);
    } else {
      throw Error(Status::kUsage, "--signals: '{}' cannot be made; there are ecg, ecg:all, {}, ppg and abp", name,
                  fmt::join(lead_names(), ", "));
    }
  }
  return signals;
}

SynthOptions parse_options(const SynthWords& words, double duration, std::uint64_t seed) {
  const auto range = [](const std::optional<std::string>& text, const char* name) {
    return text ? std::optional(parse_range(*text, name)) : std::nullopt;
  };
  SynthOptions options{.duration = duration,
                       .signals = parse_signals(words.signals),
                       .rhythm = parse_rhythm(words.rhythm),
                       .heart_rate = range(words.heart_rate, "--heart-rate"),
                       .pat = range(words.pat, "--pat"),
                       .sbp = range(words.sbp, "--sbp"),
                       .dbp = range(words.dbp, "--dbp"),
                       .noise = parse_noise(words.noise),
                       .seed = seed};
  validate(options);
  return options;
}

void validate(const SynthOptions& options) {
  if (!(options.duration >= 1)) throw Error(Status::kUsage, "a duration of {} s; at least 1 s", options.duration);
  const Signals& signals = options.signals;
  if (signals.leads.empty() && !signals.ppg && !signals.abp)
    throw Error(Status::kUsage, "no signal to make; there are ecg, ppg and abp");
  for (std::size_t i = 0; i < signals.leads.size(); ++i) {
    const std::string& lead = signals.leads[i];
    if (std::ranges::find(lead_names(), lead) == lead_names().end())
      throw Error(Status::kUsage, "lead '{}' cannot be made; there are {}", lead, fmt::join(lead_names(), ", "));
    if (std::find(signals.leads.begin(), signals.leads.begin() + static_cast<std::ptrdiff_t>(i), lead) !=
        signals.leads.begin() + static_cast<std::ptrdiff_t>(i))
      throw Error(Status::kUsage, "lead {} is named twice", lead);
  }
  constexpr double kLeastPulse = 15;  // mmHg
  check(options.heart_rate, {20, 300}, "heart rate", "/min");
  check(options.pat, {30, 600}, "pulse arrival time", "ms");
  check(options.sbp, {50, 260}, "systolic pressure", "mmHg");
  check(options.dbp, {20, 160}, "diastolic pressure", "mmHg");
  if (options.sbp && options.dbp && options.sbp->low < options.dbp->high + kLeastPulse) {
    throw Error(Status::kUsage, "--sbp {}..{} reaches below --dbp {}..{} and {} mmHg of pulse pressure",
                options.sbp->low, options.sbp->high, options.dbp->low, options.dbp->high, kLeastPulse);
  }
}

void check_fits(const SynthOptions& options, double bytes) {
  const double rates = static_cast<double>(options.signals.leads.size()) * kSynthEcgFs +
                       (options.signals.ppg + options.signals.abp) * kSynthPulseFs;
  constexpr double kTwice = 2, kGiB = 1 << 30;  // as recorded, and clean
  const double needed = options.duration * rates * kTwice * sizeof(float);
  if (needed <= bytes) return;
  throw Error(Status::kUsage,
              "a record of {:.1f} GiB is more than programs read at once ({:.0f} GiB): a shorter --duration, fewer "
              "--signals, or --to wfdb",
              needed / kGiB, bytes / kGiB);
}

}  // namespace cfm::synth
