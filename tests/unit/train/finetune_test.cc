// From labels to predictions: tasks, folds, and that nobody is scored by a model that was fitted on them.
#include "train/finetune.h"

#include <algorithm>

#include "tiny_task.h"

namespace {

using namespace cfm;
using test::score;
using test::Scored;
using test::TemporaryFolder;
using test::tiny_task;
using train::Json;

}  // namespace

TEST_CASE("what a label is follows from its values") {
  using train::LabelTask;
  using train::TaskKind;
  const std::vector<Json> flags = {true, false, true}, words = {"b", "a", "b"}, three = {"x", "y", "z"},
                          numbers = {1, 2.5, 4}, bits = {0, 1};
  CHECK(LabelTask::infer("l", flags, {}).classes == std::vector<Json>{false, true});
  CHECK(LabelTask::infer("l", words, {}).classes == std::vector<Json>{"a", "b"});
  CHECK(LabelTask::infer("l", words, {.positive = "a"}).classes == std::vector<Json>{"b", "a"});
  CHECK(LabelTask::infer("l", bits, {}).kind == TaskKind::kBinary);
  CHECK(LabelTask::infer("l", three, {}).kind == TaskKind::kClasses);
  CHECK(LabelTask::infer("l", numbers, {}).kind == TaskKind::kNumber);
  CHECK(LabelTask::infer("l", numbers, {}).mean == doctest::Approx(2.5));
  CHECK(test::status_of([&] { LabelTask::infer("l", words, {.positive = "c"}); }) == Status::kUsage);
  CHECK(test::status_of([&] { LabelTask::infer("l", std::vector<Json>{"a", "a"}, {}); }) == Status::kUsage);
  CHECK(test::status_of([&] { LabelTask::infer("l", {}, {}); }) == Status::kUsage);
  const LabelTask back = LabelTask::from_json(LabelTask::infer("l", words, {}).to_json(), "model");
  CHECK(back.class_of("b") == 1);
  CHECK_FALSE(back.class_of("c"));
  CHECK(test::status_of([] { LabelTask::from_json(Json::array(), "model"); }) == Status::kIncompatible);
}

TEST_CASE("the threshold separates") {
  const std::vector<double> scores = {0.1, 0.2, 0.3, 0.35, 0.9};
  CHECK(train::best_threshold(scores, std::vector<int>{0, 0, 0, 1, 1}) == doctest::Approx(0.325));
  CHECK(train::best_threshold(scores, std::vector<int>{0, 1, 0, 1, 1}) == doctest::Approx(0.325));
  CHECK(train::best_threshold(scores, std::vector<int>{0, 0, 0, 0, 0}) == 0.5);
}

TEST_CASE("a linear head separates two classes of subjects it has not seen") {
  TemporaryFolder folder;
  const auto ask = tiny_task(folder, "above");
  const train::FinetuneReport report = train::finetune(ask);
  CHECK(report.held_out.subjects == 4);
  CHECK(report.train.subjects + report.validation.subjects == 16);
  const Scored scored = score(ask);
  CHECK(scored.kept == 12);
  CHECK(scored.right >= 11);

  const model::Checkpoint result = model::load_checkpoint(ask.folder);
  CHECK(result.tensors.at("head.weight").sizes() == torch::IntArrayRef({1, 200}));
  CHECK(result.subjects_seen == std::set<std::uint64_t>{7});
  CHECK(result.subjects_labelled.size() == 16);
  CHECK(result.folds["subjects"].size() == 5);
  CHECK(result.folds["n"] == 5);
  // A frozen encoder is what it was.
  const model::Checkpoint start = model::load_checkpoint(ask.model);
  CHECK(torch::equal(result.tensors.at("encoder.output.weight"), start.tensors.at("encoder.output.weight")));
}

TEST_CASE("everything trainable learns, too, and the same seed gives the same weights") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "above");
  ask.mode = train::Mode::kFull;
  ask.rate = 2e-3;
  ask.epochs = 8;
  train::finetune(ask);
  CHECK(score(ask).right >= 11);
  const std::string first = test::slurp(ask.folder + "/model.safetensors");
  CHECK(test::status_of([&] { train::finetune(ask); }) == Status::kUsage);
  ask.force = true;
  ask.provenance.mode = stream::Prov::kNone;
  train::finetune(ask);
  const std::string second = test::slurp(ask.folder + "/model.safetensors");
  train::finetune(ask);
  CHECK(second == test::slurp(ask.folder + "/model.safetensors"));
  const model::Checkpoint start = model::load_checkpoint(ask.model), result = model::load_checkpoint(ask.folder);
  CHECK_FALSE(torch::equal(result.tensors.at("encoder.output.weight"), start.tensors.at("encoder.output.weight")));
}

TEST_CASE("several classes and numbers") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "kind");
  train::finetune(ask);
  CHECK(score(ask).kept == 12);
  train::Predictor classes(ask.folder, {.fold = ask.fold});
  CHECK(classes.columns()[8] == "score_a");
  CHECK(classes.columns()[10] == "score_c");
  CHECK(classes.columns().back() == "abstain");
  ask.label = "level";
  ask.folder = folder / "level";
  ask.mode = train::Mode::kFull;
  ask.rate = 2e-3;
  train::finetune(ask);
  const Scored scored = score(ask);
  CHECK(scored.absolute_error / scored.kept < 0.5);  // the mean predictor: 1
}

