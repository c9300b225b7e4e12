#include "synth/person.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.h"
#include "synth/dipole.h"

namespace cfm::synth {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr Range kSinusRate = {50, 100}, kAfRate = {60, 130}, kVtRate = {140, 220}, kPacedRate = {60, 80};  // /min
constexpr Range kPat = {170, 270};                                                                         // ms
constexpr Range kSbp = {100, 150};                                                                         // mmHg

double draw(Random& random, const Range& range) { return random.uniform(range.low, range.high); }

double around(Random& random, double value, double part) { return value * random.uniform(1 - part, 1 + part); }

Dipole scaled(const Dipole& d, double by) { return {d[0] * by, d[1] * by, d[2] * by}; }

// The heart lies a little differently in every chest: turned about the axes Z and X.
Dipole turned(const Dipole& d, double frontal, double sagittal) {
  const double x = std::cos(frontal) * d[0] - std::sin(frontal) * d[1];
  const double y = std::sin(frontal) * d[0] + std::cos(frontal) * d[1];
  return {x, std::cos(sagittal) * y - std::sin(sagittal) * d[2], std::sin(sagittal) * y + std::cos(sagittal) * d[2]};
}

// As strong in lead II as asked for.
Dipole with_lead_ii(const Dipole& d, double millivolt) { return scaled(d, millivolt / in_lead(d, "II")); }

// Without what lead II sees of it: so that R there stands where R is.
Dipole unseen_in_ii(Dipole d) {
  const Dipole& seen = *lead_vector("II");
  const double along = in_lead(d, "II") / (seen[0] * seen[0] + seen[1] * seen[1] + seen[2] * seen[2]);
  for (std::size_t i = 0; i < d.size(); ++i) d[i] -= along * seen[i];
  return d;
}

void set_extent(Complex& complex) {
  complex.onset = complex.offset = 0;
  for (const Wave& wave : complex.qrs) {
    if (wave.before <= 0) continue;
    complex.onset = std::min(complex.onset, wave.centre - 2 * wave.before);
    complex.offset = std::max(complex.offset, wave.centre + 2 * wave.after);
  }
}

// Dipoles whose leads are those of a normal heart in proportion: septum to the front, wall to the left and down, then
// turning to the back, base to the back (rS in V1, qR in V6); times and widths of McSharry 2003, table I, at a rate
// of 60.
void draw_sinus(Person& p, Random& random) {
  const double frontal = random.uniform(-0.2, 0.2), sagittal = random.uniform(-0.15, 0.15);
  const auto wave = [&](Dipole d, double spread, double centre, double centre_spread, double before, double after) {
    const double stretch = around(random, 1, 0.15), size = around(random, 1, spread);
    return Wave{scaled(turned(d, frontal, sagittal), size), around(random, centre, centre_spread), before * stretch,
                after * stretch};
  };
  p.p = wave({0.12, 0.11, -0.01}, 0.4, -0.16, 0.15, 0.024, 0.024);
  p.sinus.qrs[0] = wave({1.05, 0.85, 0.10}, 0, 0, 0, 0.011, 0.011);
  p.sinus.qrs[0].dipole = with_lead_ii(p.sinus.qrs[0].dipole, around(random, 1.1, 0.4));
  p.sinus.qrs[1] = wave({-0.10, -0.10, -0.25}, 0.5, -0.032, 0.1, 0.008, 0.008);
  p.sinus.qrs[2] = wave({-0.05, -0.12, 0.60}, 0.5, 0.034, 0.1, 0.009, 0.009);
  p.sinus.qrs[3] = wave({0.45, 0, 0.45}, 0.3, 0.017, 0.1, 0.010, 0.010);
  p.sinus.qrs[3].dipole = unseen_in_ii(p.sinus.qrs[3].dipole);
  p.sinus.t = wave({0.28, 0.21, -0.13}, 0.45, 0.255, 0.08, 0.050, 0.042);
  set_extent(p.sinus);
}

// Depolarisation from one place, slower towards its end: wide, with a late wave that lead II hardly sees, T against it.
Complex draw_ventricular(Random& random, Dipole main, double millivolt, double width) {
  constexpr double kLate = 0.3;  // of the main wave, in the late one
  Complex c;
  width *= random.uniform(0.85, 1.15);
  c.qrs[0] = {with_lead_ii(main, millivolt), 0, width, 1.15 * width};
  Dipole late;
  for (double& part : late) part = random.uniform(-0.6, 0.6);
  late = unseen_in_ii(late);
  for (std::size_t i = 0; i < late.size(); ++i) late[i] += kLate * c.qrs[0].dipole[i];
  c.qrs[1] = {late, 2.1 * width, 0.8 * width, 0.8 * width};
  c.t = {scaled(c.qrs[0].dipole, -around(random, 0.35, 0.3)), around(random, 0.31, 0.06), 0.06, 0.05};
  set_extent(c);
  return c;
}

void draw_ventricles(Person& p, Random& random) {
  constexpr double kWide = 0.026, kWider = 0.042;  // seconds: QRS of 0.15 and 0.18 s
  const auto somewhere = [&] {
    const double sign = random.uniform() < 0.5 ? -1 : 1;
    return Dipole{random.uniform(-1, 1), sign * random.uniform(0.8, 1.4), random.uniform(-1, 1)};
  };
  const auto sized = [&](const Dipole& d, double millivolt) { return std::copysign(millivolt, in_lead(d, "II")); };
  Dipole focus = somewhere();
  p.ectopic = draw_ventricular(random, focus, sized(focus, around(random, 1.3, 0.35)), kWide);
  focus = somewhere();
  p.tachycardia = draw_ventricular(random, focus, sized(focus, around(random, 1.3, 0.35)), kWider);
  p.tachycardia.qrs[1] = {};
  set_extent(p.tachycardia);
  p.tachycardia.t = {scaled(p.tachycardia.qrs[0].dipole, -around(random, 0.46, 0.4)), 0.5, 0.14, 0.14};
  // From the apex of the right ventricle: to the left, up and back.
  focus = {random.uniform(0.4, 0.8), -random.uniform(0.8, 1.2), random.uniform(0.5, 0.9)};
  p.paced = draw_ventricular(random, focus, -around(random, 1.1, 0.3), kWide);
}

void draw_fibrillation(Person& p, Random& random) {
  // Largest in V1; Stridh & Sörnmo 2001: 0.05 to 0.15 mV, 4 to 9 Hz.
  p.atria = {random.uniform(4, 9), scaled({-0.05, 0.06, -0.08}, random.uniform(0.5, 1.3)), {}, 0.6};
  p.ventricles = {random.uniform(4, 6), scaled({0.5, 0.6, 0.4}, random.uniform(0.6, 1.2)), {}, 2};
  for (Fibrillation* f : {&p.atria, &p.ventricles}) {
    for (double& phase : f->phase) phase = random.uniform(-0.8, 0.8);
  }
}

void draw_pulses(Person& p, const SynthOptions& options, Random& random) {
  p.ppg.arrival = draw(random, options.pat.value_or(kPat)) / 1000;
  // A line in the radial artery stands nearer to the heart than a fingertip.
  p.abp.arrival = p.ppg.arrival * random.uniform(0.72, 0.85);
  p.ppg.rise = around(random, 0.195, 0.1);
  p.ppg.height = around(random, 1, 0.3);
  p.ppg.low = random.uniform(0.5, 1.5);
  p.ppg.rest = p.ppg.low - 0.3 * p.ppg.height;
  p.ppg.breathing = 0.08;
  p.ppg.runoff = {.round = 0.08,
                  .notch = random.uniform(0.02, 0.08),
                  .notch_at = 0.20,
                  .notch_width = 0.035,
                  .wave = random.uniform(0.08, 0.25),
                  .wave_at = 0.30,
                  .wave_width = 0.06};

  const double wanted_sbp = draw(random, options.sbp.value_or(kSbp));
  const double share = random.uniform(0.56, 0.68), apart = random.uniform(35, 60);
  const double dbp = options.dbp ? draw(random, *options.dbp) : share * wanted_sbp;
  const double sbp = options.dbp && !options.sbp ? dbp + apart : wanted_sbp;
  p.abp.rise = around(random, 0.125, 0.1);
  p.abp.low = dbp;
  p.abp.height = sbp - dbp;
  p.abp.rest = 0.4 * dbp;
  p.abp.breathing = 0.04;
  p.abp.runoff = {.round = 0.05,
                  .notch = random.uniform(0.10, 0.18),
                  .notch_at = 0.19,
                  .notch_width = 0.022,
                  .wave = random.uniform(0.06, 0.12),
                  .wave_at = 0.255,
                  .wave_width = 0.04};
  p.ectopic_pulse = random.uniform(0.7, 0.9);
  p.vt_pulse = random.uniform(0.4, 0.9);
  p.collapse = random.uniform(4, 9);
  p.filling = random.uniform(8, 20);
}

Rhythm draw_base(double u) {
  if (u < 0.4) return Rhythm::kSinus;
  if (u < 0.6) return Rhythm::kAf;
  return u < 0.8 ? Rhythm::kPvc : Rhythm::kPaced;
}

}  // namespace

