#include "model/qualityfm.h"

#include <cstdio>
#include <functional>
#include <numeric>

#include "model/golden.h"
#include "model/self_distillation.h"

using namespace cfm::model;
using cfm::Status;
using cfm::test::error_of;
using torch::Tensor;
using Plain = nlohmann::json;

namespace {

constexpr double kTolerance64 = 1e-9, kTolerance32 = 1e-4, kTolerance32After = 1e-2;

void fill(torch::nn::Module& module, const std::map<std::string, Tensor>& weights, const std::string& prefix) {
  const torch::NoGradGuard no_grad;
  std::size_t used = 0;
  for (auto& item : module.named_parameters()) {
    item.value().copy_(weights.at(prefix + item.key()));
    ++used;
  }
  for (const auto& [name, tensor] : weights) used -= name.starts_with(prefix) ? 1 : 0;
  REQUIRE(used == 0);
}

// One training step in one floating type: what the golden outputs name.
std::map<std::string, Tensor> one_step(const std::string& folder, torch::ScalarType type) {
  const Plain config = Plain::parse(cfm::test::slurp(folder + "case.json"))["config"];
  const auto weights = cfm::test::golden_tensors(folder + "weights.safetensors");
  auto inputs = cfm::test::golden_tensors(folder + "inputs.safetensors");
  for (auto& [name, tensor] : inputs) tensor = tensor.to(type);
  const Plain& sizes = config["model"];
  QualityFmOptions options;
  options.channels = sizes["channels"];
  options.d = sizes["d"];
  options.layers = sizes["layers"];
  options.heads = sizes["heads"];
  options.ffn = sizes["ffn"];
  options.window = sizes["window"];
  options.tokens = sizes["tokens"];
  options.bins = sizes["bins"];
  options.strides = sizes["strides"];
  options.decoder_strides = sizes["decoder_strides"];
  QualityFM student(options);
  QualityFmEncoder teacher(options);
  student->to(type);
  teacher->to(type);
  fill(*student, weights, "student.");
  fill(*teacher, weights, "teacher.encoder.");
  student->eval();
  teacher->eval();

  std::map<std::string, Tensor> result;
  const Tensor &worse = inputs.at("worse"), &better = inputs.at("better"), &centre = inputs.at("centre");
  {
    const torch::NoGradGuard no_grad;
    result["student.features"] = student->encoder(worse);
    result["student.tokens"] = student->encoder->after_layer(worse, 0);
    result["student.layer0"] = student->encoder->after_layer(worse, 1);
    result["student.layer1"] = student->encoder->after_layer(worse, 2);
    const auto whole = student(worse);
    REQUIRE(torch::equal(whole.features, result["student.features"]));
    result["student.decoded"] = whole.decoded;
    result["student.amplitude"] = whole.amplitude;
    result["student.phase"] = whole.phase;
    const Spectra target = spectra(better, options.bins);
    result["target.amplitude"] = target.amplitude;
    result["target.phase"] = target.phase;
  }
  const Plain& step = config["step"];
  const DistillationOptions loss_options{.student_temperature = config["loss"]["student_temperature"],
                                         .teacher_temperature = config["loss"]["teacher_temperature"],
                                         .amplitude_weight = config["loss"]["spectra_weight"],
                                         .phase_weight = config["loss"]["spectra_weight"],
                                         .phase_of_bin_zero = true};
  const auto terms = losses(student, teacher, centre, better, worse, loss_options);
  result["teacher.features"] = terms.teacher_features;
  result["loss.distillation"] = terms.distillation;
  result["loss.amplitude"] = terms.amplitude;
  result["loss.phase"] = terms.phase;
  result["loss.total"] = terms.total;
  // Biases and whatever has one dimension only is not decayed.
  std::vector<Tensor> decayed, free;
  for (const Tensor& p : student->parameters()) (p.dim() > 1 ? decayed : free).push_back(p);
  const auto adam = [&](double decay) {
    auto options = std::make_unique<torch::optim::AdamWOptions>(step["lr"].get<double>());
    options->weight_decay(decay).eps(step["eps"].get<double>());
    options->betas({step["betas"][0].get<double>(), step["betas"][1].get<double>()});
    return options;
  };
  torch::optim::AdamW optimiser(std::vector<torch::optim::OptimizerParamGroup>{
      {decayed, adam(step["weight_decay"].get<double>())}, {free, adam(0)}});
  terms.total.backward();
  for (const auto& item : student->named_parameters()) result["grad." + item.key()] = item.value().grad().clone();
  for (const auto& parameter : teacher->parameters()) CHECK_FALSE(parameter.grad().defined());
  optimiser.step();
  update_ema(*teacher, *student->encoder, step["ema_momentum"]);
  result["after.centre"] = update_centre(centre, terms.teacher_features, step["centre_momentum"]);
  for (const auto& item : student->named_parameters()) result["after.student." + item.key()] = item.value();
  for (const auto& item : teacher->named_parameters()) result["after.teacher.encoder." + item.key()] = item.value();
  return result;
}

std::map<std::string, std::vector<std::int64_t>> shapes_of(const torch::nn::Module& module) {
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const auto& item : module.named_parameters()) shapes[item.key()] = item.value().sizes().vec();
  return shapes;
}

}  // namespace

