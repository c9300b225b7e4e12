#include "synth/synth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "synth/noise.h"
#include "synth/truth.h"

namespace cfm::synth {
namespace {

using stream::Segment;
using Swing = std::pair<double, double>;  // seconds, peak to peak

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

// (median swing)² / 8 of each span. A span without any takes the record's, a record without any `usual`.
std::vector<double> powers_of(const std::vector<Swing>& swings, std::size_t spans, double usual) {
  std::vector<double> all, powers;
  for (const auto& [time, size] : swings) all.push_back(size);
  for (std::size_t k = 0; k < spans; ++k) {
    std::vector<double> here;
    for (const auto& [time, size] : swings) {
      if (time >= static_cast<double>(k) * kSynthSpan && time < static_cast<double>(k + 1) * kSynthSpan)
        here.push_back(size);
    }
    const double typical = !here.empty() ? median(here) : all.empty() ? usual : median(all);
    powers.push_back(typical * typical / 8);
  }
  return powers;
}

std::vector<Swing> qrs_swings(const Scene& scene, std::span<const float> lead, double fs) {
  constexpr double kQrs = 0.05;  // seconds either side of R
  std::vector<Swing> swings;
  for (const Beat& beat : scene.train.beats) {
    if (scene.holds(beat.time)) swings.emplace_back(beat.time, swing(lead, fs, beat.time - kQrs, beat.time + kQrs));
  }
  if (scene.person.base == Rhythm::kVf) {
    for (double t = 0; t + 1 <= scene.options.duration; t += 1) swings.emplace_back(t, swing(lead, fs, t, t + 1));
  }
  return swings;
}

void put_signal(Segment& segment, const Channel& channel, std::vector<float> clean, std::vector<float> noisy) {
  const std::vector<std::int64_t> shape = {std::ssize(channel.names), std::ssize(clean) / std::ssize(channel.names)};
  segment.put(
      stream::make_tensor(channel.name, shape, std::move(noisy), signal_attributes(channel.name.c_str(), channel)));
  segment.put(stream::make_tensor("reference/" + channel.name, shape, std::move(clean),
                                  signal_attributes("waveform", channel)));
}

// One record being made.
class Record {
 public:
  Record(const SynthOptions& options, std::string id)
      : options_(options),
        id_(std::move(id)),
        person_(draw_person(options, id_)),
        train_(make_train(options, person_, id_)),
        plan_(draw_spoiling(options, id_, static_cast<std::size_t>(std::ceil(options.duration / kSynthSpan - 1e-9)))) {}

  void put_into(Segment& segment) {
    const Signals& wanted = options_.signals;
    const Channel ecg = {"ecg", kSynthEcgFs, wanted.leads, "mV"}, ppg = {"ppg", kSynthPulseFs, {"PLETH"}, "NU"},
                  abp = {"abp", kSynthPulseFs, {"ABP"}, "mmHg"};
    const Channel& main = !wanted.leads.empty() ? ecg : wanted.ppg ? ppg : abp;
    std::vector<Pulse> ppg_pulses, abp_pulses;
    if (wanted.ppg) ppg_pulses = make_pulses(person_, train_, person_.ppg);
    if (wanted.abp) abp_pulses = make_pulses(person_, train_, person_.abp);
    segment.header["clock"] = {{"fs", main.fs}, {"sample", 0}};
    segment.header["t_abs"] = nullptr;
    put_labels(segment, scene_, ppg_pulses, abp_pulses);
    if (!wanted.leads.empty()) put_ecg(segment, ecg);
    if (wanted.ppg) put_pulse_wave(segment, ppg, person_.ppg, ppg_pulses);
    if (wanted.abp) {
      put_pulse_wave(segment, abp, person_.abp, abp_pulses);
      put_pressure(segment, scene_, abp, abp_pulses);
    }
    put_rhythm(segment, scene_, main);
    if (snr_known_) put_snr(segment, *powers_, main, samples(main));
  }

 private:
  std::size_t samples(const Channel& channel) const {
    return static_cast<std::size_t>(std::llround(options_.duration * channel.fs));
  }

