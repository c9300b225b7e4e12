#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "base/random.h"
#include "eval/nested.h"
#include "evaluation.h"

namespace {

using namespace cfm;
using namespace cfm::eval;

CsvTable table(const std::string& rows) { return parse_csv("record,subject,label,truth,score\n" + rows, "scores.csv"); }

Results of_table(const std::string& rows, EvaluateOptions options = {.draws = 200}) {
  Evidence evidence({});
  evidence.add(table(rows));
  return evaluate(evidence, {}, options);
}

stream::Segment segment(int subject, int part, const Json& label) {
  stream::Segment s;
  const std::string record = fmt::format("r{:03}", subject);
  s.header["id"] = fmt::format("{}/{}", record, part * 1000);
  s.header["record"] = record;
  s.header["subject"] = fmt::format("p{:03}", subject);
  s.header["start"] = part * 10.0;
  if (!label.is_null()) s.header["labels"] = {{"alarm", label}};
  return s;
}

// `signal` separates the classes along one axis of the embedding; the random one only sees noise.
Evidence embedded(int subjects, int dimensions, double signal, bool control = true) {
  Evidence evidence({.tensor = "embedding"});
  for (int i = 0; i < subjects; ++i) {
    stream::Segment s = segment(i, 0, i % 3 == 0 ? 1 : 0);
    Random random(5, "test/embedding", s.id());
    std::vector<float> model, other;
    for (int j = 0; j < dimensions; ++j) {
      model.push_back(static_cast<float>(random.normal() + (j == 0 && i % 3 == 0 ? signal : 0)));
      other.push_back(static_cast<float>(random.normal()));
    }
    s.put(stream::make_tensor("embedding", {dimensions}, model, {{"kind", "embedding"}}));
    if (control) s.put(stream::make_tensor("embedding_random", {dimensions}, other, {{"kind", "embedding"}}));
    evidence.add(s, "a.cfm");
  }
  return evidence;
}

std::string twelve_rows() {
  std::string rows;
  for (int i = 0; i < 12; ++i) rows += fmt::format("r{},,vt,{},{}\n", i, i % 3 == 0 ? 1 : 0, (i * 7 % 12) / 12.0);
  return rows;
}

}  // namespace

TEST_CASE("types of labels") {
  const auto classes = [](std::vector<Json> values, std::optional<std::string> positive = {}) {
    return Task::of("x", values, {.positive = positive}).classes;
  };
  using Names = std::vector<std::string>;
  CHECK(classes({0, 1, 0}) == Names{"0", "1"});
  CHECK(classes({1, 2}) == Names{"2", "1"});
  CHECK(classes({true, false}) == Names{"false", "true"});
  CHECK(classes({"VT", "AF"}) == Names{"AF", "VT"});
  CHECK(classes({"VT", "AF"}, "AF") == Names{"VT", "AF"});
  CHECK(classes({1.0, 0, 1}) == Names{"0", "1"});
  CHECK(Task::of("x", std::vector<Json>{"N", "A", "O"}, {}).kind == TaskKind::kClasses);
  CHECK(Task::of("x", std::vector<Json>{1, 2, 3}, {}).kind == TaskKind::kNumber);
  CHECK(contains(message_of([&] { classes({"a", "b"}, "c"); }), "no value 'c'; its values are a, b"));
  CHECK(contains(message_of([&] { classes({1, 1}); }), "is 1 in all 2 segments"));
  CHECK(status_of([&] { classes({"a", "b", "c"}, "a"); }) == Status::kUsage);
  CHECK(status_of([&] { classes({Json::array({1, 2}), 3}); }) == Status::kUsage);
  CHECK(classes({Json::array({"AF", "VT"}), Json::array({"VT"}), Json::array()}) == Names{"AF", "VT"});
  const auto asked = [](TaskKind kind, std::vector<Json> values) {
    return Task::of("x", values, {.kind = kind}).classes;
  };
  CHECK(asked(TaskKind::kOrdinal, {10, 9, 2}) == Names{"2", "9", "10"});
  CHECK(asked(TaskKind::kClasses, {10, 9, 2}) == Names{"10", "2", "9"});
  CHECK(asked(TaskKind::kMultilabel, {"AF, VT", "VT;N"}) == Names{"AF", "N", "VT"});
  CHECK(status_of([&] { asked(TaskKind::kNumber, {"a", "b"}); }) == Status::kUsage);
  CHECK(status_of([&] { asked(TaskKind::kBinary, {1, 2, 3}); }) == Status::kUsage);
}

