// Results made up by hand, one of each kind that a page is made of.
#pragma once

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "eval/metrics.h"
#include "eval/results.h"
#include "eval/system.h"

namespace cfm::test {

using eval::Context;
using eval::Results;
using eval::Row;
using eval::Scored;
using eval::System;
using eval::TaskKind;

// Beats of 0.8 s in 600 columns of 10 s, and a pulse.
inline std::vector<eval::Preview> strips(Random& random) {
  eval::Preview ecg{.name = "II", .kind = "ecg", .unit = "mV", .t0 = 0, .seconds = 10, .low = {}, .high = {}};
  eval::Preview ppg{.name = "PLETH", .kind = "ppg", .unit = "NU", .t0 = 0.1, .seconds = 9.9, .low = {}, .high = {}};
  for (int i = 0; i < 600; ++i) {
    const double phase = std::fmod(i / 60.0, 0.8);
    const double beat =
        1.2 * std::exp(-std::pow((phase - 0.3) / 0.02, 2)) + 0.25 * std::exp(-std::pow((phase - 0.55) / 0.06, 2));
    const double noise = 0.05 * random.normal();
    ecg.low.push_back(static_cast<float>(beat + noise - 0.04));
    ecg.high.push_back(static_cast<float>(beat + noise + 0.04));
    const double pulse = i > 200 && i < 260 ? NAN : std::sin(phase / 0.8 * 3.14);
    ppg.low.push_back(static_cast<float>(pulse));
    ppg.high.push_back(static_cast<float>(pulse + 0.01));
  }
  return {ecg, ppg};
}

inline void add_examples(Scored& scored, Random& random, bool drawn) {
  for (std::size_t i = 0; i < scored.problem.size(); ++i)
    scored.examples.push_back({.id = "v" + std::to_string(i) + "/0",
                               .record = "v" + std::to_string(i),
                               .subject = scored.problem.subject_of(i),
                               .start = 290,
                               .channels = drawn ? strips(random) : std::vector<eval::Preview>{}});
}

inline eval::Problem problem_of(TaskKind kind, std::vector<std::string> classes, std::size_t n, std::size_t subjects) {
  eval::Problem problem;
  problem.task = {.label = "label", .kind = kind, .classes = std::move(classes)};
  for (std::size_t s = 0; s < subjects; ++s) problem.subject_names.push_back("p" + std::to_string(s));
  for (std::size_t i = 0; i < n; ++i) problem.subject.push_back(i % subjects);
  return problem;
}

inline void add_rows(Context& context, const std::string& system, const std::vector<std::string>& metrics, double value,
                     const std::string& klass = "", bool interval = true) {
  for (const std::string& metric : metrics) {
    Row row{.system = system, .label = context.label, .klass = klass, .metric = metric, .value = value};
    if (interval) row.low = value - 0.08, row.high = value + 0.07;
    if (!interval) row.note = "no interval: 6 subjects, 10 are needed";
    row.subjects = context.subjects;
    row.segments = context.segments;
    context.rows.push_back(row);
  }
}

inline void add_comparisons(Context& context, const std::vector<std::string>& controls, const std::string& metric) {
  for (const std::string& control : controls)
    for (const std::string& of : {metric, std::string("auprc")})
      context.comparisons.push_back(
          {.control = control, .metric = of, .gain = 0.05, .low = -0.02, .high = 0.11, .probability = 0.93, .why = ""});
}

inline void finish(Context& context, std::shared_ptr<Scored> scored) {
  scored->problem.task.label = context.label;
  context.task = dataset::name_of(scored->problem.task.kind);
  context.protocol = "logistic probe on the embedding, 5 folds over subjects, strength by inner folds";
  context.classes = scored->problem.task.classes;
  context.scored = std::move(scored);
}

// `n` segments of `subjects`; the model separates a little better than its control, a third says always the same.
inline Context binary(std::size_t n = 143, std::size_t subjects = 143, bool drawn = true,
                      const std::string& positive = "1") {
  Random random(1, "test/binary");
  auto scored = std::make_shared<Scored>();
  scored->problem = problem_of(TaskKind::kBinary, {"0", positive}, n, subjects);
  Context context;
  context.label = "true_alarm";
  context.class_segments = {0, 0};
  for (std::size_t i = 0; i < n; ++i) {
    scored->problem.truth.push_back(i % 4 == 0 ? 1 : 0);
    ++context.class_segments[i % 4 == 0 ? 1 : 0];
  }
  for (const auto& [name, skill] :
       {std::pair<std::string, double>{"model", 1.6}, {"features", 1.2}, {"random weights", 0.5}, {"majority", 0}}) {
    System system{.name = name, .scores = eval::Matrix(n, 1)};
    for (std::size_t i = 0; i < n; ++i) {
      const double p =
          skill == 0 ? 0.25 : 1 / (1 + std::exp(1 - skill * (2 * scored->problem.truth[i] - 0.5) - random.normal()));
      system.scores.values[i] = p;
      system.decisions.push_back(p >= 0.4 ? 1 : 0);
      system.confidence.push_back(std::abs(p - 0.4));
      if (name == "model") system.abstained.push_back(std::abs(p - 0.4) < 0.05 ? 1 : 0);
    }
    system.decided = "threshold from inner folds";
    if (skill == 0) system.ranking = eval::Matrix(n, 1);
    scored->systems.push_back(system);
  }
  add_examples(*scored, random, drawn);
  context.subjects = subjects;
  context.segments = n;
  context.excluded = {{"without label", 7}, {"no embedding", 2}};
  const std::vector<std::string> metrics = {"auroc", "auprc", "f1", "se", "sp", "ppv", "brier", "ece", "score2015"};
  double value = 0.83;
  for (const System& system : scored->systems) {
    add_rows(context, system.name, metrics, value, "", subjects >= 10);
    value -= 0.09;
  }
  context.rows[2].note = "threshold from inner folds";
  add_comparisons(context, {"features", "random weights", "majority"}, "auroc");
  context.missing.push_back({"resnet1d", "cfm-finetune --model resnet1d --label true_alarm vt.cfm -o runs/r"});
  for (const char* sex : {"F", "M", "unknown"}) {
    eval::Stratum stratum{.by = "sex", .value = sex, .subjects = 40, .segments = 45, .rows = {}, .why = ""};
    if (std::string(sex) == "unknown") {
      stratum.why = "one class only";
    } else {
      Context part;
      add_rows(part, "model", metrics, sex[0] == 'F' ? 0.71 : 0.86);
      stratum.rows = part.rows;
    }
    context.strata.push_back(stratum);
  }
  for (const double fraction : {0.01, 0.1, 0.5})
    for (const char* name : {"model", "features"}) {
      Row row{
          .system = name, .label = context.label, .metric = "auroc", .value = 0.7 + 0.03 * std::log10(100 * fraction)};
      row.low = row.value - 0.1;
      row.high = row.value + 0.1;
      row.fraction = fraction;
      context.rows.push_back(row);
    }
  finish(context, scored);
  return context;
}

inline Context classes(std::vector<std::string> names = {"A", "N", "O", "~"}, TaskKind kind = TaskKind::kClasses) {
  const std::size_t n = 400, k = names.size();
  Random random(2, "test/classes");
  auto scored = std::make_shared<Scored>();
  scored->problem = problem_of(kind, names, n, 200);
  Context context;
  context.label = "rhythm";
  context.class_segments.resize(k);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t truth = std::min(random.below(k), random.below(k));
    scored->problem.truth.push_back(static_cast<double>(truth));
    ++context.class_segments[truth];
  }
  for (const auto& [name, skill] : {std::pair<std::string, double>{"model", 2.5}, {"features", 1.5}}) {
    System system{.name = name, .scores = eval::Matrix(n, k)};
    for (std::size_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < k; ++j)
        sum += system.scores.row(i)[j] =
            std::exp(random.normal() + (static_cast<double>(j) == scored->problem.truth[i] ? skill : 0));
      for (double& p : system.scores.row(i)) p /= sum;
      const auto row = system.scores.row(i);
      system.decisions.push_back(static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin()));
      system.confidence.push_back(*std::max_element(row.begin(), row.end()));
    }
    scored->systems.push_back(system);
  }
  add_examples(*scored, random, true);
  context.subjects = 200;
  context.segments = n;
  for (const System& system : scored->systems) {
    add_rows(context, system.name, {"auroc", "auprc", "f1", "score2017"}, 0.8);
    for (const std::string& name : names) add_rows(context, system.name, {"auroc", "f1", "se", "ppv"}, 0.7, name);
  }
  add_comparisons(context, {"features"}, "auroc");
  finish(context, scored);
  return context;
}

