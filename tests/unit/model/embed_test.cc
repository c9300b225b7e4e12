// Embeddings: which layer, how tokens become one row, half precision, and files for other programs.
#include "model/embed.h"

#include "base/file.h"
#include "model/embedding_file.h"
#include "model/safetensors.h"
#include "support.h"

namespace {

using namespace cfm;
using model::Pool;
using test::TemporaryFolder;
using torch::Tensor;

constexpr std::int64_t kWidth = 200, kTokens = 10;

model::Checkpoint tiny(const TemporaryFolder& folder, const std::string& family = "qualityfm") {
  torch::set_num_threads(1);
  const std::string path = folder / "tiny.json";
  const std::string of_family =
      family == "resnet1d"
          ? R"("family": "resnet1d", "architecture": {"stem": 8, "stem_stride": 2, "widths": [8, 16], "strides": [3, 3],
               "kernel": 7}, "schedule": {"batch": 8})"
          : R"("architecture": {"d": 200, "layers": 2, "heads": 4, "ffn": 60, "tokens": 10, "bins": 64,
               "strides": [5, 5, 2], "decoder_strides": [5, 10, 2]}, "schedule": {"batch": 8})";
  write_file(path, R"({"name": "tiny", "profile": {"fs": 50, "seconds": 10, "scaling": "none"}, )" + of_family + "}");
  model::Checkpoint made;
  made.path = path;
  made.config = model::ModelConfig::open(path);
  made.tensors = model::state_of(*model::random_encoder(made.config, 1), "encoder.");
  return made;
}

stream::Segment segment_of(int k) {
  stream::Segment segment;
  const std::string record = fmt::format("r{}", k);
  segment.header = {{"id", record + "/0"}, {"record", record}, {"subject", nullptr}, {"start", 0.0}};
  if (k > 0) segment.header["subject"] = fmt::format("s{}", k);
  for (const std::string kind : {"ecg", "ppg"}) {
    std::vector<float> values(500);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(0.1F * static_cast<float>(i * (k + 1)));
    segment.put(stream::make_tensor<float>(
        kind, {1, 500}, std::move(values),
        {{"kind", kind}, {"fs", 50}, {"names", {kind}}, {"units", {"mV"}}, {"scale", {1}}, {"offset", {0}}}));
  }
  return segment;
}

stream::Segment embedded(const model::Checkpoint& checkpoint, model::EmbedOptions options, int k = 0) {
  options.batch = 2;
  std::vector<stream::Segment> one = {segment_of(k)};
  model::Embedder(checkpoint, options).embed(one);
  return one[0];
}

Tensor tensor_of(const stream::Segment& segment, const std::string& name = "embedding") {
  const stream::Tensor& made = *segment.find(name);
  const auto values = made.values<float>();
  return torch::tensor(std::vector<float>(values.begin(), values.end())).view(made.shape);
}

double largest(const Tensor& a, const Tensor& b) {
  REQUIRE(a.sizes() == b.sizes());
  return (a - b).abs().max().item<double>();
}

}  // namespace

TEST_CASE("layers come one after the other, and tokens become a row as asked") {
  TemporaryFolder folder;
  const model::Checkpoint checkpoint = tiny(folder);
  const Tensor tokens = tensor_of(embedded(checkpoint, {.pool = Pool::kNone}));
  CHECK((tokens.sizes() == torch::IntArrayRef{kTokens, kWidth}));
  CHECK(largest(tensor_of(embedded(checkpoint, {})), tokens.mean(0)) < 1e-5);
  CHECK(largest(tensor_of(embedded(checkpoint, {.pool = Pool::kCls})), tokens[0]) == 0);
  const Tensor statistics = tensor_of(embedded(checkpoint, {.pool = Pool::kStatistics}));
  CHECK(largest(statistics, torch::cat({tokens.mean(0), tokens.std(0, false)})) < 1e-5);

  std::vector<Tensor> layers;
  for (int layer = 0; layer <= 2; ++layer) {
    const auto segment = embedded(checkpoint, {.pool = Pool::kNone, .layer = layer, .control = true});
    CHECK(segment.find("embedding")->attributes["layer"] == layer);
    CHECK(segment.find("embedding_random")->shape == segment.find("embedding")->shape);
    layers.push_back(tensor_of(segment));
    CHECK((layers.back().sizes() == tokens.sizes()));
  }
  CHECK(largest(layers[0], layers[1]) > 0.01);
  CHECK(largest(layers[1], layers[2]) > 0.01);
  const torch::NoGradGuard no_grad;
  const Tensor output = checkpoint.tensors.at("encoder.output.weight"),
               bias = checkpoint.tensors.at("encoder.output.bias");
  CHECK(largest(torch::linear(layers[2], output, bias), tokens) < 1e-5);
  CHECK_FALSE(embedded(checkpoint, {}).find("embedding")->attributes.contains("layer"));
  CHECK(test::status_of([&] { embedded(checkpoint, {.layer = 3}); }) == Status::kUsage);

  const model::Checkpoint resnet = tiny(folder, "resnet1d");
  CHECK((tensor_of(embedded(resnet, {.layer = 1})).sizes() == torch::IntArrayRef{8}));
  CHECK(torch::equal(tensor_of(embedded(resnet, {.layer = 2})), tensor_of(embedded(resnet, {}))));
}