TEST_CASE("a table of scores, worked by hand") {
  // The five items of metrics_test, one subject with two segments; one row without truth, one without score.
  const Results results =
      of_table("a,,vt,0,0.1\nb,,vt,0,0.4\nc,s,vt,1,0.35\nd,s,vt,1,0.4\ne,,vt,1,0.8\nf,,vt,,0.5\ng,,vt,1,\n");
  const Context& context = results.labels.at(0);
  CHECK(context.segments == 5);
  CHECK(context.subjects == 4);
  CHECK(context.prevalence() == doctest::Approx(0.6));
  CHECK(context.excluded == std::map<std::string, std::uint64_t>{{"without label", 1}, {"without score", 1}});
  CHECK(context.rows.front().metric == "auroc");
  const Row& area = row(context, "model", "auroc");
  CHECK(area.value == doctest::Approx(4.5 / 6));
  CHECK(std::isnan(area.low));
  CHECK(area.note == "no interval: 4 subjects, fewer than 10");
  CHECK(row(context, "model", "se").value == doctest::Approx(1.0 / 3));
  CHECK(contains(row(context, "model", "se").note, "at 0.5, which was not chosen on validation"));
  CHECK(row(context, "majority", "auroc").value == 0.5);
  CHECK(row(context, "majority", "accuracy").value == doctest::Approx(0.6));
  CHECK(contains(context.verdict(), "Cannot tell whether the model beats its controls"));
}

TEST_CASE("thresholds, decisions and classes of a table") {
  Evidence evidence({});
  evidence.add(
      parse_csv("id,record,subject,label,truth,score,threshold,fold,seen\n"
                "a/0,a,,vt,1,0.3,0.25,0/2,true\nb/0,b,,vt,0,0.3,0.35,1/2,\n",
                "t.csv"));
  CHECK(contains(message_of([&] { evaluate(evidence, {}, {.draws = 50}); }), "fitted with the labels of subject 'a'"));
  const Context two = evaluate(evidence, {}, {.allow_seen = true, .draws = 50}).labels.at(0);
  CHECK(row(two, "model", "accuracy").value == 1);
  CHECK(two.seen_segments == 1);
  CHECK(contains(row(two, "model", "auroc").note, "1 segments seen in training"));
  CHECK(two.protocol == "predictions of 2 folds, pooled");

  Evidence several({});
  several.add(
      parse_csv("record,subject,label,truth,score,prediction,score_A,score_N,score_O,score_~\n"
                "a,,rhythm,N,,N,0.1,0.7,0.1,0.1\nb,,rhythm,A,,A,0.6,0.2,0.1,0.1\n"
                "c,,rhythm,O,,N,0.1,0.5,0.4,0\nd,,rhythm,~,,~,0.1,0.1,0.1,0.7\n",
                "t.csv"));
  const Context four = evaluate(several, {}, {.draws = 50}).labels.at(0);
  CHECK(row(four, "model", "accuracy").value == 0.75);
  CHECK(row(four, "model", "score2017").value == doctest::Approx((2.0 / 3 + 1 + 0) / 3));
  CHECK(row(four, "model", "f1", "A").value == 1);
  CHECK(row(four, "model", "auroc").value == 1);

  const Context number = of_table("a,,hr,60,62\nb,,hr,70,69\nc,,hr,80,83\n").labels.at(0);
  CHECK(number.task == "regression");
  CHECK(row(number, "model", "mae").value == doctest::Approx(2));
  CHECK(row(number, "mean", "r2").value == doctest::Approx(0));
}

TEST_CASE("what cannot be scored is refused with words") {
  const auto words = [](const std::string& rows, EvaluateOptions options = {.draws = 50}) {
    CHECK(status_of([&] { of_table(rows, options); }) == Status::kUsage);
    return message_of([&] { of_table(rows, options); });
  };
  CHECK(contains(words("a,,vt,1,0.1\nb,,vt,1,0.2\n"), "label 'vt' is 1 in all 2 segments"));
  CHECK(contains(words("a,,vt,,0.1\n"), "no segment has a label 'vt'"));
  CHECK(contains(words("a,,vt,1,0.1\nb,,vt,0,0.2\n", {.labels = {"af"}}), "no predictions of 'af'; there are of vt"));
  CHECK(contains(words("a,,vt,1,0.1\nb,,vt,0,0.2\n", {.label = {.positive = "2"}}), "its values are 0, 1"));
  CHECK(status_of([] { of_table(""); }) == Status::kUsage);
  CHECK(status_of([] {
          Evidence evidence({});
          evidence.add(parse_csv("record,label,truth,score\na,vt,1,0.5\n", "t.csv"));
        }) == Status::kUsage);

  Evidence evidence({});
  evidence.add(segment(1, 0, 1), "a.cfm");
  CHECK(contains(message_of([&] { evidence.add(segment(1, 0, 1), "b.cfm"); }),
                 "segment 'r001/0' is there twice (in a.cfm and in b.cfm)"));
  CHECK(contains(message_of([&] { evaluate(evidence, {}, {}); }), "the input holds no predictions (labels: alarm;"));
  CHECK(contains(message_of([&] { evaluate(evidence, {}, {.probe = {"alarm"}}); }),
                 "no segment has a tensor 'embedding' to probe"));
  CHECK(contains(message_of([&] { evaluate(embedded(12, 3, 1), {}, {.probe = {"vt"}}); }),
                 "no segment has a label 'vt'; there are alarm"));
}