inline Context numbers(std::size_t n = 2600) {
  Random random(3, "test/numbers");
  auto scored = std::make_shared<Scored>();
  scored->problem = problem_of(TaskKind::kNumber, {}, n, 62);
  Context context;
  context.label = "sbp";
  System model{.name = "model", .scores = eval::Matrix(n, 1)}, mean{.name = "mean", .scores = eval::Matrix(n, 1)};
  for (std::size_t i = 0; i < n; ++i) {
    const double truth = 120 + 18 * random.normal();
    scored->problem.truth.push_back(truth);
    model.scores.values[i] = 120 + 0.7 * (truth - 120) + 9 * random.normal();
    mean.scores.values[i] = 120;
  }
  mean.ranking = eval::Matrix(n, 1);
  scored->systems = {model, mean};
  add_examples(*scored, random, false);
  context.subjects = 62;
  context.segments = n;
  for (const char* name : {"model", "mean"})
    add_rows(context, name, {"mae", "rmse", "r2", "bias", "sd", "pearson"}, 9.3);
  context.rows.back().value = context.rows.back().low = context.rows.back().high = NAN;
  add_comparisons(context, {"mean"}, "mae");
  finish(context, scored);
  return context;
}

inline Context labels(std::size_t k = 10) {
  const std::size_t n = 200;
  Random random(4, "test/labels");
  std::vector<std::string> names;
  for (std::size_t j = 0; j < k; ++j) names.push_back("finding " + std::to_string(j));
  auto scored = std::make_shared<Scored>();
  scored->problem = problem_of(TaskKind::kMultilabel, names, n, 100);
  scored->problem.members = eval::Matrix(n, k);
  System model{.name = "model", .scores = eval::Matrix(n, k), .members = eval::Matrix(n, k)};
  Context context;
  context.label = "dx";
  context.class_segments.resize(k);
  for (std::size_t i = 0; i < n; ++i) {
    double held = 0;
    for (std::size_t j = 0; j < k; ++j) {
      const bool holds = random.below(k) < 1 + j / 3;
      scored->problem.members.row(i)[j] = holds;
      held += holds;
      context.class_segments[j] += holds;
      model.scores.row(i)[j] = 1 / (1 + std::exp(1.5 - 2.5 * holds - random.normal()));
      model.members.row(i)[j] = model.scores.row(i)[j] > 0.5;
    }
    scored->problem.truth.push_back(held);
    model.confidence.push_back(random.uniform());
  }
  scored->systems = {model};
  add_examples(*scored, random, true);
  context.subjects = 100;
  context.segments = n;
  add_rows(context, "model", {"auroc", "map", "hamming_loss"}, 0.8);
  for (const std::string& name : names) add_rows(context, "model", {"auroc", "auprc"}, 0.75, name);
  finish(context, scored);
  return context;
}

