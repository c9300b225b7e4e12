// Labels of every kind through probes, predictions, rivals, strata, fractions and calibration.
#include <fmt/format.h>

#include <cmath>

#include "base/random.h"
#include "eval/attentive.h"
#include "eval/nested.h"
#include "evaluation.h"

namespace {

using namespace cfm;
using namespace cfm::eval;

Results of_csv(const std::string& text, const EvaluateOptions& options) {
  Evidence evidence({});
  evidence.add(parse_csv(text, "t.csv"));
  evidence.finish();
  return evaluate(evidence, {}, options);
}

// Subjects with an embedding whose first numbers tell grade, labels and pressure.
Evidence people(int subjects, int tokens = 1) {
  Evidence evidence({.tensor = "embedding"});
  for (int i = 0; i < subjects; ++i) {
    Random random(2, "test/people", std::to_string(i));
    const int grade = i % 3;
    const bool a = random.uniform() < 0.4, b = random.uniform() < 0.3;
    stream::Segment s;
    s.header = {{"id", fmt::format("r{:03}/0", i)},
                {"record", fmt::format("r{:03}", i)},
                {"subject", nullptr},
                {"start", 0},
                {"labels",
                 {{"grade", grade},
                  {"dx", Json::array()},
                  {"sbp", 120 + 10 * grade + random.normal()},
                  {"sex", i % 2 == 0 ? "F" : "M"},
                  {"age", 20 + i % 50}}}};
    if (a) s.header["labels"]["dx"].push_back("A");
    if (b) s.header["labels"]["dx"].push_back("B");
    if (i < 2) s.header["labels"]["dx"].push_back("rare");
    std::vector<float> e;
    for (int t = 0; t < tokens; ++t) {
      // Only one token carries anything.
      const double on = t == i % tokens ? 1 : 0;
      e.push_back(static_cast<float>(on * 2 * grade + 0.3 * random.normal()));
      e.push_back(static_cast<float>(on * (a ? 3 : 0) + 0.5 * random.normal()));
      e.push_back(static_cast<float>(on * (b ? 3 : 0) + 0.5 * random.normal()));
      e.push_back(static_cast<float>(on * 3 + 0.3 * random.normal()));
    }
    s.put(tokens == 1 ? stream::make_tensor("embedding", {4}, e, {{"kind", "embedding"}})
                      : stream::make_tensor("embedding", {tokens, 4}, e, {{"kind", "embedding"}}));
    evidence.add(s, "a.cfm");
  }
  evidence.finish();
  return evidence;
}

}  // namespace

TEST_CASE("several labels at once: each is probed, the rare one is left out and said") {
  const Context context = evaluate(people(120), {}, {.probe = {"dx"}, .draws = 50}).labels.at(0);
  CHECK(context.task == "multilabel");
  CHECK(context.classes == std::vector<std::string>{"A", "B"});
  CHECK(contains(context.protocol, "1 values are had by fewer than three subjects"));
  CHECK(row(context.rows, "model", "map").value > 0.9);
  CHECK(row(context.rows, "model", "auroc", "B").value > 0.9);
  CHECK(row(context.rows, "model", "hamming_loss").value < 0.15);
  CHECK(row(context.rows, "majority", "auroc").value == 0.5);
  CHECK(context.verdict().starts_with("The model beats its controls"));
}

TEST_CASE("predictions of several labels, worked by hand") {
  const Context context = of_csv(
                              "record,subject,label,truth,score,prediction,score_A,score_B,score_C\n"
                              "a,,dx,A;B,,A,0.9,0.4,0.1\nb,,dx,C,,C,0.2,0.1,0.8\nc,,dx,A,,B,0.3,0.6,0.1\n",
                              {.label = {.kind = TaskKind::kMultilabel}, .draws = 50})
                              .labels.at(0);
  // Decided {A}, {C}, {B} against {A, B}, {C}, {A}: three of nine cells are wrong, one of three rows is right.
  CHECK(row(context.rows, "model", "hamming_loss").value == doctest::Approx(3.0 / 9));
  CHECK(row(context.rows, "model", "subset_accuracy").value == doctest::Approx(1.0 / 3));
  CHECK(row(context.rows, "model", "f1_micro").value == doctest::Approx(2 * 2 / (2 * 2 + 1 + 2.0)));
  CHECK(row(context.rows, "model", "se", "A").value == 0.5);
  CHECK(row(context.rows, "model", "auroc", "C").value == 1);
  // A: pairs (.9, .3 against .2) are right, 1; B: .4 against .1 and .6, one of two; C: 1. Two, one and one have them.
  CHECK(row(context.rows, "model", "auroc").value == doctest::Approx((1 + 0.5 + 1) / 3));
  CHECK(row(context.rows, "model", "auroc_weighted").value == doctest::Approx((2 * 1 + 0.5 + 1) / 4));
}

