// Pre-training as a user meets it: it learns, resumes bit for bit, is locked, is stopped by signals, refuses nonsense.
#include "train/pretrain.h"

#include <csignal>

#include "tiny.h"
#include "train/state.h"

namespace {

using namespace cfm;
using test::TemporaryFolder;
using train::Ending;

train::PretrainOptions tiny_run(const TemporaryFolder& folder, const std::string& name, std::int64_t steps) {
  torch::set_num_threads(1);
  train::PretrainOptions ask;
  ask.model = test::tiny_model(folder);
  ask.data = {test::tiny_stream(folder)};
  ask.folder = folder / name;
  ask.steps = steps;
  ask.seed = 1;
  return ask;
}

train::PretrainOptions resumption(const train::PretrainOptions& of) {
  train::PretrainOptions ask;
  ask.folder = of.folder;
  ask.resume = true;
  return ask;
}

std::vector<train::Json> metrics(const std::string& folder) {
  std::istringstream lines(test::slurp(folder + "/metrics.ndjson"));
  std::vector<train::Json> rows;
  for (std::string line; std::getline(lines, line);) rows.push_back(train::Json::parse(line));
  return rows;
}

constexpr const char* kLastState = "/state/step-000000006.safetensors";

bool same_weights(const std::string& a, const std::string& b) {
  const model::Checkpoint left = model::load_checkpoint(a), right = model::load_checkpoint(b);
  if (left.tensors.size() != right.tensors.size() || left.tensors.empty()) return false;
  for (const auto& [name, tensor] : left.tensors) {
    if (!torch::equal(tensor, right.tensors.at(name))) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("the loss falls, and a run holds what it promises") {
  TemporaryFolder folder;
  const auto ask = tiny_run(folder, "run", 40);
  CHECK(train::pretrain(ask) == Ending::kDone);
  const auto rows = metrics(ask.folder);
  REQUIRE(rows.size() == 40);
  const auto mean = [&](const char* key, std::size_t first) {
    double sum = 0;
    for (std::size_t i = first; i < first + 8; ++i) sum += rows[i].at(key).get<double>();
    return sum / 8;
  };
  CHECK(mean("loss_amplitude", 32) < 0.8 * mean("loss_amplitude", 0));
  const std::vector<std::string> promised = {"step",       "epoch",          "segments",       "time",
                                             "loss",       "loss_amplitude", "loss_phase",     "loss_distillation",
                                             "rate",       "grad_norm",      "segments_per_s", "wait",
                                             "memory_mb",  "feature_sd",     "feature_spread", "teacher_entropy",
                                             "centre_norm"};
  std::vector<std::string> keys;
  for (const auto& [key, value] : rows[0].items()) keys.push_back(key);
  CHECK(keys == promised);
  CHECK(rows[39]["segments"] == 40 * 8 * 2);
  CHECK(rows[39]["rate"].get<double>() == doctest::Approx(1e-6));

  const model::Checkpoint result = model::load_checkpoint(ask.folder);
  CHECK(result.subjects_seen.size() == 12);
  CHECK(result.subjects_labelled.empty());
  CHECK(result.config.name == "tiny");
  CHECK(result.tensors.contains("teacher.encoder.output.weight"));
  const model::State encoder = model::state_of(*model::load_encoder(result));
  CHECK_FALSE(torch::equal(encoder.at("output.weight"), result.tensors.at("encoder.output.weight")));
}

TEST_CASE("three steps and three resumed equal six, bit for bit") {
  TemporaryFolder folder;
  const auto whole = tiny_run(folder, "whole", 6);
  CHECK(train::pretrain(whole) == Ending::kDone);
  auto part = tiny_run(folder, "part", 6);
  part.checkpoint_every = 1;
  part.progress = [](std::int64_t done, std::int64_t, const std::string&) {
    if (done == 3) ::raise(SIGTERM);
  };
  CHECK(train::pretrain(part) == Ending::kInterrupted);
  CHECK(metrics(part.folder).size() == 3);
  CHECK_FALSE(same_weights(whole.folder, part.folder));
  CHECK(train::pretrain(resumption(part)) == Ending::kDone);
  CHECK(metrics(part.folder).size() == 6);
  CHECK(same_weights(whole.folder, part.folder));
  CHECK(same_weights(whole.folder + kLastState, part.folder + kLastState));
}

TEST_CASE("what a kill leaves resumes from the last checkpoint, bit for bit") {
  TemporaryFolder folder;
  auto whole = tiny_run(folder, "whole", 6);
  whole.checkpoint_every = 2;
  const std::string left = folder / "left";
  whole.progress = [&](std::int64_t done, std::int64_t, const std::string&) {
    if (done != 5) return;
    std::filesystem::copy(whole.folder, left, std::filesystem::copy_options::recursive);
    std::ofstream(left + "/metrics.ndjson", std::ios::app) << "{\"step\": 6, \"cut";
    std::ofstream(left + "/state/step-000000006.safetensors.part-1") << "half";
  };
  CHECK(train::pretrain(whole) == Ending::kDone);
  train::PretrainOptions again;
  again.folder = left;
  again.resume = true;
  CHECK(train::pretrain(again) == Ending::kDone);
  CHECK(metrics(left).size() == 6);
  CHECK(same_weights(whole.folder, left));
  CHECK_FALSE(std::filesystem::exists(left + "/state/step-000000006.safetensors.part-1"));
}

TEST_CASE("a folder belongs to one run") {
  TemporaryFolder folder;
  auto ask = tiny_run(folder, "run", 1);
  {
    const train::RunFolder other(ask.folder, train::RunFolder::Start::kFresh);
    CHECK(test::status_of([&] { train::pretrain(ask); }) == Status::kUsage);
  }
  CHECK(train::pretrain(ask) == Ending::kDone);
  CHECK(test::status_of([&] { train::pretrain(ask); }) == Status::kUsage);
  ask.force = true;
  CHECK(train::pretrain(ask) == Ending::kDone);

  auto again = resumption(ask);
  CHECK(train::pretrain(again) == Ending::kDone);
  again.seed = 2;
  CHECK(test::status_of([&] { train::pretrain(again); }) == Status::kUsage);
  again = resumption(ask);
  again.steps = 2;
  CHECK(test::status_of([&] { train::pretrain(again); }) == Status::kUsage);
  again.extend = true;
  CHECK(train::pretrain(again) == Ending::kDone);
  CHECK(metrics(ask.folder).size() == 2);
  test::tiny_stream(folder, {.subjects = 10});
  CHECK(test::status_of([&] { train::pretrain(resumption(ask)); }) == Status::kUsage);
}

TEST_CASE("nonsense is refused with its status") {
  TemporaryFolder folder;
  const auto good = tiny_run(folder, "run", 1);
  const auto status = [&](auto change) {
    auto ask = good;
    change(ask);
    return test::status_of([&] { train::pretrain(ask); });
  };
  CHECK(status([](auto& ask) { ask.model = "qualityfm-bas"; }) == Status::kUsage);
  CHECK(status([](auto& ask) { ask.set = {"optimiser.speed=1"}; }) == Status::kUsage);
  CHECK(status([](auto& ask) { ask.data = {"-"}; }) == Status::kUsage);
  CHECK(status([](auto& ask) { ask.data = {}; }) == Status::kUsage);
  CHECK(status([](auto& ask) { ask.steps = 0; }) == Status::kUsage);
  CHECK(status([&](auto& ask) { ask.data = {test::tiny_stream(folder, {.graded = false}, "ungraded.cfm")}; }) ==
        Status::kIncompatible);
  CHECK(status([&](auto& ask) { ask.data = {test::tiny_stream(folder, {.segments = 1}, "single.cfm")}; }) ==
        Status::kIncompatible);
  CHECK(status([&](auto& ask) { ask.data = {test::tiny_stream(folder, {.ppg = false}, "ecg.cfm")}; }) ==
        Status::kIncompatible);
  CHECK(status([](auto& ask) {
          ask.set = {"optimiser.lr=1e9"};
          ask.steps = 5;
        }) == Status::kUsage);
  CHECK(train::Json::parse(test::slurp(good.folder + "/state/failed_batch.json"))["segments"].size() == 16);
  CHECK(test::status_of([&] { train::pretrain({.folder = folder / "nothing", .resume = true}); }) == Status::kUsage);
}

TEST_CASE("a batch larger than the data wraps around, and a dry run says what there is") {
  TemporaryFolder folder;
  auto ask = tiny_run(folder, "run", 1);
  const train::Plan plan = train::plan_pretraining(ask);
  CHECK(plan.pairs.used == 48);
  CHECK(plan.pairs.pairs == 12 * 4);
  CHECK(plan.batch == 8);
  ask.steps.reset();
  ask.batch = 60;
  CHECK(train::plan_pretraining(ask).steps == 1);
  CHECK(train::pretrain(ask) == Ending::kDone);
  CHECK(metrics(ask.folder)[0]["segments"] == 120);
}
