#include "synth/synth.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "synth/synth_noise.h"
#include "support.h"

using namespace cfm;
using namespace cfm::synth;
using cfm::test::status_of;
using stream::Segment;
using stream::Tensor;

namespace {

// Column of an event tensor, of the rows whose code is `code` (0: all).
std::vector<double> column(const Segment& segment, const char* name, std::size_t which, double code = 0) {
  const Tensor* tensor = segment.find(name);
  REQUIRE(tensor != nullptr);
  const auto values = tensor->values<double>();
  const auto width = static_cast<std::size_t>(tensor->shape[1]);
  std::vector<double> out;
  for (std::size_t i = 0; i < values.size(); i += width) {
    if (code == 0 || values[i + 1] == code) out.push_back(values[i + which]);
  }
  return out;
}

std::span<const float> samples(const Segment& segment, const char* name) {
  const Tensor* tensor = segment.find(name);
  REQUIRE(tensor != nullptr);
  return tensor->values<float>();
}

bool same(const Segment& a, const Segment& b) {
  if (a.header != b.header || a.tensors.size() != b.tensors.size()) return false;
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    if (a.tensors[i].name != b.tensors[i].name || a.tensors[i].attributes != b.tensors[i].attributes ||
        a.tensors[i].data.text() != b.tensors[i].data.text()) {
      return false;
    }
  }
  return true;
}

SynthOptions quiet(double duration = 60) { return {.duration = duration, .heart_rate = {}, .noise = {}}; }

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

}  // namespace

TEST_CASE("a record has its signals, units and names") {
  const Segment s = synthesise({}, 7);
  CHECK(s.id() == "synth/0007/0");
  CHECK(s.record() == "synth/0007");
  CHECK(s.subject() == "s0007");
  const Tensor& ecg = *s.find("ecg");
  CHECK(ecg.shape == std::vector<std::int64_t>{1, 15000});
  CHECK(ecg.fs() == 250);
  CHECK(ecg.names() == std::vector<std::string>{"II"});
  CHECK(ecg.units() == std::vector<std::string>{"mV"});
  CHECK(s.find("ppg")->shape == std::vector<std::int64_t>{1, 7500});
  CHECK(s.find("reference/ecg")->kind() == "waveform");
  CHECK(s.find("reference/rhythm")->attributes["aux"] == stream::Json::array({"(N", "(VT"}));
  CHECK(s.label("rhythm") == "N");
  CHECK(s.label("true_alarm").is_null());
  SynthOptions only = quiet();
  only.ppg = false;
  CHECK(synthesise(only, 0).find("ppg") == nullptr);
  CHECK(synthesise(only, 0).find("reference/snr") == nullptr);
  only.ppg = true, only.ecg = false;
  CHECK(synthesise(only, 0).find("reference/beats")->attributes["of"] == "ppg");
}

TEST_CASE("the heart beats at the rate asked for, and R waves stand where the truth says") {
  SynthOptions options = quiet(120);
  options.heart_rate = Range{80, 80};
  for (std::uint64_t subject = 0; subject < 10; ++subject) {
    const Segment s = synthesise(options, subject);
    const std::vector<double> beats = column(s, "reference/beats", 0);
    const double rate = 60.0 * 250 * static_cast<double>(beats.size() - 1) / (beats.back() - beats.front());
    CHECK(s.label("heart_rate").get<double>() == doctest::Approx(rate));
    CHECK(rate == doctest::Approx(80).epsilon(0.02));
    const auto ecg = samples(s, "ecg");
    for (const double beat : beats) {
      const auto at = static_cast<std::ptrdiff_t>(std::llround(beat));
      if (at < 20 || at + 20 >= static_cast<std::ptrdiff_t>(ecg.size())) continue;
      const auto peak = std::max_element(ecg.begin() + at - 20, ecg.begin() + at + 20) - ecg.begin();
      CHECK(std::abs(static_cast<double>(peak) - beat) <= 1);
    }
  }
}

TEST_CASE("rates are drawn from the range, and sinus rhythm is not a metronome") {
  double low = 1000, high = 0;
  for (std::uint64_t subject = 0; subject < 60; ++subject) {
    const Segment s = synthesise(quiet(), subject);
    const double rate = s.label("heart_rate").get<double>();
    low = std::min(low, rate), high = std::max(high, rate);
    std::vector<double> beats = column(s, "reference/beats", 0);
    std::adjacent_difference(beats.begin(), beats.end(), beats.begin());
    const auto [shortest, longest] = std::minmax_element(beats.begin() + 1, beats.end());
    CHECK(*longest / *shortest > 1.02);
    CHECK(*longest / *shortest < 1.3);
    CHECK(s.label("qt").get<double>() > 250);
    CHECK(s.label("qt").get<double>() < 480);
  }
  CHECK(low > 48);
  CHECK(low < 56);
  CHECK(high > 94);
  CHECK(high < 102);
}

