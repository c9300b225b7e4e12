#include "features/rhythm.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "base/random.h"
#include "delineate/ecg_model.h"
#include "features/rr_measures.h"
#include "support.h"

namespace {

using namespace cfm;
using features::measure_rr;

struct Values : std::map<std::string, double, std::less<>> {
  double operator()(std::string_view name) const {
    const auto at = find(name);
    if (at == end()) FAIL("no feature " << name);
    return at->second;
  }
};

Values values(std::span<const float> x, double fs) {
  std::vector<float> out(features::rhythm_names().size(), 1e9F);
  features::rhythm_features(x, fs, out);
  Values v;
  for (std::size_t i = 0; i < out.size(); ++i) {
    CHECK(out[i] != 1e9F);
    CHECK(!std::isinf(out[i]));
    v[std::string(features::rhythm_names()[i])] = out[i];
  }
  CHECK(v.size() == out.size());  // no name twice
  return v;
}

constexpr double kSeconds = 40;

std::vector<double> irregular_beats() {
  Random random(2, "test/rhythm");
  std::vector<double> beats;
  for (double t = 0.6; t < kSeconds - 0.5; t += random.uniform(0.45, 0.95)) beats.push_back(t);
  return beats;
}

// No P, 6-Hz waves of 80 µV from peak to peak.
std::vector<float> fibrillation(double fs) {
  auto bumps = test::kSinus;
  bumps.erase(bumps.begin());
  auto x = test::made_up_ecg(irregular_beats(), fs, kSeconds, bumps);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] += static_cast<float>(0.04 * std::sin(2 * std::numbers::pi * 6 * static_cast<double>(i) / fs));
  return x;
}

}  // namespace

TEST_CASE("intervals: what can be worked out by hand") {
  std::vector<double> rr;
  for (int i = 0; i < 20; ++i) rr.push_back(i % 2 == 0 ? 0.6 : 1.0);
  const auto bigeminy = measure_rr(rr);
  CHECK(bigeminy.rate == doctest::Approx(75));
  CHECK(bigeminy.sd == doctest::Approx(0.25));
  CHECK(bigeminy.rmssd == doctest::Approx(0.5));
  CHECK(bigeminy.jitter == doctest::Approx(0.5));
  CHECK(bigeminy.pnn50 == 1);
  CHECK(bigeminy.alternating == doctest::Approx(-1));
  CHECK(bigeminy.turning == 1);
  CHECK(bigeminy.premature == doctest::Approx(0.5));
  CHECK(bigeminy.pauses == doctest::Approx(0.5).epsilon(0.15));
  CHECK(bigeminy.longest == doctest::Approx(1.25));
  CHECK(bigeminy.shortest == doctest::Approx(0.75));
  CHECK(bigeminy.evidence < -1);  // two places for all

  const auto regular = measure_rr(std::vector<double>(20, 0.8));
  CHECK(regular.jitter == 0);
  CHECK(regular.premature == 0);
  CHECK(regular.evidence == doctest::Approx(-1));  // all about the origin
  // Everything matches: −ln 1 + ln(2 · 30 ms) − ln 0.8 s.
  CHECK(regular.entropy == doctest::Approx(std::log(0.06 / 0.8)));

  // One early beat with its pause among twenty.
  std::vector<double> one(20, 0.8);
  one[9] = 0.5;
  one[10] = 1.1;
  const auto early = measure_rr(one);
  CHECK(early.premature == doctest::Approx(0.05));
  CHECK(early.pauses == doctest::Approx(0.05));
  CHECK(early.jitter == 0);
  CHECK(early.rmssd > 0.1);

  CHECK(std::isnan(measure_rr(std::vector<double>(3, 0.8)).rate));
}

TEST_CASE("random intervals are neither regular nor bigeminy") {
  Random random(1, "test/rhythm");
  std::vector<double> rr(400);
  for (double& v : rr) v = random.uniform(0.4, 1.2);
  const auto m = measure_rr(rr);
  CHECK(m.turning == doctest::Approx(2.0 / 3).epsilon(0.05));
  CHECK(m.alternating == doctest::Approx(-0.5).epsilon(0.1));
  CHECK(m.roundness == doctest::Approx(1).epsilon(0.1));
  // Of a uniform density 1 / 0.8 s, quadratic entropy is ln 0.8, the edges a little more.
  CHECK(std::abs(m.entropy - std::log(0.8 / 0.8)) < 0.15);
}

