#include "model/config.h"

#include <functional>

#include "base/file.h"
#include "messages.h"
#include "support.h"

using cfm::Error;
using cfm::Status;
using cfm::model::Json;
using cfm::model::ModelConfig;

TEST_CASE("every registered model holds together and survives JSON") {
  REQUIRE(cfm::model::named_models().size() == 12);
  for (const auto& [name, description] : cfm::model::named_models()) {
    CAPTURE(name);
    const ModelConfig config = ModelConfig::open(name);
    CHECK(config.name == name);
    CHECK_FALSE(description.empty());
    const Json json = config.to_json();
    CHECK(ModelConfig::from_json(Json::parse(json.dump())).to_json() == json);
  }
  CHECK(ModelConfig::open("qualityfm-huge").qualityfm().layers == 50);
  CHECK(ModelConfig::open("qualityfm-ecg-base").profile.channels.size() == 1);
  CHECK(ModelConfig::open("qualityfm-base-450").qualityfm().tokens == 450);
  CHECK(ModelConfig::open("qualityfm-ecg-small").qualityfm().decoder_strides[2] == 4);  // over two bases
}

TEST_CASE("--set changes any field, several at once") {
  ModelConfig config = ModelConfig::open("qualityfm-base");
  config.set({"architecture.strides=[5,10,3]", "architecture.tokens=60", "schedule.batch=64", "optimiser.lr=1",
              "objective.spectrum_of=own", "name=mine"});
  CHECK(config.qualityfm().strides == std::array<std::int64_t, 3>{5, 10, 3});
  CHECK(config.qualityfm().tokens == 60);
  CHECK(config.schedule["batch"] == 64);
  CHECK(config.optimiser["lr"].is_number_float());
  CHECK(config.objective["spectrum_of"] == "own");
  CHECK(config.name == "mine");
}

TEST_CASE("what makes no sense is named") {
  const auto set = [](const std::string& assignment) {
    return cfm::test::usage_message_of([&] { ModelConfig::open("qualityfm-base").set({assignment}); });
  };
  CHECK(set("schedule.bach=64").find("schedule.bach") != std::string::npos);
  CHECK(set("schedule.batch=many").find("schedule.batch") != std::string::npos);
  CHECK(set("schedule=3").find("schedule") != std::string::npos);
  CHECK(set("architecture.heads=3").find("heads") != std::string::npos);
  CHECK(set("architecture.tokens=19").find("tokens") != std::string::npos);
  CHECK(set("architecture.channels=1").find("decoder_strides") != std::string::npos);
  CHECK(set("architecture.strides=[5,0,1]").find("strides") != std::string::npos);
  CHECK(set("architecture.d=1e9").find("architecture.d") != std::string::npos);
  CHECK(set("objective.spectrum_of=best").find("better, own") != std::string::npos);
  CHECK(set("objective.hidden=1").find("objective.hidden") != std::string::npos);
  CHECK(set("schedule.precision=f16").find("f32, bf16") != std::string::npos);
  CHECK_FALSE(set("schedule.batch").empty());
  CHECK(set("family=resnet1d").find("family") != std::string::npos);
  CHECK(set("architecture.strides=[5,1.5,1]").find("strides") != std::string::npos);
  const auto set_one = [](const std::string& assignment) {
    return cfm::test::usage_message_of([&] { ModelConfig::open("qualityfm-ecg-base").set({assignment}); });
  };
  CHECK(set_one("objective.phase=difference").find("two channels") != std::string::npos);
  CHECK(set_one("objective.phase=cos_sin").empty());
  const auto set_resnet = [](const std::string& assignment) {
    return cfm::test::usage_message_of([&] { ModelConfig::open("resnet1d").set({assignment}); });
  };
  CHECK(set_resnet("architecture.kernel=16").find("odd") != std::string::npos);
  CHECK(set_resnet("architecture.widths=[8,16]").find("2 blocks") != std::string::npos);
  CHECK(set_resnet("architecture.heads=4").find("architecture.heads") != std::string::npos);
  CHECK(set_resnet("objective.kind=self_distillation").find("objective.kind") != std::string::npos);
  CHECK(cfm::test::usage_message_of([] { ModelConfig::open("resnet1d").qualityfm(); }).find("resnet1d") !=
        std::string::npos);
  CHECK(cfm::test::usage_message_of([] { ModelConfig::open("qualityfm-bse"); }).find("qualityfm-base") !=
        std::string::npos);
}

TEST_CASE("a file says only what differs") {
  const cfm::test::TemporaryFolder folder;
  cfm::write_file(folder / "own.json", R"({"name": "own", "base": "qualityfm-large", "architecture": {"layers": 3}})");
  const ModelConfig config = ModelConfig::open(folder / "own.json");
  CHECK(config.qualityfm().layers == 3);
  CHECK(config.qualityfm().ffn == 512);
  cfm::write_file(folder / "net.json", R"({"family": "resnet1d", "architecture": {"kernel": 9}})");
  CHECK(std::get<cfm::model::ResNet1dOptions>(ModelConfig::open(folder / "net.json").architecture).kernel == 9);
  cfm::write_file(folder / "bad.json", "{");
  CHECK_FALSE(cfm::test::usage_message_of([&] { ModelConfig::open(folder / "bad.json"); }).empty());
  cfm::write_file(folder / "list.json", "[]");
  CHECK_FALSE(cfm::test::usage_message_of([&] { ModelConfig::open(folder / "list.json"); }).empty());
}

TEST_CASE("a model's profile may filter, and scale by kind") {
  ModelConfig config = ModelConfig::open("qualityfm-base");
  config.set({R"(profile.filters={"ecg":[{"filter":"butterworth","band":"band","hz":[0.5,40],"order":2}]})",
              R"(profile.scaling={"ecg":"none","ppg":"zscore"})"});
  const Json profile = config.to_json()["profile"];
  CHECK(profile["filters"]["ecg"].size() == 1);
  CHECK(profile["scaling"]["ecg"] == "none");
  CHECK(profile["fs"] == 300);
  CHECK(ModelConfig::from_json(config.to_json()).profile.hash() == config.profile.hash());
  CHECK(cfm::test::usage_message_of([&] { config.set({"profile.filtres=[]"}); }).find("filtres") != std::string::npos);
}
