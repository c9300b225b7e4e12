// Modes of fine-tuning: adapters, attentive pooling, and several seeds.
#include <nlohmann/json.hpp>

#include "model/pooling.h"
#include "tiny_task.h"
#include "train/classifier.h"

namespace {

using namespace cfm;
using test::score;
using test::TemporaryFolder;
using test::tiny_task;
using torch::Tensor;
using train::Mode;

}  // namespace

TEST_CASE("adapters learn, and what is saved is an ordinary model") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "above");
  ask.mode = Mode::kLora;
  ask.rank = 2;
  ask.epochs = 8;
  train::finetune(ask);
  CHECK(score(ask).right >= 11);
  const model::Checkpoint start = model::load_checkpoint(ask.model), result = model::load_checkpoint(ask.folder);
  CHECK(train::task_of(result).mode == "lora");
  const model::Encoder encoder = model::load_encoder(result);
  std::size_t adapted = 0;
  for (const auto& [name, tensor] : start.tensors) {
    CAPTURE(name);
    const bool weight = tensor.dim() > 1;
    CHECK(torch::equal(result.tensors.at(name), tensor) == !weight);
    adapted += weight ? 1 : 0;
  }
  CHECK(result.tensors.size() == start.tensors.size() + 2);  // head.weight, head.bias
  CHECK(adapted == 3 + 4 + 1);                               // tokeniser; qkv, output, linear1, linear2; output
  // What changed has the rank of the adapters.
  const Tensor change = result.tensors.at("encoder.output.weight") - start.tensors.at("encoder.output.weight");
  const Tensor values = torch::linalg_svdvals(change.to(torch::kDouble));
  CHECK(values[1].item<double>() > 1e-6);
  CHECK(values[2].item<double>() < 1e-5 * values[0].item<double>());
}

TEST_CASE("adapters of a convolutional network leave what its norms know") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "above");
  ask.model.clear();
  ask.configuration = test::tiny_resnet(folder);
  ask.mode = Mode::kFull;
  ask.epochs = 1;
  train::finetune(ask);
  auto more = tiny_task(folder, "above");
  more.model = ask.folder;
  more.folder = folder / "lora";
  more.mode = Mode::kLora;
  more.epochs = 10;
  more.rate = 1e-2;
  train::finetune(more);
  CHECK(score(more).right >= 11);
  const model::Checkpoint start = model::load_checkpoint(more.model), result = model::load_checkpoint(more.folder);
  for (const char* name : {"encoder.norm.running_mean", "encoder.norm.weight", "encoder.blocks.0.norm1.running_var"}) {
    CHECK(torch::equal(result.tensors.at(name), start.tensors.at(name)));
  }
  CHECK_FALSE(torch::equal(result.tensors.at("encoder.stem.weight"), start.tensors.at("encoder.stem.weight")));
}

TEST_CASE("a query that knows nothing is a mean; one that does picks its token") {
  torch::manual_seed(1);
  model::AttentivePool pool(8);
  CHECK(pool->heads == 4);
  const torch::NoGradGuard no_grad;
  const Tensor tokens = torch::randn({3, 5, 8});
  const Tensor values = pool->value(tokens);
  CHECK((pool(tokens) - values.mean(1)).abs().max().item<double>() < 1e-6);
  // Keys are the tokens themselves; the query is far along what the third token has most of.
  pool->key->weight.copy_(torch::eye(8));
  pool->key->bias.zero_();
  Tensor told = torch::zeros({1, 5, 8});
  told[0][2].fill_(1);
  pool->query.fill_(100);
  CHECK((pool(told)[0] - pool->value(told)[0][2]).abs().max().item<double>() < 1e-6);
}

TEST_CASE("attentive: the encoder stays, the head attends") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "above");
  ask.mode = Mode::kAttentive;
  ask.epochs = 10;
  train::finetune(ask);
  CHECK(score(ask).right >= 11);
  const model::Checkpoint start = model::load_checkpoint(ask.model), result = model::load_checkpoint(ask.folder);
  for (const auto& [name, tensor] : start.tensors) CHECK(torch::equal(result.tensors.at(name), tensor));
  CHECK(result.tensors.contains("head.pool.query"));
  CHECK(result.tensors.at("head.pool.query").abs().max().item<double>() > 0);
}

TEST_CASE("a head fitted to scaled features takes plain ones after it is saved") {
  TemporaryFolder folder;
  const model::ModelConfig config = model::ModelConfig::open(test::tiny_model(folder));
  torch::manual_seed(2);
  for (const std::string mode : {"linear", "attentive"}) {
    CAPTURE(mode);
    train::LabelTask task;
    task.kind = train::TaskKind::kClasses;
    task.classes = {"a", "b", "c"};
    task.mode = mode;
    train::TaskHead scaled(200, 1.0, task), plain(200, 1.0, task);
    const Tensor tokens = torch::randn({4, 10, 200}) * 3 + 1, mean = torch::randn({200}), sd = torch::rand({200}) + 0.5;
    if (mode == "attentive") torch::nn::init::normal_(scaled->pool->query);
    model::load_state(*plain, scaled->for_plain(model::state_of(*scaled), mean, sd), "", "head");
    const Tensor reduced = scaled->reduce(tokens);
    const Tensor a = scaled((reduced - mean) / sd), b = plain(reduced);
    CHECK((a - b).abs().max().item<double>() < 1e-4);
  }
}

