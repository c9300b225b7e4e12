// Calibration and decisions from logits alone: no network.
#include "train/calibration.h"

#include <cmath>

#include "base/logistic.h"
#include "base/random.h"
#include "support.h"
#include "train/task.h"

namespace {

using namespace cfm;
using train::Json;
using train::LabelTask;
using train::TaskKind;

double log_loss(const train::Calibration& c, const std::vector<double>& logits, const std::vector<int>& positive) {
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double p = cfm::sigmoid(c(std::span(logits).subspan(i, 1))[0]);
    sum -= std::log(positive[i] == 1 ? p : 1 - p);
  }
  return sum / static_cast<double>(logits.size());
}

// Logits whose honest probability is sigmoid(z), told three times too surely and moved.
void shifted(int n, const char* id, std::vector<double>& logits, std::vector<int>& positive) {
  Random random(3, "calibration", id);
  for (int i = 0; i < n; ++i) {
    const double z = 1.5 * random.normal();
    positive.push_back(random.uniform() < cfm::sigmoid(z) ? 1 : 0);
    logits.push_back(3 * z + 2);
  }
}

// n subjects of one segment each, of these classes in turn; the logits of class c are row c of `rows`.
train::InnerScores inner_of(int n, const std::vector<Json>& values, const std::vector<std::vector<double>>& rows) {
  train::InnerScores inner;
  for (int i = 0; i < n; ++i) {
    const std::size_t k = static_cast<std::size_t>(i) % values.size();
    inner.values.push_back(values[k]);
    inner.subjects.push_back("s" + std::to_string(i));
    for (const double x : rows[k]) inner.logits.push_back(x + 0.001 * i);
  }
  return inner;
}

}  // namespace

TEST_CASE("Platt's line takes back what was too sure and moved, on other subjects than it was fitted on") {
  std::vector<double> logits, fresh;
  std::vector<int> positive, fresh_positive;
  shifted(2000, "fit", logits, positive);
  shifted(2000, "test", fresh, fresh_positive);
  const train::Calibration c = train::platt(logits, positive);
  CHECK(c.slope[0] == doctest::Approx(1.0 / 3).epsilon(0.1));
  CHECK(c.intercept[0] == doctest::Approx(-2.0 / 3).epsilon(0.3));
  CHECK(log_loss(c, fresh, fresh_positive) < 0.8 * log_loss({}, fresh, fresh_positive));
}

TEST_CASE("a perfect separation does not end in certainty, and a reversed one turns nothing") {
  std::vector<double> logits;
  std::vector<int> positive, reversed;
  for (int i = 0; i < 20; ++i) {
    positive.push_back(i % 2);
    reversed.push_back(1 - i % 2);
    logits.push_back(i % 2 == 1 ? 5.0 + i : -5.0 - i);
  }
  // Platt's targets for 10 and 10: 11/12 and 1/12; means of the scores are those of the targets.
  const train::Calibration c = train::platt(logits, positive);
  double mean = 0;
  for (const double x : logits) mean += cfm::sigmoid(c(std::span(&x, 1))[0]) / 20;
  CHECK(mean == doctest::Approx(0.5).epsilon(1e-6));
  CHECK(cfm::sigmoid(c(std::vector<double>{24.0})[0]) < 0.98);
  CHECK(train::platt(logits, reversed).slope[0] == doctest::Approx(0.05));
}

TEST_CASE("one temperature for several classes, and for grades") {
  Random random(3, "temperature");
  std::vector<double> logits, cuts;
  std::vector<std::size_t> truth, grades;
  for (int i = 0; i < 3000; ++i) {
    const std::vector<double> z = {random.normal(), random.normal(), 2 * random.normal()};
    const auto draw = [&](const std::vector<double>& p) {
      double u = random.uniform();
      std::size_t c = 0;
      while (c + 1 < p.size() && u >= p[c]) u -= p[c++];
      return c;
    };
    truth.push_back(draw(train::softmax(z)));
    for (const double x : z) logits.push_back(4 * x);
    const std::vector<double> steps = {z[2] + 1, z[2] - 1};
    grades.push_back(draw(train::grade_probabilities(steps)));
    for (const double x : steps) cuts.push_back(0.5 * x);
  }
  CHECK(train::temperature(logits, truth, 3).slope[0] == doctest::Approx(0.25).epsilon(0.1));
  CHECK(train::grade_temperature(cuts, grades, 3).slope[0] == doctest::Approx(2).epsilon(0.1));
}

TEST_CASE("probabilities of grades sum to one") {
  const auto p = train::grade_probabilities(std::vector<double>{2, 0, -1});
  REQUIRE(p.size() == 4);
  CHECK(p[0] == doctest::Approx(1 - cfm::sigmoid(2)));
  CHECK(p[1] == doctest::Approx(cfm::sigmoid(2) - 0.5));
  CHECK(p[3] == doctest::Approx(cfm::sigmoid(-1)));
  CHECK(p[0] + p[1] + p[2] + p[3] == doctest::Approx(1));
}

