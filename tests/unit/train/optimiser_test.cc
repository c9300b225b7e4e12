// AdamW, Adam with L2, clipping, schedules and the teacher's average against golden/models/optimiser.
#include "train/optimiser.h"

#include <set>

#include "model/safetensors.h"
#include "model/self_distillation.h"
#include "support.h"
#include "train/schedule.h"

namespace {

using namespace cfm;
using torch::Tensor;

std::map<std::string, Tensor> read(const std::string& path) {
  std::map<std::string, Tensor> all;
  for (const model::NamedTensor& item : model::read_safetensors(path).tensors) {
    const auto type = item.dtype == stream::Dtype::kF64   ? torch::kDouble
                      : item.dtype == stream::Dtype::kF32 ? torch::kFloat
                                                          : torch::kHalf;
    Tensor tensor = torch::empty(item.shape, type);
    std::memcpy(tensor.data_ptr(), item.data.data(), item.data.size());
    all[item.name] = tensor.to(torch::kDouble);
  }
  return all;
}

double error(const Tensor& a, const Tensor& b) {
  const double scale = b.abs().max().item<double>(), difference = (a.to(torch::kDouble) - b).abs().max().item<double>();
  return scale > 0 ? difference / scale : difference;
}

torch::nn::Sequential network(const std::map<std::string, Tensor>& weights, torch::ScalarType type) {
  torch::nn::Sequential net(torch::nn::Linear(6, 8), torch::nn::LayerNorm(torch::nn::LayerNormOptions({8})),
                            torch::nn::GELU(), torch::nn::Linear(8, 3));
  net->to(type);
  const torch::NoGradGuard no_grad;
  for (auto& item : net->named_parameters()) item.value().copy_(weights.at(item.key()));
  return net;
}

double worst_of_five_steps(const std::string& folder, train::Decay decay, const std::string& name,
                           torch::ScalarType type) {
  const auto inputs = read(folder + "/inputs.safetensors"), weights = read(folder + "/weights.safetensors"),
             expected = read(folder + "/outputs.safetensors");
  const std::int64_t steps = 10, warm_up = 2;
  auto net = network(weights, type), teacher = network(weights, type);
  train::Adam adam(net->named_parameters(), {.beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-8, .decay = decay});
  double worst = 0;
  for (std::int64_t step = 0; step < 5; ++step) {
    const Tensor loss = torch::mse_loss(net->forward(inputs.at("x").to(type)), inputs.at("y").to(type));
    adam.zero_grad();
    loss.backward();
    const double norm = adam.clip(0.5);
    worst = std::max(worst, error(loss.detach(), expected.at(name + ".loss")[step]));
    worst = std::max(worst, error(torch::tensor(norm, torch::kDouble), expected.at(name + ".gradient_norm")[step]));
    adam.step(train::warm_up_cosine(step, steps, 0.05, 1e-4, warm_up), train::cosine(step, steps, 0.04, 0.4));
    model::update_ema(*teacher, *net, train::cosine(step, steps, 0.9, 1.0));
    const std::string at = fmt::format("{}.step{}.", name, step + 1);
    if (!expected.contains(at + "0.bias")) continue;
    for (const auto& item : net->named_parameters()) {
      worst = std::max(worst, error(item.value().detach(), expected.at(at + item.key())));
    }
    for (const auto& item : teacher->named_parameters()) {
      worst = std::max(worst, error(item.value().detach(), expected.at(at + "ema." + item.key())));
    }
  }
  return worst;
}

}  // namespace

TEST_CASE("AdamW and Adam with L2 follow the golden steps") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::string folder = golden + "/models/optimiser";
  CHECK(worst_of_five_steps(folder, train::Decay::kDecoupled, "adamw", torch::kDouble) < 1e-10);
  CHECK(worst_of_five_steps(folder, train::Decay::kL2, "adam_l2", torch::kDouble) < 1e-10);
  CHECK(worst_of_five_steps(folder, train::Decay::kDecoupled, "adamw", torch::kFloat) < 1e-4);
  CHECK(worst_of_five_steps(folder, train::Decay::kL2, "adam_l2", torch::kFloat) < 1e-4);
}