Person draw_person(const SynthOptions& options, const std::string& id) {
  const auto random_for = [&](const char* what) { return Random(options.seed, what, id); };
  Person p;
  Random rhythm = random_for("synth/rhythm");
  const double base = rhythm.uniform(), end = rhythm.uniform();
  p.base = options.rhythm == Rhythm::kMix ? draw_base(base) : options.rhythm;
  p.vt_at_end = options.rhythm == Rhythm::kMix && end < 0.5;
  const Range usual = p.base == Rhythm::kAf ? kAfRate : p.base == Rhythm::kPaced ? kPacedRate : kSinusRate;
  const bool is_vt = options.rhythm == Rhythm::kVt;
  p.heart_rate = draw(rhythm, is_vt ? kSinusRate : options.heart_rate.value_or(usual));
  p.vt_rate = draw(rhythm, is_vt ? options.heart_rate.value_or(kVtRate) : kVtRate);
  p.breathing = rhythm.uniform(0.18, 0.35);
  for (double* phase : {&p.breathing_phase, &p.mayer_phase, &p.slow_phase}) *phase = rhythm.uniform(0, kTurn);
  p.rsa = rhythm.uniform(0.01, 0.06);
  p.mayer = rhythm.uniform(0.005, 0.03);
  p.jitter = rhythm.uniform(0.002, 0.01);
  p.ectopy = rhythm.uniform(0.04, 0.2);
  p.couplets = rhythm.uniform(0, 0.25);
  p.bigeminy = rhythm.uniform() < 0.5;
  p.coupling = rhythm.uniform(0.52, 0.66);
  p.p_waves = rhythm.uniform() < 0.5;
  p.block = rhythm.uniform(0.4, 0.7);

  Random heart = random_for("synth/heart");
  draw_sinus(p, heart);
  draw_ventricles(p, heart);
  draw_fibrillation(p, heart);
  p.spike_width = heart.uniform(0.001, 0.002);
  const Dipole spike = {heart.uniform(0.2, 0.6), -heart.uniform(0.8, 1.2), heart.uniform(0.2, 0.6)};
  p.spike = with_lead_ii(spike, std::copysign(heart.uniform(1, 3), heart.uniform() - 0.5));

  Random vessels = random_for("synth/vessels");
  draw_pulses(p, options, vessels);
  return p;
}

double breath_at(const Person& person, double seconds) {
  return std::sin(kTurn * person.breathing * seconds + person.breathing_phase);
}

}  // namespace cfm::synth