TEST_CASE("a training step equals the golden one: forward, losses, gradients, AdamW, teacher, centre") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::string folder = golden + "/models/qualityfm/";
  const auto expected = cfm::test::golden_tensors(folder + "outputs.safetensors");
  for (const auto type : {torch::kDouble, torch::kFloat}) {
    const auto computed = one_step(folder, type);
    double largest = 0, largest_after = 0;
    for (const auto& [name, tensor] : expected) {
      CAPTURE(name);
      REQUIRE(computed.contains(name));
      const double error = error_of(computed.at(name), tensor);
      const bool after = name.starts_with("after.");
      CHECK(error <= (type == torch::kDouble ? kTolerance64 : after ? kTolerance32After : kTolerance32));
      (after ? largest_after : largest) = std::max(after ? largest_after : largest, error);
    }
    std::printf("qualityfm: largest error %.1e before, %.1e after the step in %s\n", largest, largest_after,
                type == torch::kDouble ? "float64" : "float32");
  }
}

TEST_CASE("the published sizes: every name, shape and total") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const Plain totals = Plain::parse(cfm::test::slurp(golden + "/models/names/case.json"))["models"];
  for (const std::string name : {"qualityfm-base", "qualityfm-large", "qualityfm-huge"}) {
    CAPTURE(name);
    // Layers are alike: the shapes of a model of two give those of the whole, without its gigabyte.
    QualityFmOptions options = ModelConfig::open(name).qualityfm();
    const std::int64_t layers = options.layers;
    options.layers = 2;
    const QualityFM model(options);
    auto shapes = shapes_of(*model);
    for (const auto& [key, shape] : shapes_of(*model)) {
      const std::size_t at = key.find("layers.1.");
      for (std::int64_t i = 2; at != std::string::npos && i < layers; ++i) {
        shapes[key.substr(0, at) + "layers." + std::to_string(i) + "." + key.substr(at + 9)] = shape;
      }
    }
    std::int64_t total = 0;
    for (const auto& [key, shape] : shapes) {
      total += std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
    }
    CHECK(total == totals[name]["parameters"]);
    const Plain published = Plain::parse(cfm::test::slurp(golden + "/models/names/" + name + ".json"));
    CHECK(Plain(shapes) == published);
    if (name == "qualityfm-base") {
      // The order of parameters() is that of the reference: golden names stand in it.
      const auto ordered = nlohmann::ordered_json::parse(cfm::test::slurp(golden + "/models/names/" + name + ".json"));
      std::vector<std::string> want, have;
      for (const auto& [key, shape] : ordered.items()) want.push_back(key);
      for (const auto& item : model->named_parameters()) have.push_back(item.key());
      CHECK(have == want);
      CHECK(parameter_count(*model) == 9'576'714);
    }
  }
  CHECK(parameter_count(*QualityFM(ModelConfig::open("qualityfm-large").qualityfm())) == 70'589'706);
}

TEST_CASE("weights are a function of the seed; dropout acts in training only") {
  QualityFmOptions options = ModelConfig::open("qualityfm-base").qualityfm();
  options.d = 100;
  options.decoder_strides = {5, 10, 1};
  const Tensor x = torch::randn({2, 2, 9000});
  const auto made = [&](std::uint64_t seed, bool training) {
    torch::manual_seed(seed);
    QualityFM model(options);
    model->train(training);
    const torch::NoGradGuard no_grad;
    return model(x).amplitude;
  };
  CHECK(torch::equal(made(1, false), made(1, false)));
  CHECK_FALSE(torch::equal(made(1, false), made(2, false)));
  CHECK(torch::equal(made(1, true), made(1, true)));
  CHECK_FALSE(torch::equal(made(1, true), made(1, false)));
}

TEST_CASE("the teacher starts as a copy and does not follow by itself") {
  QualityFmOptions options = ModelConfig::open("qualityfm-ecg-base").qualityfm();
  options.layers = 1;
  QualityFM student(options);
  const QualityFmEncoder teacher = copy_encoder(student->encoder, options);
  CHECK(torch::equal(teacher->output->weight, student->encoder->output->weight));
  CHECK_FALSE(teacher->output->weight.requires_grad());
  {
    const torch::NoGradGuard no_grad;
    student->encoder->output->weight.add_(1);
  }
  CHECK_FALSE(torch::equal(teacher->output->weight, student->encoder->output->weight));
  CHECK(student(torch::randn({1, 1, 9000})).decoded.sizes() == torch::IntArrayRef({1, 1, 512}));
}

TEST_CASE("the phase of bin 0 is left out unless asked for") {
  const Tensor x = torch::randn({2, 2, 9000}, torch::kDouble);
  CHECK(spectra(x, 512, 1).phase.sizes() == torch::IntArrayRef({2, 2, 511}));
  CHECK(torch::equal(spectra(x, 512, 1).amplitude, spectra(x, 512).amplitude));
}
