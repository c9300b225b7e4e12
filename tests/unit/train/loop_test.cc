// The loop's parts: batches in pieces, half precision, what is put aside, what is kept; and what objectives can be
// asked.
#include "train/loop.h"

#include <cmath>

#include "base/file.h"
#include "tiny.h"
#include "train/pretrain.h"
#include "train/self_distillation.h"

namespace {

using namespace cfm;
using test::TemporaryFolder;
using torch::Tensor;

model::ModelConfig tiny_config(const TemporaryFolder& folder, const std::vector<std::string>& set = {}) {
  torch::set_num_threads(1);
  model::ModelConfig config = model::ModelConfig::open(test::tiny_model(folder));
  config.set(set);
  return config;
}

train::Batch made_up(std::int64_t items) {
  torch::manual_seed(7);
  train::Batch batch;
  for (int view = 0; view < 2; ++view) batch.views.push_back(torch::randn({items, 2, 500}));
  return batch;
}

std::map<std::string, Tensor> gradients_of(train::Objective& objective) {
  std::map<std::string, Tensor> all;
  for (const auto& item : objective.trained().named_parameters()) {
    if (item.value().grad().defined()) all[item.key()] = item.value().grad().clone();
  }
  return all;
}

double largest_difference(const std::map<std::string, Tensor>& a, const std::map<std::string, Tensor>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0, scale = 0;
  for (const auto& [name, gradient] : a) {
    worst = std::max(worst, (gradient - b.at(name)).abs().max().item<double>());
    scale = std::max(scale, gradient.abs().max().item<double>());
  }
  return worst / scale;
}

}  // namespace

TEST_CASE("a batch in pieces has the gradients, the loss and the centre of the whole") {
  TemporaryFolder folder;
  const auto config = tiny_config(folder, {"architecture.dropout=0"});
  const train::Batch batch = made_up(7);
  const auto whole = train::make_objective(config, 3), pieces = train::make_objective(config, 3);
  const auto a = train::gradients(*whole, batch, 0, false, 1), b = train::gradients(*pieces, batch, 3, false, 1);
  CHECK(a.loss == doctest::Approx(b.loss).epsilon(1e-6));
  CHECK(a.losses.at(1).second == doctest::Approx(b.losses.at(1).second).epsilon(1e-6));
  CHECK(largest_difference(gradients_of(*whole), gradients_of(*pieces)) < 1e-5);
  whole->after_step(0, 10);
  pieces->after_step(0, 10);
  CHECK(torch::allclose(whole->state().at("objective.centre"), pieces->state().at("objective.centre"), 1e-5, 1e-6));
  CHECK(whole->state().at("objective.centre").abs().max().item<double>() > 0);
}

TEST_CASE("activations computed again give the same bits") {
  TemporaryFolder folder;
  const train::Batch batch = made_up(5);
  const auto kept = train::make_objective(tiny_config(folder), 3),
             again = train::make_objective(tiny_config(folder, {"schedule.recompute=true"}), 3);
  const auto a = train::gradients(*kept, batch, 2, false, 1), b = train::gradients(*again, batch, 2, false, 1);
  CHECK(a.loss == b.loss);
  CHECK(largest_difference(gradients_of(*kept), gradients_of(*again)) == 0);
}

TEST_CASE("bfloat16 is near float32, and weights stay float32") {
  TemporaryFolder folder;
  const auto config = tiny_config(folder, {"architecture.dropout=0"});
  const train::Batch batch = made_up(6);
  const auto exact = train::make_objective(config, 3), rough = train::make_objective(config, 3);
  const auto a = train::gradients(*exact, batch, 0, false, 1), b = train::gradients(*rough, batch, 0, true, 1);
  CHECK(b.loss == doctest::Approx(a.loss).epsilon(0.02));
  CHECK(b.loss != a.loss);
  for (const auto& [name, gradient] : gradients_of(*rough)) {
    CAPTURE(name);
    CHECK((gradient.scalar_type() == torch::kFloat));
    CHECK(gradient.isfinite().all().item<bool>());
  }
  CHECK((torch::matmul(torch::ones({2, 2}), torch::ones({2, 2})).scalar_type() == torch::kFloat));  // it is off again
}

TEST_CASE("every choice of the objective is taught: its loss falls and its head learns") {
  TemporaryFolder folder;
  const std::vector<std::vector<std::string>> choices = {{"objective.amplitude=log_power"},
                                                         {"objective.phase=cos_sin"},
                                                         {"objective.phase=difference"},
                                                         {"objective.phase=stft", "architecture.bins=128"},
                                                         {"objective.spectrum_of=own", "objective.hidden=0.3"},
                                                         {"objective.normalise_features=true"},
                                                         {"objective.distillation_weight=0"}};
  for (const auto& choice : choices) {
    const std::string& said = choice.front();
    CAPTURE(said);
    auto config = tiny_config(folder, choice);
    config.set({"objective.amplitude_weight=1", "objective.phase_weight=1"});
    const auto objective = train::make_objective(config, 3);
    train::Adam adam(objective->trained().named_parameters(), {});
    const train::Batch batch = made_up(8);
    double first = 0, last = 0;
    for (int step = 0; step < 25; ++step) {
      adam.zero_grad();
      const auto values = train::gradients(*objective, batch, 0, false, static_cast<std::uint64_t>(step));
      REQUIRE(std::isfinite(values.loss));
      const double spectrum = values.losses.at(0).second + values.losses.at(1).second;
      (step == 0 ? first : last) = spectrum;
      if (step == 0) CHECK(gradients_of(*objective).at("phase_head.linear2.weight").abs().max().item<double>() > 0);
      adam.step(3e-3, 0);
      objective->after_step(step, 25);
    }
    CHECK(last < 0.97 * first);
  }
}

