#include "delineate/pulses.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <sstream>
#include <string>

#include "base/random.h"
#include "chunks.h"
#include "delineate/beats.h"
#include "golden.h"

using namespace cfm;
using namespace cfm::delineate;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Wave {
  double rate = 75;  // a minute
  double fs = 125;   // Hz
  double seconds = 40;
  double dicrotic = 0;  // of the height
  double level = 2, height = 1;
  double swing = 0;  // of the height, from pulse to pulse
};

// Rise and fall by half cosines, scaled with the period; a Gaussian dicrotic wave. `summits`: where they are, s.
std::vector<float> pulses(const Wave& w, std::vector<double>& summits) {
  const double period = 60 / w.rate, rise = std::min(0.18, 0.35 * period), fall = std::min(0.45, 0.6 * period);
  std::vector<double> x(static_cast<std::size_t>(w.seconds * w.fs), w.level);
  int count = 0;
  for (double t = 0.4 + rise; t < w.seconds; t += period, ++count) {
    summits.push_back(t);
    const double a = w.height * (1 + w.swing * std::sin(count * 0.7));
    for (std::size_t i = static_cast<std::size_t>((t - rise) * w.fs); i < x.size(); ++i) {
      const double d = static_cast<double>(i) / w.fs - t;
      if (d > std::max(fall, 0.7)) break;
      if (d > -rise && d < fall) x[i] += a / 2 * (1 + std::cos(M_PI * d / (d < 0 ? rise : fall)));
      x[i] += a * w.dicrotic * std::exp(-(d - 0.4) * (d - 0.4) / 2 / 0.05 / 0.05);
    }
  }
  return {x.begin(), x.end()};
}

std::vector<float> pulses(const Wave& w) {
  std::vector<double> summits;
  return pulses(w, summits);
}

// A channel of a record of challenge2015 (16-bit samples, frame by frame, from byte 24 of the .mat), in digital units;
// empty where the record has none of that name.
std::vector<float> read_channel(const std::string& record, const std::string& name) {
  std::istringstream header(test::slurp(record + ".hea"));
  std::string line, word;
  std::getline(header, line);
  std::vector<std::string> names;
  while (std::getline(header, line) && line[0] != '#') {
    std::istringstream words(line);
    while (words >> word) continue;
    names.push_back(word);
  }
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) return {};
  const std::string file = test::slurp(record + ".mat");
  std::vector<float> x((file.size() - 24) / 2 / names.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::int16_t v = 0;
    std::memcpy(&v, file.data() + 24 + 2 * (i * names.size() + static_cast<std::size_t>(at - names.begin())), 2);
    x[i] = v == std::numeric_limits<std::int16_t>::min() ? kNan : static_cast<float>(v);
  }
  return x;
}

struct Score {
  std::size_t matched = 0, wanted = 0, found = 0;
  double f1() const { return 200.0 * static_cast<double>(matched) / static_cast<double>(wanted + found); }
};

// Pulses against beats, both in s, one to one within 150 ms, by the lag of 0 to 1.6 s that matches most: the monitors
// of challenge2015 delay the pulse wave by up to a second.
Score score(const std::vector<double>& beats, const std::vector<double>& marks) {
  Score best{0, beats.size(), marks.size()};
  for (double lag = 0; lag < 1.6; lag += 0.02) {
    std::size_t matched = 0, j = 0;
    for (const double beat : beats) {
      while (j < marks.size() && marks[j] < beat + lag - 0.15) ++j;
      if (j == marks.size() || marks[j] > beat + lag + 0.15) continue;
      ++matched;
      ++j;
    }
    best.matched = std::max(best.matched, matched);
  }
  return best;
}

std::vector<double> marks_of(const std::vector<Pulse>& found, double fs) {
  std::vector<double> marks;
  for (const Pulse& p : found) marks.push_back(p.systole / fs);
  return marks;
}

}  // namespace

TEST_CASE("every pulse once, from 20 to 300 a minute, at any rate of samples") {
  for (const double fs : {20.0, 50.0, 62.4725, 125.0, 250.0, 360.0, 500.0, 1000.0}) {
    for (const double rate : {20.0, 40.0, 75.0, 120.0, 180.0, 240.0, 300.0}) {
      if (fs < 50 && rate > 180) continue;  // five samples a pulse
      CAPTURE(fs);
      CAPTURE(rate);
      std::vector<double> summits;
      const auto x = pulses({.rate = rate, .fs = fs, .swing = 0.2}, summits);
      if (static_cast<double>(x.size()) / fs - summits.back() < 0.05) summits.pop_back();
      auto found = detect_pulses(x, fs);
      if (found.size() == summits.size() + 1) found.pop_back();  // cut at its summit
      REQUIRE(found.size() == summits.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        CAPTURE(i);
        CHECK(std::abs(found[i].systole / fs - summits[i]) < (fs < 50 ? 0.03 : 0.015));
        CHECK(found[i].onset < found[i].upstroke);
        CHECK(found[i].upstroke < found[i].systole);
        CHECK(summits[i] - found[i].onset / fs < 0.3);
      }
    }
  }
}

