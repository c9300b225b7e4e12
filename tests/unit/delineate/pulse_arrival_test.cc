#include "delineate/pulse_arrival.h"

#include <cmath>
#include <limits>

#include "base/random.h"
#include "delineate/beats.h"
#include "golden.h"

using namespace cfm;
using namespace cfm::delineate;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Errors {
  double sum = 0, squares = 0, worst = 0;
  int count = 0;
  void add(double error) {
    sum += error;
    squares += error * error;
    worst = std::max(worst, std::abs(error));
    ++count;
  }
  double mean() const { return sum / count; }
  double deviation() const { return std::sqrt(std::max(0.0, squares / count - mean() * mean())); }
};

struct Case {
  std::vector<float> ecg, ppg;
  double fs_ecg = 0, fs_ppg = 0;
  bool clean = false;
};

Case load(const std::string& golden, const nlohmann::json& spec) {
  const std::string folder = golden + "/delineation/";
  return {test::narrow(test::read_npy(folder + spec["ecg"].get<std::string>())),
          test::narrow(test::read_npy(folder + spec["ppg"].get<std::string>())), spec["fs_ecg"].get<double>(),
          spec["fs_ppg"].get<double>(), spec["snr_db"].is_null()};
}

std::vector<PulseFoot> feet_of(const Case& c, Foot foot) {
  PulseOptions options;
  options.foot = foot;
  std::vector<PulseFoot> feet;
  for (const Pulse& p : detect_pulses(c.ppg, c.fs_ppg, options)) feet.push_back(foot_in_seconds(p, c.fs_ppg));
  return feet;
}

std::vector<double> peaks_of(const Case& c) {
  std::vector<double> r;
  for (const double beat : detect_beats(c.ecg, c.fs_ecg)) r.push_back(refine_r(c.ecg, c.fs_ecg, beat) / c.fs_ecg);
  return r;
}

const char* key_of(Foot foot) {
  return foot == Foot::kTangent ? "tangent" : foot == Foot::kMidslope ? "midslope" : "derivative";
}

}  // namespace

TEST_CASE("arrival times of golden recordings, by three definitions") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto file = test::read_json(golden + "/delineation/pulse_arrival.json");
  REQUIRE(file["cases"].size() == 8);
  for (const auto& spec : file["cases"]) {
    const Case c = load(golden, spec);
    const std::vector<double> r = peaks_of(c);
    for (const Foot foot : {Foot::kTangent, Foot::kDerivative, Foot::kMidslope}) {
      const std::string name = spec["name"].get<std::string>(), key = key_of(foot);
      CAPTURE(name);
      CAPTURE(key);
      const std::vector<Arrival> found = pulse_arrivals(r, feet_of(c, foot));
      REQUIRE(found.size() == spec["r_s"].size());
      Errors time, peak, mark;
      for (std::size_t i = 0; i < found.size(); ++i) {
        const double want = test::number(spec["pat_" + key + "_ms"][i]);
        CAPTURE(i);
        CAPTURE(name_of(found[i].reason));
        CHECK(std::isnan(found[i].time) == std::isnan(want));
        CHECK((found[i].reason == Reason::kUsed) == !std::isnan(want));
        peak.add(1000 * (found[i].r - spec["r_s"][i].get<double>()));
        if (std::isnan(want)) continue;
        time.add(1000 * found[i].time - want);
        mark.add(1000 * (found[i].foot - spec["foot_" + key + "_s"][i].get<double>()));
      }
      CHECK(std::abs(peak.mean()) <= 1);
      CHECK(peak.deviation() <= (c.clean ? 0.5 : 1));
      if (c.clean) {
        CHECK(mark.worst <= (foot == Foot::kDerivative ? 2.5 : foot == Foot::kTangent ? 2 : 1));
        CHECK(std::abs(mark.mean()) <= 0.5);
      } else if (foot == Foot::kTangent) {
        CHECK(std::abs(mark.mean()) <= (c.fs_ppg > 200 ? 1 : 2));
        CHECK(mark.deviation() <= (c.fs_ppg > 200 ? 2.5 : 4));
      } else if (foot == Foot::kMidslope) {
        CHECK(std::abs(mark.mean()) <= 1.5);
        CHECK(mark.deviation() <= 2.5);
      }
    }
  }
}

