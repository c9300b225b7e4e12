#include "model/checkpoint.h"

#include <cmath>

#include "base/file.h"
#include "base/hash.h"
#include "base/random.h"
#include "model/embed.h"
#include "model/safetensors.h"
#include "support.h"

using namespace cfm::model;
using cfm::Status;
using cfm::stream::Segment;
using torch::Tensor;

namespace {

ModelConfig small_config() {
  ModelConfig config = ModelConfig::open("qualityfm-base");
  config.set({"architecture.d=100", "architecture.ffn=60", "architecture.decoder_strides=[5,10,1]", "name=small"});
  return config;
}

Checkpoint small_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.config = small_config();
  checkpoint.provenance.push_back({{"tool", "cfm-pretrain"}});
  checkpoint.folds = {{"n", 5}};
  checkpoint.subjects_seen = {cfm::fnv1a64("p1"), cfm::fnv1a64("p2"), 0xffffffffffffffff};
  checkpoint.subjects_labelled = {cfm::fnv1a64("p2")};
  checkpoint.extra["cfm.task"] = "{}";
  torch::manual_seed(3);
  QualityFM model(checkpoint.config.qualityfm());
  checkpoint.tensors = state_of(*model);
  checkpoint.tensors.merge(state_of(*random_encoder(checkpoint.config, 9), kTeacherPrefix));
  return checkpoint;
}

// 30 s of noise at 125 Hz on ECG and PPG.
Segment segment_of(const std::string& subject, const std::vector<std::string>& kinds = {"ecg", "ppg"}) {
  Segment segment;
  segment.header = {{"id", subject + "/0"}, {"record", subject}, {"subject", subject}, {"start", 0.0}};
  for (const std::string& kind : kinds) {
    cfm::Random random(1, kind, subject);
    std::vector<float> values(3750);
    for (float& value : values) value = static_cast<float>(random.normal());
    segment.put(cfm::stream::make_tensor(
        kind, {1, 3750}, values,
        {{"kind", kind}, {"fs", 125.0}, {"names", {kind}}, {"units", {"mV"}}, {"scale", {1.0}}, {"offset", {0.0}}}));
  }
  return segment;
}

std::vector<float> embedding(const Segment& segment, const char* name = "embedding") {
  const auto values = segment.find(name)->values<float>();
  return {values.begin(), values.end()};
}

Status status_of_file(const std::string& path) {
  return cfm::test::status_of([&] { load_encoder(load_checkpoint(path)); });
}

}  // namespace

TEST_CASE("a checkpoint comes back as it was, from a folder and from a file") {
  const cfm::test::TemporaryFolder folder;
  const Checkpoint saved = small_checkpoint();
  save_checkpoint(folder / "model.safetensors", saved);
  for (const std::string& path : {folder.path, folder / "model.safetensors"}) {
    const Checkpoint loaded = load_checkpoint(path);
    CHECK(loaded.config.to_json() == saved.config.to_json());
    CHECK(loaded.provenance == saved.provenance);
    CHECK(loaded.folds == saved.folds);
    CHECK(loaded.subjects_seen == saved.subjects_seen);
    CHECK(loaded.subjects_labelled == saved.subjects_labelled);
    CHECK(loaded.extra == saved.extra);
    REQUIRE(loaded.tensors.size() == saved.tensors.size());
    for (const auto& [name, tensor] : saved.tensors) CHECK(torch::equal(tensor, loaded.tensors.at(name)));
    const Tensor x = torch::randn({1, 2, 9000});
    CHECK(torch::equal(load_encoder(loaded)(x), random_encoder(saved.config, 9)(x)));
    CHECK(torch::equal(load_model(loaded)->phase_head->linear1->weight, saved.tensors.at("phase_head.linear1.weight")));
  }
  save_checkpoint(folder / "again.safetensors", load_checkpoint(folder.path));
  CHECK(cfm::test::slurp(folder / "again.safetensors") == cfm::test::slurp(folder / "model.safetensors"));
  const Safetensors raw = read_safetensors(folder / "model.safetensors");
  CHECK(raw.metadata.at("cfm.subjects_labelled") == "[\"" + cfm::hex16(cfm::fnv1a64("p2")) + "\"]");
}