TEST_CASE("a subject that two folds scored was on both sides of one of them") {
  Evidence evidence({});
  evidence.add(parse_csv("record,subject,label,truth,score,fold\na,p,vt,1,0.5,0/2\nb,p,vt,0,0.5,1/2\n", "t.csv"));
  CHECK(contains(message_of([&] { evaluate(evidence, {}, {}); }), "subject 'p' is scored in fold 0/2 and in fold 1/2"));
}

TEST_CASE("a probe stands beside its controls on the same folds") {
  const EvaluateOptions options{.probe = {"alarm"}, .draws = 500};
  const Context context = evaluate(embedded(150, 200, 4), {}, options).labels.at(0);
  CHECK(context.prevalence() == doctest::Approx(1.0 / 3));
  const Row& model = row(context, "model", "auroc");
  CHECK(model.value > 0.75);
  CHECK(model.low < model.value);
  CHECK(model.subjects == 150);
  CHECK(contains(model.note, "pooled out-of-fold logits"));
  CHECK(row(context, "random", "auroc").value < 0.7);
  CHECK(row(context, "majority", "auroc").value == 0.5);
  CHECK(row(context, "majority", "se").value == 0);
  CHECK(context.missing.size() == 2);  // features without a waveform, and the network
  CHECK(context.verdict().starts_with("The model beats its controls: AUROC gain over random +0."));

  // Labels that have nothing to do with the embedding: no leak, no win.
  const Context nothing = evaluate(embedded(150, 200, 0), {}, options).labels.at(0);
  CHECK(row(nothing, "model", "auroc").low < 0.5);
  CHECK(row(nothing, "model", "auroc").high > 0.4);
  CHECK(nothing.verdict().starts_with("The model does not beat its controls"));
}

TEST_CASE("a control that is missing is named with the command that adds it") {
  const Results results = evaluate(embedded(30, 4, 2, false), {}, {.probe = {"alarm"}, .draws = 100});
  REQUIRE(results.labels[0].missing.size() == 3);
  CHECK(contains(results.to_text(), "control 'random' is missing; add it with: cfm-embed --control"));
  CHECK(contains(results.to_json(), "\"missing_controls\""));
}

TEST_CASE("a probe is a function of the seed, not of threads or of the order of segments") {
  const auto value = [](std::uint64_t seed, int threads) {
    return evaluate(embedded(60, 10, 1), {}, {.probe = {"alarm"}, .seed = seed, .threads = threads, .draws = 100})
        .to_json();
  };
  CHECK(value(1, 1) == value(1, 3));
  CHECK(value(1, 1) != value(2, 1));
}

TEST_CASE("pooling folds costs no rank: weak signals under a strong penalty") {
  double pooled = 0, within = 0;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const Context context =
        evaluate(embedded(150, 300, 1.5), {}, {.probe = {"alarm"}, .seed = seed, .draws = 20}).labels.at(0);
    const Row& area = row(context, "model", "auroc");
    pooled += area.value / 4;
    within += std::stod(area.note.substr(area.note.rfind(' '))) / 4;
  }
  MESSAGE("AUROC pooled " << pooled << ", mean of folds " << within);
  CHECK(std::abs(pooled - within) < 0.02);
}

TEST_CASE("segments of a subject are never on both sides") {
  // Each subject has its own direction and its own label: who sees a subject in training knows it, who doesn't can't.
  Evidence evidence({.tensor = "embedding"});
  for (int i = 0; i < 40; ++i)
    for (int part = 0; part < 5; ++part) {
      stream::Segment s = segment(i, part, i % 2);
      std::vector<float> axis(40, 0.0F);
      axis[static_cast<std::size_t>(i)] = 1;
      s.put(stream::make_tensor("embedding", {40}, axis, {{"kind", "embedding"}}));
      evidence.add(s, "a.cfm");
    }
  const Context context = evaluate(evidence, {}, {.probe = {"alarm"}, .draws = 100}).labels.at(0);
  CHECK(context.segments == 200);
  CHECK(context.subjects == 40);
  CHECK(row(context, "model", "auroc").value < 0.7);
}

