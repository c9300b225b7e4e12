#include "eval/wave_marks.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "delineate/global.h"
#include "eval/marks.h"
#include "format/annotation.h"

namespace cfm::eval {
namespace {

using delineate::BeatWaves;
using delineate::Wave;

constexpr int kPPeak = 24, kTPeak = 27, kWaveOn = 39, kWaveOff = 40;  // ecgcodes.h
constexpr double kOneWave = 0.15;  // s, between the peaks of a wave, in one lead or in two
constexpr double kApart = 0.35;    // s, two marks that are not of one wave: more than a T wave takes to its peak
constexpr double kSupport = 0.01;  // s, between a lead's mark and those of others that support it

std::optional<WaveKind> kind_of(const Event& event) {
  if (event.code == kPPeak) return WaveKind::kP;
  if (event.code == kTPeak) return WaveKind::kT;
  if (format::is_beat(event.code)) return WaveKind::kQrs;
  if ((event.code != kWaveOn && event.code != kWaveOff) || event.num < 0 || event.num > 2) return std::nullopt;
  return static_cast<WaveKind>(event.num);
}

// Puts the marks of one kind together as they come.
class Assembly {
 public:
  explicit Assembly(double fs) : one_wave_(kOneWave * fs), apart_(kApart * fs) {}

  void add(const Event& event, std::vector<Wave>& done) {
    if (event.frame - last_ > apart_) finish(done);
    last_ = event.frame;
    if (event.code == kWaveOn) {
      finish(done);
      wave_.onset = event.frame;
    } else if (event.code == kWaveOff) {
      wave_.offset = event.frame;
      finish(done);
    } else if (std::isnan(wave_.peak)) {
      wave_.peak = event.frame;
    } else if (!std::isnan(wave_.onset) && event.frame - wave_.peak <= one_wave_) {
      wave_.second = event.frame;
    } else {  // the marks between are not there
      finish(done);
      wave_.peak = event.frame;
    }
  }
  void finish(std::vector<Wave>& done) {
    if (!std::isnan(place_of(wave_))) done.push_back(wave_);
    wave_ = {};
  }

 private:
  double one_wave_, apart_;  // frames
  double last_ = -HUGE_VAL;
  Wave wave_;
};

void sort_waves(std::vector<Wave>& waves) { std::ranges::stable_sort(waves, {}, place_of); }

struct Placed {
  double place;
  std::size_t lead;
  Wave wave;
};

std::vector<double> marks_of(std::span<const Placed> cluster, double Wave::*mark) {
  std::vector<double> marks;
  for (const Placed& placed : cluster)
    if (!std::isnan(placed.wave.*mark)) marks.push_back(placed.wave.*mark);
  return marks;
}

double edge_of(std::span<const Placed> cluster, double Wave::*mark, delineate::Edge edge, double fs) {
  const std::vector<double> marks = marks_of(cluster, mark);
  const double found = delineate::global_mark(marks, edge, kSupport * fs);
  return std::isnan(found) ? median_of(marks) : found;
}

Wave global_wave(std::span<const Placed> cluster, double fs) {
  return {.onset = edge_of(cluster, &Wave::onset, delineate::Edge::kOnset, fs),
          .peak = median_of(marks_of(cluster, &Wave::peak)),
          .offset = edge_of(cluster, &Wave::offset, delineate::Edge::kOffset, fs)};
}

}  // namespace

double place_of(const Wave& wave) {
  if (!std::isnan(wave.peak)) return wave.peak;
  if (std::isnan(wave.onset)) return wave.offset;
  return std::isnan(wave.offset) ? wave.onset : (wave.onset + wave.offset) / 2;
}

LeadWaves waves_of(std::span<const Event> events, double fs) {
  LeadWaves waves;
  std::vector<Assembly> open(kWaveKinds, Assembly(fs));
  std::vector<Event> sorted(events.begin(), events.end());
  const auto rank = [](const Event& e) { return e.code == kWaveOn ? 0 : e.code == kWaveOff ? 2 : 1; };
  std::ranges::stable_sort(sorted, {}, [&](const Event& e) { return std::tuple(e.frame, rank(e)); });
  for (const Event& event : sorted) {
    const auto kind = kind_of(event);
    if (kind) open[static_cast<std::size_t>(*kind)].add(event, waves[*kind]);
  }
  for (std::size_t k = 0; k < kWaveKinds; ++k) {
    open[k].finish(waves.of[k]);
    sort_waves(waves.of[k]);
  }
  return waves;
}

std::vector<BeatWaves> beats_of(const LeadWaves& waves) {
  const std::vector<Wave>& complexes = waves[WaveKind::kQrs];
  std::vector<BeatWaves> beats(complexes.size());
  for (std::size_t i = 0; i < complexes.size(); ++i) {
    beats[i].beat = place_of(complexes[i]);
    beats[i].qrs = complexes[i];
  }
  const auto next_beat = [&](const Wave& wave) {
    return std::ranges::upper_bound(beats, place_of(wave), {}, &BeatWaves::beat) - beats.begin();
  };
  for (const Wave& p : waves[WaveKind::kP]) {
    const auto i = next_beat(p);
    if (i < std::ssize(beats)) beats[static_cast<std::size_t>(i)].p = p;
  }
  for (const Wave& t : waves[WaveKind::kT]) {
    const auto i = next_beat(t) - 1;
    if (i >= 0 && std::isnan(place_of(beats[static_cast<std::size_t>(i)].t))) beats[static_cast<std::size_t>(i)].t = t;
  }
  return beats;
}

LeadWaves global_waves_of(std::span<const LeadWaves> leads, double fs) {
  LeadWaves all;
  for (const WaveKind kind : {WaveKind::kP, WaveKind::kQrs, WaveKind::kT}) {
    std::vector<Placed> placed;
    for (std::size_t lead = 0; lead < leads.size(); ++lead)
      for (const Wave& wave : leads[lead][kind]) placed.push_back({place_of(wave), lead, wave});
    std::ranges::stable_sort(placed, {}, &Placed::place);
    std::size_t first = 0;
    for (std::size_t i = 0; i <= placed.size(); ++i) {
      const auto same_lead = [&](const Placed& p) { return p.lead == placed[i].lead; };
      const bool ends =
          i == placed.size() || placed[i].place - placed[first].place > kOneWave * fs ||
          std::any_of(placed.begin() + std::ptrdiff_t(first), placed.begin() + std::ptrdiff_t(i), same_lead);
      if (!ends || i == first) continue;
      all[kind].push_back(global_wave(std::span(placed).subspan(first, i - first), fs));
      first = i;
    }
    sort_waves(all[kind]);
  }
  return all;
}

}  // namespace cfm::eval
