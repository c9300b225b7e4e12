#include "features/features.h"

#include <cmath>
#include <map>
#include <numbers>
#include <set>

#include "support.h"

namespace {

using cfm::features::names;
using cfm::features::of;
using cfm::stream::Json;
using cfm::stream::make_tensor;
using cfm::stream::Segment;
using Signal = std::vector<float>;

constexpr double kFs = 250, kSeconds = 20;
constexpr auto kSamples = static_cast<std::size_t>(kFs * kSeconds);

double bump(double t, double at, double sd) { return std::exp(-0.5 * std::pow((t - at) / sd, 2)); }

double at_rate(double t, double rate) { return std::fmod(t, 60 / rate); }

enum class Vt { kWaves, kSine };

// Narrow complexes with a T wave at 75/min; from `vt_from` s on wide ones at 180/min, or a sine of 200/min.
Signal ecg(double size, double vt_from = kSeconds, Vt vt = Vt::kWaves) {
  Signal x(kSamples);
  for (std::size_t i = 0; i < kSamples; ++i) {
    const double t = static_cast<double>(i) / kFs, in_beat = at_rate(t, 75), in_vt = at_rate(t, 180);
    const double sinus = bump(in_beat, 0.3, 0.012) + 0.2 * bump(in_beat, 0.58, 0.04);
    const double waves = 2 * (bump(in_vt, 0.12, 0.025) - 0.6 * bump(in_vt, 0.175, 0.03));
    const double wide = vt == Vt::kWaves ? waves : std::sin(2 * std::numbers::pi * t * 200 / 60);
    x[i] = static_cast<float>(size * (t < vt_from ? sinus : wide));
  }
  return x;
}

// Pulses at 75/min, none from `until` s on.
Signal pulse(double low, double height, double until = kSeconds) {
  Signal x(kSamples);
  for (std::size_t i = 0; i < kSamples; ++i) {
    const double t = static_cast<double>(i) / kFs, in_beat = at_rate(t + 0.1, 75);
    const double shape = bump(in_beat, 0.62, 0.08) + 0.25 * bump(in_beat, 0.74, 0.06);
    x[i] = static_cast<float>(low + (t < until ? height * shape : 0));
  }
  return x;
}

void put(Segment& segment, const std::string& kind, const std::vector<std::pair<std::string, Signal>>& channels,
         const std::string& unit, double fs = kFs) {
  std::vector<float> all;
  Json attributes = {{"kind", kind}, {"fs", fs}, {"names", Json::array()}, {"units", Json::array()}};
  for (const auto& [name, x] : channels) {
    attributes["names"].push_back(name);
    attributes["units"].push_back(unit);
    all.insert(all.end(), x.begin(), x.end());
  }
  const auto rows = static_cast<std::int64_t>(channels.size());
  const auto columns = static_cast<std::int64_t>(all.size()) / rows;
  segment.put(make_tensor(kind, {rows, columns}, std::move(all), std::move(attributes)));
}

Segment whole(double vt_from = kSeconds, double pulse_until = kSeconds, Vt vt = Vt::kWaves) {
  Segment segment;
  segment.header["id"] = "a";
  put(segment, "ecg", {{"II", ecg(1, vt_from, vt)}, {"V", ecg(0.6, vt_from, vt)}}, "mV");
  put(segment, "ppg", {{"PLETH", pulse(0, 1, pulse_until)}}, "NU");
  put(segment, "abp", {{"ABP", pulse(80, 40)}}, "mmHg");
  return segment;
}

std::map<std::string, double> named(const Segment& segment) {
  const auto x = of(segment);
  REQUIRE(x.size() == names().size());
  std::map<std::string, double> out;
  for (std::size_t i = 0; i < x.size(); ++i) out[names()[i]] = static_cast<double>(x[i]);
  return out;
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](float x, float y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

TEST_CASE("names are one list, each once") {
  const std::set<std::string> all(names().begin(), names().end());
  CHECK(all.size() == names().size());
  CHECK(all.contains("ecg2.qrs"));
  CHECK(of(Segment{}).size() == names().size());
}

TEST_CASE("a known segment has the numbers it was made with") {
  auto x = named(whole());
  CHECK(x["ecg.rate"] == doctest::Approx(75).epsilon(0.01));
  CHECK(x["ecg2.rate"] == doctest::Approx(75).epsilon(0.01));
  CHECK(x["ecg.rr_variation"] < 0.02);
  CHECK(x["ppg.rate"] == doctest::Approx(75).epsilon(0.01));
  CHECK(x["ppg.longest_gap"] < 1.6);
  CHECK(x["ecg_ppg.rate_ratio"] < 0.05);
  CHECK(x["ecg_ppg.pulses_a_beat"] == doctest::Approx(1).epsilon(0.21));
  CHECK(x["leads.agreement"] == doctest::Approx(1));
  CHECK(x["abp.systolic"] == doctest::Approx(120).epsilon(0.03));
  CHECK(x["abp.diastolic"] == doctest::Approx(80).epsilon(0.03));
  CHECK(x["abp.pulse_pressure"] == doctest::Approx(40).epsilon(0.05));
  CHECK(x["ecg.missing"] == 0);
}

TEST_CASE("a run of wide beats at the end shows in the extremes") {
  auto sinus = named(whole()), vt = named(whole(8));
  for (const std::string lead : {"ecg.", "ecg2."}) {
    CHECK(vt[lead + "rate_highest"] == doctest::Approx(180).epsilon(0.05));
    CHECK(sinus[lead + "rate_highest"] == doctest::Approx(75).epsilon(0.02));
    CHECK(vt[lead + "rate_lowest"] == doctest::Approx(75).epsilon(0.02));
    CHECK(vt[lead + "run_rate"] == doctest::Approx(180).epsilon(0.05));
    CHECK(vt[lead + "run_rise"] > 1.5 * sinus[lead + "run_rise"]);
    CHECK(vt[lead + "run_filled"] > 2 * sinus[lead + "run_filled"]);
  }
  CHECK(vt["ecg_ppg.pulses_a_beat"] < 0.75);
  CHECK(vt["ecg_ppg.fastest_ratio"] > 0.8);
  CHECK(std::abs(sinus["ecg_ppg.fastest_ratio"]) < 0.05);
}

TEST_CASE("a sine at the end shows in the extremes over windows") {
  auto sinus = named(whole()), vt = named(whole(14, kSeconds, Vt::kSine));
  for (const std::string lead : {"ecg.", "ecg2."}) {
    CHECK(vt[lead + "leakage_lowest"] < 0.2);
    CHECK(sinus[lead + "leakage_lowest"] > 0.4);
    CHECK(vt[lead + "purity_highest"] > 0.9);
    CHECK(sinus[lead + "purity_highest"] < 0.8);
    CHECK(vt[lead + "dominant_lowest"] == doctest::Approx(200.0 / 60).epsilon(0.1));
    CHECK(vt[lead + "cycle_highest"] == doctest::Approx(200).epsilon(0.05));
    CHECK(vt[lead + "concentration_highest"] > 0.9);
    CHECK(vt[lead + "entropy_lowest"] < sinus[lead + "entropy_lowest"] - 0.2);
  }
}

TEST_CASE("a pulse that stops is told from one that goes on") {
  auto on = named(whole(8)), off = named(whole(8, 14));
  CHECK(off["ppg.longest_gap"] == doctest::Approx(6).epsilon(0.15));
  CHECK(off["ppg.gap_ratio"] > 5);
  CHECK(off["ecg_ppg.pulses_a_beat_lowest"] == 0);
  CHECK(on["ecg_ppg.pulses_a_beat_lowest"] > 0.2);
  CHECK(off["ecg_abp.pulses_a_beat_lowest"] == on["ecg_abp.pulses_a_beat_lowest"]);
}

TEST_CASE("what is not there is NaN, and nothing else shows it") {
  Segment segment = whole();
  segment.remove("ppg");
  const auto with = named(whole());
  for (const auto& [name, value] : named(segment)) {
    CAPTURE(name);
    const bool of_ppg = name.starts_with("ppg.") || name.starts_with("ecg_ppg.");
    if (of_ppg)
      CHECK(std::isnan(value));
    else
      CHECK((value == with.at(name) || (std::isnan(value) && std::isnan(with.at(name)))));
  }
  for (const float value : of(Segment{})) CHECK(std::isnan(value));
}

TEST_CASE("nothing is infinite, and nothing throws, for poor signals") {
  const float nan = std::nanf(""), infinite = HUGE_VALF;
  for (const Signal& x : {Signal(kSamples, 0.0F), Signal(kSamples, nan), Signal(kSamples, infinite), Signal(300, 1.0F),
                          Signal(3, 1.0F), Signal(1, 0.0F), Signal(kSamples, 1e30F)}) {
    for (const double fs : {10.0, 60.0, 250.0, 2000.0}) {
      Segment segment;
      put(segment, "ecg", {{"I", x}, {"II", x}}, "mV", fs);
      put(segment, "ppg", {{"PLETH", x}}, "NU", fs);
      put(segment, "abp", {{"ABP", x}}, "mmHg", fs);
      for (const float value : of(segment)) CHECK_FALSE(std::isinf(value));
    }
  }
  Segment gaps = whole();
  Signal x = ecg(1);
  std::fill(x.begin() + 1000, x.begin() + 2000, nan);
  put(gaps, "ecg", {{"II", x}}, "mV");
  auto measured = named(gaps);
  CHECK(measured["ecg.missing"] == doctest::Approx(0.2));
  CHECK(measured["ecg.rate"] == doctest::Approx(75).epsilon(0.02));
}

TEST_CASE("labels, events and the order of the leads change nothing") {
  const Segment plain = whole(14);
  Segment labelled = plain;
  labelled.header["labels"] = {{"true_alarm", 1}};
  labelled.header["quality"] = {{"score", 0.1}};
  labelled.header["record"] = "other";
  CHECK(same(of(plain), of(labelled)));
  Segment swapped = plain;
  put(swapped, "ecg", {{"V", ecg(0.6, 14)}, {"II", ecg(1, 14)}}, "mV");
  CHECK(same(of(plain), of(swapped)));
}

TEST_CASE("the second lead is a chest lead, whatever the case of its name and wherever it stands") {
  const Signal flat(kSamples, 0.0F);
  Segment plain, many;
  put(plain, "ecg", {{"II", ecg(1)}, {"v1", ecg(0.6)}}, "mV");
  put(many, "ecg", {{"aVR", flat}, {"v1", ecg(0.6)}, {"III", flat}, {"II", ecg(1)}}, "mV");
  CHECK(same(of(plain), of(many)));
}

TEST_CASE("an ECG in microvolts has the features of one in millivolts") {
  Segment micro = whole(14);
  put(micro, "ecg", {{"II", ecg(1000, 14)}, {"V", ecg(600, 14)}}, "uV");
  const auto a = named(whole(14)), b = named(micro);
  for (const auto& [name, value] : a) {
    CAPTURE(name);
    if (name.starts_with("ecg.") || name.starts_with("ecg2.")) {
      CHECK(std::isnan(value) == std::isnan(b.at(name)));
      if (!std::isnan(value)) CHECK(b.at(name) == doctest::Approx(value).epsilon(0.02));
    }
  }
}

}  // namespace