TEST_CASE("a summit between two samples") {
  std::vector<double> summits;
  const auto x = pulses({.rate = 71.3, .fs = 125}, summits);
  const auto found = detect_pulses(x, 125);
  REQUIRE(found.size() + 1 >= summits.size());
  for (std::size_t i = 0; i + 1 < summits.size(); ++i) CHECK(std::abs(found[i].systole / 125 - summits[i]) < 0.008);
}

TEST_CASE("the last pulse is found when its summit is there, wherever the signal ends") {
  for (const double fs : {60.0, 125.0, 250.0}) {
    std::vector<double> summits;
    const auto x = pulses({.rate = 72, .fs = fs, .seconds = 30}, summits);
    for (std::size_t beat = 4; beat + 1 < summits.size(); beat += 3) {
      for (const double after : {0.01, 0.03, 0.05, 0.1, 0.2, 0.4}) {
        const auto end = static_cast<std::size_t>(std::ceil((summits[beat] + after) * fs)) + 1;
        const auto found = detect_pulses(std::span(x).first(end), fs);
        CAPTURE(fs);
        CAPTURE(beat);
        CAPTURE(after);
        REQUIRE(found.size() == beat + 1);
        CHECK(std::abs(found.back().systole / fs - summits[beat]) < 0.03);
        CHECK(found.back().systole < static_cast<double>(end));
      }
      const auto cut = static_cast<std::size_t>((summits[beat] - 0.08) * fs);  // in the upstroke
      CHECK(detect_pulses(std::span(x).first(cut), fs).size() == beat);
    }
  }
}

TEST_CASE("five seconds are enough") {
  for (const double rate : {40.0, 60.0, 100.0, 160.0}) {
    std::vector<double> summits;
    const auto x = pulses({.rate = rate, .fs = 125, .seconds = 5, .dicrotic = 0.15}, summits);
    CAPTURE(rate);
    const auto found = detect_pulses(x, 125);
    CHECK(found.size() + 1 >= summits.size());
    CHECK(found.size() <= summits.size());
  }
}

TEST_CASE("a dicrotic wave is a notch and a peak, not a pulse; without one both are missing") {
  for (const double fs : {62.5, 125.0, 250.0}) {
    std::vector<double> summits;
    const auto x = pulses({.rate = 60, .fs = fs, .dicrotic = 0.3}, summits);
    const auto found = detect_pulses(x, fs);
    REQUIRE(found.size() + 1 >= summits.size());
    REQUIRE(found.size() <= summits.size());
    for (std::size_t i = 0; i + 1 < found.size(); ++i) {
      const double notch = (found[i].notch - found[i].systole) / fs, peak = (found[i].dicrotic - found[i].systole) / fs;
      CHECK(notch > 0.2);
      CHECK(notch < peak);
      CHECK(std::abs(peak - 0.4) < 0.03);
    }
    for (const Pulse& p : detect_pulses(pulses({.rate = 60, .fs = fs}), fs)) {
      CHECK(std::isnan(p.notch));
      CHECK(std::isnan(p.dicrotic));
    }
  }
}

TEST_CASE("systolic, diastolic and mean pressure in the unit of the signal") {
  const auto found = detect_pulses(pulses({.rate = 60, .fs = 250, .level = 80, .height = 40}), 250);
  REQUIRE(found.size() > 30);
  for (std::size_t i = 0; i + 1 < found.size(); ++i) {
    CHECK(found[i].low == doctest::Approx(80).epsilon(0.005));
    CHECK(found[i].high == doctest::Approx(120).epsilon(0.005));
    CHECK(found[i].mean == doctest::Approx(80 + 40 * (0.18 + 0.45) / 2).epsilon(0.01));
  }
  CHECK(std::isnan(found.back().mean));  // no next foot
}

TEST_CASE("amplitudes that change twentyfold, and clipped summits") {
  std::vector<double> summits;
  auto x = pulses({.rate = 80, .fs = 125, .seconds = 60}, summits);
  auto grown = x;
  for (std::size_t i = 0; i < x.size(); ++i)
    grown[i] = 2 + (x[i] - 2) * std::exp(3.0F * static_cast<float>(i) / static_cast<float>(x.size()));
  for (float& v : x) v = std::clamp(v, 2.05F, 2.7F);
  CHECK(detect_pulses(grown, 125).size() + 1 >= summits.size());
  CHECK(detect_pulses(grown, 125).size() <= summits.size());
  CHECK(detect_pulses(x, 125).size() + 1 >= summits.size());
  CHECK(detect_pulses(x, 125).size() <= summits.size());
}

