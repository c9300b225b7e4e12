#include "model/resnet1d.h"

#include "model/checkpoint.h"
#include "model/embed.h"
#include "support.h"

using namespace cfm::model;
using torch::Tensor;

namespace {

ModelConfig small_config() {
  ModelConfig config = ModelConfig::open("resnet1d-ecg");
  config.set({"architecture.stem=4", "architecture.widths=[4,6]", "architecture.strides=[1,4]", "architecture.kernel=5",
              "profile.seconds=4", "profile.fs=50"});
  return config;
}

}  // namespace

TEST_CASE("as many parameters as the encoder it is the control of") {
  Encoder net = make_encoder(ModelConfig::open("resnet1d"));
  const auto mine = static_cast<double>(parameter_count(*net));
  const auto theirs = static_cast<double>(parameter_count(*make_encoder(ModelConfig::open("qualityfm-base"))));
  CHECK(mine / theirs == doctest::Approx(1).epsilon(0.01));
  CHECK(net->width() == 304);
  const torch::NoGradGuard no_grad;
  net->eval();
  CHECK(net(torch::randn({2, 2, 9000})).sizes() == torch::IntArrayRef({2, 23, 304}));
}

TEST_CASE("weights are a function of the seed; rows do not depend on each other in evaluation") {
  const ModelConfig config = small_config();
  const Tensor x = torch::randn({3, 1, 200});
  const Encoder a = random_encoder(config, 1), b = random_encoder(config, 1), c = random_encoder(config, 2);
  CHECK(torch::equal(Encoder(a)(x), Encoder(b)(x)));
  CHECK_FALSE(torch::equal(Encoder(a)(x), Encoder(c)(x)));
  const Tensor all = Encoder(a)(x), one = Encoder(a)(x.slice(0, 1, 2));
  CHECK((all[1] - one[0]).abs().max().item<float>() < 1e-5);
  CHECK(all.sizes() == torch::IntArrayRef({3, 10, 6}));  // 200 / 5 / 1 / 4
}

TEST_CASE("what it learns to normalise by is part of its checkpoint") {
  const cfm::test::TemporaryFolder folder;
  Checkpoint saved;
  saved.config = small_config();
  Encoder net = make_encoder(saved.config);
  net->train();
  for (int i = 0; i < 3; ++i) net(3 * torch::randn({4, 1, 200}) + 1);
  saved.tensors = state_of(*net, "encoder.");
  save_checkpoint(folder / "m.safetensors", saved);
  const Checkpoint loaded = load_checkpoint(folder / "m.safetensors");
  net->eval();
  const torch::NoGradGuard no_grad;
  const Tensor x = torch::randn({2, 1, 200});
  CHECK(torch::equal(load_encoder(loaded)(x), net(x)));
  CHECK_FALSE(torch::equal(random_encoder(saved.config, 0)(x), net(x)));
  CHECK(cfm::test::status_of([&] { load_model(loaded); }) != cfm::Status::kOk);
  Checkpoint wrong = loaded;
  wrong.config.set({"architecture.widths=[4,4096]", "architecture.kernel=999"});
  CHECK(cfm::test::status_of([&] { load_encoder(wrong); }) == cfm::Status::kIncompatible);
}
