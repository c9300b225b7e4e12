#include "synth/pulses.h"

#include <tuple>

#include "synth_support.h"

using namespace cfm;
using namespace cfm::synth;
using namespace cfm::test;
using stream::Segment;

namespace {

// Where the steepest tangent about `foot` meets the trough before it, in samples.
double tangent_foot(std::span<const float> x, double foot) {
  const auto at = static_cast<std::size_t>(foot);
  double floor = 1e9, steepest = 0, where = 0, level = 0;
  for (std::size_t i = at - 8; i < at + 4; ++i) floor = std::min<double>(floor, x[i]);
  for (std::size_t i = at - 4; i < at + 16; ++i) {
    const double slope = (x[i + 1] - x[i - 1]) / 2.0;
    if (slope > steepest) steepest = slope, where = static_cast<double>(i), level = x[i];
  }
  return where - (level - floor) / steepest;
}

}  // namespace

TEST_CASE("pulses arrive when they were set to, by the truth and by the tangent") {
  for (const char* rhythm : {"sinus", "af", "pvc", "paced"}) {
    for (std::uint64_t subject = 0; subject < 5; ++subject) {
      CAPTURE(rhythm);
      const Segment s = synthesise(clean("ecg,ppg,abp", 60, rhythm), subject);
      const std::vector<double> beats = column(s, "reference/beats", 0);
      CHECK(s.label("pat_abp").get<double>() < 0.86 * s.label("pat").get<double>());
      CHECK(s.label("pat_abp").get<double>() > 0.71 * s.label("pat").get<double>());
      for (const auto& [signal, events, label] :
           {std::tuple{"ppg", "reference/pulses", "pat"}, std::tuple{"abp", "reference/pulses/abp", "pat_abp"}}) {
        const double pat = s.label(label).get<double>() / 1000;
        const auto x = samples(s, signal);
        std::vector<double> errors;
        for (const double foot : column(s, events, 0, 21)) {
          const double r = foot / 125 - pat;
          if (r < 0.5 || foot < 40 || foot + 40 > static_cast<double>(x.size())) continue;
          const double nearest = *std::min_element(beats.begin(), beats.end(), [&](double a, double b) {
            return std::abs(a / 250 - r) < std::abs(b / 250 - r);
          });
          CHECK(nearest / 250 == doctest::Approx(r).epsilon(1e-9));
          errors.push_back(tangent_foot(x, foot) - foot);
        }
        CHECK(std::abs(median(errors)) / 125 < 0.004);
        CHECK(errors.size() > 30);
      }
    }
  }
}

TEST_CASE("the arrival time asked for is the arrival time made") {
  SynthOptions options = clean("ppg");
  options.pat = Range{310, 310};
  CHECK(synthesise(options, 0).label("pat").get<double>() == doctest::Approx(310));
  options.pat = Range{100, 140};
  double low = 1e9, high = 0;
  for (std::uint64_t subject = 0; subject < 40; ++subject) {
    const double pat = synthesise(options, subject).label("pat").get<double>();
    low = std::min(low, pat), high = std::max(high, pat);
  }
  CHECK(low >= 100);
  CHECK(low < 108);
  CHECK(high <= 140);
  CHECK(high > 132);
}

