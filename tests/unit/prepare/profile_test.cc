#include "prepare/profile.h"

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "support.h"

using namespace cfm;
using namespace cfm::prepare;
using cfm::test::status_of;
using stream::Json;

namespace {

std::string message_of(const std::string& json) {
  try {
    Profile::from_json(Json::parse(json));
  } catch (const Error& error) {
    CHECK(error.status() == Status::kUsage);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("profiles of checkpoints keep their hash") {
  // As written before there were filters.
  const std::string old =
      R"({"name":"qualityfm","fs":300.0,"seconds":30.0,"channels":["ppg","ecg"],"missing":"interpolate",)"
      R"("scaling":"robust","clip":20.0,"crop":"last","pad":"front"})";
  CHECK(Profile::qualityfm().to_json().dump() == old);
  CHECK(Profile::qualityfm().hash() == fnv1a64(old));
  CHECK(Profile::from_json(Json::parse(old)).hash() == fnv1a64(old));
  Profile said = Profile::qualityfm();
  said.source = "elsewhere";
  CHECK(said.hash() == Profile::qualityfm().hash());
  said.filters.of["ecg"] = {FilterSpec{FilterKind::kNotch, signal::Band::kLow, 0, 50, 0, 0, 30}};
  CHECK(said.hash() != Profile::qualityfm().hash());
}

TEST_CASE("every form reads back to the same, and says the same twice") {
  const Profile all = Profile::from_json(Json::parse(R"({"name": "all", "fs": 250, "seconds": null,
    "channels": ["II", "ppg?"], "missing": "zero", "scaling": {"ecg": "none", "*": "minmax"},
    "clip": {"ecg": 5}, "crop": "first", "pad": "back", "filter_at": "source",
    "filters": {"ecg": [{"filter": "butterworth", "band": "stop", "order": 2, "hz": [48, 52]},
                        {"filter": "minus_median", "seconds": 0.4}],
                "*": [{"filter": "chebyshev2", "band": "low", "order": 4, "stop_db": 40, "hz": 12, "phase": "causal"},
                      {"filter": "notch", "hz": 50, "q": 30}, {"filter": "mean", "seconds": 0.05}]}})"));
  CHECK(all.samples() == 0);
  CHECK(all.signals() == "II,ppg?");
  CHECK(all.scaling.for_kind("ecg") == Scaling::kNone);
  CHECK(all.scaling.for_kind("abp") == Scaling::kMinmax);
  CHECK(all.clip.for_kind("ppg") == 0);
  CHECK(all.filters.for_kind("resp").size() == 3);
  const Json json = all.to_json();
  CHECK(Profile::from_json(json).to_json() == json);
  CHECK(Profile::from_json(json).hash() == all.hash());
  CHECK(json["seconds"].is_null());
  CHECK(json["filters"]["ecg"][0]["hz"] == Json({48.0, 52.0}));
  CHECK(
      all.summary() ==
      "ecg butterworth stop 48-52 Hz order 2, minus median 400 ms; else chebyshev2 low 12 Hz order 4 causal, notch 50 "
      "Hz, mean 50 ms, at the recording's rate; ecg unscaled; else minmax; ecg clipped at 5");
}

TEST_CASE("what makes no sense is refused in words that name profile, field and value") {
  const struct {
    const char *json, *says;
  } all[] = {
      {R"({"name":"p","channels":["ecg"],"filtres":[]})", "profile p: unknown field filtres; known are name, fs"},
      {R"({"channels":["ecg"],"fs":"fast"})", "profile: fs is \"fast\", not a number"},
      {R"({"channels":["ecg"],"fs":-250})", "profile: fs is -250 Hz, not more than 0"},
      {R"({"name":"p","channels":["ecg"],"seconds":-10})", "profile p: seconds is -10 s, not more than 0"},
      {R"({"channels":["ecg"],"seconds":0})", "seconds is 0 s, not more than 0"},
      {R"({"channels":["ecg"],"fs":300,"seconds":0.001})", "0.001 s at 300 Hz are no window"},
      {R"({"channels":["ecg"],"scaling":{"ecg":"loud"}})", "profile: scaling.ecg is \"loud\"; known are robust"},
      {R"({"channels":["ecg"],"clip":{"ecg":"5"}})", "clip.ecg is \"5\", not a number"},
      {R"({"channels":["ecg","ecg?"]})", "channels[1]: ecg stands there twice"},
      {R"({"channels":["ecg"],"filters":{"ecg":{"filter":"notch"}}})", "filters.ecg is {"},
      {R"({"channels":["ecg"],"filters":[{"hz":50}]})", "filters[0]: there is no field filter"},
      {R"({"channels":["ecg"],"filters":[{"filter":"fir"}]})",
       "filters[0].filter is \"fir\"; known are butterworth, chebyshev2, notch, mean, minus_median"},
      {R"({"channels":["ecg"],"filters":[{"filter":"notch","hz":50}]})", "filters[0]: there is no field q"},
      {R"({"channels":["ecg"],"filters":[{"filter":"notch","hz":50,"q":30,"order":2}]})",
       "filters[0]: unknown field order; of notch there are filter, hz, q, phase"},
      {R"({"name":"p","fs":125,"channels":["ecg"],"filters":{"ecg":[{"filter":"mean","seconds":1},
           {"filter":"butterworth","band":"low","order":2,"hz":70}]}})",
       "profile p: filters.ecg[1].hz: 70 Hz is not below half of 125 Hz, the rate at which it runs"},
      {R"({"fs":125,"channels":["ecg"],"filters":[{"filter":"notch","hz":62.5,"q":9}]})",
       "filters[0].hz: 62.5 Hz is not below half of 125 Hz"},
      {R"({"channels":["ecg"],"filters":[{"filter":"butterworth","band":"band","order":2,"hz":[40,0.5]}]})",
       "filters[0].hz is [40,0.5]: the edges must rise"},
      {R"({"channels":["ecg"],"filters":[{"filter":"butterworth","band":"band","order":2,"hz":40}]})",
       "filters[0].hz is 40, not the two edges of a band"},
      {R"({"channels":["ecg"],"filters":[{"filter":"butterworth","band":"high","order":2,"hz":[1,2]}]})",
       "filters[0].hz is [1,2], not a number"},
      {R"({"channels":["ecg"],"filters":[{"filter":"butterworth","band":"high","order":0,"hz":1}]})",
       "filters[0].order is 0, not 1 to 8"},
      {R"({"channels":["ecg"],"filters":[{"filter":"butterworth","band":"high","order":2.5,"hz":1}]})",
       "filters[0].order is 2.5, not a whole number"},
      {R"({"channels":["ecg"],"filters":[{"filter":"chebyshev2","band":"high","order":2,"stop_db":-3,"hz":1}]})",
       "filters[0].stop_db is -3 dB, not more than 0"},
      {R"({"channels":["ecg"],"filters":[{"filter":"mean","seconds":0}]})",
       "filters[0].seconds is 0 s, not more than 0"},
      {R"({"channels":["ecg"],"filters":[{"filter":"minus_median","seconds":1,"phase":"causal"}]})",
       "a running median has no phase"}};
  for (const auto& each : all) {
    CAPTURE(each.json);
    const std::string message = message_of(each.json);
    CAPTURE(message);
    CHECK(message.find(each.says) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
  }
  // At the recording's rate a filter may lie above the profile's.
  CHECK(message_of(
            R"({"fs":125,"channels":["ecg"],"filter_at":"source","filters":[{"filter":"notch","hz":100,"q":9}]})") ==
        "accepted");
}