TEST_CASE("grades: decided by the median, judged by their distance") {
  const Context context =
      evaluate(people(120), {}, {.probe = {"grade"}, .label = {.kind = TaskKind::kOrdinal}, .draws = 50}).labels.at(0);
  CHECK(context.task == "ordinal");
  CHECK(row(context.rows, "model", "mae").value < 0.2);
  CHECK(row(context.rows, "model", "quadratic_kappa").value > 0.8);
  // Truth 0 1 2 2, said 0 1 1 0: |errors| 0 0 1 2.
  const Context told = of_csv(
                           "record,subject,label,truth,score,prediction,score_0,score_1,score_2\n"
                           "a,,g,0,,0,1,0,0\nb,,g,1,,1,0,1,0\nc,,g,2,,1,0,1,0\nd,,g,2,,0,1,0,0\n",
                           {.label = {.kind = TaskKind::kOrdinal}, .draws = 50})
                           .labels.at(0);
  CHECK(row(told.rows, "model", "mae").value == doctest::Approx(0.75));
  // Σ w o = 1 + 4 = 5; expected: rows (1, 1, 2), columns (2, 2, 0) over 4: (2 + 0) + (2 + 0) + 2·(8 + 2)... by cells.
  const double expected = (1 * 2 * 0 + 1 * 2 * 1 + 1 * 2 * 1 + 1 * 2 * 0 + 2 * 2 * 4 + 2 * 2 * 1) / 4.0;
  CHECK(row(told.rows, "model", "quadratic_kappa").value == doctest::Approx(1 - 5 / expected));
}

TEST_CASE("tokens want an attentive probe, and it finds the one that matters") {
  const Evidence evidence = people(150, 6);
  CHECK(contains(message_of([&] { evaluate(evidence, {}, {.probe = {"sbp"}}); }), "--probe-by attentive pools them"));
  const Context context =
      evaluate(evidence, {}, {.probe = {"sbp"}, .learner = Learner::kAttentive, .draws = 50}).labels.at(0);
  CHECK(row(context.rows, "model", "r2").value > 0.7);
  CHECK(contains(context.protocol, "attentive probe (attentive ridge) on embedding [6, 4]"));
  CHECK(contains(row(context.rows, "model", "bhs5").note, "BHS grade"));
}

TEST_CASE("an attentive probe's gradient vanishes where it stops") {
  Random random(7, "test");
  Matrix x(60, 5 * 3);
  std::vector<double> y;
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (double& v : x.row(i)) v = random.normal();
    y.push_back(x.row(i)[0] + x.row(i)[3] > 0 ? 1 : 0);
  }
  std::vector<std::size_t> rows(60);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  const AttentiveProbe probe = fit_attentive(ProbeKind::kLogistic, x, 5, rows, y, 2, {.l2 = 1, .most_steps = 2000});
  const auto objective = [&](const AttentiveProbe& p) {
    const Matrix said = p.predict(x, rows);
    double sum = 0;
    for (const double q : p.query) sum += 0.5 * q * q;
    for (const double w : p.weights.values) sum += 0.5 * w * w;
    for (std::size_t i = 0; i < y.size(); ++i) sum -= std::log(y[i] > 0 ? said.values[i] : 1 - said.values[i]);
    return sum;
  };
  const double best = objective(probe);
  for (std::size_t j = 0; j < 3; ++j)
    for (const double step : {-0.05, 0.05}) {
      AttentiveProbe moved = probe;
      moved.query[j] += step;
      CHECK(objective(moved) > best - 1e-6);
      moved = probe;
      moved.weights.values[j] += step;
      CHECK(objective(moved) > best - 1e-6);
    }
  double sum = 0;
  for (const double a : probe.attention(x.row(0))) sum += a;
  CHECK(sum == doctest::Approx(1));
}

TEST_CASE("fewer labels, worse scores; the same few for every system") {
  const Context context =
      evaluate(people(150), {},
               {.probe = {"grade"}, .fractions = {"10,50"}, .label = {.kind = TaskKind::kClasses}, .draws = 50})
          .labels.at(0);
  const double all = row(context.rows, "model", "log_loss").value;
  const double tenth = row(context.rows, "model", "log_loss", "", 0.1).value;
  CHECK(tenth > all);
  CHECK(
      contains(row(context.rows, "model", "auroc", "", 0.1).note, "with the labels of 10 % of the training subjects"));
  CHECK(row(context.rows, "model", "auroc", "", 0.5).segments == 150);
  CHECK(status_of([&] { evaluate(people(30), {}, {.probe = {"grade"}, .fractions = {"0"}}); }) == Status::kUsage);
}