TEST_CASE("a file that is no model of this toolkit is refused with its status") {
  const cfm::test::TemporaryFolder folder;
  const Checkpoint good = small_checkpoint();
  const std::string path = folder / "m.safetensors";
  const auto changed = [&](const std::function<void(Checkpoint&)>& change) {
    Checkpoint checkpoint = good;
    change(checkpoint);
    save_checkpoint(path, checkpoint);
    return status_of_file(path);
  };
  CHECK(changed([](Checkpoint&) {}) == Status::kOk);
  const std::string whole = cfm::test::slurp(path);
  cfm::write_file(path, whole.substr(0, whole.size() / 2));
  CHECK(status_of_file(path) == Status::kMalformed);
  cfm::write_file(path, "not a model");
  CHECK(status_of_file(path) == Status::kMalformed);
  CHECK(status_of_file(folder / "none") == Status::kIo);
  CHECK(status_of_file(folder.path) == Status::kIo);

  const std::string teacher = kTeacherPrefix;
  CHECK(changed([&](Checkpoint& c) { c.tensors.erase(teacher + "layers.0.norm1.bias"); }) == Status::kIncompatible);
  CHECK(changed([&](Checkpoint& c) { c.tensors[teacher + "output.bias"] = torch::zeros({3}); }) ==
        Status::kIncompatible);
  // Sizes that no tensor bears out must not be allocated.
  CHECK(changed([&](Checkpoint& c) {
          c.config.set({"architecture.layers=1000", "architecture.ffn=65536"});
        }) == Status::kIncompatible);

  Safetensors raw;
  raw.metadata["format"] = "pt";
  write_safetensors(path, raw);
  CHECK(status_of_file(path) == Status::kIncompatible);
  for (const std::string config : {"{", "[]", R"({"family": "other"})", R"({"colour": 1})"}) {
    raw.metadata["cfm.config"] = config;
    write_safetensors(path, raw);
    CHECK(status_of_file(path) == Status::kIncompatible);
  }
  raw.metadata["cfm.config"] = good.config.to_json().dump();
  raw.metadata["cfm.subjects_seen"] = "[\"p1\"]";
  write_safetensors(path, raw);
  CHECK(status_of_file(path) == Status::kIncompatible);
}

TEST_CASE("an embedding depends on its segment only, whatever stands beside it in the batch") {
  const Checkpoint checkpoint = small_checkpoint();
  const EmbedOptions options{.control = true, .seed = 4, .batch = 4};
  Embedder embedder(checkpoint, options);
  std::vector<Segment> all;
  for (const char* who : {"p1", "p2", "p3", "p4"}) all.push_back(segment_of(who));
  std::vector<Segment> parts = all;
  embedder.embed(all);
  embedder.embed(std::span(parts).subspan(0, 1), 0);
  embedder.embed(std::span(parts).subspan(1, 3), 1);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(embedding(all[i]) == embedding(parts[i]));
    CHECK(embedding(all[i], "embedding_random") == embedding(parts[i], "embedding_random"));
    CHECK(embedding(all[i]) != embedding(all[i], "embedding_random"));
    CHECK(all[i].find("ecg") != nullptr);
  }
  CHECK(embedding(all[0]) != embedding(all[1]));
  CHECK(all[0].find("embedding")->shape == std::vector<std::int64_t>{100});
  CHECK(all[0].find("embedding")->attributes["seen"] == "pretraining");
  CHECK(all[1].find("embedding")->attributes["seen"] == "labels");
  CHECK_FALSE(all[2].find("embedding")->attributes.contains("seen"));

  // It is the teacher's mean over tokens.
  const Encoder teacher = load_encoder(checkpoint);
  const auto x = cfm::prepare::prepared(all[2], checkpoint.config.profile);
  const Tensor tokens = Encoder(teacher)(torch::tensor(x).view({1, 2, 9000}));
  const auto mine = embedding(all[2]);
  CHECK((tokens[0].mean(0) - torch::tensor(mine)).abs().max().item<float>() < 1e-5);

  Embedder whole(checkpoint, {.pool = Pool::kNone, .batch = 2, .only_embedding = true});
  std::vector<Segment> one = {segment_of("p3")};
  whole.embed(one, 1);
  REQUIRE(one[0].tensors.size() == 1);
  CHECK(one[0].tensors[0].shape == std::vector<std::int64_t>{18, 100});

  std::vector<Segment> lacking = {segment_of("p5", {"ecg"})};
  CHECK(cfm::test::status_of([&] { embedder.embed(lacking); }) == Status::kIncompatible);
}