TEST_CASE("a beat without a pulse has no time, and every beat has a reason") {
  std::vector<double> r;
  std::vector<PulseFoot> pulses;
  for (int i = 0; i < 20; ++i) {
    r.push_back(i);
    if (i == 5 || i == 6) continue;
    const double height = i == 12 ? 5 : 1, foot = i == 8 ? kNan : i + (i == 10 ? 0.05 : i == 11 ? 0.7 : 0.2);
    pulses.push_back({.onset = i + 0.2, .foot = foot, .height = height, .rise = i == 14 ? 0.5 : 0.15});
  }
  ArrivalFinder finder;
  std::vector<Arrival> found;
  finder.process(r, pulses, 20, found);
  finder.flush(found);
  REQUIRE(found.size() == 20);
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    const Reason want = i == 5 || i == 6     ? Reason::kNoPulse
                        : i == 8             ? Reason::kNoFoot
                        : i == 10            ? Reason::kTooEarly
                        : i == 11            ? Reason::kTooLate
                        : i == 12 || i == 14 ? Reason::kOddPulse
                                             : Reason::kUsed;
    CHECK(name_of(found[i].reason) == name_of(want));
    CHECK(std::isnan(found[i].time) == (want != Reason::kUsed));
    if (want == Reason::kUsed) CHECK(found[i].time == doctest::Approx(0.2));
  }
  CHECK(finder.count(Reason::kUsed) == 13);
  CHECK(finder.count(Reason::kNoPulse) == 2);
  CHECK(finder.count(Reason::kOddPulse) == 2);
}

TEST_CASE("the last beat of a signal that ends before its pulse says so") {
  const std::vector<double> r = {0, 1, 2};
  const std::vector<PulseFoot> pulses = {{0.2, 0.2, 1, 0.1}, {1.2, 1.2, 1, 0.1}};
  const auto found = pulse_arrivals(r, pulses);
  REQUIRE(found.size() == 3);
  CHECK(found[2].reason == Reason::kLastBeat);
  CHECK(pulse_arrivals({}, pulses).empty());
  CHECK(pulse_arrivals(r, {})[0].reason == Reason::kNoPulse);
}

TEST_CASE("arrivals in portions equal those in one piece") {
  Random random(3, "pulse_arrival_test/portions");
  std::vector<double> r;
  std::vector<PulseFoot> pulses;
  for (double t = 0.3; t < 300; t += 0.5 + random.uniform()) {
    r.push_back(t);
    if (random.uniform() < 0.1) continue;
    const double foot = t + 0.05 + 0.6 * random.uniform();
    if (!pulses.empty() && foot <= pulses.back().onset) continue;
    pulses.push_back({foot, random.uniform() < 0.1 ? kNan : foot, 0.3 + random.uniform(), 0.15});
  }
  const auto whole = pulse_arrivals(r, pulses);
  ArrivalFinder finder;
  for (int turn = 0; turn < 2; ++turn) {
    std::vector<Arrival> pieces;
    std::size_t i = 0, j = 0;
    for (double now = 0; now < 310; now += turn == 0 ? 0.1 : 7.3) {
      const std::size_t i0 = i, j0 = j;
      while (i < r.size() && r[i] < now) ++i;
      while (j < pulses.size() && pulses[j].onset < now) ++j;
      finder.process(std::span(r).subspan(i0, i - i0), std::span(pulses).subspan(j0, j - j0), now, pieces);
    }
    finder.flush(pieces);
    CHECK(pieces == whole);
    CHECK(finder.count(Reason::kUsed) > 100);
  }
}

TEST_CASE("feet and R peaks of windows that hold nothing") {
  const std::vector<float> flat(500, 1.5F), gap(500, std::numeric_limits<float>::quiet_NaN()), one(1, 1.0F);
  for (const auto* x : {&flat, &gap, &one}) {
    CHECK(!foot_of(*x, 250, 100, 140));
    CHECK(!foot_of(*x, 250, 100, 90));
  }
  CHECK(refine_r(flat, 250, 100) == 100);
  CHECK(refine_r(gap, 250, 100) == 100);
  CHECK(refine_r(one, 250, 0) == 0);
  CHECK(refine_r({}, 250, 3) == 3);
}

TEST_CASE("an R peak between two samples, upright and inverted, at any rate") {
  for (const double fs : {100.0, 250.0, 360.0, 1000.0}) {
    for (const double sign : {1.0, -1.0}) {
      const double r = 1.2347;
      std::vector<float> ecg(static_cast<std::size_t>(2.5 * fs));
      for (std::size_t i = 0; i < ecg.size(); ++i) {
        const double t = static_cast<double>(i) / fs - r;
        ecg[i] = static_cast<float>(
            0.5 + sign * (std::exp(-t * t / 2e-4) - 0.2 * std::exp(-(t - 0.026) * (t - 0.026) / 1e-4)));
      }
      CAPTURE(fs);
      CHECK(std::abs(refine_r(ecg, fs, std::round(r * fs) + std::round(0.01 * fs)) / fs - r) < 0.002);
    }
  }
}
