#include "synth/rhythm.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.h"

namespace cfm::synth {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr double kMayer = 0.1;        // Hz
constexpr double kForgetting = 0.1;   // weight of a new interval: QT follows the rate within ten beats and more
constexpr double kShortestRr = 0.12;  // seconds; under it nothing conducts

using Beats = std::vector<Beat>;

// The sinus node, without end.
class SinusNode {
 public:
  SinusNode(const Person& person, Random& random) : person_(person), random_(random) {
    now_ = -kTrainReach - interval() * (1 + random.uniform());
  }
  double next() { return now_ += interval(); }

 private:
  double interval() {
    const double mayer = std::sin(kTurn * kMayer * now_ + person_.mayer_phase);
    const double swing = person_.rsa * breath_at(person_, now_) + person_.mayer * mayer;
    return 60 / person_.heart_rate * (1 + swing + person_.jitter * random_.normal());
  }
  const Person& person_;
  Random& random_;
  double now_ = -kTrainReach;
};

Beats sinus(const Person& person, double end, Random& random, BeatKind kind, bool p) {
  SinusNode node(person, random);
  Beats beats;
  for (double time = node.next(); time < end; time = node.next()) beats.push_back({.time = time, .kind = kind, .p = p});
  return beats;
}

// A pacemaker's clock, whose jitter is none.
Beats steady(double rate, double jitter, double from, double end, Random& random, BeatKind kind) {
  Beats beats;
  for (double time = from; time < end; time += 60 / rate * (1 + jitter * random.normal()))
    beats.push_back({.time = time, .kind = kind});
  return beats;
}

Beats fibrillating(const Person& person, double end, Random& random) {
  // Shares of the mean interval, so that its coefficient of variation is about 0.24 at any rate.
  const double mean = 60 / person.heart_rate, rate = random.uniform(4, 6.4) / mean;
  const double prolonged = 0.3 * mean, slower = 0.25 * mean;
  // Mean time from the end of the refractory period to the next beat, where the chance rises linearly.
  constexpr int kSteps = 200;
  double waits = std::exp(-rate * prolonged / 2) / rate;
  for (int i = 0; i < kSteps; ++i) {
    const double t = (i + 0.5) * prolonged / kSteps;
    waits += std::exp(-rate * t * t / (2 * prolonged)) * prolonged / kSteps;
  }
  const double refractory = std::max(kShortestRr, mean - waits - (1 - person.block) * slower);
  Beats beats;
  for (double time = -kTrainReach - mean * random.uniform(); time < end;) {
    beats.push_back({.time = time, .kind = BeatKind::kFibrillating});
    double since = refractory + (random.uniform() < person.block ? 0 : slower);
    const double ready = since;
    do {
      since -= std::log(1 - random.uniform()) / rate;
    } while (random.uniform() * prolonged > since - ready);
    time += since;
  }
  return beats;
}

// `bigeminy`: spans of it are added.
Beats ectopic(const Person& person, double end, Random& random, std::vector<RhythmSpan>& bigeminy) {
  constexpr double kEpisodes = 1.0 / 40;           // a beat
  constexpr double kPair = 0.45, kRecovery = 0.3;  // seconds between two ectopic beats, and to the next
  constexpr double kCouplingSpread = 0.015;        // relative to the sinus interval
  SinusNode node(person, random);
  Beats beats;
  int left = 0;  // pairs of bigeminy
  double began = 0;
  for (double time = node.next(), next = node.next(); time < end;) {
    if (left == 0 && person.bigeminy && random.uniform() < kEpisodes) {
      left = 4 + static_cast<int>(random.below(12));
      began = time;
    }
    beats.push_back({.time = time, .kind = BeatKind::kSinus, .p = true});
    const bool chance = random.uniform() < person.ectopy, second = random.uniform() < person.couplets;
    const double coupling = person.coupling + kCouplingSpread * random.normal();
    if (left == 0 && !chance) {
      time = next;
      next = node.next();
      continue;
    }
    const double early = time + coupling * (next - time), after = node.next();
    beats.push_back({.time = early, .kind = BeatKind::kEctopic});
    if (left == 0 && second && early + kPair + kRecovery < after)
      beats.push_back({.time = early + kPair, .kind = BeatKind::kEctopic});
    time = after;
    next = node.next();
    if (left > 0 && --left == 0) bigeminy.push_back({began, time, "(B"});
  }
  if (left > 0) bigeminy.push_back({began, end, "(B"});
  return beats;
}

const char* aux_of(Rhythm rhythm) {
  switch (rhythm) {
    case Rhythm::kAf:
      return "(AFIB";
    case Rhythm::kVt:
      return "(VT";
    case Rhythm::kVf:
      return "(VFIB";
    case Rhythm::kAsystole:
      return "(ASYS";
    case Rhythm::kPaced:
      return "(P";
    default:
      return "(N";
  }
}

// The base rhythm, with others cut into it; clipped to the record.
std::vector<RhythmSpan> spans_of(const char* base, const std::vector<RhythmSpan>& others, double duration) {
  std::vector<RhythmSpan> spans;
  double at = 0;
  const auto add = [&](double until, const char* aux) {
    until = std::min(until, duration);
    if (until > at) spans.push_back({at, until, aux});
    at = std::max(at, until);
  };
  for (const RhythmSpan& other : others) {
    add(other.start, base);
    add(other.end, other.aux);
  }
  add(duration, base);
  return spans;
}

void fill_in(Beats& beats, const Person& person) {
  for (std::size_t i = 0; i < beats.size(); ++i) {
    Beat& beat = beats[i];
    const double usual = 60 / (beat.kind == BeatKind::kTachycardia ? person.vt_rate : person.heart_rate);
    beat.rr = i > 0 ? beat.time - beats[i - 1].time : usual;
    beat.slow_rr = i > 0 ? beats[i - 1].slow_rr + kForgetting * (beat.rr - beats[i - 1].slow_rr) : usual;
    beat.breath = breath_at(person, beat.time);
  }
}

}  // namespace