TEST_CASE("the shipped profiles: what was published") {
  std::set<std::string> names;
  for (const Profile& profile : shipped_profiles()) {
    CAPTURE(profile.name);
    names.insert(profile.name);
    CHECK_FALSE(profile.source.empty());
    CHECK_FALSE(profile.published.empty());
    CHECK_FALSE(profile.defaults.empty());
    CHECK(Profile::from_json(profile.to_json()) == profile);
    CHECK(profile_table().find("\n" + profile.name + " ") != std::string::npos);
  }
  CHECK(names == std::set<std::string>{"qualityfm", "qualityfm-joint", "cardiofm", "cardiofm-250", "csfm",
                                       "csfm-published", "ecgfounder", "papagei", "ecg-fm", "heartlang"});
  CHECK(Profile::open("ecg-fm").samples() == 2500);
  CHECK(Profile::open("heartlang").fs == 100);
  CHECK(Profile::open("papagei").filter_at == FilterAt::kSource);
  CHECK(Profile::open("csfm").scaling.for_kind("ecg") == Scaling::kNone);
  CHECK(Profile::open("csfm-published").scaling.for_kind("ecg") == Scaling::kZscore);
}

TEST_CASE("a profile by name or file") {
  CHECK(status_of([] { Profile::open("csmf"); }) == Status::kUsage);
  try {
    Profile::open("csmf");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("csmf: no such profile or file; there are cardiofm, ") == 0);
  }
  const test::TemporaryFolder folder;
  write_file(folder / "mine.json", R"({"name": "mine", "fs": 100, "channels": ["ecg"]})");
  CHECK(Profile::open(folder / "mine.json").name == "mine");
  write_file(folder / "cut.json", R"({"name": "mine", )");
  CHECK(status_of([&] { Profile::open(folder / "cut.json"); }) == Status::kUsage);
  write_file(folder / "bad.json", R"({"name": "mine", "fs": 0, "channels": ["ecg"]})");
  try {
    Profile::open(folder / "bad.json");
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == folder.path + "/bad.json: profile mine: fs is 0 Hz, not more than 0");
  }
}
