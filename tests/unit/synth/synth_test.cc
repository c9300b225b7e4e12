#include "synth/synth.h"

#include <algorithm>
#include <cmath>

#include "synth/converter.h"
#include "synth/noise.h"
#include "synth_support.h"

using namespace cfm;
using namespace cfm::synth;
using namespace cfm::test;
using stream::Segment;
using stream::Tensor;

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
  CHECK(s.find("reference/rhythm")->attributes["aux"] == stream::Json::array({"(N"}));
  CHECK(s.find("abp") == nullptr);
  CHECK(s.label("rhythm") == "N");
  CHECK(s.label("true_alarm").is_null());
  CHECK(s.label("sbp").is_null());
  CHECK(synthesise(clean("ecg"), 0).find("ppg") == nullptr);
  CHECK(synthesise(clean("ecg"), 0).find("reference/snr") == nullptr);
  CHECK(synthesise(clean("ppg"), 0).find("reference/beats")->attributes["of"] == "ppg");
  CHECK(synthesise(clean("abp"), 0).find("reference/pulses")->attributes["of"] == "abp");
  const Segment both = synthesise(clean("V5,ppg,abp"), 0);
  CHECK(both.find("ecg")->names() == std::vector<std::string>{"V5"});
  CHECK(both.find("reference/pulses")->attributes["of"] == "ppg");
  CHECK(both.find("reference/pulses/abp")->attributes["of"] == "abp");
}

TEST_CASE("a signal is the same whatever is made beside it") {
  for (const char* rhythm : {"sinus", "af", "vf", "paced"}) {
    SynthOptions options = clean("ecg:all,ppg,abp", 40, rhythm);
    options.noise = parse_noise("motion@6..12,pop@10,dropout@0.1");
    const Segment all = synthesise(options, 2);
    CAPTURE(rhythm);
    const auto alone = [&](const char* signals) {
      options.signals = parse_signals(signals);
      return synthesise(options, 2);
    };
    CHECK(same(samples(alone("ecg"), "ecg"), samples(all, "ecg", 1)));
    CHECK(same(samples(alone("aVF,V3"), "ecg"), samples(all, "ecg", 5)));
    CHECK(same(samples(alone("aVF,V3"), "ecg", 1), samples(all, "ecg", 8)));
    CHECK(same(samples(alone("ppg"), "ppg"), samples(all, "ppg")));
    CHECK(same(samples(alone("ecg,abp"), "abp"), samples(all, "abp")));
    CHECK(same(samples(alone("ecg,abp"), "reference/abp"), samples(all, "reference/abp")));
  }
}

TEST_CASE("noise has the SNR asked for, and the truth says so") {
  for (const char* kind : {"baseline", "motion", "muscle", "mains", "pop"}) {
    for (const double wanted : {0.0, 12.0, 24.0}) {
      SynthOptions options = clean("ecg,ppg,abp", 60);
      options.noise = parse_noise(std::string(kind) + "@" + std::to_string(wanted));
      const Segment s = synthesise(options, 3);
      CAPTURE(kind);
      CHECK(s.label("snr").get<double>() == doctest::Approx(wanted).epsilon(1e-3).scale(10));
      const auto noisy = samples(s, "ecg"), quiet = samples(s, "reference/ecg");
      for (std::size_t span = 0; span < 2; ++span) {
        std::vector<float> noise;
        for (std::size_t i = span * 7500; i < (span + 1) * 7500; ++i) noise.push_back(noisy[i] - quiet[i]);
        std::vector<double> sizes;
        for (const double beat : column(s, "reference/beats", 0)) {
          const auto at = static_cast<std::ptrdiff_t>(std::llround(beat));
          if (at < 13 + static_cast<std::ptrdiff_t>(span) * 7500 ||
              at + 13 > static_cast<std::ptrdiff_t>(span + 1) * 7500)
            continue;
          const auto [low, high] = std::minmax_element(quiet.begin() + at - 12, quiet.begin() + at + 13);
          sizes.push_back(*high - *low);
        }
        const double size = median(sizes), snr = 10 * std::log10(size * size / 8 / noise_power(noise));
        CHECK(std::abs(snr - wanted) < 0.5);
        CHECK(std::abs(snr - column(s, "reference/snr", 2)[span]) < 0.5);
      }
      for (const char* pulses : {"ppg", "abp"}) {
        const auto damaged = samples(s, pulses), pulse = samples(s, std::string("reference/") + pulses);
        std::vector<float> noise(damaged.size());
        for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = damaged[i] - pulse[i];
        const auto [low, high] = std::minmax_element(pulse.begin(), pulse.end());
        CHECK(std::abs(10 * std::log10((*high - *low) * (*high - *low) / 8 / noise_power(noise)) - wanted) < 3);
      }
    }
  }
}

TEST_CASE("where no heart beats, SNR is that of fibrillation, or unknown") {
  SynthOptions options = clean("ecg", 60, "vf");
  options.noise = parse_noise("muscle@10");
  const Segment vf = synthesise(options, 0);
  CHECK(vf.label("snr").get<double>() == doctest::Approx(10).epsilon(1e-3));
  options.rhythm = Rhythm::kAsystole;
  const Segment still = synthesise(options, 0);
  CHECK(still.label("snr").is_null());
  CHECK(still.find("reference/snr") == nullptr);
  CHECK(noise_power(samples(still, "ecg")) > 1e-3);
}

