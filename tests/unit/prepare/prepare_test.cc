#include "prepare/prepare.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/hash.h"
#include "support.h"

using namespace cfm;
using namespace cfm::prepare;
using cfm::test::status_of;
using stream::Json;
using stream::Segment;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> sine(std::size_t n, double fs, double hz, double amplitude = 1, double mean = 0) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = static_cast<float>(mean + amplitude * std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / fs));
  }
  return x;
}

void put(Segment& segment, const std::string& kind, double fs, std::vector<std::vector<float>> channels,
         std::vector<std::string> names) {
  std::vector<float> all;
  for (const auto& channel : channels) all.insert(all.end(), channel.begin(), channel.end());
  const auto count = static_cast<std::int64_t>(channels.size()), n = static_cast<std::int64_t>(channels[0].size());
  segment.put(
      stream::make_tensor(kind, {count, n}, std::move(all), Json{{"kind", kind}, {"fs", fs}, {"names", names}}));
}

Segment segment_of(std::vector<float> ppg, double ppg_fs, std::vector<float> ecg, double ecg_fs) {
  Segment segment;
  segment.header = {{"id", "r/0"}, {"record", "r"}, {"subject", "p"}};
  put(segment, "ecg", ecg_fs, {std::vector<float>(ecg.size(), 9), ecg}, {"V5", "II"});
  put(segment, "ppg", ppg_fs, {ppg}, {"PLETH"});
  return segment;
}

Profile plain(const char* scaling = "none") {
  return Profile::from_json(
      Json{{"name", "t"}, {"fs", 300}, {"seconds", 30}, {"channels", {"ppg", "ecg"}}, {"scaling", scaling}});
}

// Largest difference over [from, to) of a row.
double difference(const std::vector<float>& x, std::size_t row, const std::vector<float>& wanted, std::size_t from,
                  std::size_t to) {
  double worst = 0;
  for (std::size_t i = from; i < to; ++i) worst = std::max<double>(worst, std::abs(x[row * 9000 + i] - wanted[i]));
  return worst;
}

}  // namespace

TEST_CASE("profiles are data") {
  const Profile q = Profile::qualityfm();
  CHECK(q.samples() == 9000);
  CHECK(q.channels[0].name == "ppg");
  CHECK(Profile::from_json(q.to_json()) == q);
  CHECK(q.hash() == Profile::from_json(Json::parse(q.to_json().dump())).hash());
  Profile other = q;
  other.clip = 10;
  CHECK(other.hash() != q.hash());
  const Profile wearable = Profile::from_json(Json{{"channels", {"ppg", "ecg?"}}});
  CHECK_FALSE(wearable.channels[1].required);
  CHECK(wearable.to_json()["channels"][1] == "ecg?");
  for (const char* bad :
       {R"({"channels":["ecg"],"rate":300})", R"({"channels":["ecg"],"scaling":"maximal"})", R"({"channels":[]})",
        R"({"channels":["ecg"],"fs":0})", R"({"channels":["ecg"],"fs":"fast"})", R"([])", R"({"channels":["?"]})",
        R"({"channels":["ecg"],"seconds":1e300})", R"({"channels":["ecg"],"clip":-1})"}) {
    CAPTURE(bad);
    CHECK(status_of([&] { Profile::from_json(Json::parse(bad)); }) == Status::kUsage);
  }
}

TEST_CASE("channels come in the order of the profile, at its rate and length") {
  const Segment segment = segment_of(sine(3750, 125, 1.2), 125, sine(7500, 250, 3, 2, 1), 250);
  std::vector<std::uint8_t> present;
  const std::vector<float> x = prepared(segment, plain(), &present);
  REQUIRE(x.size() == 18000);
  CHECK(present == std::vector<std::uint8_t>{1, 1});
  CHECK(difference(x, 0, sine(9000, 300, 1.2), 300, 8700) < 1e-3);
  CHECK(difference(x, 1, sine(9000, 300, 3, 2, 1), 300, 8700) < 1e-3);
}