TEST_CASE("the pulse arrives when it was set to, by the truth and by the tangent") {
  for (std::uint64_t subject = 0; subject < 10; ++subject) {
    const Segment s = synthesise(quiet(), subject);
    const double pat = s.label("pat").get<double>();
    const std::vector<double> beats = column(s, "reference/beats", 0), feet = column(s, "reference/pulses", 0, 21);
    const auto ppg = samples(s, "ppg");
    std::vector<double> tangents;
    for (const double foot : feet) {
      const double r = foot / 125 - pat / 1000;
      if (r < 0) continue;
      const double nearest = *std::min_element(beats.begin(), beats.end(), [&](double a, double b) {
        return std::abs(a / 250 - r) < std::abs(b / 250 - r);
      });
      CHECK(nearest / 250 == doctest::Approx(r).epsilon(1e-9));
      if (foot < 40 || foot + 40 > static_cast<double>(ppg.size())) continue;
      const auto from = static_cast<std::size_t>(foot) - 8;
      double steepest = 0, at = 0, floor = 1e9;
      for (std::size_t i = from; i < from + 24; ++i) {
        const double slope = (ppg[i + 1] - ppg[i - 1]) / 2.0;
        if (slope > steepest) steepest = slope, at = static_cast<double>(i) - (ppg[i]) / slope;
        floor = std::min<double>(floor, ppg[i - 8]);
      }
      tangents.push_back(at + floor / steepest - foot);
    }
    CHECK(std::abs(median(tangents)) / 125 < 0.004);
  }
}

TEST_CASE("ventricular tachycardia: fast, wide, weak pulses") {
  SynthOptions options = quiet();
  options.rhythm = Rhythm::kVt;
  const Segment s = synthesise(options, 1);
  CHECK(s.label("rhythm") == "VT");
  CHECK(s.label("qt").is_null());
  CHECK(s.label("heart_rate").get<double>() > 138);
  CHECK(s.label("heart_rate").get<double>() < 222);
  CHECK(column(s, "reference/beats", 0, 5).size() == column(s, "reference/beats", 0).size());
  options.heart_rate = Range{150, 150};
  CHECK(synthesise(options, 1).label("heart_rate").get<double>() == doctest::Approx(150).epsilon(0.02));
}

TEST_CASE("mix: half of the subjects end in ten seconds of VT") {
  SynthOptions options = quiet();
  options.rhythm = Rhythm::kMix;
  int alarms = 0;
  for (std::uint64_t subject = 0; subject < 100; ++subject) {
    const Segment s = synthesise(options, subject);
    const bool alarm = s.label("true_alarm").get<bool>();
    alarms += alarm ? 1 : 0;
    CHECK(s.label("rhythm") == (alarm ? "VT" : "N"));
    const std::vector<double> vt = column(s, "reference/beats", 0, 5);
    CHECK(vt.empty() == !alarm);
    if (alarm) {
      CHECK(vt.front() >= 50 * 250);
      CHECK(vt.front() < 52 * 250);
      const std::vector<double> end = column(s, "reference/rhythm", 1), aux = column(s, "reference/rhythm", 3);
      CHECK(aux == std::vector<double>{0, 1});
      CHECK(end == std::vector<double>{vt.front(), 15000});
    }
  }
  CHECK(alarms > 30);
  CHECK(alarms < 70);
}

