#include "quality/quality.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "base/random.h"
#include "quality/grade.h"
#include "support.h"

using namespace cfm;
using namespace cfm::quality;
using stream::Json;

namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

void bump(std::vector<float>& x, double fs, double at, double width, double height) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double d = (static_cast<double>(i) / fs - at) / width;
    if (std::abs(d) < 6) x[i] += static_cast<float>(height * std::exp(-d * d / 2));
  }
}

// mV; irregular: intervals of 0.4 to 1.2 s.
std::vector<float> ecg(double fs, double seconds, double noise, bool irregular = false) {
  std::vector<float> x(static_cast<std::size_t>(seconds * fs), 0.0F);
  Random random(1, "quality_test");
  for (double t = 0.5; t < seconds; t += irregular ? random.uniform(0.4, 1.2) : 0.8) {
    bump(x, fs, t - 0.025, 0.008, -0.15);
    bump(x, fs, t, 0.01, 1.1);
    bump(x, fs, t + 0.025, 0.008, -0.2);
    bump(x, fs, t + 0.25, 0.04, 0.25);
  }
  for (float& v : x) v += static_cast<float>(noise * random.normal());
  return x;
}

std::vector<float> ppg(double fs, double seconds) {
  std::vector<float> x(static_cast<std::size_t>(seconds * fs), 0.0F);
  Random random(1, "quality_test/ppg");
  for (double t = 0.5; t < seconds; t += 0.8) {
    bump(x, fs, t, 0.09, 1);
    bump(x, fs, t + 0.25, 0.1, 0.4);
  }
  for (float& v : x) v += static_cast<float>(0.005 * random.normal());
  return x;
}

stream::Tensor signal_tensor(std::string kind, std::string name, double fs, std::vector<float> x) {
  Json attributes = {{"kind", kind}, {"fs", fs}, {"names", {name}}, {"units", {kind == "abp" ? "mmHg" : "mV"}}};
  const auto n = static_cast<std::int64_t>(x.size());
  return stream::make_tensor(std::move(kind), {1, n}, std::move(x), std::move(attributes));
}

bool has(const Quality& q, std::string_view reason) {
  return std::find(q.reasons.begin(), q.reasons.end(), reason) != q.reasons.end();
}

}  // namespace

TEST_CASE("clean is good, noise is bad, and the order holds, at any rate") {
  for (const double fs : {100.0, 250.0, 360.0, 500.0, 1000.0, 257.3}) {
    CAPTURE(fs);
    const double clean = ecg_quality(ecg(fs, 30, 0.01), fs).score, noisy = ecg_quality(ecg(fs, 30, 0.6), fs).score;
    CHECK(clean > 0.8);
    CHECK(noisy < 0.3);
    CHECK(ecg_quality(ecg(fs, 10, 0.01), fs).score > 0.8);
  }
  CHECK(ppg_quality(ppg(125, 30), 125).score > 0.8);
  std::vector<float> motion = ppg(125, 30);
  Random random(3, "quality_test/motion");
  double walk = 0;
  for (float& v : motion) v += static_cast<float>(walk = 0.97 * walk + 0.3 * random.normal());
  CHECK(ppg_quality(motion, 125).score < 0.3);
}

TEST_CASE("an irregular rhythm costs nothing") {
  const double regular = ecg_quality(ecg(250, 30, 0.02), 250).score,
               irregular = ecg_quality(ecg(250, 30, 0.02, true), 250).score;
  CHECK(std::abs(regular - irregular) < 0.05);
}

TEST_CASE("reasons and fractions") {
  auto x = ecg(250, 20, 0.01);
  for (std::size_t i = 1000; i < 2000; ++i) x[i] = kMissing;
  Quality q = ecg_quality(x, 250);
  CHECK(q.index("missing_fraction") == doctest::Approx(0.2));
  CHECK(has(q, "missing"));
  for (std::size_t i = 1000; i < 3000; ++i) x[i] = 0.5F;
  q = ecg_quality(x, 250);
  CHECK(q.index("flat_fraction") == doctest::Approx(0.4));
  CHECK(has(q, "flat"));
  CHECK(q.score <= 0.6);
  x = ecg(250, 20, 0.01);
  for (float& v : x) v = std::clamp(v, -0.05F, 0.3F);
  CHECK(has(ecg_quality(x, 250), "clipped"));
  x = ecg(250, 20, 0.01);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += static_cast<float>(2 * std::sin(static_cast<double>(i) / 250));
  CHECK(has(ecg_quality(x, 250), "drift"));
  CHECK(std::isnan(q.index("no such index")));
}