TEST_CASE("the query of an attentive head pools, the control's mean does not") {
  TemporaryFolder folder;
  model::Checkpoint checkpoint = tiny(folder);
  const model::EmbedOptions attentive{.pool = Pool::kAttentive, .control = true};
  CHECK(test::status_of([&] { embedded(checkpoint, attentive); }) == Status::kIncompatible);
  torch::manual_seed(3);
  model::AttentivePool query(kWidth);
  torch::nn::init::normal_(query->query);
  for (const auto& [name, tensor] : model::state_of(*query, "head.pool.")) checkpoint.tensors[name] = tensor;
  const auto segment = embedded(checkpoint, attentive);
  const torch::NoGradGuard no_grad;
  const Tensor tokens = tensor_of(embedded(checkpoint, {.pool = Pool::kNone}));
  CHECK(largest(tensor_of(segment), query(tokens.unsqueeze(0))[0]) < 1e-5);
  CHECK(largest(tensor_of(segment, "embedding_random"),
                tensor_of(embedded(checkpoint, {.control = true}), "embedding_random")) == 0);
  auto of_layer = attentive;
  of_layer.layer = 1;
  CHECK(test::status_of([&] { embedded(checkpoint, of_layer); }) == Status::kUsage);
}

TEST_CASE("bfloat16 is near, and off again afterwards") {
  TemporaryFolder folder;
  const model::Checkpoint checkpoint = tiny(folder);
  const Tensor exact = tensor_of(embedded(checkpoint, {})), rough = tensor_of(embedded(checkpoint, {.bf16 = true}));
  CHECK(largest(exact, rough) > 0);
  CHECK(largest(exact, rough) < 0.05 * exact.abs().max().item<double>());
  CHECK(torch::equal(exact, tensor_of(embedded(checkpoint, {}))));
}

TEST_CASE("files for other programs") {
  TemporaryFolder folder;
  const model::Checkpoint checkpoint = tiny(folder);
  const auto written = [&](const std::string& name, model::EmbeddingForm form, Pool pool) {
    const std::string path = folder / name;
    OutputFile out = OutputFile::create(path, true);
    model::EmbeddingFile file(out, form, true);
    for (int k = 0; k < 3; ++k) file.add(embedded(checkpoint, {.pool = pool, .control = true}, k));
    file.finish();
    out.commit();
    return path;
  };
  const auto file = model::read_safetensors(written("a.safetensors", model::EmbeddingForm::kSafetensors, Pool::kNone));
  REQUIRE(file.tensors.size() == 2);
  CHECK(file.find("embedding_random")->shape == std::vector<std::int64_t>{3, kTokens, kWidth});
  CHECK(file.metadata.at("ids") == R"(["r0/0","r1/0","r2/0"])");
  CHECK(file.metadata.at("subjects") == R"([null,"s1","s2"])");
  const auto second = embedded(checkpoint, {.pool = Pool::kNone}, 1);
  const auto bytes = file.find("embedding")->data.span();
  const auto one = std::as_bytes(second.find("embedding")->values<float>());
  CHECK(std::equal(one.begin(), one.end(), bytes.begin() + static_cast<std::ptrdiff_t>(one.size())));

  const std::string npy = test::slurp(written("a.npy", model::EmbeddingForm::kNpy, Pool::kNone));
  CHECK(npy.find("'shape': (3, 10, 200), }") != std::string::npos);
  CHECK(npy.size() == 128 + sizeof(float) * 3 * kTokens * kWidth);

  const std::string csv = test::slurp(written("a.csv", model::EmbeddingForm::kCsv, Pool::kMean));
  CHECK(csv.starts_with("id,record,subject,start,embedding_0,"));
  CHECK(csv.find(",embedding_random_199\n") != std::string::npos);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);
  CHECK(test::status_of([&] { written("b.csv", model::EmbeddingForm::kCsv, Pool::kNone); }) == Status::kUsage);
}
