#include "eval/metrics.h"

#include <map>

#include "golden.h"

namespace {

using namespace cfm;
using namespace cfm::eval;
using test::Json;

// Each expected figure that `got` names, within the tolerance of the file. Returns how many were compared.
int agree(const Json& file, const Json& c, const std::map<std::string, double>& got) {
  const Json& tolerance = file["tolerance"]["double"];
  int compared = 0;
  for (const auto& [name, want] : c["expect"].items()) {
    const auto at = got.find(name);
    if (at == got.end()) continue;
    ++compared;
    CAPTURE(c["name"].get<std::string>());
    CAPTURE(name);
    CAPTURE(at->second);
    CAPTURE(want.dump());
    CHECK(test::close(at->second, test::number(want), tolerance["relative"], tolerance["absolute"]));
  }
  return compared;
}

void agree_each(const Json& file, const Json& c, const std::string& name, const std::vector<double>& got) {
  const Json& tolerance = file["tolerance"]["double"];
  const std::vector<double> want = test::numbers(c["expect"][name]);
  CAPTURE(c["name"].get<std::string>());
  CAPTURE(name);
  REQUIRE(got.size() == want.size());
  for (std::size_t k = 0; k < got.size(); ++k)
    CHECK(test::close(got[k], want[k], tolerance["relative"], tolerance["absolute"]));
}

Matrix matrix(const Json& rows) {
  Matrix m(rows.size(), rows[0].size());
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < m.columns; ++j) m.row(i)[j] = rows[i][j];
  return m;
}

}  // namespace

TEST_CASE("two classes agree with the golden file") {
  CFM_NEEDS(folder, "CFM_GOLDEN")
  const Json file = test::golden(folder, "binary");
  int compared = 0;
  for (const Json& c : file["cases"]) {
    const std::vector<int> y = test::integers(c["labels"]);
    const std::vector<double> s = test::numbers(c["scores"]), w = test::weights_of(c);
    const Ranking ranking(y, s);
    const Confusion t = confusion(y, decide(s, c["threshold"]), w);
    const Calibration calibrated = calibration(y, s, w);
    compared += agree(file, c,
                      {{"auroc", ranking.auroc(w)},
                       {"average_precision", ranking.average_precision(w)},
                       {"tn", t.tn},
                       {"fp", t.fp},
                       {"fn", t.fn},
                       {"tp", t.tp},
                       {"accuracy", t.accuracy()},
                       {"sensitivity", t.sensitivity()},
                       {"specificity", t.specificity()},
                       {"ppv", t.ppv()},
                       {"npv", t.npv()},
                       {"f1", t.f1()},
                       {"balanced_accuracy", t.balanced_accuracy()},
                       {"mcc", t.mcc()},
                       {"challenge2015", t.challenge2015()},
                       {"brier", brier(y, s, w)},
                       {"log_loss", log_loss(y, s, w)},
                       {"ece10", calibrated.ece},
                       {"mce10", calibrated.mce}});
    if (c["expect"].contains("reliability")) {
      const Json& bins = c["expect"]["reliability"];
      REQUIRE(bins.size() == calibrated.bins.size());
      for (std::size_t b = 0; b < bins.size(); ++b) {
        CHECK(calibrated.bins[b].bin == bins[b]["bin"]);
        CHECK(calibrated.bins[b].frequency == doctest::Approx(bins[b]["frequency"].get<double>()).epsilon(1e-10));
        CHECK(calibrated.bins[b].mean_score == doctest::Approx(bins[b]["mean_score"].get<double>()).epsilon(1e-10));
      }
    }
    if (!c.contains("roc")) continue;
    const std::vector<RocPoint> roc = ranking.roc(w);
    REQUIRE(roc.size() == c["roc"]["fpr"].size());
    for (std::size_t i = 0; i < roc.size(); ++i) {
      CHECK(test::close(roc[i].fpr, c["roc"]["fpr"][i], 1e-10, 1e-12));
      CHECK(test::close(roc[i].tpr, c["roc"]["tpr"][i], 1e-10, 1e-12));
      if (i > 0) CHECK(roc[i].threshold == c["roc"]["threshold"][i].get<double>());
    }
  }
  CHECK(file["cases"].size() == 19);
  CHECK(compared > 19 * 14);
}