TEST_CASE("a task decides from logits, each kind in its way") {
  const std::vector<Json> words = {"x", "y", "z"}, numbers = {1, 2, 3}, lists = {Json{"a", "b"}, Json{"b"}};
  const LabelTask classes = LabelTask::infer("l", words, {});
  const Json c = classes.predict(std::vector<double>{0, 2, 1});
  CHECK(c["task"] == "multiclass");
  CHECK(c["value"] == "y");
  CHECK(c["score"] == c["scores"]["y"]);
  CHECK(c["confidence"] == c["score"]);

  const LabelTask grades = LabelTask::infer("l", numbers, {.positive = {}, .kind = TaskKind::kOrdinal});
  CHECK(grades.logits() == 2);
  // P = .45 .1 .45: the median grade, though no grade is less probable.
  const double x = cfm::logit(0.55);
  const Json g = grades.predict(std::vector<double>{x, -x});
  CHECK(g["task"] == "ordinal");
  CHECK(g["value"] == 2);
  CHECK(g["score"].get<double>() == doctest::Approx(0.1));
  CHECK(g["confidence"].get<double>() == doctest::Approx(0.45));

  LabelTask several = LabelTask::infer("l", lists, {});
  several.thresholds = {0.5, 0.9};
  const Json m = several.predict(std::vector<double>{1, 1});
  CHECK(m["task"] == "multilabel");
  CHECK(m["value"] == Json{"a"});
  CHECK(m["thresholds"]["b"] == 0.9);
  CHECK_FALSE(m.contains("score"));
  CHECK(m["confidence"].get<double>() == doctest::Approx((1 + (cfm::logit(0.9) - 1)) / 2));

  LabelTask number = LabelTask::infer("l", numbers, {});
  const Json n = number.predict(std::vector<double>{1});
  CHECK(n["task"] == "regression");
  CHECK(n["value"].get<double>() == doctest::Approx(2 + std::sqrt(2.0 / 3)));
  CHECK_FALSE(n.contains("confidence"));
}

TEST_CASE("what is fitted on the inner split goes through JSON and decides") {
  const std::vector<Json> bits = {0, 1};
  LabelTask task = LabelTask::infer("l", bits, {});
  CHECK(task.fit(inner_of(20, bits, {{1.0}, {6.0}})).empty());
  CHECK(task.calibration.slope.size() == 1);
  CHECK(task.confidences.size() == 101);
  const LabelTask back = LabelTask::from_json(task.to_json(), "model");
  for (const double x : {1.0, 3.0, 4.0, 6.0}) {
    CHECK(back.predict(std::vector<double>{x}) == task.predict(std::vector<double>{x}));
    CHECK(task.predict(std::vector<double>{x})["value"] == (x > 3.5 ? 1 : 0));
  }
  // A model of the first version: no calibration, other names.
  Json old = LabelTask::infer("l", std::vector<Json>{"x", "y", "z"}, {}).to_json();
  old["kind"] = "classes";
  CHECK(LabelTask::from_json(old, "model").kind == TaskKind::kClasses);
  CHECK(LabelTask::from_json(old, "model").calibration.slope.empty());
  Json broken = task.to_json();
  broken["calibration"]["slope"] = {1, 2, 3};
  CHECK(test::status_of([&] { LabelTask::from_json(broken, "model"); }) == Status::kIncompatible);
}

TEST_CASE("too few to calibrate on: scores stay as they are, and it is said") {
  const std::vector<Json> bits = {0, 1};
  LabelTask task = LabelTask::infer("l", bits, {});
  CHECK(task.fit(inner_of(8, bits, {{1.0}, {6.0}})).find("8 subjects") != std::string::npos);
  CHECK(task.calibration.slope.empty());
  CHECK(task.confidences.empty());
  CHECK(task.threshold > 0.8);  // between sigmoid(1) and sigmoid(6)
  CHECK(test::status_of([&] { task.confidence_at(0.2, "m"); }) == Status::kIncompatible);

  train::InnerScores inner = inner_of(20, std::vector<Json>{0}, {{1.0}});
  inner.values[3] = 1;
  LabelTask lonely = LabelTask::infer("l", bits, {});
  CHECK(lonely.fit(inner).find("have 1") != std::string::npos);
  CHECK(lonely.calibration.slope.empty());

  const std::vector<Json> lists = {Json{"a", "b"}, Json{"b"}, Json::array()};
  LabelTask several = LabelTask::infer("l", lists, {});
  train::InnerScores rare = inner_of(20, {Json{"b"}, Json::array()}, {{0, 2}, {0, -2}});
  const std::string note = several.fit(rare);
  CHECK(note.find(": a") != std::string::npos);
  CHECK(several.calibration.slope[0] == 1);
  CHECK(several.calibration.slope[1] != 1);
}

TEST_CASE("a share of the inner split lies below its quantile of confidence") {
  Random random(3, "abstain");
  const std::vector<Json> bits = {0, 1};
  LabelTask task = LabelTask::infer("l", bits, {});
  train::InnerScores inner;
  for (int i = 0; i < 500; ++i) {
    inner.values.push_back(i % 2);
    inner.subjects.push_back(std::to_string(i));
    inner.logits.push_back(2 * random.normal() + i % 2);
  }
  task.fit(inner);
  const double least = task.confidence_at(0.3, "m");
  int below = 0;
  for (const double x : inner.logits) {
    below += task.predict(std::span(&x, 1))["confidence"].get<double>() < least ? 1 : 0;
  }
  CHECK(below == 150);
  CHECK(test::status_of([&] { task.confidence_at(1, "m"); }) == Status::kUsage);
  const LabelTask number = LabelTask::infer("l", std::vector<Json>{1, 2, 3}, {});
  CHECK(test::status_of([&] { number.confidence_at(0.1, "m"); }) == Status::kUsage);
}