TEST_CASE("sinus rhythm and fibrillation are far apart where they should be") {
  const double fs = 300;
  const Values sinus = values(test::made_up_ecg(test::regular_beats(72, kSeconds), fs, kSeconds), fs);
  const Values af = values(fibrillation(fs), fs);
  CHECK(sinus("rate") == doctest::Approx(72).epsilon(0.01));
  CHECK(sinus("beats") == doctest::Approx(72).epsilon(0.05));
  CHECK(sinus("jitter") < 0.01);
  CHECK(sinus("p_share") > 0.95);
  CHECK(sinus("p_coherence") > 0.8);
  CHECK(sinus("p_to_qrs_spread") < 10);
  CHECK(sinus("qrs_likeness_low") > 0.99);
  CHECK(sinus("fibrillation") == 0);
  CHECK(sinus("p_amplitude") == doctest::Approx(0.12 / 1.25).epsilon(0.3));
  CHECK(af("jitter") > 0.1);
  CHECK(af("entropy") > sinus("entropy") + 1);
  CHECK(af("evidence") > sinus("evidence") + 0.5);
  CHECK(af("p_share") < 0.3);
  CHECK(af("p_coherence") < 0.2);
  CHECK(af("fibrillation") > 0.9);
  CHECK(af("f_share") > 0.5);  // all of it, but for the lines through the QRS complexes
  CHECK(af("f_share") > sinus("f_share") + 0.2);
  // A sine of 40 µV has a power of 800 µV².
  CHECK(af("f_power") == doctest::Approx(10 * std::log10(800)).epsilon(0.1));
}

TEST_CASE("another rate, and a lead that is upside down, say the same") {
  const Values one = values(fibrillation(300), 300), other = values(fibrillation(500), 500);
  auto x = fibrillation(300);
  for (float& v : x) v = -v;
  const Values down = values(x, 300);
  for (const char* name :
       {"rate", "jitter", "rmssd", "pnn50", "likeness", "qrs_alike", "f_share", "f_power", "t_amplitude"}) {
    CAPTURE(name);
    CHECK(other(name) == doctest::Approx(one(name)).epsilon(0.1));
    CHECK(down(name) == doctest::Approx(one(name)).epsilon(0.02));
  }
}

TEST_CASE("ventricular bigeminy shows in intervals and shapes") {
  const double fs = 300;
  std::vector<double> normal, early;
  for (double t = 0.6; t < kSeconds - 2; t += 1.6) {
    normal.push_back(t);
    early.push_back(t + 0.5);
  }
  auto x = test::made_up_ecg(normal, fs, kSeconds);
  const auto wide = test::made_up_ecg(early, fs, kSeconds, {{0, 0.03, -1.5}, {0.3, 0.06, 0.4}}, 0);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += wide[i];
  const Values v = values(x, fs);
  CHECK(v("alternating") < -0.9);
  CHECK(v("premature") > 0.4);
  CHECK(v("qrs_alike") < 0.7);
  CHECK(v("ventricular") > 0.3);
  CHECK(v("fibrillation") == 0);
}

TEST_CASE("nothing to measure is NaN, and no mistake") {
  const auto count = [](const Values& v) {
    return std::count_if(v.begin(), v.end(), [](const auto& entry) { return !std::isnan(entry.second); });
  };
  CHECK(count(values({}, 300)) == 0);
  CHECK(count(values(fibrillation(90), 90)) == 0);
  for (const std::size_t n : {1U, 20U, 200U, 700U}) {
    const Values v = values(std::vector<float>(n, 0.5F), 300);
    CHECK(std::isnan(v("rate")));
    CHECK(std::isnan(v("p_share")));
    CHECK(v("quality") == 0);
  }
  CHECK(std::isnan(values(std::vector<float>(3000, NAN), 300)("jitter")));
  auto x = fibrillation(300);
  std::fill(x.begin() + 1000, x.begin() + 3000, NAN);
  CHECK(values(x, 300)("jitter") > 0.1);
  // As many features from a second as from a minute.
  CHECK(values(std::span(x).first(300), 300).size() == features::rhythm_names().size());
}

TEST_CASE("recordings: fibrillation is told from sinus rhythm by single features") {
  CFM_NEEDS(data, "CFM_DATA")
  std::istringstream reference(test::slurp(data + "/cinc2017/reference.csv"));
  std::map<std::string, std::vector<double>> of[2];  // N, A
  std::string line;
  while (std::getline(reference, line)) {
    const char label = line.back();
    if (label != 'N' && label != 'A') continue;
    const std::string bytes = test::slurp(data + "/cinc2017/" + line.substr(0, line.find(',')) + ".mat");
    std::vector<float> x;
    for (std::size_t i = 24; i + 1 < bytes.size(); i += 2) {
      const auto low = static_cast<unsigned char>(bytes[i]), high = static_cast<unsigned char>(bytes[i + 1]);
      x.push_back(static_cast<float>(static_cast<std::int16_t>(low | high << 8)) / 1000);
    }
    for (const auto& [name, value] : values(x, 300))
      if (!std::isnan(value)) of[label == 'A'][name].push_back(value);
  }
  REQUIRE(of[1]["jitter"].size() > 20);
  const auto area = [&](const std::string& name) {
    double above = 0;
    for (const double a : of[1][name])
      for (const double n : of[0][name]) above += a > n ? 1 : a == n ? 0.5 : 0;
    return above / static_cast<double>(of[0][name].size() * of[1][name].size());
  };
  for (const char* name : {"jitter", "entropy"}) CHECK(area(name) > 0.9);
  for (const char* name : {"p_share", "p_coherence", "p_likeness"}) CHECK(area(name) < 0.2);
  CHECK(area("f_share") > 0.6);
}