TEST_CASE("folds of a probe need three subjects of each class") {
  const auto words = [](int subjects) {
    return message_of([&] { evaluate(embedded(subjects, 3, 1, false), {}, {.probe = {"alarm"}, .draws = 50}); });
  };
  CHECK(contains(words(6), "2 subjects of the second most common class: a probe with inner folds needs at least 3"));
  CHECK(words(9).empty());
}

TEST_CASE("several classes and numbers can be probed, too") {
  Evidence evidence({.tensor = "embedding"});
  for (int i = 0; i < 90; ++i) {
    stream::Segment s = segment(i, 0, nullptr);
    const int k = i % 3;
    Random random(6, "test", s.id());
    const float x = static_cast<float>(random.normal());
    s.header["labels"] = {{"rhythm", std::string(1, static_cast<char>('a' + k))}, {"hr", 70 + 5 * x}};
    std::vector<float> e = {x, 0, 0};
    for (float& v : e) v += static_cast<float>(0.3 * random.normal());
    e[1] += k == 1 ? 2 : 0;
    e[2] += k == 2 ? 2 : 0;
    s.put(stream::make_tensor("embedding", {3}, e, {{"kind", "embedding"}}));
    evidence.add(s, "a.cfm");
  }
  const Context rhythm = evaluate(evidence, {}, {.probe = {"rhythm"}, .draws = 100}).labels.at(0);
  CHECK(rhythm.task == "multiclass");
  CHECK(row(rhythm, "model", "accuracy").value > 0.9);
  CHECK(row(rhythm, "majority", "accuracy").value < 0.5);
  const Context rate = evaluate(evidence, {}, {.probe = {"hr"}, .draws = 100}).labels.at(0);
  CHECK(row(rate, "model", "r2").value > 0.8);
  CHECK(row(rate, "mean", "r2").value <= 0.0);
  CHECK(rate.verdict().starts_with("The model beats its controls: MAE gain over mean +"));
}

TEST_CASE("the threshold of largest criterion, the lowest of equals") {
  const std::vector<int> y = {0, 0, 1, 1};
  const std::vector<double> s = {0.1, 0.2, 0.6, 0.8};
  CHECK(best_threshold(y, s, &Confusion::balanced_accuracy) == doctest::Approx(0.4));
  CHECK(best_threshold(std::vector<int>{1, 1}, std::vector<double>{0.2, 0.9}, &Confusion::accuracy) == 0.2);
  CHECK(best_threshold(std::vector<int>{0, 0}, std::vector<double>{0.2, 0.9}, &Confusion::accuracy) > 0.9);
}

TEST_CASE("the three forms of a result") {
  const Results results = of_table(twelve_rows());
  const CsvTable csv = parse_csv(results.to_csv(), "out.csv");
  CHECK(
      results.to_csv().starts_with("system,label,class,metric,value,low,high,subjects,segments,record,lead,note,"
                                   "stratum,fraction\nmodel,vt,,auroc,"));
  CHECK(csv.rows.size() == results.labels[0].rows.size() + 1);  // and the gain over the majority
  const Json json = Json::parse(results.to_json());
  CHECK(json["rows"].size() == csv.rows.size());
  CHECK(json["rows"][0]["metric"] == "auroc");
  CHECK(json["rows"][0]["subjects"] == 12);
  CHECK(json["labels"][0]["prevalence"].get<double>() == doctest::Approx(1.0 / 3));
  CHECK(json["labels"][0]["verdict"].get<std::string>() == results.labels[0].verdict());
  const std::string text = results.to_text();
  CHECK(contains(text, "vt = 1: 12 segments of 12 subjects, 4 positive (33.3 %)"));
  CHECK(contains(text, "majority"));
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    if (text[at] == ' ') CHECK(end - at <= 100);
}

TEST_CASE("streams and tables are told apart by their first byte") {
  const test::TemporaryFolder folder;
  write_file(folder / "a.cfm",
             "\x89"
             "CFM");
  write_file(folder / "a.ndjson", "{\"type\":");
  write_file(folder / "a.csv", "record,subject");
  CHECK(is_stream(folder / "a.cfm"));
  CHECK(is_stream(folder / "a.ndjson"));
  CHECK_FALSE(is_stream(folder / "a.csv"));
  CHECK(status_of([&] { is_stream(folder / "none"); }) == Status::kIo);
}