TEST_CASE("a rate that is the profile's own is left alone") {
  const std::vector<float> ecg = sine(9000, 300, 3);
  const std::vector<float> x = prepared(segment_of(sine(9000, 300, 1), 300, ecg, 300), plain());
  CHECK(difference(x, 1, ecg, 0, 9000) == 0);
}

TEST_CASE("a longer segment keeps its end, a shorter one is padded in front") {
  std::vector<float> ramp(40 * 300);
  for (std::size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<float>(i);
  const std::vector<float> cut = prepared(segment_of(ramp, 300, ramp, 300), plain());
  CHECK(cut[0] == 3000);
  CHECK(cut[8999] == 11999);
  const std::vector<float> brief(ramp.begin() + 1, ramp.begin() + 3001);
  const std::vector<float> padded = prepared(segment_of(brief, 300, brief, 300), plain());
  CHECK(std::count(padded.begin(), padded.begin() + 6000, 0.0F) == 6000);
  CHECK(padded[6000] == 1);
  CHECK(padded[8999] == 3000);
  Profile first = plain();
  first.crop = Crop::kFirst;
  first.pad = Pad::kBack;
  CHECK(prepared(segment_of(ramp, 300, ramp, 300), first)[1] == 1);
  CHECK(prepared(segment_of(brief, 300, brief, 300), first)[0] == 1);
  CHECK(prepared(segment_of(brief, 300, brief, 300), first)[3000] == 0);
}

TEST_CASE("channels of different length keep their place in time") {
  const std::vector<float> ecg = sine(9000, 300, 3, 1, 5);
  std::vector<float> late(ecg.begin() + 3000, ecg.end());
  Segment segment = segment_of(late, 300, ecg, 300);
  segment.find("ppg")->attributes["t0"] = 10.0;
  const std::vector<float> x = prepared(segment, plain());
  CHECK(x[2999] == 0);
  CHECK(std::equal(x.begin() + 3000, x.begin() + 9000, x.begin() + 12000));
}

TEST_CASE("gaps are filled in a straight line and held at the ends") {
  std::vector<float> ramp(9000);
  for (std::size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<float>(i);
  const std::vector<float> whole = ramp;
  std::fill(ramp.begin(), ramp.begin() + 100, kNan);
  std::fill(ramp.begin() + 4000, ramp.begin() + 5000, kNan);
  std::fill(ramp.begin() + 8900, ramp.end(), kNan);
  const std::vector<float> x = prepared(segment_of(ramp, 300, whole, 300), plain());
  CHECK(x[0] == 100);
  CHECK(difference(x, 0, whole, 100, 8900) < 1e-2);
  CHECK(x[8999] == 8899);
  Profile zero = plain();
  zero.missing = Missing::kZero;
  const std::vector<float> holes = prepared(segment_of(ramp, 300, whole, 300), zero);
  CHECK(holes[0] == 0);
  CHECK(holes[4500] == 0);
  CHECK(holes[5000] == 5000);
}

TEST_CASE("a constant or missing channel is 0, and nothing is ever NaN") {
  for (const float value : {0.0F, 3.7F, kNan}) {
    std::vector<std::uint8_t> present;
    const Segment segment = segment_of(std::vector<float>(3750, value), 125, sine(7500, 250, 3), 250);
    for (const char* scaling : {"robust", "zscore", "joint", "none"}) {
      const std::vector<float> x = prepared(segment, plain(scaling), &present);
      CHECK(present == std::vector<std::uint8_t>{0, 1});
      CHECK(std::count(x.begin(), x.begin() + 9000, 0.0F) == 9000);
      CHECK(std::all_of(x.begin(), x.end(), [](float v) { return std::isfinite(v); }));
    }
  }
  const Segment nothing = segment_of(std::vector<float>(3750, kNan), 125, std::vector<float>(7500, kNan), 250);
  for (const float v : prepared(nothing, Profile::qualityfm())) CHECK(v == 0);
}

TEST_CASE("scalings") {
  const Segment segment = segment_of(sine(9000, 300, 1, 5, 100), 300, sine(9000, 300, 2, 0.5), 300);
  const auto robust = prepared(segment, plain("robust"));
  // Quartiles of a sine are ± sqrt(1/2) of its amplitude.
  CHECK(*std::max_element(robust.begin(), robust.begin() + 9000) ==
        doctest::Approx(1.349 / std::sqrt(2)).epsilon(0.01));
  CHECK(*std::max_element(robust.begin() + 9000, robust.end()) == doctest::Approx(1.349 / std::sqrt(2)).epsilon(0.01));
  const auto z = prepared(segment, plain("zscore"));
  CHECK(*std::max_element(z.begin(), z.begin() + 9000) == doctest::Approx(std::sqrt(2)).epsilon(0.01));
  const auto joint = prepared(segment, plain("joint"));
  CHECK(*std::min_element(joint.begin(), joint.end()) == doctest::Approx(-1));
  CHECK(*std::max_element(joint.begin(), joint.end()) == doctest::Approx(1));

  std::vector<float> spikes(9000, 1.0F);  // the middle half is flat
  for (std::size_t i = 0; i < spikes.size(); i += 90) spikes[i] = 2;
  const auto bounded = prepared(segment_of(spikes, 300, spikes, 300), plain("robust"));
  const double sd = std::sqrt(100.0 / 9000 * (1 - 100.0 / 9000));
  CHECK(bounded[0] == doctest::Approx(10 / sd).epsilon(0.01));
  Profile clipped = plain("robust");
  clipped.clip = 20;
  CHECK(prepared(segment_of(spikes, 300, spikes, 300), clipped)[0] == 20);
}

TEST_CASE("a required channel that is missing is refused by name, an optional one is 0") {
  Segment segment = segment_of(sine(3750, 125, 1), 125, sine(7500, 250, 1), 250);
  segment.remove("ppg");
  CHECK(status_of([&] { prepared(segment, plain()); }) == Status::kIncompatible);
  try {
    prepared(segment, Profile::qualityfm());
  } catch (const Error& error) {
    const std::string text = error.what();
    CHECK(text.find("no ppg") != std::string::npos);
    CHECK(text.find("needs ppg, ecg") != std::string::npos);
    CHECK(text.find("V5 (ecg), II (ecg)") != std::string::npos);
  }
  Profile optional = plain();
  optional.channels[0].required = false;
  std::vector<std::uint8_t> present;
  CHECK(prepared(segment, optional, &present)[0] == 0);
  CHECK(present == std::vector<std::uint8_t>{0, 1});
  Profile lead = plain();
  lead.channels = {{"v5", true}, {"II", true}};
  CHECK_NOTHROW(prepared(segment, lead));
}

TEST_CASE("nothing is prepared twice") {
  const Profile profile = plain("zscore");
  Segment segment = segment_of(sine(9000, 300, 1, 7), 300, sine(9000, 300, 2, 7), 300);
  const std::vector<float> ecg = sine(9000, 300, 2, 7);
  for (const char* name : {"ecg", "ppg"}) {
    segment.find(name)->attributes["profile"] = Json{{"name", "t"}, {"hash", hex16(profile.hash())}};
  }
  CHECK(difference(prepared(segment, profile), 1, ecg, 0, 9000) == 0);
  CHECK(status_of([&] { prepared(segment, plain("robust")); }) == Status::kIncompatible);
}

TEST_CASE("what pre-training leaves out, and why") {
  const Profile profile = Profile::qualityfm();
  std::vector<float> ppg = sine(3750, 125, 1);
  const std::vector<float> ecg = sine(7500, 250, 3);
  CHECK_FALSE(unfit_for_pretraining(segment_of(ppg, 125, ecg, 250), profile).has_value());
  CHECK(unfit_for_pretraining(segment_of(std::vector<float>(3750, 2), 125, ecg, 250), profile) == "constant");
  std::fill(ppg.begin(), ppg.begin() + 749, kNan);
  CHECK_FALSE(unfit_for_pretraining(segment_of(ppg, 125, ecg, 250), profile).has_value());
  std::fill(ppg.begin(), ppg.begin() + 760, kNan);
  CHECK(unfit_for_pretraining(segment_of(ppg, 125, ecg, 250), profile) == "missing");
  Segment without = segment_of(ppg, 125, ecg, 250);
  without.remove("ppg");
  CHECK(unfit_for_pretraining(without, profile) == "no_ppg");
}
