#include "record/prepared.h"

#include <cmath>

#include "base/hash.h"
#include "support.h"

using namespace cfm;
using namespace cfm::record;
using cfm::test::status_of;
using stream::Json;

namespace {

prepare::Profile profile_of(const char* json) { return prepare::Profile::from_json(Json::parse(json)); }

const char* const kSmall = R"({"name": "small", "fs": 100, "seconds": 2, "channels": ["II", "I?", "ppg"],
  "scaling": {"ecg": "none", "*": "zscore"}})";

// 2 s at 200 Hz: I and II as integers of 0.01 mV, II with a gap; PLETH and ABP at 50 Hz; events on the ECG.
Cut cut_of() {
  Cut cut;
  cut.segment.header = {{"id", "r/400"}, {"record", "r"}, {"start", 2}, {"clock", {{"fs", 200}, {"sample", 400}}}};
  std::vector<std::int16_t> ecg(800);
  for (std::size_t i = 0; i < 400; ++i) {
    ecg[i] = static_cast<std::int16_t>(std::lround(50 * std::sin(0.05 * static_cast<double>(i))));
    ecg[400 + i] = static_cast<std::int16_t>(std::lround(100 * std::sin(0.05 * static_cast<double>(i))));
  }
  std::vector<std::uint8_t> mask(800, 1);
  for (std::size_t i = 600; i < 620; ++i) mask[i] = 0, ecg[i] = 0;
  std::vector<float> slow(200);
  for (std::size_t i = 0; i < 200; ++i) slow[i] = static_cast<float>(std::cos(0.2 * static_cast<double>(i % 100)));
  cut.segment.put(stream::make_tensor("ecg", {2, 400}, ecg,
                                      Json{{"kind", "ecg"},
                                           {"fs", 200},
                                           {"names", {"I", "II"}},
                                           {"units", {"mV", "mV"}},
                                           {"scale", {0.01, 0.01}},
                                           {"offset", {0, 0}},
                                           {"mask", "ecg/mask"}}));
  for (const char* kind : {"ppg", "abp"}) {
    cut.segment.put(stream::make_tensor(kind, {1, 100}, std::vector<float>(slow.begin(), slow.begin() + 100),
                                        Json{{"kind", kind}, {"fs", 50}, {"names", {kind}}, {"units", {"mmHg"}}}));
  }
  cut.segment.put(stream::make_tensor("ecg/mask", {2, 400}, mask, Json{{"kind", "mask"}}));
  cut.segment.put(
      stream::make_tensor("reference/beats", {3, 3}, std::vector<double>{40, 1, 1, 41, 5, 0, 300.5, 1, -1},
                          Json{{"kind", "event"}, {"of", "ecg"}, {"columns", {"sample", "code", "channel"}}}));
  cut.segment.put(stream::make_tensor(
      "reference/rhythm", {1, 4}, std::vector<double>{100, 400, 28, 0},
      Json{{"kind", "event"}, {"of", "ecg"}, {"columns", {"sample", "end", "code", "aux"}}, {"aux", {"(N"}}}));
  cut.order = {{0, 0}, {0, 1}, {1, 0}, {2, 0}};
  return cut;
}

}  // namespace