TEST_CASE("nobody is scored by a model that was fitted on them, unless it is said") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "above");
  ask.epochs = 1;
  train::finetune(ask);
  const dataset::Store store(ask.data);
  const train::Predictor strict(ask.folder, {});
  int refused = 0;
  for (std::size_t i = 0; i < store.size(); ++i) {
    refused += test::status_of([&] { strict.left_out(store.segment(i)); }) == Status::kUsage ? 1 : 0;
  }
  CHECK(refused == 48);
  CHECK(test::status_of([&] { train::Predictor(ask.folder, {.fold = dataset::FoldChoice{1, 5}}); }) == Status::kUsage);
  CHECK(test::status_of([&] { train::Predictor(ask.folder, {.fold = dataset::FoldChoice{0, 4}}); }) == Status::kUsage);
  CHECK(test::status_of([&] { train::Predictor(ask.model, {}); }) == Status::kIncompatible);
  // Somebody without a label is in no fold: the folds of a run tell each segment once. Alone the model may be asked.
  stream::Segment stranger = store.segment(0);
  stranger.header["subject"] = "stranger";
  const train::Predictor of_fold(ask.folder, {.fold = dataset::FoldChoice{0, 5}});
  CHECK(of_fold.left_out(stranger) == "no_fold");
  CHECK_FALSE(strict.left_out(stranger));
  std::map<std::string, int> reasons;
  for (std::size_t i = 0; i < store.size(); ++i) ++reasons[of_fold.left_out(store.segment(i)).value_or("")];
  CHECK(reasons == std::map<std::string, int>{{"", 12}, {"other_fold", 48}});
  train::Predictor lenient(ask.folder, {.allow_seen = true});
  int marked = 0;
  for (std::size_t i = 0; i < store.size(); ++i) {
    std::vector<stream::Segment> one = {store.segment(i)};
    REQUIRE_FALSE(lenient.left_out(one[0]));
    lenient.predict(one);
    marked += one[0].header["predictions"]["above"].value("seen", "") == "labels" ? 1 : 0;
  }
  CHECK(marked == 48);

  ask.fold.reset();
  ask.folder = folder / "all";
  train::finetune(ask);
  CHECK(test::status_of([&] { train::Predictor(ask.folder, {.fold = dataset::FoldChoice{0, 5}}); }) == Status::kUsage);
}

TEST_CASE("a place in a batch does not change the result") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "above");
  ask.epochs = 1;
  train::finetune(ask);
  const dataset::Store store(ask.data);
  train::Predictor predictor(ask.folder, {.allow_seen = true, .batch = 4});
  std::vector<stream::Segment> together = {store.segment(0), store.segment(1), store.segment(2)};
  std::vector<stream::Segment> alone = {store.segment(2)};
  predictor.predict(together);
  predictor.predict(alone, 2);
  CHECK(together[2].header["predictions"] == alone[0].header["predictions"]);
  CHECK(predictor.row(alone[0]).size() == predictor.columns().size());
}

TEST_CASE("a label that isn't there, and other data than the model's") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "slow");
  CHECK(test::status_of([&] { train::finetune(ask); }) == Status::kUsage);
  ask.label = "above";
  ask.data = {"-"};
  CHECK(test::status_of([&] { train::finetune(ask); }) == Status::kUsage);
  ask.data = {test::tiny_stream(folder, {.subjects = 20, .ppg = false}, "ecg.cfm")};
  CHECK(test::status_of([&] { train::finetune(ask); }) == Status::kIncompatible);
}

TEST_CASE("several labels at once, and grades") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "findings");
  CHECK(train::finetune(ask).task.kind == train::TaskKind::kMultilabel);
  const auto made_of = [&](const stream::Segment& segment, std::vector<std::string>* row = nullptr) {
    std::vector<stream::Segment> one = {segment};
    train::Predictor predictor(ask.folder, {.allow_seen = true, .batch = 1});
    predictor.predict(one);
    if (row != nullptr) *row = predictor.row(one[0]);
    return one[0].header["predictions"][ask.label];
  };
  const dataset::Store store(ask.data);
  std::vector<std::string> row;
  for (std::size_t i = 0; i < 24; i += 3) {
    const Json made = made_of(store.segment(i), &row);
    const bool above = store.segment(i).label("above").get<bool>();
    const Json value = made["value"];
    CHECK((std::find(value.begin(), value.end(), "high") != value.end()) == above);
    CHECK((made["scores"]["low"].get<double>() > made["scores"]["high"].get<double>()) != above);
    CHECK(made["thresholds"].size() == 3);
    CHECK(row[6] == train::label_text(value));
    CHECK(row.size() == 8 + 3 + 5);
  }
  ask.label = "grade";
  ask.folder = folder / "grade";
  ask.kind = train::TaskKind::kOrdinal;
  CHECK(train::finetune(ask).task.logits() == 2);
  CHECK(model::load_checkpoint(ask.folder).tensors.at("head.cuts").numel() == 2);
  for (std::size_t i = 0; i < 24; i += 3) {
    const Json made = made_of(store.segment(i));
    CHECK(made["task"] == "ordinal");
    CHECK((made["value"].get<int>() > 1) == store.segment(i).label("above").get<bool>());
    CHECK(made["scores"].size() == 3);
  }
}