TEST_CASE("strata: the worst first, every segment in one") {
  const Results results = evaluate(people(120), {}, {.probe = {"sbp"}, .by = {"sex", "age"}, .draws = 50});
  const std::vector<Stratum>& strata = results.labels.at(0).strata;
  REQUIRE(strata.size() == 6);
  CHECK(strata[0].by == "sex");
  CHECK(strata[0].segments + strata[1].segments == 120);
  CHECK(strata[0].rows.front().value >= strata[1].rows.front().value);  // of MAE the larger is worse
  CHECK(strata[2].by == "age");
  std::size_t segments = 0;
  for (std::size_t i = 2; i < 6; ++i) segments += strata[i].segments;
  CHECK(segments == 120);
  CHECK(contains(results.to_text(), "by sex, the worst first"));
  CHECK(contains(results.to_csv(), ",sex=F,"));
  CHECK(contains(message_of([] { evaluate(people(30), {}, {.probe = {"sbp"}, .by = {"height"}}); }), "--by height"));
}

TEST_CASE("two systems are compared on the segments that both have, pair by pair") {
  std::string a, b;
  Random random(3, "test");
  for (int i = 0; i < 60; ++i) {
    const int truth = i % 2;
    const double noise = random.normal();
    a += fmt::format("r{},,vt,{},{}\n", i, truth, 1 / (1 + std::exp(-(3 * truth + noise))));
    if (i < 50) b += fmt::format("r{},,vt,{},{}\n", i, truth, 1 / (1 + std::exp(-(1 * truth + noise))));
  }
  const std::string header = "record,subject,label,truth,score\n";
  Evidence one({}), two({});
  one.add(parse_csv(header + a, "a.csv"));
  two.add(parse_csv(header + b, "b.csv"));
  const std::vector<Rival> rivals = {{"b", &two}};
  const Results results = evaluate(one, rivals, {.draws = 300});
  const Context& context = results.labels.at(0);
  CHECK(context.segments == 50);
  CHECK(context.excluded.at("not in b") == 10);
  const auto gain = std::ranges::find_if(context.comparisons, [](const Comparison& c) { return c.control == "b"; });
  REQUIRE(gain != context.comparisons.end());
  CHECK(gain->metric == "auroc");
  CHECK(gain->gain ==
        doctest::Approx(row(context.rows, "model", "auroc").value - row(context.rows, "b", "auroc").value));
  CHECK(gain->low > 0);  // the same noise in both: only a pairing sees it so narrowly
  CHECK(gain->probability > 0.97);
  CHECK(contains(context.verdict(), "Against b: AUROC gain +0."));
  CHECK(contains(results.to_csv(), "b,vt,,gain_auroc,"));
  const std::vector<Rival> twice = {{"b", &two}, {"b", &two}};
  CHECK(contains(message_of([&] { evaluate(one, twice, {.draws = 50}); }), "two systems are called 'b'"));
}

TEST_CASE("what a model abstained from, and its risk when it does") {
  const Context context = of_csv(
                              "record,subject,label,truth,score,confidence,abstain\n"
                              "a,,vt,1,0.9,3,false\nb,,vt,0,0.1,3,false\nc,,vt,1,0.4,1,true\nd,,vt,0,0.3,2,false\n",
                              {.draws = 50})
                              .labels.at(0);
  CHECK(row(context.rows, "model", "coverage").value == doctest::Approx(0.75));
  CHECK(row(context.rows, "model", "selective_accuracy").value == 1);
  // Errors 0, 0 (half of all), 0 (three quarters), 1/4 (all): mean over segments of the risk at their coverage.
  CHECK(row(context.rows, "model", "aurc").value == doctest::Approx(0.25 / 4));
}

TEST_CASE("a calibration minute moves each record's estimates and is not scored") {
  std::string rows = "record,subject,label,truth,score,start\n";
  for (int r = 0; r < 12; ++r)
    for (int t = 0; t < 4; ++t) rows += fmt::format("r{},,sbp,{},{},{}\n", r, 110 + 3 * r + t, 120 + t, 30 * t);
  const Context before = of_csv(rows, {.draws = 50}).labels.at(0);
  CHECK(row(before.rows, "model", "mae").value > 5);
  const Context after = of_csv(rows, {.calibrate = 60, .draws = 50}).labels.at(0);
  CHECK(after.segments == 24);
  CHECK(after.excluded.at("used to calibrate") == 24);
  CHECK(row(after.rows, "model", "mae").value == doctest::Approx(0));
  CHECK(row(after.rows, "mean", "mae").value == doctest::Approx(2));  // the mean of t = 0, 1 against 2 and 3
  CHECK(status_of([&] { of_csv(rows, {.calibrate = 600, .draws = 50}); }) == Status::kUsage);
}
