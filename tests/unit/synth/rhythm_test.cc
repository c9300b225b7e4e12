#include "synth/rhythm.h"

#include <map>
#include <numeric>

#include "synth_support.h"

using namespace cfm;
using namespace cfm::synth;
using namespace cfm::test;
using stream::Segment;

namespace {

struct Heart {
  SynthOptions options;
  Person person;
  Train train;
  Heart(const char* rhythm, double duration, std::uint64_t subject) : options(clean("ecg", duration, rhythm)) {
    person = draw_person(options, synth_subject(subject));
    train = make_train(options, person, synth_subject(subject));
  }
};

std::vector<double> intervals(const Segment& segment) {
  std::vector<double> beats = column(segment, "reference/beats", 0);
  std::adjacent_difference(beats.begin(), beats.end(), beats.begin());
  beats.erase(beats.begin());
  return beats;
}

double mean(const std::vector<double>& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

// Coefficient of variation, and correlation of neighbours.
std::pair<double, double> irregularity(const std::vector<double>& x) {
  const double middle = mean(x);
  double square = 0, product = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    square += (x[i] - middle) * (x[i] - middle);
    if (i > 0) product += (x[i] - middle) * (x[i - 1] - middle);
  }
  return {std::sqrt(square / static_cast<double>(x.size())) / middle, product / square};
}

}  // namespace

TEST_CASE("the heart beats at the rate asked for") {
  for (const char* rhythm : {"sinus", "af", "paced", "pvc", "vt"}) {
    SynthOptions options = clean("ppg", 300, rhythm);
    options.heart_rate = Range{80, 80};
    for (std::uint64_t subject = 0; subject < 5; ++subject) {
      CAPTURE(rhythm);
      const Segment s = synthesise(options, subject);
      const double rate = 60 * 250 / 2.0 / mean(intervals(s));
      CHECK(s.label("heart_rate").get<double>() == doctest::Approx(rate));
      CHECK(rate == doctest::Approx(80).epsilon(0.06));
    }
  }
}