TEST_CASE("a network on raw signals learns from nothing, by its own configuration") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "above");
  ask.model.clear();
  ask.configuration = test::tiny_resnet(folder);
  ask.mode = train::Mode::kFull;
  ask.epochs.reset();
  const train::FinetuneReport report = train::finetune(ask);
  CHECK(report.epochs == 6);
  CHECK(score(ask).right >= 11);
  const model::Checkpoint result = model::load_checkpoint(ask.folder);
  CHECK(result.config.family == "resnet1d");
  CHECK(result.subjects_seen.empty());
  CHECK(result.subjects_labelled.size() == 16);
  CHECK(result.tensors.contains("encoder.norm.running_mean"));

  // Its checkpoint is one like any other: it is adapted further, and its predictions say what they are from.
  const dataset::Store store(ask.data);
  std::vector<stream::Segment> one = {store.segment(0)};
  train::Predictor(ask.folder, {.allow_seen = true}).predict(one);
  const Json made = one[0].header["predictions"]["above"];
  CHECK(made["family"] == "resnet1d");
  CHECK_FALSE(made.contains("init"));
  train::FinetuneOptions again = ask;
  again.model = ask.folder;
  again.configuration.clear();
  again.folder = folder / "again";
  again.mode = train::Mode::kLinear;
  again.random_start = true;
  again.epochs = 1;
  train::finetune(again);
  train::Predictor(again.folder, {.allow_seen = true}).predict(one);
  CHECK(one[0].header["predictions"]["above"]["init"] == "random");
  CHECK(one[0].header["predictions"]["above"]["mode"] == "linear");
}

TEST_CASE("nothing that is fitted knows the labels of those who are held out") {
  for (const std::string label : {"above", "level", "findings"}) {
    CAPTURE(label);
    TemporaryFolder folder;
    std::string folds = "subject,fold\n";
    for (int s = 0; s < 20; ++s) folds += fmt::format("r{:02},{}\n", s, s % 4);
    write_file(folder / "folds.csv", folds);
    const auto fitted = [&](bool wrong) {
      auto ask = tiny_task(folder, label);
      ask.data = {test::tiny_stream(folder, {.subjects = 20, .segments = 3, .wrong_fourth = wrong}, "fourth.cfm")};
      ask.fold = dataset::FoldChoice{0, 4};
      ask.folds_by = folder / "folds.csv";
      ask.epochs = 3;
      ask.force = true;
      train::finetune(ask);
      return model::load_checkpoint(ask.folder);
    };
    const model::Checkpoint right = fitted(false), wrong = fitted(true);
    CHECK(right.extra.at("cfm.task") == wrong.extra.at("cfm.task"));
    for (const auto& [name, tensor] : right.tensors) CHECK(torch::equal(tensor, wrong.tensors.at(name)));
  }
}

TEST_CASE("the least sure are marked, where it is known what sure is") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "above");
  ask.validation = 0.6;  // of 16
  CHECK(train::finetune(ask).note.empty());
  const dataset::Store store(ask.data);
  const auto marked = [&](double rate) {
    train::Predictor predictor(ask.folder, {.allow_seen = true, .abstain = rate, .batch = 1});
    int n = 0;
    for (std::size_t i = 0; i < store.size(); ++i) {
      std::vector<stream::Segment> one = {store.segment(i)};
      predictor.predict(one);
      n += one[0].header["predictions"]["above"]["abstain"].get<bool>() ? 1 : 0;
    }
    return n;
  };
  CHECK(marked(0) == 0);
  const int half = marked(0.5);
  CHECK(half > 15);
  CHECK(half < 45);
  ask.validation = 0.2;
  ask.folder = folder / "few";
  CHECK(train::finetune(ask).note.find("10 are needed") != std::string::npos);
  CHECK(test::status_of([&] { train::Predictor(ask.folder, {.abstain = 0.1}); }) == Status::kIncompatible);
  ask.label = "level";
  ask.folder = folder / "level";
  train::finetune(ask);
  CHECK(test::status_of([&] { train::Predictor(ask.folder, {.abstain = 0.1}); }) == Status::kUsage);
}

TEST_CASE("one model, of one kind") {
  TemporaryFolder folder;
  auto ask = tiny_task(folder, "above");
  const auto status = [&] { return test::status_of([&] { train::finetune(ask); }); };
  ask.configuration = test::tiny_resnet(folder);
  CHECK(status() == Status::kUsage);
  ask.model.clear();
  ask.configuration.clear();
  CHECK(status() == Status::kUsage);
  ask.configuration = folder.path;
  CHECK(status() == Status::kUsage);
  ask.configuration = test::tiny_resnet(folder);
  ask.kind = train::TaskKind::kNumber;
  CHECK(status() == Status::kUsage);
}
