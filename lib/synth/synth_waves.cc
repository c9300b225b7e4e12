#include "synth/synth_waves.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.h"

namespace cfm::synth {
namespace {

constexpr double kLead = 3;     // seconds of beats before the record begins and after it ends
constexpr double kReach = 5;    // widths after which a wave is nothing (4e-6 of its height)
constexpr double kMayer = 0.1;  // Hz
constexpr Range kSinusRate = {50, 100}, kVtRate = {140, 220};  // /min

// Shape of a pulse at RR = 1 s; everything shrinks with the square root of a shorter interval.
constexpr double kUpstroke = 0.08;   // width of the systolic wave, s
constexpr double kEcho = 0.28;       // from the systolic to the reflected wave, s
constexpr double kEchoWidth = 0.10;  // s

// Adds what weight(t) leaves of a wave whose centre is at `centre` seconds.
template <typename Weight>
void add_wave(std::vector<float>& x, double fs, double centre, double width, double amplitude, const Weight& weight) {
  const double last = static_cast<double>(x.size()) - 1;
  const double from = std::max(0.0, std::ceil((centre - kReach * width) * fs));
  const double to = std::min(last, std::floor((centre + kReach * width) * fs));
  const double scale = 1 / (width * fs);
  for (double i = from; i <= to; ++i) {
    const double u = (i - centre * fs) * scale;
    x[static_cast<std::size_t>(i)] += static_cast<float>(amplitude * std::exp(-0.5 * u * u) * weight(i / fs));
  }
}

void add_wave(std::vector<float>& x, double fs, double centre, double width, double amplitude) {
  add_wave(x, fs, centre, width, amplitude, [](double) { return 1.0; });
}

double shrink(double rr) { return std::sqrt(std::min(rr, 1.0)); }

}  // namespace

Subject draw_subject(const SynthOptions& options, const std::string& id) {
  Random random(options.seed, "synth/subject", id);
  const auto around = [&](double value, double part) { return value * random.uniform(1 - part, 1 + part); };
  const Range sinus = options.rhythm != Rhythm::kVt ? options.heart_rate.value_or(kSinusRate) : kSinusRate;
  const Range vt = options.rhythm == Rhythm::kVt ? options.heart_rate.value_or(kVtRate) : kVtRate;
  Subject s;
  s.heart_rate = random.uniform(sinus.low, sinus.high);
  s.vt_rate = random.uniform(vt.low, vt.high);
  s.breathing = random.uniform(0.18, 0.35);
  s.breathing_phase = random.uniform(0, 2 * std::numbers::pi);
  s.rsa = random.uniform(0.01, 0.06);
  s.slow = random.uniform(0.005, 0.03);
  s.jitter = random.uniform(0.002, 0.01);
  s.p = {around(0.14, 0.4), -around(0.16, 0.15), around(0.024, 0.15)};
  s.q = {-around(0.10, 0.8), -around(0.032, 0.1), around(0.008, 0.15)};
  s.r = {around(1.1, 0.4), 0, around(0.011, 0.15)};
  s.s = {-around(0.22, 0.8), around(0.034, 0.1), around(0.009, 0.15)};
  s.t = {around(0.30, 0.5), around(0.255, 0.08), around(0.045, 0.15)};
  const double sign = random.uniform() < 0.5 ? -1 : 1;
  s.vt_main = {sign * around(1.3, 0.35), 0, around(0.042, 0.15)};
  s.vt_tail = {-sign * around(0.6, 0.4), 0.5, 0.14};  // both of the interval between beats
  s.pat = random.uniform(0.17, 0.27);
  s.pulse = around(1, 0.3);
  s.reflection = random.uniform(0.25, 0.5);
  s.vt_pulse = random.uniform(0.25, 0.6);
  s.level = random.uniform(0.5, 1.5);
  s.vt_at_end = options.rhythm == Rhythm::kMix && random.uniform() < 0.5;
  return s;
}

std::vector<Beat> make_beats(const SynthOptions& options, const Subject& subject, const std::string& id) {
  Random random(options.seed, "synth/beats", id);
  std::vector<Beat> beats;
  double rr = 60 / (options.rhythm == Rhythm::kVt ? subject.vt_rate : subject.heart_rate);
  const double mayer_phase = random.uniform(0, 2 * std::numbers::pi);
  const double vt_from =
      subject.vt_at_end ? std::max(0.0, options.duration - kSynthVtEnd) : options.duration + 2 * kLead;
  for (double time = -kLead - rr * random.uniform(); time < options.duration + kLead;) {
    const bool ventricular = options.rhythm == Rhythm::kVt || time >= vt_from;
    const double breath = std::sin(2 * std::numbers::pi * subject.breathing * time + subject.breathing_phase);
    const double mayer = std::sin(2 * std::numbers::pi * kMayer * time + mayer_phase);
    beats.push_back({time, rr, breath, ventricular});
    const double swing = ventricular ? 0 : subject.rsa * breath + subject.slow * mayer;
    rr = 60 / (ventricular ? subject.vt_rate : subject.heart_rate) * (1 + swing + subject.jitter * random.normal());
    time += rr;
  }
  return beats;
}

double qt_of(const Subject& subject, const Beat& beat) {
  const double root = std::sqrt(beat.rr);
  return (subject.t.centre + 2 * subject.t.width) * root - (subject.q.centre - 2 * subject.q.width);
}

std::vector<float> clean_ecg(const Subject& subject, const std::vector<Beat>& beats, double fs, std::size_t samples) {
  constexpr double kBreathing = 0.05;  // relative swing of the amplitude with breathing
  std::vector<float> ecg(samples, 0.0F);
  for (const Beat& beat : beats) {
    const double gain = 1 + kBreathing * beat.breath, root = std::sqrt(beat.rr);
    if (beat.ventricular) {
      add_wave(ecg, fs, beat.time, subject.vt_main.width, gain * subject.vt_main.amplitude);
      const double interval = 60 / subject.vt_rate;
      add_wave(ecg, fs, beat.time + subject.vt_tail.centre * interval, subject.vt_tail.width * interval,
               gain * subject.vt_tail.amplitude);
      continue;
    }
    for (const Wave* wave : {&subject.p, &subject.q, &subject.r, &subject.s}) {
      add_wave(ecg, fs, beat.time + wave->centre, wave->width, gain * wave->amplitude);
    }
    add_wave(ecg, fs, beat.time + subject.t.centre * root, subject.t.width * root, gain * subject.t.amplitude);
  }
  return ecg;
}

std::vector<Pulse> pulses_of(const Subject& subject, const std::vector<Beat>& beats) {
  constexpr double kBreathing = 0.08;
  std::vector<Pulse> pulses;
  for (const Beat& beat : beats) {
    const double size = shrink(beat.rr), width = kUpstroke * size, echo = kEcho * size, echo_width = kEchoWidth * size;
    const double foot = beat.time + subject.pat;
    const double height = subject.pulse * (1 - kBreathing * beat.breath) * (beat.ventricular ? subject.vt_pulse : 1);
    double t = 0;  // Newton from the systolic wave's peak: the reflected wave pulls the maximum a little to the right
    for (int step = 0; step < 4; ++step) {
      const double a = std::exp(-t * t / (2 * width * width)), u = t - echo;
      const double b = subject.reflection * std::exp(-u * u / (2 * echo_width * echo_width));
      const double first = -a * t / (width * width) - b * u / (echo_width * echo_width);
      const double second = a * (t * t / (width * width) - 1) / (width * width) +
                            b * (u * u / (echo_width * echo_width) - 1) / (echo_width * echo_width);
      t -= first / second;
    }
    pulses.push_back({foot, foot + 2 * width + t, height});
  }
  return pulses;
}

std::vector<float> clean_ppg(const Subject& subject, const std::vector<Beat>& beats, double fs, std::size_t samples) {
  constexpr double kFall = 0.1;   // seconds in which what is left of a pulse fades away
  constexpr double kQuiet = 1.5;  // widths before a foot where nothing of the pulse before is left
  std::vector<float> ppg(samples, static_cast<float>(subject.level));
  const std::vector<Pulse> pulses = pulses_of(subject, beats);
  for (std::size_t i = 0; i + 1 < beats.size(); ++i) {
    const double size = shrink(beats[i].rr), width = kUpstroke * size;
    const double end = pulses[i + 1].foot - kQuiet * kUpstroke * shrink(beats[i + 1].rr);
    const auto fade = [end](double t) {
      const double left = std::clamp((end - t) / kFall, 0.0, 1.0);
      return left * left * (3 - 2 * left);
    };
    const double peak = pulses[i].foot + 2 * width;
    add_wave(ppg, fs, peak, width, pulses[i].height, fade);
    add_wave(ppg, fs, peak + kEcho * size, kEchoWidth * size, subject.reflection * pulses[i].height, fade);
  }
  return ppg;
}

}  // namespace cfm::synth