inline Context beats() {
  Context context;
  context.label = context.task = "beats";
  context.unit = "beat";
  context.protocol = "150 ms window, from 5:00";
  context.subjects = 2;
  context.segments = 4500;
  context.text = "Record  Se     +P\n100     99.90  100.00\n";
  for (const char* record : {"", "100", "101"}) {
    Row row{.system = "model", .label = "beats", .metric = "se", .value = 0.999, .segments = 2250, .record = record};
    row.note = record[0] == 0 ? "gross" : "";
    context.rows.push_back(row);
    row.metric = "ppv";
    row.value = NAN;
    context.rows.push_back(row);
  }
  context.details = {{"matrix", {{"N", {{"n", 4500}, {"v", 1}}}, {"V", {{"n", 0}, {"v", 20}}}}}, {"window", 0.15}};
  return context;
}

inline Results results_of(std::vector<Context> contexts) {
  using stream::Json;
  Results results;
  results.labels = std::move(contexts);
  results.read = 152;
  results.upstream = {
      Json::parse(R"({"tool": "cfm-segment", "read": 171, "written": 171, "skipped": {}})"),
      Json::parse(
          R"({"tool": "cfm-quality", "read": 171, "written": 152, "skipped": {"score below 0.3": 12, "no ppg": 7}})")};
  results.provenance = {Json::parse(R"([
    {"id": "1", "tool": "cfm-segment", "version": "0.1.0", "args": ["--signals", "ecg,ppg", "--at", "alarm = 1", "challenge2015"],
     "started": "2026-11-21T15:00:00Z"},
    {"id": "2", "tool": "cfm-quality", "version": "0.1.0", "args": ["--min", "0.3"], "seed": 0, "started": "2026-11-21T15:00:01Z"}])")};
  results.repeats = {{"v3/0", "v9/0", true}, {"v4/0", "v10/0", false}};
  results.seed = 7;
  results.draws = 2000;
  return results;
}

}  // namespace cfm::test