TEST_CASE("losses for rare labels learn, too") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "findings");
  ask.loss.kind = train::LossKind::kAsymmetric;
  const double asymmetric = train::finetune(ask).validation_loss;
  CHECK(asymmetric > 0);
  CHECK(asymmetric < 0.1);
  ask.label = "above";
  ask.folder = folder / "balanced";
  ask.loss = {.weights = train::ClassWeights::kBalanced};
  train::finetune(ask);
  CHECK(score(ask).right >= 11);
}

TEST_CASE("layers near the input move more slowly") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "above");
  ask.mode = Mode::kFull;
  ask.epochs = 1;
  const auto moved = [&](double decay) {
    ask.layer_decay = decay;
    ask.folder = fmt::format("{}/{}", folder.path, decay);
    train::finetune(ask);
    const std::string name = "encoder.tokeniser.conv3.weight";
    const model::Checkpoint start = model::load_checkpoint(ask.model), result = model::load_checkpoint(ask.folder);
    return (result.tensors.at(name) - start.tensors.at(name)).abs().mean().item<double>();
  };
  CHECK(moved(0.1) < 0.1 * moved(1));
}

TEST_CASE("how a model was pre-trained to fit into memory rules its fine-tuning, too") {
  TemporaryFolder folder;
  for (const Mode mode : {Mode::kFull, Mode::kLora}) {
    CAPTURE(train::name_of(mode));
    const auto fitted = [&](const std::string& name, const std::vector<std::string>& set) {
      auto ask = tiny_task(folder, "kind");
      ask.mode = mode;
      ask.epochs.reset();
      ask.steps = 3;
      ask.set = {"architecture.dropout=0.1"};
      ask.set.insert(ask.set.end(), set.begin(), set.end());
      ask.folder = fmt::format("{}/{}-{}", folder.path, train::name_of(mode), name);
      CHECK(train::finetune(ask).epochs == 1);
      return model::load_checkpoint(ask.folder).tensors;
    };
    const auto largest = [](const model::State& a, const model::State& b) {
      double worst = 0;
      for (const auto& [name, tensor] : a) {
        CHECK((b.at(name).scalar_type() == torch::kFloat));
        worst = std::max(worst, (tensor - b.at(name)).abs().max().item<double>());
      }
      return worst;
    };
    const model::State plain = fitted("plain", {});
    CHECK(largest(plain, fitted("recomputed", {"schedule.recompute=true"})) == 0);
    const double rough = largest(plain, fitted("bf16", {"schedule.precision=bf16"}));
    CHECK(rough > 0);
    CHECK(rough < 0.01);
    const model::State whole = fitted("whole", {"architecture.dropout=0"});
    CHECK(largest(whole, plain) > 1e-4);
    CHECK(largest(whole, fitted("pieces", {"architecture.dropout=0", "schedule.micro_batch=3"})) < 1e-4);
  }
}

TEST_CASE("several seeds are several runs") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "above");
  ask.seed = 4;
  ask.seeds = 2;
  ask.epochs = 2;
  const train::FinetuneReport report = train::finetune(ask);
  REQUIRE(report.seed_losses.size() == 2);
  CHECK(report.line().find("2 seeds") != std::string::npos);
  const auto at = [&](int seed) { return model::load_checkpoint(fmt::format("{}/seed-{}", ask.folder, seed)); };
  CHECK(at(4).folds["subjects"] != at(5).folds["subjects"]);
  auto alone = ask;
  alone.seeds = 1;
  alone.seed = 5;
  alone.folder = folder / "alone";
  CHECK(train::finetune(alone).validation_loss == report.seed_losses[1]);
  CHECK(torch::equal(model::load_checkpoint(alone.folder).tensors.at("head.weight"), at(5).tensors.at("head.weight")));
  CHECK(test::status_of([&] { train::finetune(ask); }) == Status::kUsage);

  // Those that are complete are not fitted again; the one that is missing is.
  std::filesystem::remove_all(ask.folder + "/seed-4");
  const auto before = std::filesystem::last_write_time(ask.folder + "/seed-5/model.safetensors");
  train::FinetuneOptions again;
  again.folder = ask.folder;
  again.resume = true;
  CHECK(train::finetune(again).seed_losses == report.seed_losses);
  CHECK(std::filesystem::last_write_time(ask.folder + "/seed-5/model.safetensors") == before);
}

TEST_CASE("options that a mode does not have") {
  TemporaryFolder folder;
  const auto status = [&](const auto& change) {
    train::FinetuneOptions ask = tiny_task(folder, "above");
    change(ask);
    return test::status_of([&] { train::finetune(ask); });
  };
  CHECK(status([](auto& ask) { ask.rank = 4; }) == Status::kUsage);
  CHECK(status([](auto& ask) { ask.mode = Mode::kLora, ask.rank = 0; }) == Status::kUsage);
  CHECK(status([](auto& ask) { ask.layer_decay = 0.5; }) == Status::kUsage);
  CHECK(status([](auto& ask) { ask.steps = 5; }) == Status::kUsage);  // and epochs
  CHECK(status([](auto& ask) { ask.mode = Mode::kFull, ask.layer_decay = 0; }) == Status::kUsage);
  CHECK(status([](auto& ask) { ask.label = "level", ask.loss.kind = train::LossKind::kAsymmetric; }) == Status::kUsage);
  CHECK_FALSE(std::filesystem::exists(folder / "task"));
}