TEST_CASE("what is hidden changes what the student sees, not the teacher") {
  TemporaryFolder folder;
  const train::Batch batch = made_up(4);
  const auto losses = [&](const std::string& hidden) {
    const auto objective = train::make_objective(tiny_config(folder, {"architecture.dropout=0", hidden}), 3);
    return train::gradients(*objective, batch, 0, false, 1);
  };
  const auto seen = losses("objective.hidden=0"), half = losses("objective.hidden=0.5");
  CHECK(seen.loss != half.loss);
  CHECK(seen.watched == half.watched);
  CHECK(losses("objective.hidden=0.5").loss == half.loss);
}

TEST_CASE("collapse is said") {
  TemporaryFolder folder;
  const auto objective = train::make_objective(tiny_config(folder), 3);
  const double whole = std::log(200.0);
  CHECK(objective->warning({{"teacher_entropy", 0.5 * whole}, {"feature_spread", 0.5}}).empty());
  CHECK(objective->warning({{"teacher_entropy", 0.999 * whole}, {"feature_spread", 0.5}}).find("entropy") !=
        std::string::npos);
  CHECK(objective->warning({{"teacher_entropy", 0.001 * whole}, {"feature_spread", 0.5}}).find("one feature") !=
        std::string::npos);
  CHECK(objective->warning({{"teacher_entropy", 0.5 * whole}, {"feature_spread", 0.001}}).find("collapsing") !=
        std::string::npos);
}

TEST_CASE("subjects that are put aside choose the best state and teach nothing") {
  TemporaryFolder folder;
  train::PretrainOptions ask;
  ask.model = test::tiny_model(folder);
  ask.set = {"schedule.validation=0.3"};
  ask.data = {test::tiny_stream(folder, {.subjects = 24})};
  ask.folder = folder / "run";
  ask.steps = 8;
  ask.checkpoint_every = 3;
  const train::Plan plan = train::plan_pretraining(ask);
  CHECK(plan.validation.subjects > 0);
  CHECK(plan.pairs.subjects + plan.validation.subjects == 24);
  CHECK(plan.seconds > 0);
  CHECK(train::pretrain(ask) == train::Ending::kDone);
  std::istringstream lines(test::slurp(ask.folder + "/metrics.ndjson"));
  std::vector<int> judged;
  double best = INFINITY;
  for (std::string line; std::getline(lines, line);) {
    const train::Json row = train::Json::parse(line);
    if (!row.contains("validation_loss")) continue;
    judged.push_back(row["step"].get<int>());
    best = std::min(best, row["validation_loss"].get<double>());
    CHECK(row.contains("validation_loss_amplitude"));
  }
  CHECK(judged == std::vector<int>{3, 6, 8});
  const model::Checkpoint state = train::RunFolder(ask.folder, train::RunFolder::Start::kResume).load();
  CHECK(train::progress_of(state).best_loss == doctest::Approx(best));
  CHECK(model::load_checkpoint(ask.folder + "/best.safetensors").tensors.size() ==
        model::load_checkpoint(ask.folder).tensors.size());
}

TEST_CASE("states: the newest few are kept, and a damaged one is passed over") {
  TemporaryFolder folder;
  train::RunFolder run(folder / "run", train::RunFolder::Start::kFresh);
  model::Checkpoint state;
  state.config = tiny_config(folder);
  for (int step = 1; step <= 4; ++step) {
    state.tensors["x"] = torch::full({1000}, step);
    run.save(state, step, 2);
  }
  const std::string third = folder / "run/state/step-000000003.safetensors",
                    fourth = folder / "run/state/step-000000004.safetensors";
  CHECK(std::filesystem::exists(third));
  CHECK_FALSE(std::filesystem::exists(folder / "run/state/step-000000002.safetensors"));
  CHECK(run.load().tensors.at("x")[0].item<float>() == 4);
  std::string bytes = test::slurp(fourth);
  bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 1);
  write_file(fourth, bytes);
  CHECK(run.load().tensors.at("x")[0].item<float>() == 3);
  CHECK_FALSE(std::filesystem::exists(fourth));
  CHECK(std::filesystem::exists(fourth + ".damaged"));
  std::filesystem::resize_file(third, std::filesystem::file_size(third) - 1);
  CHECK(test::status_of([&] { run.load(); }) == Status::kMalformed);
}