TEST_CASE("a gap holds no pulses, and those around it stay") {
  std::vector<double> summits;
  auto x = pulses({.rate = 75, .fs = 125, .seconds = 60}, summits);
  const std::size_t from = 20 * 125, to = 26 * 125;
  for (std::size_t i = from; i < to; ++i) x[i] = kNan;
  for (std::size_t i = to; i < x.size(); ++i) x[i] += 5;
  const auto found = detect_pulses(x, 125);
  std::size_t outside = 0;
  for (const double s : summits) outside += s < 20 || s - 0.25 > 26;
  CHECK(found.size() + 2 >= outside);
  CHECK(found.size() <= outside);
  for (const Pulse& p : found) CHECK((p.systole < static_cast<double>(from) || p.onset >= static_cast<double>(to) - 1));
}

TEST_CASE("pulses of golden recordings with noise of 20 dB") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto x = test::narrow(test::read_npy(golden + "/delineation/pat_250_20db_ppg.npy"));
  const auto clean = test::narrow(test::read_npy(golden + "/delineation/pat_250_ppg.npy"));
  CHECK(detect_pulses(clean, 250).size() == 47);
  CHECK(detect_pulses(x, 250).size() == 47);
}

TEST_CASE("in chunks equals in one piece, bit for bit, also after a flush") {
  Random random(2, "pulses_test/chunks");
  for (const double fs : {60.0, 125.0, 250.0, 1000.0}) {
    auto x = pulses({.rate = 80, .fs = fs, .seconds = 40, .dicrotic = 0.2});
    for (float& v : x) v += static_cast<float>(0.05 * random.normal());
    for (std::size_t i = x.size() / 2; i < x.size() / 2 + x.size() / 20; ++i) x[i] = kNan;
    x[x.size() / 3] = kNan;
    PulseOptions options;
    options.foot = Foot::kTangent;
    const auto whole = detect_pulses(x, fs, options);
    CHECK(whole.size() > 40);
    PulseDetector detector(fs, options);
    test::check_chunks(detector, x, whole, random);
    std::vector<Pulse> single;
    double known = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t before = single.size();
      detector.process({&x[i], 1}, single);
      for (std::size_t j = before; j < single.size(); ++j) CHECK(single[j].onset >= known);
      known = detector.known_until();
      CHECK(known > static_cast<double>(i) - 7 * fs);
      if (!single.empty()) CHECK(static_cast<double>(i) - single.back().systole < 7 * fs);
    }
    detector.flush(single);
    CHECK(single == whole);
  }
}

TEST_CASE("nothing in flat, missing, short or empty signals") {
  CHECK(detect_pulses({}, 125).empty());
  CHECK(detect_pulses(std::vector<float>{1}, 125).empty());
  CHECK(detect_pulses(std::vector<float>{1, 2}, 125).empty());
  CHECK(detect_pulses(std::vector<float>(10000, kNan), 125).empty());
  for (const double fs : {20.0, 125.0, 360.0, 1000.0})
    CHECK(detect_pulses(std::vector<float>(10000, 93.7F), fs).empty());
  std::vector<float> step(10000, 1.0F);
  std::fill(step.begin() + 5000, step.end(), -4.0F);
  CHECK(detect_pulses(step, 125).empty());
  for (const double fs : {5.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    CHECK(test::status_of([fs] { PulseDetector detector(fs); }) == Status::kUsage);
}

TEST_CASE("samples that are not finite or very large do no harm") {
  Random random(5, "pulses_test/wild");
  std::vector<float> x(20000);
  for (float& v : x) {
    const double u = random.uniform();
    v = u < 0.01   ? kNan
        : u < 0.02 ? std::numeric_limits<float>::infinity()
        : u < 0.03 ? 3e38F
                   : static_cast<float>(random.normal());
  }
  PulseOptions options;
  options.foot = Foot::kMidslope;
  for (const Pulse& p : detect_pulses(x, 250, options)) {
    CHECK(p.onset >= 0);
    CHECK(p.onset <= p.systole);
    CHECK(p.systole < static_cast<double>(x.size()));
  }
}

TEST_CASE("pulses of real recordings against the beats of their ECG; another patient's beats do not fit") {
  CFM_NEEDS(data, "CFM_DATA");
  Score ppg, pressure, other;
  std::vector<double> stranger;
  for (const char* name : {"v100s", "v101l", "v102s", "v111l", "v177l", "v199l", "v291l"}) {
    const std::string record = data + "/challenge2015/" + name;
    std::vector<double> beats;
    for (const double b : detect_beats(read_channel(record, "II"), 250)) beats.push_back(b / 250);
    REQUIRE(beats.size() > 200);
    const auto add = [](Score& sum, const Score& s) {
      sum = {sum.matched + s.matched, sum.wanted + s.wanted, sum.found + s.found};
    };
    const auto marks = marks_of(detect_pulses(read_channel(record, "PLETH"), 250), 250);
    add(ppg, score(beats, marks));
    const auto abp = read_channel(record, "ABP");
    if (!abp.empty()) add(pressure, score(beats, marks_of(detect_pulses(abp, 250), 250)));
    if (!stranger.empty()) add(other, score(stranger, marks));
    stranger = beats;
  }
  CHECK(ppg.f1() > 96);
  CHECK(pressure.f1() > 97);
  CHECK(other.f1() < 60);
}
