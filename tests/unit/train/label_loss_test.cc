// Losses of labels: against PyTorch's reference, and what class weights weigh.
#include "train/label_loss.h"

#include <cmath>

#include "../golden.h"
#include "../model/golden.h"

using namespace cfm;
using torch::Tensor;
using train::ClassWeights;
using train::LabelLoss;
using train::LabelTask;
using train::LossKind;
using train::TaskKind;

namespace {

LabelTask task_of(TaskKind kind, std::vector<train::Json> classes) {
  LabelTask task;
  task.label = "l";
  task.kind = kind;
  task.classes = std::move(classes);
  return task;
}

double value(const Tensor& loss) { return loss.item<double>(); }

}  // namespace

TEST_CASE("the asymmetric loss is that of the reference") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::string folder = golden + "/models/objectives/";
  const auto inputs = test::golden_tensors(folder + "inputs.safetensors");
  const auto outputs = test::golden_tensors(folder + "outputs.safetensors");
  const auto json = test::read_json(folder + "case.json");
  const auto& c = json["config"]["asymmetric"];
  Tensor logits = inputs.at("logits").clone().set_requires_grad(true);
  const Tensor loss =
      train::asymmetric_loss(logits, inputs.at("labels").to(torch::kDouble), c["gamma_negative"].get<double>(),
                             c["gamma_positive"].get<double>(), c["shift"].get<double>());
  loss.backward();
  const double tolerance = json["tolerance"]["float64"].get<double>();
  CHECK(test::error_of(loss, outputs.at("asymmetric")) <= tolerance);
  CHECK(test::error_of(logits.grad(), outputs.at("asymmetric.grad_logits")) <= tolerance);
}

TEST_CASE("balanced classes weigh the same, whatever their number") {
  const Tensor logits = torch::tensor({{1.0F}, {1.0F}, {1.0F}, {1.0F}});
  const Tensor one_of_four = torch::tensor({{1.0F}, {0.0F}, {0.0F}, {0.0F}});
  const LabelTask binary = task_of(TaskKind::kBinary, {0, 1});
  const LabelLoss plain(binary, {}, one_of_four), balanced(binary, {.weights = ClassWeights::kBalanced}, one_of_four);
  const double yes = std::log1p(std::exp(-1.0)), no = std::log1p(std::exp(1.0));
  CHECK(value(plain(logits, one_of_four)) == doctest::Approx((yes + 3 * no) / 4));
  CHECK(value(balanced(logits, one_of_four)) == doctest::Approx((yes + no) / 2));

  const LabelTask classes = task_of(TaskKind::kClasses, {"a", "b", "c"});
  const Tensor of_classes = torch::tensor({0, 0, 0, 1}, torch::kLong), flat = torch::zeros({4, 3});
  const LabelLoss weighed(classes, {.weights = ClassWeights::kBalanced}, of_classes);
  Tensor tilted = torch::zeros({4, 3});
  tilted.select(1, 0).fill_(5);
  CHECK(value(weighed(flat, of_classes)) == doctest::Approx(std::log(3.0)));
  const LabelLoss even(classes, {}, of_classes);
  const double right = std::log1p(2 * std::exp(-5.0)), wrong = right + 5;
  CHECK(value(even(tilted, of_classes)) == doctest::Approx((3 * right + wrong) / 4));
  CHECK(value(weighed(tilted, of_classes)) == doctest::Approx((right + wrong) / 2));
}

TEST_CASE("samples of a waveform that nobody recorded do not count") {
  LabelTask task = task_of(TaskKind::kNumber, {});
  task.waveform = train::Waveform{.fs = 60, .samples = 3, .units = "mmHg", .name = "ABP"};
  const LabelLoss loss(task, {}, {});
  Tensor told = torch::tensor({{0.5F, 3.0F, 100.0F}}).set_requires_grad(true);
  const Tensor target = torch::tensor({{0.0F, 0.0F, NAN}});
  const Tensor made = loss(told, target);
  CHECK(value(made) == doctest::Approx((0.125 + 2.5) / 2));
  made.backward();
  CHECK(told.grad()[0][2].item<float>() == 0);
  CHECK(value(loss(told, torch::full({1, 3}, NAN))) == 0);
}

TEST_CASE("what a kind of label does not have") {
  const auto status = [](TaskKind kind, const train::LossOptions& options) {
    return test::status_of([&] { LabelLoss(task_of(kind, {1, 2, 3}), options, torch::zeros({4, 3})); });
  };
  CHECK(status(TaskKind::kNumber, {.weights = ClassWeights::kBalanced}) == Status::kUsage);
  CHECK(status(TaskKind::kClasses, {.kind = LossKind::kAsymmetric}) == Status::kUsage);
  CHECK(status(TaskKind::kOrdinal, {.kind = LossKind::kAsymmetric}) == Status::kUsage);
  CHECK(status(TaskKind::kMultilabel, {LossKind::kAsymmetric, ClassWeights::kBalanced}) == Status::kUsage);
  CHECK(status(TaskKind::kMultilabel, {.kind = LossKind::kAsymmetric}) == Status::kOk);
  CHECK(test::status_of([] { train::loss_named("mse"); }) == Status::kUsage);
  CHECK(test::status_of([] { train::class_weights_named("some"); }) == Status::kUsage);
}