TEST_CASE("limits of arterial pressure count only in mmHg") {
  auto x = ppg(125, 30);
  for (float& v : x) v = 80 + 40 * v;
  CHECK(abp_quality(x, 125, true).index("limit_fraction") == 0);
  for (float& v : x) v += 250;
  CHECK(abp_quality(x, 125, true).score == 0);
  CHECK(std::isnan(abp_quality(x, 125, false).index("limit_fraction")));
  CHECK(abp_quality(x, 125, false).score > 0.7);
}

TEST_CASE("classes have their borders") {
  CHECK(quality_class(0.9) == "excellent");
  CHECK(quality_class(0.89) == "good");
  CHECK(quality_class(0.7) == "good");
  CHECK(quality_class(0.5) == "acceptable");
  CHECK(quality_class(0.3) == "poor");
  CHECK(quality_class(0.29) == "bad");
}

TEST_CASE("empty, tiny, constant and missing signals score 0 with a reason") {
  for (const std::size_t n : {0UL, 1UL, 2UL, 100UL, 7500UL}) {
    for (const float value : {0.0F, 3.5F, kMissing}) {
      CAPTURE(n);
      const std::vector<float> x(n, value);
      for (const Quality& q : {ecg_quality(x, 250), ppg_quality(x, 250), abp_quality(x, 250, true)}) {
        CHECK(q.score == 0);
        CHECK(!q.reasons.empty());
      }
    }
  }
}

TEST_CASE("a graded segment: worst channel, undefined is null, unknown kinds are left alone") {
  stream::Segment segment;
  segment.header["id"] = "r/0";
  segment.put(signal_tensor("ecg", "II", 250, ecg(250, 30, 0.01)));
  segment.put(signal_tensor("ppg", "PLETH", 125, std::vector<float>(3750, kMissing)));
  segment.put(signal_tensor("resp", "RESP", 25, std::vector<float>(750, 1)));
  REQUIRE(grade(segment));
  const Json& q = segment.header["quality"];
  CHECK(q["score"] == 0);
  CHECK(q["class"] == "bad");
  CHECK(q["reasons"] == Json({"missing"}));
  CHECK(q["per_channel"].size() == 2);
  CHECK(q["per_channel"]["II"]["score"] > 0.8);
  CHECK(q["per_channel"]["PLETH"]["indices"]["kurtosis"].is_null());
  CHECK(segment.score() == 0);

  REQUIRE(grade(segment, {.indices = {"kurtosis"}}));
  CHECK(segment.header["quality"]["per_channel"]["II"]["indices"].size() == 1);
  CHECK(test::status_of([&] { grade(segment, {.indices = {"nonsense"}}); }) == Status::kUsage);

  stream::Segment other;
  other.put(signal_tensor("resp", "RESP", 25, std::vector<float>(750, 1)));
  CHECK(!grade(other));
  CHECK(!other.header.contains("quality"));
}

TEST_CASE("the header has no numbers that JSON lacks") {
  stream::Segment segment;
  segment.put(signal_tensor("ecg", "II", 250, std::vector<float>(7500, 1.0F)));
  REQUIRE(grade(segment));
  CHECK(Json::parse(segment.header.dump()) == segment.header);
}

TEST_CASE("tachycardia without a line between its beats keeps a good score") {
  const double fs = 250;
  std::vector<float> x(2500);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double phase = 2 * std::numbers::pi * 2.9 * static_cast<double>(i) / fs;
    x[i] = static_cast<float>(1.1 * std::sin(phase) + 0.25 * std::sin(2 * phase));
  }
  Random random(4, "quality_test/vt");
  for (float& v : x) v += static_cast<float>(0.01 * random.normal());
  CHECK(ecg_quality(x, fs).score > 0.7);
  for (float& v : x) v += static_cast<float>(0.5 * random.normal());
  CHECK(ecg_quality(x, fs).score < 0.3);
}

TEST_CASE("amplitudes that a unit cannot have are named, impossible samples counted") {
  auto x = ecg(250, 20, 0.01);
  const Quality mv = ecg_quality(x, 250, 1);
  CHECK(!has(mv, "units"));
  CHECK(mv.index("range_fraction") == 0);
  std::vector<float> counts = x;
  for (float& v : counts) v = std::round(200 * v) + 1024;  // a converter of 200 steps a mV
  const Quality raw = ecg_quality(counts, 250, 1);
  CHECK(has(raw, "units"));
  CHECK(std::isnan(raw.index("range_fraction")));
  CHECK(raw.score == doctest::Approx(mv.score).epsilon(0.1));
  CHECK(!has(ecg_quality(counts, 250), "units"));  // a unit that nobody knows
  for (std::size_t i = 0; i < 500; ++i) x[i + 2000] += 20;
  const Quality off = ecg_quality(x, 250, 1);
  CHECK(off.index("range_fraction") == doctest::Approx(0.1).epsilon(0.02));
  CHECK(off.score < 0.9 * mv.score + 0.01);
  CHECK(std::isnan(ecg_quality(x, 250).index("range_fraction")));
}