TEST_CASE("several classes agree with the golden file") {
  CFM_NEEDS(folder, "CFM_GOLDEN")
  const Json file = test::golden(folder, "multiclass");
  for (const Json& c : file["cases"]) {
    const std::vector<int> y = test::integers(c["labels"]);
    const Matrix p = matrix(c["scores"]);
    const std::vector<double> w = test::weights_of(c);
    const ClassTable t = class_table(y, argmax(p), p.columns, w);
    std::vector<double> areas, precisions, f1, se, ppv;
    const std::vector<Ranking> each = rankings(y, p);
    for (std::size_t k = 0; k < p.columns; ++k) {
      areas.push_back(each[k].auroc(w));
      precisions.push_back(each[k].average_precision(w));
      f1.push_back(t.f1(k));
      se.push_back(t.sensitivity(k));
      ppv.push_back(t.ppv(k));
    }
    agree_each(file, c, "auroc", areas);
    agree_each(file, c, "average_precision", precisions);
    agree_each(file, c, "f1", f1);
    agree_each(file, c, "sensitivity", se);
    agree_each(file, c, "ppv", ppv);
    std::map<std::string, double> got = {{"auroc_macro_ovr", mean_defined(areas)},
                                         {"average_precision_macro", mean_defined(precisions)},
                                         {"f1_macro_defined", t.f1_macro()},
                                         {"f1_micro", t.accuracy()},
                                         {"accuracy", t.accuracy()},
                                         {"f1_weighted", t.f1_weighted()},
                                         {"balanced_accuracy", t.balanced_accuracy()},
                                         {"mcc", t.mcc()},
                                         {"kappa", t.kappa()},
                                         {"log_loss", log_loss(y, p, w)},
                                         {"brier_sum", brier_sum(y, p, w)},
                                         {"ece10_top", calibration_top(y, p, w).ece},
                                         {"mce10_top", calibration_top(y, p, w).mce}};
    if (c["expect"].contains("challenge2017")) got["challenge2017"] = t.challenge2017({0, 1, 2});
    CHECK(agree(file, c, got) == static_cast<int>(got.size()));
  }
}

TEST_CASE("several labels agree with the golden file") {
  CFM_NEEDS(folder, "CFM_GOLDEN")
  const Json file = test::golden(folder, "multilabel");
  for (const Json& c : file["cases"]) {
    const MultiLabel m = multi_label(matrix(c["labels"]), matrix(c["scores"]), c["threshold"]);
    CHECK(agree(file, c,
                {{"auroc_macro", m.auroc_macro},
                 {"auroc_micro", m.auroc_micro},
                 {"map_macro", m.map_macro},
                 {"map_micro", m.map_micro},
                 {"f1_macro_defined", m.f1_macro},
                 {"f1_micro", m.f1_micro},
                 {"lrap", m.label_ranking_precision},
                 {"ranking_loss", m.ranking_loss},
                 {"coverage_error", m.coverage},
                 {"hamming_loss", m.hamming_loss},
                 {"subset_accuracy", m.subset_accuracy}}) == 11);
  }
}

TEST_CASE("numbers agree with the golden file") {
  CFM_NEEDS(folder, "CFM_GOLDEN")
  const Json file = test::golden(folder, "regression");
  for (const Json& c : file["cases"]) {
    const std::vector<double> x = test::numbers(c["reference"]), y = test::numbers(c["estimate"]);
    const double train_mean = c.contains("train_mean") ? test::number(c["train_mean"]) : std::nan("");
    const Regression r = regression(x, y, test::weights_of(c), train_mean);
    agree(file, c,
          {{"left_out", static_cast<double>(r.left_out)},
           {"mae", r.mae},
           {"rmse", r.rmse},
           {"r2", r.r2},
           {"mase_mean", r.mase},
           {"bias", r.bias},
           {"sd", r.sd},
           {"loa_low", r.loa_low},
           {"loa_high", r.loa_high},
           {"pearson", r.pearson},
           {"spearman", spearman(x, y)},
           {"ccc", r.ccc}});
    if (!c["expect"].contains("bhs_grade")) continue;
    CAPTURE(c["name"].get<std::string>());
    CHECK(std::string(1, r.bhs_grade) == c["expect"]["bhs_grade"]);
    agree_each(file, c, "bhs_percent", {r.bhs_percent.begin(), r.bhs_percent.end()});
  }
}