  // Of the first signal; `known` where there is something that an SNR speaks of.
  void tell(Powers powers, bool known) {
    if (powers_) return;
    powers_ = std::move(powers);
    snr_known_ = known;
  }

  void put_ecg(Segment& segment, const Channel& channel) {
    const LeadSet leads(channel.names);
    const std::size_t n = samples(channel);
    std::vector<float> clean = clean_ecg(options_, person_, train_, leads, id_, channel.fs, n);
    std::vector<float> noisy = clean;
    const auto row = [n](std::vector<float>& x, std::size_t lead) { return std::span(x).subspan(lead * n, n); };
    put_waves(segment, scene_, channel, leads, clean);
    for (std::size_t lead = 0; lead < leads.rows(); ++lead) {
      const std::string& name = leads.names()[lead];
      if (leads.is_derived(lead) && lead > 0) continue;
      const std::vector<Swing> swings = qrs_swings(scene_, row(clean, lead), channel.fs);
      Powers powers{powers_of(swings, plan_.size(), qrs_swing(person_, name)), {}};
      if (!leads.is_derived(lead))
        powers.noise = add_noise(row(noisy, lead), channel.fs, options_, plan_, id_, name, powers.signal);
      if (lead == 0) tell(std::move(powers), !swings.empty());
    }
    leads.derive(noisy);
    if (leads.is_derived(0)) powers_->noise = noise_of(row(clean, 0), row(noisy, 0), channel.fs);
    clean.resize(leads.asked() * n);
    noisy.resize(leads.asked() * n);
    for (std::size_t lead = 0; lead < leads.asked(); ++lead)
      spoil(row(noisy, lead), channel.fs, options_, plan_, id_, leads.names()[lead]);
    put_signal(segment, channel, std::move(clean), std::move(noisy));
  }

  // What became of the noise of other leads in one that follows from them.
  std::vector<double> noise_of(std::span<const float> clean, std::span<const float> noisy, double fs) const {
    std::vector<double> powers;
    for (std::size_t k = 0; k < plan_.size(); ++k) {
      const auto [first, last] = span_samples(k, clean.size(), fs);
      std::vector<float> noise;
      for (std::size_t i = first; i < last; ++i) noise.push_back(noisy[i] - clean[i]);
      powers.push_back(noise_power(noise));
    }
    return powers;
  }

  void put_pulse_wave(Segment& segment, const Channel& channel, const PulseWave& wave,
                      const std::vector<Pulse>& pulses) {
    std::vector<float> clean = clean_pulses(person_, wave, pulses, channel.fs, samples(channel)), noisy = clean;
    std::vector<Swing> swings;
    for (const Pulse& pulse : pulses) {
      if (scene_.holds(pulse.peak)) swings.emplace_back(pulse.peak, pulse.height);
    }
    Powers powers{powers_of(swings, plan_.size(), wave.height), {}};
    powers.noise = add_noise(noisy, channel.fs, options_, plan_, id_, channel.name, powers.signal);
    spoil(noisy, channel.fs, options_, plan_, id_, channel.name);
    tell(std::move(powers), !swings.empty());
    put_signal(segment, channel, std::move(clean), std::move(noisy));
    put_pulses(segment, scene_, channel, pulses);
  }

  const SynthOptions& options_;
  std::string id_;
  Person person_;
  Train train_;
  std::vector<Spoiling> plan_;
  Scene scene_{options_, person_, train_};
  std::optional<Powers> powers_;
  bool snr_known_ = false;
};

}  // namespace

std::string synth_subject(std::uint64_t number) { return fmt::format("s{:04}", number); }

Segment synthesise(const SynthOptions& options, std::uint64_t number) {
  validate(options);
  const std::string id = synth_subject(number);
  Segment segment;
  segment.header = {{"id", fmt::format("synth/{:04}/0", number)},
                    {"record", fmt::format("synth/{:04}", number)},
                    {"subject", id},
                    {"source", "cfm-synth"},
                    {"split", nullptr},
                    {"start", 0.0}};
  Record(options, id).put_into(segment);
  return segment;
}

}  // namespace cfm::synth
