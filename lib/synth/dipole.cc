#include "synth/dipole.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/random.h"

namespace cfm::synth {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr double kReach = 5;           // widths after which a wave is nothing (4e-6 of its height)
constexpr double kBreathSize = 0.05;   // relative swing of the dipole's size with breathing
constexpr double kBreathAngle = 0.06;  // radians, its swing in the sagittal and the frontal plane
constexpr double kSpikeLead = 0.008;   // seconds from the pacemaker's spike to the QRS complex

constexpr std::array<std::string_view, 12> kLeads = {"I",  "II", "III", "aVR", "aVL", "aVF",
                                                     "V1", "V2", "V3",  "V4",  "V5",  "V6"};
struct LeadVector {
  std::string_view name;
  Dipole vector;
};
constexpr std::array<LeadVector, 8> kDower = {{{"I", {0.632, -0.235, 0.059}},
                                               {"II", {0.235, 1.066, -0.132}},
                                               {"V1", {-0.515, 0.157, -0.917}},
                                               {"V2", {0.044, 0.164, -1.387}},
                                               {"V3", {0.882, 0.098, -1.277}},
                                               {"V4", {1.213, 0.127, -0.601}},
                                               {"V5", {1.125, 0.127, -0.086}},
                                               {"V6", {0.831, 0.076, 0.230}}}};

// I and II in a derived lead.
struct Limb {
  std::string_view name;
  float i, ii;
};
constexpr std::array<Limb, 4> kLimbs = {{{"III", -1, 1}, {"aVR", -0.5F, -0.5F}, {"aVL", 1, -0.5F}, {"aVF", -0.5F, 1}}};

const Limb* limb_of(std::string_view lead) {
  const auto at = std::ranges::find(kLimbs, lead, &Limb::name);
  return at == kLimbs.end() ? nullptr : at;
}

double dot(const Dipole& a, const Dipole& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Dipole breathed(const Dipole& d, double breath) {
  const double c = std::cos(kBreathAngle * breath), s = std::sin(kBreathAngle * breath),
               gain = 1 + kBreathSize * breath;
  const double x = c * d[0] - s * d[1], y = s * d[0] + c * d[1];
  return {gain * x, gain * (c * y - s * d[2]), gain * (s * y + c * d[2])};
}

// Leads that are projections, with their places in [rows, samples].
class Canvas {
 public:
  Canvas(const LeadSet& leads, double fs, std::size_t samples)
      : x_(leads.rows() * samples, 0.0F), fs_(fs), samples_(samples) {
    for (std::size_t row = 0; row < leads.rows(); ++row) {
      if (const Dipole* vector = lead_vector(leads.names()[row])) rows_.push_back({row * samples, *vector, 0});
    }
  }

  // A wave whose R is at `r` seconds; time is stretched by `stretch`.
  void add(const Wave& wave, double r, double breath, double stretch = 1) {
    aim(breathed(wave.dipole, breath));
    const double centre = r + wave.centre * stretch, before = wave.before * stretch, after = wave.after * stretch;
    const auto [from, to] = range(centre - kReach * before, centre + kReach * after);
    for (std::int64_t i = from; i < to; ++i) {
      const double u = static_cast<double>(i) / fs_ - centre, scaled = u / (u < 0 ? before : after);
      put(i, std::exp(-0.5 * scaled * scaled));
    }
  }

  // A rectangular impulse as a converter sees it: the mean over each sample's interval.
  void add_spike(const Dipole& dipole, double start, double width) {
    aim(dipole);
    const auto [from, to] = range(start - 1 / fs_, start + width + 1 / fs_);
    for (std::int64_t i = from; i < to; ++i) {
      const double low = (static_cast<double>(i) - 0.5) / fs_, high = (static_cast<double>(i) + 0.5) / fs_;
      const double overlap = std::min(high, start + width) - std::max(low, start);
      if (overlap > 0) put(i, overlap * fs_);
    }
  }

  // at(t): the dipole at t seconds.
  template <typename At>
  void add_all(const At& at) {
    for (std::size_t i = 0; i < samples_; ++i) {
      const Dipole d = at(static_cast<double>(i) / fs_);
      for (const Row& row : rows_) x_[row.first + i] += static_cast<float>(dot(row.vector, d));
    }
  }

  std::vector<float> take() { return std::move(x_); }

 private:
  struct Row {
    std::size_t first;
    Dipole vector;
    double size;
  };
  void aim(const Dipole& dipole) {
    for (Row& row : rows_) row.size = dot(row.vector, dipole);
  }
  std::pair<std::int64_t, std::int64_t> range(double from, double to) const {
    const double last = static_cast<double>(samples_);
    return {static_cast<std::int64_t>(std::clamp(std::ceil(from * fs_), 0.0, last)),
            static_cast<std::int64_t>(std::clamp(std::floor(to * fs_) + 1, 0.0, last))};
  }
  void put(std::int64_t i, double weight) {
    for (const Row& row : rows_) x_[row.first + static_cast<std::size_t>(i)] += static_cast<float>(row.size * weight);
  }

  std::vector<float> x_;
  std::vector<Row> rows_;
  double fs_;
  std::size_t samples_;
};

const Complex& complex_of(const Person& person, BeatKind kind) {
  switch (kind) {
    case BeatKind::kEctopic:
      return person.ectopic;
    case BeatKind::kTachycardia:
      return person.tachycardia;
    case BeatKind::kPaced:
      return person.paced;
    default:
      return person.sinus;
  }
}

// QT goes with the square root of the interval that the heart has got used to; in VT waves are shares of the interval.
double t_stretch(const Person& person, const Beat& beat) {
  return beat.kind == BeatKind::kTachycardia ? 60 / person.vt_rate : std::sqrt(beat.slow_rr);
}

// Stridh & Sörnmo 2001: five harmonics of a sawtooth whose size and rate swing; each axis with a phase of its own.
void add_atria(Canvas& canvas, const Fibrillation& f, Random& random) {
  constexpr int kHarmonics = 5;
  constexpr double kSwing = 0.25;                                        // of the size
  constexpr double kSizeRate = 0.08, kRateSwing = 0.2, kRateRate = 0.1;  // Hz
  const double size_phase = random.uniform(0, kTurn), rate_phase = random.uniform(0, kTurn);
  canvas.add_all([&](double t) {
    const double turn = kTurn * f.frequency * t + kRateSwing / kRateRate * std::sin(kTurn * kRateRate * t + rate_phase);
    const double size = 1 + kSwing * std::sin(kTurn * kSizeRate * t + size_phase);
    Dipole d{};
    for (std::size_t axis = 0; axis < d.size(); ++axis) {
      const double phase = turn + f.phase[axis] + f.phase_drift * std::sin(kTurn * kSizeRate * t / 3 + f.phase[axis]);
      // sin of all multiples from the first one's.
      const double twice = 2 * std::cos(phase);
      double before = 0, now = std::sin(phase), sum = 0;
      for (int k = 1; k <= kHarmonics; ++k) {
        sum += now / k;
        const double next = twice * now - before;
        before = now;
        now = next;
      }
      d[axis] = -2 / std::numbers::pi * size * f.dipole[axis] * sum;
    }
    return d;
  });
}

// Smooth noise of variance 1 once it has run in: white noise through two equal poles.
class Wander {
 public:
  // memory: samples.
  Wander(double memory, Random& random) : keep_(std::exp(-1 / memory)), random_(&random) {
    const double square = keep_ * keep_;
    gain_ = std::sqrt(std::pow(1 - square, 3) / (1 + square));
    for (int i = 0; i < static_cast<int>(10 * memory); ++i) next();
  }
  double next() {
    first_ = keep_ * first_ + gain_ * random_->normal();
    return second_ = keep_ * second_ + first_;
  }

 private:
  double keep_, gain_ = 0, first_ = 0, second_ = 0;
  Random* random_;
};

// Wavelets that wander: rate, size and direction drift within a second, and it gets finer over minutes.
void add_ventricles(Canvas& canvas, const Fibrillation& f, double fs, Random& random) {
  constexpr double kRateSpread = 0.8;            // Hz
  constexpr double kMemory = 0.3;                // seconds
  constexpr double kLowest = 2.5, kHighest = 9;  // Hz
  constexpr double kFine = 300, kFinest = 0.3;   // seconds; share of the size
  Wander rate(kMemory * fs, random);
  std::vector<Wander> size(3, rate), drift(3, rate);
  double turn = 0;
  canvas.add_all([&](double t) {
    turn += kTurn * std::clamp(f.frequency + kRateSpread * rate.next(), kLowest, kHighest) / fs;
    const double coarse = std::max(kFinest, std::exp(-t / kFine));
    Dipole d{};
    for (std::size_t axis = 0; axis < d.size(); ++axis) {
      const double phase = turn + f.phase[axis] + 0.5 * f.phase_drift * drift[axis].next();
      d[axis] =
          coarse * f.dipole[axis] * std::exp(0.4 * size[axis].next()) * (std::sin(phase) + 0.2 * std::sin(2 * phase));
    }
    return d;
  });
}

}  // namespace

std::span<const std::string_view> lead_names() { return kLeads; }

const Dipole* lead_vector(std::string_view lead) {
  const auto at = std::ranges::find(kDower, lead, &LeadVector::name);
  return at == kDower.end() ? nullptr : &at->vector;
}

double in_lead(const Dipole& dipole, std::string_view lead) {
  if (const Dipole* vector = lead_vector(lead)) return dot(*vector, dipole);
  const Limb& limb = *limb_of(lead);
  return limb.i * in_lead(dipole, "I") + limb.ii * in_lead(dipole, "II");
}

LeadSet::LeadSet(const std::vector<std::string>& asked) : names_(asked), asked_(asked.size()) {
  const bool derived = std::ranges::any_of(asked, [](const auto& lead) { return lead_vector(lead) == nullptr; });
  for (const char* base : {"I", "II"}) {
    if (derived && std::ranges::find(asked, base) == asked.end()) names_.emplace_back(base);
  }
}

void LeadSet::derive(std::span<float> x) const {
  const std::size_t n = names_.empty() ? 0 : x.size() / names_.size();
  const auto row = [&](std::string_view name) {
    return x.subspan(static_cast<std::size_t>(std::ranges::find(names_, name) - names_.begin()) * n, n);
  };
  for (const std::string& name : names_) {
    const Limb* limb = limb_of(name);
    if (limb == nullptr) continue;
    const std::span<float> i = row("I"), ii = row("II"), out = row(name);
    for (std::size_t k = 0; k < n; ++k) out[k] = limb->i * i[k] + limb->ii * ii[k];
  }
}

std::vector<float> clean_ecg(const SynthOptions& options, const Person& person, const Train& train,
                             const LeadSet& leads, const std::string& id, double fs, std::size_t samples) {
  Canvas canvas(leads, fs, samples);
  for (const Beat& beat : train.beats) {
    const Complex& complex = complex_of(person, beat.kind);
    if (beat.p) canvas.add(person.p, p_of(person, beat).peak - person.p.centre, beat.breath);
    for (const Wave& wave : complex.qrs) {
      if (wave.before > 0) canvas.add(wave, beat.time, beat.breath);
    }
    canvas.add(complex.t, beat.time, beat.breath, t_stretch(person, beat));
    if (beat.kind == BeatKind::kPaced) canvas.add_spike(person.spike, spike_of(person, beat), person.spike_width);
  }
  for (const double time : train.lone_p) canvas.add(person.p, time - person.p.centre, breath_at(person, time));
  Random random(options.seed, "synth/fibrillation", id);
  if (person.base == Rhythm::kAf) add_atria(canvas, person.atria, random);
  if (person.base == Rhythm::kVf) add_ventricles(canvas, person.ventricles, fs, random);
  std::vector<float> x = canvas.take();
  leads.derive(x);
  return x;
}

double spike_of(const Person& person, const Beat& beat) {
  return beat.time + person.paced.onset - kSpikeLead - person.spike_width;
}

// The PR interval is the same before a wide complex.
WaveTimes p_of(const Person& person, const Beat& beat) {
  return p_at(person, qrs_of(person, beat).onset - person.sinus.onset + person.p.centre);
}

WaveTimes p_at(const Person& person, double peak) {
  return {peak - 2 * person.p.before, peak, peak + 2 * person.p.after};
}

WaveTimes qrs_of(const Person& person, const Beat& beat) {
  const Complex& complex = complex_of(person, beat.kind);
  return {beat.time + complex.onset, beat.time, beat.time + complex.offset};
}

WaveTimes t_of(const Person& person, const Beat& beat) {
  const Wave& t = complex_of(person, beat.kind).t;
  const double stretch = t_stretch(person, beat), peak = beat.time + t.centre * stretch;
  return {peak - 2 * t.before * stretch, peak, peak + 2 * t.after * stretch};
}

double p_size(const Person& person, std::string_view lead) { return std::abs(in_lead(person.p.dipole, lead)); }

double t_size(const Person& person, const Beat& beat, std::string_view lead) {
  return beat.kind == BeatKind::kTachycardia ? 0 : std::abs(in_lead(complex_of(person, beat.kind).t.dipole, lead));
}

double qrs_swing(const Person& person, std::string_view lead) {
  double low = 0, high = 0;
  for (const Wave& wave : person.sinus.qrs) {
    low = std::min(low, in_lead(wave.dipole, lead));
    high = std::max(high, in_lead(wave.dipole, lead));
  }
  return high - low;
}

}  // namespace cfm::synth