TEST_CASE("schedules have the golden values") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto expected = read(golden + "/models/optimiser/outputs.safetensors");
  const std::int64_t at[] = {0, 1, 24, 49, 50, 51, 250, 500, 750, 998, 999};
  const Tensor &rate = expected.at("schedule.lr"), &decay = expected.at("schedule.weight_decay"),
               &ema = expected.at("schedule.ema");
  for (std::int64_t i = 0; i < 11; ++i) {
    CHECK(train::warm_up_cosine(at[i], 1000, 2e-4, 1e-6, 50) == doctest::Approx(rate[i].item<double>()).epsilon(1e-12));
    CHECK(train::cosine(at[i], 1000, 0.04, 0.4) == doctest::Approx(decay[i].item<double>()).epsilon(1e-12));
    CHECK(train::cosine(at[i], 1000, 0.996, 1.0) == doctest::Approx(ema[i].item<double>()).epsilon(1e-12));
  }
}

TEST_CASE("schedules end at the last step, and one step is the start") {
  CHECK(train::cosine(59, 60, 1e-4, 1e-6) == 1e-6);
  CHECK(train::cosine(0, 1, 1e-4, 1e-6) == 1e-4);
  CHECK(train::warm_up_cosine(0, 10, 1.0, 0.0, 4) == 0.25);
  CHECK(train::Cosine{.start = 1, .end = 0, .warm_up = 4}.at(4, 10) == 1.0);
}

TEST_CASE("biases and vectors don't decay") {
  CHECK(train::decays("conv1.weight", torch::zeros({5, 2, 201})));
  CHECK(train::decays("conv1.weight", torch::zeros({1, 18, 201})));
  CHECK_FALSE(train::decays("norm1.weight", torch::zeros({5})));
  CHECK_FALSE(train::decays("conv.weight", torch::zeros({1, 1, 201})));
  CHECK_FALSE(train::decays("table.bias", torch::zeros({5, 5})));
}

TEST_CASE("layer decay and decay groups of a transformer are the golden ones") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  using Plain = nlohmann::json;
  const Plain said =
      Plain::parse(test::slurp(golden + "/models/names/case.json"))["models"]["layer_decay_of_csfm_tiny"];
  const Plain shapes = Plain::parse(test::slurp(golden + "/models/names/csfm-tiny-encoder.json"));
  torch::OrderedDict<std::string, Tensor> parameters;
  // Tables of embeddings don't decay either, which is for that model to say.
  std::set<std::string> free = {"text_position.weight", "time_embedding.weight", "type_embedding.weight"};
  for (const auto& [name, shape] : shapes.items()) {
    parameters.insert(name, torch::empty(shape.get<std::vector<std::int64_t>>(), torch::kMeta));
    if (!train::decays(name, parameters[name])) free.insert(name);
  }
  CHECK(free == said["no_decay"].get<std::set<std::string>>());
  CHECK(train::layers_of(parameters) == said["layers"].get<std::int64_t>());
  const Plain scales = said["scale"];
  for (const auto& [name, scale] : scales.items()) {
    CAPTURE(name);
    CHECK(train::layer_scale(name, said["layers"], said["decay"]) ==
          doctest::Approx(scale.get<double>()).epsilon(1e-12));
  }
  CHECK(train::layer_scale("encoder.output.weight", 2, 0.5) == 1);
  CHECK(train::layer_scale("encoder.tokeniser.conv1.weight", 2, 0.5) == 0.125);
  CHECK(train::layer_scale("encoder.layers.1.linear1.bias", 2, 0.5) == 0.5);
}

TEST_CASE("moments are saved and loaded") {
  torch::manual_seed(1);
  torch::nn::Linear a(4, 3), b(4, 3);
  model::load_state(*b, model::state_of(*a), "", "copy");
  train::Adam first(a->named_parameters(), {}), second(b->named_parameters(), {});
  const auto step = [](torch::nn::Linear& net, train::Adam& adam) {
    adam.zero_grad();
    net(torch::ones({2, 4})).pow(2).sum().backward();
    adam.step(0.1, 0.1);
  };
  step(a, first);
  model::load_state(*b, model::state_of(*a), "", "copy");
  model::State moments;
  for (const auto& [name, tensor] : first.moments()) moments[name] = tensor.clone();
  second.load(moments, first.steps());
  step(a, first);
  step(b, second);
  CHECK(torch::equal(a->weight, b->weight));
  moments.erase("bias.first");
  CHECK(test::status_of([&] { second.load(moments, 1); }) == Status::kIncompatible);
}