Train make_train(const SynthOptions& options, const Person& person, const std::string& id) {
  Random random(options.seed, "synth/beats", id);
  const double end = options.duration + kTrainReach;
  Train train;
  std::vector<RhythmSpan> others;
  switch (person.base) {
    case Rhythm::kAf:
      train.beats = fibrillating(person, end, random);
      break;
    case Rhythm::kPvc:
      train.beats = ectopic(person, end, random, others);
      break;
    case Rhythm::kVt:
      train.beats =
          steady(person.vt_rate, person.jitter, -kTrainReach - random.uniform(), end, random, BeatKind::kTachycardia);
      break;
    case Rhythm::kPaced:
      train.beats = person.p_waves
                        ? sinus(person, end, random, BeatKind::kPaced, true)
                        : steady(person.heart_rate, 0, -kTrainReach - random.uniform(), end, random, BeatKind::kPaced);
      break;
    case Rhythm::kVf:
      break;
    case Rhythm::kAsystole:
      if (!person.p_waves) break;
      for (const Beat& beat : sinus(person, end, random, BeatKind::kSinus, true)) train.lone_p.push_back(beat.time);
      break;
    default:
      train.beats = sinus(person, end, random, BeatKind::kSinus, true);
  }
  if (person.vt_at_end) {
    const double from = std::max(0.0, options.duration - kSynthVtEnd);
    const auto first = std::ranges::find_if(train.beats, [&](const Beat& beat) { return beat.time >= from; });
    const double begins = first != train.beats.end() ? first->time : from;
    train.beats.erase(first, train.beats.end());
    const Beats run = steady(person.vt_rate, person.jitter, begins, end, random, BeatKind::kTachycardia);
    train.beats.insert(train.beats.end(), run.begin(), run.end());
    std::erase_if(others, [&](const RhythmSpan& span) { return span.start >= begins; });
    if (!others.empty()) others.back().end = std::min(others.back().end, begins);
    others.push_back({begins, end, "(VT"});
  }
  fill_in(train.beats, person);
  train.spans = spans_of(aux_of(person.base), others, options.duration);
  return train;
}

}  // namespace cfm::synth