TEST_CASE("what a rate is too low for is undefined, and every rate from 50 Hz up has a score") {
  const Quality q = ecg_quality(ecg(60, 20, 0.01), 60);
  CHECK(std::isnan(q.index("high_frequency")));
  CHECK(!std::isnan(q.index("qrs_power")));
  CHECK(q.score > 0.6);
  CHECK(ecg_quality(ecg(50, 5, 0.01), 50).score > 0.5);
  CHECK(test::status_of([] { ecg_quality(std::vector<float>(400, 0.0F), 40); }) == Status::kOk);  // nothing to measure
  const Quality low = ppg_quality(ppg(25, 20), 25);
  CHECK(std::isnan(low.index("high_frequency")));
  CHECK(low.score > 0.5);
}

TEST_CASE("huge, tiny and infinite values end in a number from 0 to 1") {
  for (const float scale : {1e30F, 1e-30F, 1e-12F}) {
    CAPTURE(scale);
    auto x = ecg(250, 10, 0.01);
    for (float& v : x) v *= scale;
    for (const Quality& q : {ecg_quality(x, 250, 1), ppg_quality(x, 250), abp_quality(x, 250, true)}) {
      CHECK(q.score >= 0);
      CHECK(q.score <= 1);
    }
  }
  auto x = ecg(250, 10, 0.01);
  x[700] = std::numeric_limits<float>::infinity();
  const Quality q = ecg_quality(x, 250);
  CHECK(q.index("missing_fraction") == doctest::Approx(1.0 / 2500));
  CHECK(q.score > 0.8);
}

TEST_CASE("the noise ratio follows the noise") {
  double before = 60;
  for (const double noise : {0.005, 0.02, 0.08, 0.3}) {
    const double ratio = ecg_quality(ecg(250, 30, noise), 250).index("noise_ratio");
    CHECK(ratio < before);
    before = ratio;
  }
  // One second of bursts is in burst_ratio, not in most of the others.
  auto x = ecg(250, 30, 0.01);
  Random random(5, "quality_test/burst");
  const double calm = ecg_quality(x, 250).index("burst_ratio");
  for (std::size_t i = 3000; i < 3300; ++i) x[i] += static_cast<float>(0.4 * random.normal());
  CHECK(ecg_quality(x, 250).index("burst_ratio") < calm - 15);
}

TEST_CASE("leads that agree, and rates that agree") {
  stream::Segment segment;
  segment.header["id"] = "r/0";
  auto tensor = signal_tensor("ecg", "II", 250, ecg(250, 30, 0.01));
  segment.put(tensor);
  segment.put(signal_tensor("ppg", "PLETH", 125, ppg(125, 30)));
  REQUIRE(grade(segment));
  const Json& q = segment.header["quality"];
  CHECK(q["indices"]["rate_agreement"] > 0.97);
  CHECK(!q["per_channel"]["II"]["indices"].contains("lead_agreement"));

  stream::Segment leads;
  Json attributes = {{"kind", "ecg"}, {"fs", 250}, {"names", {"I", "II", "V1"}}, {"units", {"mV", "mV", "mV"}}};
  std::vector<float> all = ecg(250, 30, 0.01);
  const std::vector<float> other = ecg(250, 30, 0.02), loose(7500, 0.5F);
  all.insert(all.end(), other.begin(), other.end());
  all.insert(all.end(), loose.begin(), loose.end());
  leads.put(stream::make_tensor("ecg", {3, 7500}, std::move(all), std::move(attributes)));
  REQUIRE(grade(leads));
  const Json& channels = leads.header["quality"]["per_channel"];
  CHECK(channels["I"]["indices"]["lead_agreement"] == doctest::Approx(0.5));  // one agrees, one has no beats
  CHECK(!leads.header["quality"].contains("indices"));
}

TEST_CASE("the published score says which it is, and sees rhythm") {
  stream::Segment regular, irregular;
  regular.put(signal_tensor("ecg", "II", 250, ecg(250, 30, 0.01)));
  irregular.put(signal_tensor("ecg", "II", 250, ecg(250, 30, 0.01, true)));
  for (stream::Segment* segment : {&regular, &irregular}) {
    REQUIRE(grade(*segment));
    CHECK(graded_by(*segment) == Method::kSqi);
    CHECK(segment->score() > 0.8);
    REQUIRE(grade(*segment, {.method = Method::kRr}));
    CHECK(graded_by(*segment) == Method::kRr);
  }
  CHECK(regular.score() > 0.9);
  CHECK(irregular.score() < 0.6);
}