TEST_CASE("systole and diastole of every beat are what the signal shows") {
  for (const char* rhythm : {"sinus", "af", "pvc", "vt", "paced"}) {
    SynthOptions options = clean("ecg,abp", 60, rhythm);
    options.sbp = Range{125, 125}, options.dbp = Range{75, 75};
    for (std::uint64_t subject = 0; subject < 5; ++subject) {
      CAPTURE(rhythm);
      const Segment s = synthesise(options, subject);
      const auto x = samples(s, "abp");
      const std::vector<double> at = column(s, "reference/pressure", 0), high = column(s, "reference/pressure", 1),
                                low = column(s, "reference/pressure", 2);
      double sbp = 0, dbp = 0, worst = 0;
      for (std::size_t k = 0; k < at.size(); ++k) {
        sbp += high[k], dbp += low[k];
        if (at[k] < 30 || at[k] + 5 > static_cast<double>(x.size())) continue;
        const auto peak = x.begin() + std::llround(at[k]);
        worst = std::max(worst, std::abs(*std::max_element(peak - 4, peak + 4) - high[k]));
        worst = std::max(worst, std::abs(*std::min_element(peak - 24, peak) - low[k]));
      }
      CHECK(worst < 1);  // mmHg: they lie between samples of 8 ms, and an early upstroke cuts a fall of 100 mmHg/s
      CHECK(s.label("sbp").get<double>() == doctest::Approx(sbp / static_cast<double>(at.size())));
      CHECK(s.label("dbp").get<double>() == doctest::Approx(dbp / static_cast<double>(at.size())));
      if (std::string_view(rhythm) == "sinus") {
        CHECK(s.label("sbp").get<double>() == doctest::Approx(125).epsilon(0.03));
        CHECK(s.label("dbp").get<double>() == doctest::Approx(75).epsilon(0.03));
        CHECK(*std::max_element(high.begin(), high.end()) - *std::min_element(high.begin(), high.end()) > 1.5);
      }
    }
  }
}

TEST_CASE("pressures are drawn a subject, and one follows the other") {
  SynthOptions options = clean("abp", 20);
  options.sbp = Range{80, 80};
  for (std::uint64_t subject = 0; subject < 10; ++subject) {
    const double dbp = synthesise(options, subject).label("dbp").get<double>();
    CHECK(dbp > 40);
    CHECK(dbp < 58);
  }
  options.sbp.reset();
  options.dbp = Range{110, 110};
  for (std::uint64_t subject = 0; subject < 10; ++subject)
    CHECK(synthesise(options, subject).label("sbp").get<double>() > 140);
}

TEST_CASE("an early beat fills less: its pulse is smaller, the one after the pause larger") {
  std::size_t early = 0, smaller = 0, larger = 0;
  for (std::uint64_t subject = 0; subject < 20; ++subject) {
    const SynthOptions options = clean("abp", 120, "pvc");
    const Person person = draw_person(options, synth_subject(subject));
    const Train train = make_train(options, person, synth_subject(subject));
    const std::vector<Pulse> pulses = make_pulses(person, train, person.abp);
    CHECK(pulses.size() <= train.beats.size());
    const auto pulse_of = [&](const Beat& beat) -> const Pulse* {
      for (const Pulse& pulse : pulses) {
        if (std::abs(pulse.foot - beat.time - person.abp.arrival) < 1e-9) return &pulse;
      }
      return nullptr;
    };
    for (std::size_t i = 2; i + 2 < train.beats.size(); ++i) {
      const auto kind = [&](std::size_t k) { return train.beats[k].kind == BeatKind::kEctopic; };
      if (!kind(i) || kind(i - 1) || kind(i - 2) || kind(i + 1)) continue;
      const Pulse *before = pulse_of(train.beats[i - 1]), *here = pulse_of(train.beats[i]),
                  *after = pulse_of(train.beats[i + 1]);
      ++early;
      smaller += here == nullptr || here->height < 0.85 * before->height ? 1 : 0;
      larger += after->height > before->height ? 1 : 0;
    }
  }
  CHECK(early > 100);
  CHECK(smaller == early);
  CHECK(larger > 0.9 * static_cast<double>(early));
}

TEST_CASE("the wave is continuous: diastole leads into the next upstroke") {
  for (const char* rhythm : {"sinus", "af", "pvc", "vt"}) {
    const Segment s = synthesise(clean("ppg,abp", 60, rhythm), 2);
    for (const char* name : {"ppg", "abp"}) {
      CAPTURE(rhythm);
      CAPTURE(name);
      const auto x = samples(s, name);
      const auto [low, high] = std::minmax_element(x.begin(), x.end());
      double most = 0;
      for (std::size_t i = 1; i < x.size(); ++i) most = std::max<double>(most, std::abs(x[i] - x[i - 1]));
      CHECK(most < 0.25 * (*high - *low));
    }
  }
}
