// What must not pass: subjects on both sides, signals under two names, subjects that a model knows.
#include <fmt/format.h>

#include <cmath>

#include "base/random.h"
#include "eval/nested.h"
#include "evaluation.h"

namespace {

using namespace cfm;
using namespace cfm::eval;

// A segment of noise with a tensor of its own; `like` gives the noise, so that two of them can be one signal.
stream::Segment segment(int subject, int like, int label, double gain = 1) {
  stream::Segment s;
  const std::string record = fmt::format("r{:03}", subject);
  s.header = {{"id", record + "/0"},
              {"record", record},
              {"subject", fmt::format("p{:03}", subject)},
              {"start", 0},
              {"labels", {{"alarm", label}}}};
  Random random(1, "test/leak", std::to_string(like));
  std::vector<float> samples, embedding;
  for (int i = 0; i < 1000; ++i) samples.push_back(static_cast<float>(gain * std::round(500 * random.normal())));
  for (int i = 0; i < 8; ++i) embedding.push_back(static_cast<float>(random.normal()));
  s.put(stream::make_tensor("ecg", {1, 1000}, samples,
                            {{"kind", "ecg"}, {"fs", 250}, {"names", {"II"}}, {"units", {"mV"}}}));
  s.put(stream::make_tensor("embedding", {8}, embedding, {{"kind", "embedding"}}));
  return s;
}

Evidence all_of(const std::vector<stream::Segment>& segments) {
  Evidence evidence({.tensor = "embedding"});
  for (const stream::Segment& s : segments) evidence.add(s, "a.cfm");
  evidence.finish();
  return evidence;
}

}  // namespace

TEST_CASE("a signal under two names is found, whatever its gain, and its subjects are one") {
  std::vector<stream::Segment> segments;
  for (int i = 0; i < 20; ++i) segments.push_back(segment(i, i, i % 2));
  CHECK(all_of(segments).repeats().empty());
  segments.push_back(segment(50, 3, 1, 0.37));
  const Evidence evidence = all_of(segments);
  REQUIRE(evidence.repeats().size() == 1);
  CHECK(evidence.repeats()[0].first == "r003/0");
  CHECK(evidence.repeats()[0].again == "r050/0");
  CHECK(evidence.repeats()[0].two_subjects);
  CHECK(evidence.items().back().subject == "p003");
  const Results results = evaluate(evidence, {}, {.probe = {"alarm"}, .draws = 50});
  CHECK(results.labels.at(0).subjects == 20);
  CHECK(contains(results.to_text(), "1 segment holds the signal of another name ('r050/0' is 'r003/0')"));
}

TEST_CASE("flat signals and signals of one subject are no two names") {
  stream::Segment a = segment(1, 1, 0), b = segment(2, 2, 1);
  for (stream::Segment* s : {&a, &b})
    s->put(stream::make_tensor("ppg", {1, 1000}, std::vector<float>(1000, 0.0F),
                               {{"kind", "ppg"}, {"fs", 125}, {"names", {"PLETH"}}, {"units", {"NU"}}}));
  CHECK(all_of({a, b}).repeats().empty());
  stream::Segment again = segment(1, 1, 0);
  again.header["id"] = "r001/9";
  const Evidence evidence = all_of({a, again});
  REQUIRE(evidence.repeats().size() == 1);
  CHECK_FALSE(evidence.repeats()[0].two_subjects);
}

TEST_CASE("an encoder that knows a subject's labels is not probed there unless that is said") {
  std::vector<stream::Segment> segments;
  for (int i = 0; i < 20; ++i) {
    segments.push_back(segment(i, i, i % 2));
    if (i == 7) segments.back().find("embedding")->attributes["seen"] = "labels";
    if (i == 8 || i == 9) segments.back().find("embedding")->attributes["seen"] = "pretraining";
  }
  const Evidence evidence = all_of(segments);
  EvaluateOptions options{.probe = {"alarm"}, .draws = 50};
  CHECK(contains(message_of([&] { evaluate(evidence, {}, options); }),
                 "the encoder was fitted with the labels of subject 'p007'"));
  CHECK(status_of([&] { evaluate(evidence, {}, options); }) == Status::kUsage);
  options.allow_seen = true;
  const Results results = evaluate(evidence, {}, options);
  CHECK(results.labels[0].seen_segments == 1);
  CHECK(results.labels[0].pretrained_subjects == 2);
  CHECK(contains(results.to_text(), "1 segment of 1 subject were seen in training with their labels"));
  CHECK(contains(results.to_text(), "2 segments of 2 subjects were in the model's pre-training"));
  CHECK(contains(results.labels[0].rows.front().note, "1 segments seen in training"));
}

TEST_CASE("predictions that a model made of subjects it knows are refused, too") {
  Evidence evidence({});
  evidence.add(
      parse_csv("record,subject,label,truth,score,seen\na,,vt,1,0.5,labels\nb,,vt,0,0.2,pretraining\n", "t.csv"));
  CHECK(contains(message_of([&] { evaluate(evidence, {}, {.draws = 50}); }), "the labels of subject 'a'"));
  const Context context = evaluate(evidence, {}, {.allow_seen = true, .draws = 50}).labels.at(0);
  CHECK(context.seen_subjects == 1);
  CHECK(context.pretrained_subjects == 1);
}

TEST_CASE("what is said of held-out subjects does not depend on their labels") {
  // All of one fold's labels are turned round: its own scores, thresholds and penalty stay bit for bit.
  std::vector<Json> values;
  std::vector<std::string> subjects;
  Inputs inputs{.values = Matrix(60, 6)};
  Random random(9, "test");
  for (std::size_t i = 0; i < 60; ++i) {
    values.push_back(i % 3 == 0 ? 1 : 0);
    subjects.push_back(fmt::format("p{:02}", i));
    for (double& v : inputs.values.row(i)) v = random.normal() + (i % 3 == 0 ? 0.5 : 0);
  }
  Problem problem = make_problem(Task::of("alarm", values, {}), values, subjects);
  const dataset::Folds folds = probe_folds(problem, 5, 0);
  for (const Learner learner : {Learner::kLinear, Learner::kForest}) {
    const NestedOptions options{.learner = learner};
    const System before = probe_out_of_fold("model", problem, inputs, folds, options);
    Problem turned = problem;
    for (std::size_t i = 0; i < 60; ++i)
      if (before.fold[i] == 2) turned.truth[i] = 1 - turned.truth[i];
    const System after = probe_out_of_fold("model", turned, inputs, folds, options);
    std::size_t held_out = 0, moved = 0;
    for (std::size_t i = 0; i < 60; ++i) {
      if (before.fold[i] != 2) {
        moved += before.scores.values[i] != after.scores.values[i];
        continue;
      }
      ++held_out;
      CHECK(before.scores.values[i] == after.scores.values[i]);
      CHECK(before.ranking.values[i] == after.ranking.values[i]);
      CHECK(before.decisions[i] == after.decisions[i]);
      CHECK(before.decisions2015[i] == after.decisions2015[i]);
    }
    CHECK(held_out == 12);
    CHECK(moved == 48);  // the others were trained on these labels
  }
}