TEST_CASE("worked by hand: five items") {
  const std::vector<int> y = {0, 0, 1, 1, 1};
  const std::vector<double> s = {0.1, 0.4, 0.35, 0.4, 0.8};
  const Ranking ranking(y, s);
  // Six pairs: 0.35 beats 0.1 only; 0.4 beats 0.1 and ties with 0.4; 0.8 beats both.
  CHECK(ranking.auroc() == doctest::Approx((1 + 1.5 + 2) / 6));
  // Thresholds 0.8: P 1, R 1/3; 0.4: P 2/3, R 2/3; 0.35: P 3/4, R 1.
  CHECK(ranking.average_precision() == doctest::Approx((1 + 2.0 / 3 + 3.0 / 4) / 3));
  const Confusion t = confusion(y, decide(s, 0.4));
  CHECK(t.tp == 2);
  CHECK(t.fn == 1);
  CHECK(t.fp == 1);
  CHECK(t.tn == 1);
  CHECK(t.f1() == doctest::Approx(4.0 / 6));
  CHECK(t.balanced_accuracy() == doctest::Approx((2.0 / 3 + 0.5) / 2));
  CHECK(t.challenge2015() == doctest::Approx(100.0 * 3 / (3 + 1 + 5)));
}

TEST_CASE("suppressing nothing and everything scores as published for the VT alarms") {
  std::vector<int> y(171, 0);
  std::fill(y.begin(), y.begin() + 45, 1);
  CHECK(confusion(y, std::vector<int>(171, 1)).challenge2015() == doctest::Approx(26.3).epsilon(0.002));
  CHECK(confusion(y, std::vector<int>(171, 0)).challenge2015() == doctest::Approx(35.9).epsilon(0.002));
}

TEST_CASE("what is undefined is NaN") {
  const std::vector<int> ones = {1, 1, 1};
  const std::vector<double> s = {0.2, 0.5, 0.9};
  CHECK(std::isnan(Ranking(ones, s).auroc()));
  CHECK(std::isnan(confusion(ones, decide(s, 0.5)).specificity()));
  CHECK(std::isnan(confusion(ones, decide(s, 0.5)).balanced_accuracy()));
  CHECK(std::isnan(Ranking({}, {}).auroc()));
  CHECK(std::isnan(confusion({}, {}).accuracy()));
  CHECK(std::isnan(brier(ones, std::vector<double>{0.1, 0.2, 1.5})));
  CHECK(std::isnan(mean_defined({})));
  CHECK_THROWS_AS(Ranking(ones, std::vector<double>{0.1}), std::invalid_argument);
}

TEST_CASE("equal scores rank nothing; monotone maps, weights and repetitions change nothing they should not") {
  std::vector<int> y;
  std::vector<double> s, mapped, flipped, w, twice_s;
  std::vector<int> twice_y;
  for (int i = 0; i < 200; ++i) {
    y.push_back((i * 37) % 5 == 0);
    s.push_back(((i * 61) % 97) / 97.0);
    mapped.push_back(std::exp(3 * s.back()) - 7);
    flipped.push_back(-s.back());
    w.push_back(i % 3);
    for (int k = 0; k < i % 3; ++k) {
      twice_y.push_back(y.back());
      twice_s.push_back(s.back());
    }
  }
  CHECK(Ranking(y, std::vector<double>(200, 0.3)).auroc() == 0.5);
  CHECK(Ranking(y, mapped).auroc() == Ranking(y, s).auroc());
  CHECK(Ranking(y, mapped).average_precision() == Ranking(y, s).average_precision());
  CHECK(Ranking(y, flipped).auroc() == doctest::Approx(1 - Ranking(y, s).auroc()));
  CHECK(Ranking(y, s).auroc(w) == doctest::Approx(Ranking(twice_y, twice_s).auroc()));
  CHECK(Ranking(y, s).average_precision(w) == doctest::Approx(Ranking(twice_y, twice_s).average_precision()));
  CHECK(confusion(y, decide(s, 0.5), w).mcc() == doctest::Approx(confusion(twice_y, decide(twice_s, 0.5)).mcc()));
}