TEST_CASE("noise has the SNR asked for, and the truth says so") {
  for (const char* kind : {"baseline", "motion", "muscle", "mains"}) {
    for (const double wanted : {0.0, 12.0, 24.0}) {
      SynthOptions options = quiet(60);
      options.noise = parse_noise(std::string(kind) + "@" + std::to_string(wanted));
      const Segment s = synthesise(options, 3);
      CAPTURE(kind);
      CHECK(s.label("snr").get<double>() == doctest::Approx(wanted).epsilon(1e-3).scale(10));
      const auto noisy = samples(s, "ecg"), clean = samples(s, "reference/ecg");
      for (std::size_t span = 0; span < 2; ++span) {
        std::vector<float> noise;
        for (std::size_t i = span * 7500; i < (span + 1) * 7500; ++i) noise.push_back(noisy[i] - clean[i]);
        std::vector<double> sizes;
        for (const double beat : column(s, "reference/beats", 0)) {
          const auto at = static_cast<std::ptrdiff_t>(std::llround(beat));
          if (at < 13 + static_cast<std::ptrdiff_t>(span) * 7500 ||
              at + 13 > static_cast<std::ptrdiff_t>(span + 1) * 7500)
            continue;
          const auto [low, high] = std::minmax_element(clean.begin() + at - 12, clean.begin() + at + 13);
          sizes.push_back(*high - *low);
        }
        const double size = median(sizes), snr = 10 * std::log10(size * size / 8 / noise_power(noise));
        CHECK(std::abs(snr - wanted) < 0.5);
        CHECK(std::abs(snr - column(s, "reference/snr", 2)[span]) < 0.5);
      }
      double power = 0;
      const auto ppg = samples(s, "ppg"), pulse = samples(s, "reference/ppg");
      std::vector<float> noise(ppg.size());
      for (std::size_t i = 0; i < ppg.size(); ++i) noise[i] = ppg[i] - pulse[i];
      power = noise_power(noise);
      const auto [low, high] = std::minmax_element(pulse.begin(), pulse.end());
      CHECK(std::abs(10 * std::log10((*high - *low) * (*high - *low) / 8 / power) - wanted) < 2);
    }
  }
}

TEST_CASE("a range is drawn anew every 30 s") {
  SynthOptions options = quiet(300);
  options.noise = parse_noise("motion@0..24");
  std::vector<double> snr = column(synthesise(options, 2), "reference/snr", 2);
  CHECK(snr.size() == 10);
  std::sort(snr.begin(), snr.end());
  CHECK(snr.front() >= -0.01);
  CHECK(snr.back() <= 24.01);
  CHECK(snr.back() - snr.front() > 5);
  CHECK(std::adjacent_find(snr.begin(), snr.end()) == snr.end());
}

TEST_CASE("clipping, drop-out and flat lines take their share") {
  SynthOptions options = quiet(60);
  options.noise = parse_noise("dropout@0.1");
  const Segment dropped = synthesise(options, 0);
  auto x = samples(dropped, "ecg");
  CHECK(std::count_if(x.begin(), x.end(), [](float v) { return std::isnan(v); }) == 1500);
  options.noise = parse_noise("flat@0.2");
  const Segment flat = synthesise(options, 0);
  x = samples(flat, "ppg");
  int still = 0;
  for (std::size_t i = 1; i < x.size(); ++i) still += x[i] == x[i - 1] ? 1 : 0;
  CHECK(still >= 1498);
  options.noise = parse_noise("motion@10,clip@0.1");
  const Segment clipped = synthesise(options, 0);
  x = samples(clipped, "ecg").subspan(0, 7500);
  const auto [low, high] = std::minmax_element(x.begin(), x.end());
  const auto ends = std::count(x.begin(), x.end(), *low) + std::count(x.begin(), x.end(), *high);
  CHECK(std::abs(static_cast<double>(ends) - 750) < 10);
}

TEST_CASE("a subject is a function of the seed and its number") {
  const SynthOptions options;
  SynthOptions other = options;
  other.seed = 1;
  CHECK(same(synthesise(options, 3), synthesise(options, 3)));
  CHECK_FALSE(same(synthesise(options, 3), synthesise(options, 4)));
  CHECK_FALSE(same(synthesise(options, 3), synthesise(other, 3)));
}

TEST_CASE("what cannot be is refused") {
  for (const char* bad :
       {"wind@3", "motion", "motion@24..0", "motion@x", "clip@1.5", "motion@0..24,", "", "motion@1..2..3"}) {
    CAPTURE(bad);
    CHECK(status_of([&] { parse_noise(bad); }) == Status::kUsage);
  }
  CHECK(parse_noise("none").empty());
  CHECK(parse_noise("motion@-6..6,clip@0.1").size() == 2);
  CHECK(status_of([] { parse_range("100..50", "--heart-rate"); }) == Status::kUsage);
  CHECK(status_of([] { parse_rhythm("waltz"); }) == Status::kUsage);
  SynthOptions options;
  options.heart_rate = Range{0, 60};
  CHECK(status_of([&] { synthesise(options, 0); }) == Status::kUsage);
  options = {.duration = 0, .heart_rate = {}};
  CHECK(status_of([&] { synthesise(options, 0); }) == Status::kUsage);
  options = {.ecg = false, .ppg = false, .heart_rate = {}};
  CHECK(status_of([&] { synthesise(options, 0); }) == Status::kUsage);
}