TEST_CASE("the profile's channels replace those recorded, and say what they went through") {
  Cut cut = cut_of();
  const prepare::Preparer preparer(profile_of(kSmall));
  prepare_cut(cut, preparer);
  const stream::Segment& s = cut.segment;
  const stream::Tensor& ecg = *s.find("ecg");
  CHECK(ecg.dtype == stream::Dtype::kF32);
  CHECK(ecg.shape == std::vector<std::int64_t>{2, 200});
  CHECK(ecg.fs() == 100);
  CHECK(ecg.names() == std::vector<std::string>{"II", "I"});
  CHECK(ecg.units() == std::vector<std::string>{"mV", "mV"});  // nothing scales it
  CHECK(ecg.scale(1) == 1);
  CHECK(ecg.offset(1) == 0);
  CHECK(ecg.t0() == 0);
  CHECK_FALSE(ecg.attributes.contains("mask"));
  CHECK(s.find("ecg/mask") == nullptr);
  CHECK(ecg.attributes["profile"] == Json{{"name", "small"}, {"hash", hex16(profile_of(kSmall).hash())}});
  CHECK(s.find("ppg")->units() == std::vector<std::string>{"NU"});
  CHECK(s.find("ppg")->shape[1] == 200);
  const auto values = ecg.values<float>();
  for (std::size_t i = 20; i < 90; ++i) {
    CHECK(values[i] == doctest::Approx(std::sin(0.1 * static_cast<double>(i))).epsilon(0.02).scale(1));
    CHECK(values[200 + i] == doctest::Approx(0.5 * std::sin(0.1 * static_cast<double>(i))).epsilon(0.02).scale(1));
  }
  // What the profile does not name stays.
  CHECK(s.find("abp")->fs() == 50);
  CHECK_FALSE(s.find("abp")->attributes.contains("profile"));
  REQUIRE(cut.order.size() == 4);
  CHECK(s.tensors[cut.order[0].tensor].name == "ecg");
  CHECK(cut.order[1].channel == 1);
  CHECK(s.tensors[cut.order[2].tensor].name == "ppg");
  CHECK(s.tensors[cut.order[3].tensor].name == "abp");
}

TEST_CASE("events count the samples of what replaced their signal") {
  Cut cut = cut_of();
  prepare_cut(cut, prepare::Preparer(profile_of(kSmall)));
  const auto beats = cut.segment.find("reference/beats")->values<double>();
  CHECK(std::vector<double>(beats.begin(), beats.end()) == std::vector<double>{20, 1, 0, 20.5, 5, 1, 150.25, 1, -1});
  const auto rhythm = cut.segment.find("reference/rhythm")->values<double>();
  CHECK(std::vector<double>(rhythm.begin(), rhythm.end()) == std::vector<double>{50, 200, 28, 0});
  CHECK(cut.segment.find("reference/rhythm")->attributes["aux"] == Json{"(N"});
}

TEST_CASE("a shorter window: its begin stands in t0, events outside it are gone") {
  Cut cut = cut_of();
  prepare_cut(cut, prepare::Preparer(profile_of(R"({"name":"one","fs":100,"seconds":1,"channels":["II"]})")));
  CHECK(cut.segment.find("ecg")->t0() == 1);
  const auto beats = cut.segment.find("reference/beats")->values<double>();
  CHECK(std::vector<double>(beats.begin(), beats.end()) == std::vector<double>{50.25, 1, -1});
  Cut longer = cut_of();
  prepare_cut(longer, prepare::Preparer(profile_of(R"({"name":"l","fs":100,"seconds":3,"channels":["II"]})")));
  CHECK(longer.segment.find("ecg")->t0() == -1);
  CHECK(longer.segment.find("reference/beats")->values<double>()[0] == 120);
  Cut whole = cut_of();
  prepare_cut(whole, prepare::Preparer(profile_of(R"({"name":"w","fs":400,"seconds":null,"channels":["II"]})")));
  CHECK(whole.segment.find("ecg")->shape[1] == 800);
}

TEST_CASE("nothing is prepared twice") {
  Cut cut = cut_of();
  const prepare::Preparer preparer(profile_of(kSmall)), other(profile_of(R"({"name":"o","channels":["II"]})"));
  prepare_cut(cut, preparer);
  const std::vector<float> once(cut.segment.find("ppg")->values<float>().begin(),
                                cut.segment.find("ppg")->values<float>().end());
  const auto order = cut.order.size();
  prepare_cut(cut, preparer);
  const auto twice = cut.segment.find("ppg")->values<float>();
  CHECK(std::vector<float>(twice.begin(), twice.end()) == once);
  CHECK(cut.order.size() == order);
  CHECK(preparer.matrix(cut.segment).size() == 600);
  CHECK(status_of([&] { prepare_cut(cut, other); }) == Status::kIncompatible);
}

TEST_CASE("the profile's length is the usual one") {
  CutOptions options;
  take_length(options, profile_of(kSmall));
  CHECK(grid_of(options, 200, 10000).length == 400);
  options.length = 5;
  CHECK(grid_of(options, 200, 10000).length == 1000);
  CutOptions whole;
  take_length(whole, profile_of(R"({"seconds":null,"channels":["II"]})"));
  CHECK(whole.whole);
}