TEST_CASE("a range is drawn anew every 30 s") {
  SynthOptions options = clean("ecg", 300);
  options.noise = parse_noise("motion@0..24");
  std::vector<double> snr = column(synthesise(options, 2), "reference/snr", 2);
  CHECK(snr.size() == 10);
  std::sort(snr.begin(), snr.end());
  CHECK(snr.front() >= -0.01);
  CHECK(snr.back() <= 24.01);
  CHECK(snr.back() - snr.front() > 5);
  CHECK(std::adjacent_find(snr.begin(), snr.end()) == snr.end());
}

TEST_CASE("an electrode that pops jumps, comes back, and is quiet else") {
  SynthOptions options = clean("ecg", 30);
  options.noise = parse_noise("pop@0");
  for (std::uint64_t subject = 0; subject < 5; ++subject) {
    const Segment s = synthesise(options, subject);
    const auto noisy = samples(s, "ecg"), quiet = samples(s, "reference/ecg");
    std::vector<double> level, jump;
    for (std::size_t i = 0; i < noisy.size(); ++i) level.push_back(std::abs(noisy[i] - quiet[i]));
    for (std::size_t i = 1; i < level.size(); ++i) jump.push_back(std::abs(level[i] - level[i - 1]));
    const double largest = *std::max_element(level.begin(), level.end());
    CHECK(median(level) < 0.1 * largest);
    CHECK(*std::max_element(jump.begin(), jump.end()) > 0.4 * largest);
    CHECK(std::count_if(jump.begin(), jump.end(), [&](double x) { return x > 0.2 * largest; }) <= 5);
  }
}

TEST_CASE("clipping, drop-out and flat lines take their share") {
  SynthOptions options = clean("ecg,ppg", 60);
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

TEST_CASE("a converter keeps signals to half a step, and what is missing") {
  SynthOptions options = clean("ecg:all,ppg,abp", 40);
  options.noise = parse_noise("baseline@-20,dropout@0.2");
  const Segment s = synthesise(options, 1), stored = converted(s);
  for (const char* name : {"ecg", "ppg", "abp"}) {
    CAPTURE(name);
    const Tensor& tensor = *stored.find(name);
    CHECK(tensor.dtype == stream::Dtype::kI16);
    REQUIRE(stored.find(std::string(name) + "/mask") != nullptr);
    for (std::size_t channel = 0; channel < tensor.channels(); ++channel) {
      const std::vector<float> back = physical(stored, tensor, channel);
      const auto x = samples(s, name, channel);
      double worst = 0;
      bool gaps = true;
      for (std::size_t i = 0; i < x.size(); ++i) {
        gaps = gaps && std::isnan(x[i]) == std::isnan(back[i]);
        if (!std::isnan(x[i])) worst = std::max(worst, static_cast<double>(std::abs(x[i] - back[i])));
      }
      CHECK(gaps);
      CHECK(worst <= 0.501 * tensor.scale(channel));
      CHECK(worst > 0);
    }
  }
  CHECK(stored.find("reference/ecg")->dtype == stream::Dtype::kF32);
}

TEST_CASE("what cannot be is refused") {
  for (const char* bad : {"wind@3", "motion", "motion@24..0", "motion@x", "clip@1.5", "clip@-0.1", "pop@0..200",
                          "motion@0..24,", "", "motion@1..2..3"}) {
    CAPTURE(bad);
    CHECK(status_of([&] { parse_noise(bad); }) == Status::kUsage);
  }
  CHECK(parse_noise("none").empty());
  CHECK(parse_noise("motion@-6..6,clip@0.1,pop@3").size() == 3);
  CHECK(status_of([] { parse_range("100..50", "--heart-rate"); }) == Status::kUsage);
  CHECK(status_of([] { parse_rhythm("waltz"); }) == Status::kUsage);
  for (const char* bad : {"", "eeg", "ecg,ecg", "ecg,II", "ecg:all,V1", "ppg,ppg", "ecg,", "abp,abp", "V7"}) {
    CAPTURE(bad);
    CHECK(status_of([&] { parse_signals(bad); }) == Status::kUsage);
  }
  CHECK(parse_signals("avf,v1,ABP").leads == std::vector<std::string>{"aVF", "V1"});
  const auto refused = [](auto change) {
    SynthOptions options;
    change(options);
    return status_of([&] { synthesise(options, 0); }) == Status::kUsage;
  };
  CHECK(refused([](SynthOptions& o) { o.heart_rate = Range{0, 60}; }));
  CHECK(refused([](SynthOptions& o) { o.duration = 0; }));
  CHECK(refused([](SynthOptions& o) { o.signals = {{}, false, false}; }));
  CHECK(refused([](SynthOptions& o) { o.signals.leads = {"V9"}; }));
  CHECK(refused([](SynthOptions& o) { o.pat = Range{0, 200}; }));
  CHECK(refused([](SynthOptions& o) { o.sbp = Range{100, 400}; }));
  CHECK(refused([](SynthOptions& o) { o.sbp = Range{90, 120}, o.dbp = Range{60, 90}; }));
  CHECK_FALSE(refused([](SynthOptions& o) { o.sbp = Range{120, 120}, o.dbp = Range{80, 80}; }));
}
