// Low-rank adapters against PyTorch's reference, and on whole encoders of both families.
#include "model/lora.h"

#include "../golden.h"
#include "golden.h"
#include "model/checkpoint.h"

using namespace cfm::model;
using cfm::test::error_of;
using torch::Tensor;

namespace {

// One layer within a module, as adapters find it.
template <typename Layer>
void check_layer(const std::string& golden, const std::string& kind, Layer layer, const AdapterOptions& options) {
  const std::string folder = golden + "/models/lora/", prefix = kind + ".";
  const auto weights = cfm::test::golden_tensors(folder + "weights.safetensors");
  const auto inputs = cfm::test::golden_tensors(folder + "inputs.safetensors");
  const auto outputs = cfm::test::golden_tensors(folder + "outputs.safetensors");
  const double tolerance = cfm::test::read_json(folder + "case.json")["tolerance"]["float64"].get<double>();
  const auto close = [&](const Tensor& mine, const std::string& name) {
    CAPTURE(prefix + name);
    CHECK(error_of(mine, outputs.at(prefix + name)) <= tolerance);
  };
  torch::nn::Sequential net(layer);
  net->to(torch::kDouble);
  load_state(*layer, weights, prefix + "layer.", folder);
  Adapters adapters(*net, options);
  const Tensor x = inputs.at(prefix + "x");
  adapters->apply();
  close(net->forward(x), "base");  // B is 0
  auto named = adapters->named_parameters();
  REQUIRE(named.size() == 2);
  {
    const torch::NoGradGuard no_grad;
    for (auto& item : named) item.value().copy_(weights.at(prefix + item.key().substr(item.key().find('.') + 1)));
  }
  adapters->apply();
  const Tensor out = net->forward(x);
  close(out, "out");
  out.square().sum().backward();
  for (auto& item : named) close(item.value().grad(), "grad." + item.key().substr(item.key().find('.') + 1));
  CHECK_FALSE(layer->bias.grad().defined());
  const auto merged = adapters->merged();
  REQUIRE(merged.size() == 1);
  close(merged.at("0.weight"), "merged");
}

std::map<std::string, ModelConfig> small_models() {
  ModelConfig quality = ModelConfig::open("qualityfm-ecg-base");
  quality.set({"architecture.d=100", "architecture.layers=1", "architecture.ffn=20", "architecture.tokens=4",
               "architecture.bins=16", "architecture.strides=[5,5,2]", "architecture.decoder_strides=[5,10,2]",
               "profile.seconds=4", "profile.fs=50"});
  ModelConfig resnet = ModelConfig::open("resnet1d-ecg");
  resnet.set({"architecture.stem=4", "architecture.widths=[4,6]", "architecture.strides=[1,4]", "architecture.kernel=5",
              "profile.seconds=4", "profile.fs=50"});
  return {{"qualityfm", quality}, {"resnet1d", resnet}};
}

}  // namespace

TEST_CASE("adapters are those of the reference") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto c = cfm::test::read_json(golden + "/models/lora/case.json")["config"];
  const auto options = [](const auto& json) {
    return AdapterOptions{json["rank"].template get<std::int64_t>(), json["alpha"].template get<double>()};
  };
  check_layer(golden, "linear", torch::nn::Linear(c["linear"]["in"].get<int>(), c["linear"]["out"].get<int>()),
              options(c["linear"]));
  const auto& v = c["conv1d"];
  check_layer(
      golden, "conv1d",
      torch::nn::Conv1d(torch::nn::Conv1dOptions(v["in"].get<int>(), v["out"].get<int>(), v["kernel"].get<int>())
                            .stride(v["stride"].get<int>())
                            .padding(v["padding"].get<int>())),
      options(v));
}

TEST_CASE("every linear and convolution of an encoder is adapted, nothing else, and merging keeps the result") {
  for (const auto& [family, config] : small_models()) {
    CAPTURE(family);
    Encoder encoder = random_encoder(config, 3);
    const State before = state_of(*encoder);
    const Tensor x = torch::randn({3, 1, 200});
    const Tensor plain = encoder(x).detach();
    Adapters adapters(*encoder, AdapterOptions{.rank = 2, .alpha = 4});
    std::size_t weights = 0;
    for (const auto& item : before) weights += item.second.dim() > 1 ? 1 : 0;
    CHECK(adapters->named_parameters().size() == 2 * weights);
    adapters->apply();
    CHECK(torch::equal(encoder(x), plain));

    torch::optim::SGD learner(adapters->parameters(), 0.1);
    const double first = encoder(x).square().mean().item<double>();
    for (int step = 0; step < 5; ++step) {
      learner.zero_grad();
      adapters->apply();
      encoder(x).square().mean().backward();
      learner.step();
    }
    for (auto& item : adapters->named_parameters()) {
      CAPTURE(item.key());
      CHECK(item.value().grad().defined());
    }
    for (const auto& [name, tensor] : state_of(*encoder)) CHECK(torch::equal(tensor, before.at(name)));
    adapters->apply();
    const Tensor adapted = encoder(x).detach();
    CHECK(adapted.square().mean().item<double>() < first);
    const auto merged = adapters->merged();
    CHECK(merged.size() == weights);
    State ordinary = before;
    for (const auto& [name, tensor] : merged) {
      CAPTURE(name);
      CHECK_FALSE(torch::equal(tensor, ordinary.at(name)));
      ordinary[name] = tensor;
    }
    Encoder plain_again = random_encoder(config, 4);
    load_state(*plain_again, ordinary, "", "merged");
    CHECK((plain_again(x) - adapted).abs().max().item<double>() < 1e-5);
  }
}

TEST_CASE("adapters that go leave the layers as they were") {
  Encoder encoder = random_encoder(small_models().at("resnet1d"), 3);
  const Tensor x = torch::randn({2, 1, 200});
  const Tensor plain = encoder(x).detach();
  {
    Adapters adapters(*encoder, AdapterOptions{.rank = 1, .alpha = 1});
    const torch::NoGradGuard no_grad;
    for (torch::Tensor& parameter : adapters->parameters()) parameter.add_(0.1);
    adapters->apply();
    CHECK_FALSE(torch::equal(encoder(x), plain));
  }
  CHECK(torch::equal(encoder(x), plain));
  CHECK(cfm::test::status_of([&] { Adapters(*encoder, AdapterOptions{.rank = 0, .alpha = 1}); }) ==
        cfm::Status::kUsage);
}