TEST_CASE("sinus rates are drawn from the range, and it is no metronome") {
  double low = 1000, high = 0;
  for (std::uint64_t subject = 0; subject < 60; ++subject) {
    const Segment s = synthesise(clean("ecg"), subject);
    const double rate = s.label("heart_rate").get<double>();
    low = std::min(low, rate), high = std::max(high, rate);
    const std::vector<double> rr = intervals(s);
    const auto [shortest, longest] = std::minmax_element(rr.begin(), rr.end());
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

TEST_CASE("atrial fibrillation is irregular without memory, and has no P waves") {
  std::vector<double> spreads, memories;
  for (std::uint64_t subject = 0; subject < 20; ++subject) {
    const Segment s = synthesise(clean("ecg", 300, "af"), subject);
    const auto [spread, memory] = irregularity(intervals(s));
    spreads.push_back(spread), memories.push_back(memory);
    CHECK(s.label("rhythm") == "AFIB");
    CHECK(column(s, "reference/waves", 0, 24).empty());
    const std::vector<double> rr = intervals(s);
    CHECK(*std::min_element(rr.begin(), rr.end()) > 0.2 * 250);
  }
  CHECK(*std::min_element(spreads.begin(), spreads.end()) > 0.15);
  CHECK(*std::max_element(spreads.begin(), spreads.end()) < 0.35);
  CHECK(std::abs(mean(memories)) < 0.05);
}

TEST_CASE("a single ectopic beat is early, and its pause fully compensatory") {
  std::size_t singles = 0, couplets = 0, bigeminy = 0;
  for (std::uint64_t subject = 0; subject < 30; ++subject) {
    const Heart heart("pvc", 300, subject);
    const std::vector<Beat>& beats = heart.train.beats;
    for (std::size_t i = 1; i + 1 < beats.size(); ++i) {
      if (beats[i].kind != BeatKind::kEctopic) continue;
      CHECK_FALSE(beats[i].p);
      if (beats[i + 1].kind == BeatKind::kEctopic) ++couplets;
      if (beats[i + 1].kind == BeatKind::kEctopic || beats[i - 1].kind == BeatKind::kEctopic) continue;
      ++singles;
      const double usual = 60 / heart.person.heart_rate;
      CHECK(beats[i].rr < 0.8 * usual);
      // The sinus node's clock goes on: two of its intervals, which swing by a tenth at most.
      CHECK(beats[i + 1].time - beats[i - 1].time == doctest::Approx(2 * usual).epsilon(0.13));
    }
    for (const RhythmSpan& span : heart.train.spans) {
      if (std::string_view(span.aux) != "(B") continue;
      ++bigeminy;
      bool ectopic = false;
      for (const Beat& beat : beats) {
        if (beat.time < span.start || beat.time >= span.end) continue;
        CHECK((beat.kind == BeatKind::kEctopic) == ectopic);
        ectopic = !ectopic;
      }
    }
  }
  CHECK(singles > 1000);
  CHECK(couplets > 50);
  CHECK(bigeminy > 20);
}

TEST_CASE("spans of rhythms fill the record") {
  for (const char* rhythm : {"sinus", "af", "pvc", "vt", "vf", "asystole", "paced", "mix"}) {
    for (std::uint64_t subject = 0; subject < 20; ++subject) {
      const Heart heart(rhythm, 60, subject);
      const std::vector<RhythmSpan>& spans = heart.train.spans;
      CAPTURE(rhythm);
      REQUIRE_FALSE(spans.empty());
      CHECK(spans.front().start == 0);
      CHECK(spans.back().end == 60);
      for (std::size_t i = 0; i < spans.size(); ++i) {
        CHECK(spans[i].start < spans[i].end);
        if (i > 0) CHECK(spans[i].start == spans[i - 1].end);
      }
      for (std::size_t i = 1; i < heart.train.beats.size(); ++i)
        CHECK(heart.train.beats[i].rr == heart.train.beats[i].time - heart.train.beats[i - 1].time);
    }
  }
}

TEST_CASE("ventricular tachycardia: fast, wide, weak pulses") {
  SynthOptions options = clean("ecg,ppg,abp", 60, "vt");
  const Segment s = synthesise(options, 1);
  CHECK(s.label("rhythm") == "VT");
  CHECK(s.label("qt").is_null());
  CHECK(s.label("heart_rate").get<double>() > 138);
  CHECK(s.label("heart_rate").get<double>() < 222);
  CHECK(column(s, "reference/beats", 0, 5).size() == column(s, "reference/beats", 0).size());
  const Segment calm = synthesise(clean("ecg,ppg,abp"), 1);
  const auto pressure = [](const Segment& x) { return x.label("sbp").get<double>() - x.label("dbp").get<double>(); };
  CHECK(pressure(s) < 0.6 * pressure(calm));
  options.heart_rate = Range{150, 150};
  CHECK(synthesise(options, 1).label("heart_rate").get<double>() == doctest::Approx(150).epsilon(0.02));
}

TEST_CASE("without beats there are no pulses, no labels of them, and pressure falls") {
  std::size_t with_p = 0;
  for (const char* rhythm : {"vf", "asystole"}) {
    for (std::uint64_t subject = 0; subject < 20; ++subject) {
      CAPTURE(rhythm);
      const Segment s = synthesise(clean("ecg,ppg,abp", 40, rhythm), subject);
      CHECK(s.label("rhythm") == (std::string_view(rhythm) == "vf" ? "VFIB" : "ASYS"));
      for (const char* name : {"heart_rate", "qt", "pat", "pat_abp", "sbp", "dbp"}) CHECK(s.label(name).is_null());
      for (const char* name : {"reference/beats", "reference/pulses", "reference/pulses/abp", "reference/pressure"})
        CHECK(column(s, name, 0).empty());
      const auto abp = samples(s, "abp"), ecg = samples(s, "ecg");
      CHECK(std::is_sorted(abp.rbegin(), abp.rend()));
      CHECK(abp.front() > 40);
      CHECK(abp.back() < 25);
      const auto [low, high] = std::minmax_element(ecg.begin(), ecg.end());
      if (std::string_view(rhythm) == "vf") {
        CHECK(*high - *low > 0.4);
        CHECK(column(s, "reference/notes", 1) == std::vector<double>{32, 33});
      } else {
        CHECK(*high - *low < 0.4);
        with_p += column(s, "reference/waves", 0, 24).empty() ? 0 : 1;
      }
    }
  }
  CHECK(with_p > 3);
  CHECK(with_p < 17);
}

TEST_CASE("ventricular fibrillation oscillates at 3 to 8 Hz") {
  for (std::uint64_t subject = 0; subject < 10; ++subject) {
    const Segment s = synthesise(clean("ecg", 60, "vf"), subject);
    const auto x = samples(s, "ecg");
    int crossings = 0;
    for (std::size_t i = 1; i < x.size(); ++i) crossings += (x[i] > 0) != (x[i - 1] > 0) ? 1 : 0;
    CHECK(crossings / 120.0 > 3);
    CHECK(crossings / 120.0 < 8);
  }
}

TEST_CASE("a pacemaker's spike of one sample or two stands before every paced beat") {
  for (std::uint64_t subject = 0; subject < 10; ++subject) {
    const Segment s = synthesise(clean("ecg", 60, "paced"), subject);
    const std::vector<double> beats = column(s, "reference/beats", 0, 12), spikes = column(s, "reference/notes", 0, 26);
    CHECK(s.label("rhythm") == "P");
    CHECK(beats.size() == column(s, "reference/beats", 0).size());
    const auto x = samples(s, "ecg");
    double jumps = 0;
    for (const double spike : spikes) {
      const auto at = static_cast<std::size_t>(std::llround(spike + 0.2));
      if (at < 3 || at + 4 > x.size()) continue;
      double bend = 0;  // of a QRS complex 0.035 mV
      for (std::size_t i = at - 1; i <= at + 1; ++i)
        bend = std::max<double>(bend, std::abs(x[i - 1] - 2 * x[i] + x[i + 1]));
      jumps += bend > 0.08 ? 1 : 0;
      const auto next = std::upper_bound(beats.begin(), beats.end(), spike);
      if (next != beats.end()) CHECK(*next - spike < 0.12 * 250);
    }
    CHECK(jumps / static_cast<double>(spikes.size()) > 0.95);
  }
}

TEST_CASE("mix: rhythms differ, and half of the subjects end in ten seconds of VT") {
  SynthOptions options = clean("ppg", 60, "mix");
  int alarms = 0;
  std::map<std::string, int> bases;
  for (std::uint64_t subject = 0; subject < 100; ++subject) {
    const Segment s = synthesise(options, subject);
    const bool alarm = s.label("true_alarm").get<bool>();
    alarms += alarm ? 1 : 0;
    CHECK((s.label("rhythm") == "VT") == alarm);
    const Person person = draw_person(options, synth_subject(subject));
    ++bases[person.base == Rhythm::kAf      ? "af"
            : person.base == Rhythm::kPvc   ? "pvc"
            : person.base == Rhythm::kPaced ? "paced"
                                            : "sinus"];
    const stream::Json aux = s.find("reference/rhythm")->attributes["aux"];
    CHECK((std::find(aux.begin(), aux.end(), "(VT") != aux.end()) == alarm);
    if (!alarm) continue;
    const std::vector<double> start = column(s, "reference/rhythm", 0), end = column(s, "reference/rhythm", 1);
    CHECK(start.back() >= 50 * 125);
    CHECK(start.back() < 52.5 * 125);
    CHECK(end.back() == 60 * 125);
    for (const double beat : column(s, "reference/beats", 0, 1)) CHECK(beat < start.back());
  }
  CHECK(alarms > 30);
  CHECK(alarms < 70);
  CHECK(bases.size() == 4);
  for (const auto& [name, count] : bases) CHECK(count > 8);
}
