#include "eval/quality_figures.h"

#include <fmt/format.h>

#include <cmath>

#include "base/random.h"
#include "eval/metrics.h"
#include "messages.h"
#include "support.h"

namespace {

using namespace cfm;
using namespace cfm::eval;
using stream::Json;
using test::contains;
using test::message_of;
using test::status_of;

stream::Segment segment(int subject, int part, const Json& label, const Json& score) {
  stream::Segment s;
  const std::string record = fmt::format("r{:03}", subject);
  s.header["id"] = fmt::format("{}/{}", record, part * 1000);
  s.header["record"] = record;
  s.header["subject"] = record;
  s.header["start"] = part * 10.0;
  if (!label.is_null()) s.header["labels"] = {{"rhythm", label}};
  if (!score.is_null()) s.header["quality"] = {{"score", score}};
  return s;
}

struct Given {
  Json label, score;
};

QualityLog log_of(const std::string& question, const std::vector<Given>& given, int parts = 1) {
  QualityLog log(QualityQuestion::of(question));
  for (std::size_t i = 0; i < given.size(); ++i) {
    const int at = static_cast<int>(i);
    log.add(segment(at / parts, at % parts, given[i].label, given[i].score), "s.cfm");
  }
  return log;
}

Context figures(const std::string& question, const std::vector<Given>& given, int parts = 1) {
  return quality_figures(log_of(question, given, parts), {.draws = 50});
}

const Row& row(const Context& context, const std::string& metric, const std::string& klass = "",
               const std::string& system = "model", const std::string& note = "") {
  for (const Row& r : context.rows)
    if (r.metric == metric && r.klass == klass && r.system == system && r.note.starts_with(note)) return r;
  FAIL("no row ", system, " ", metric, " ", klass);
  return context.rows.front();
}

}  // namespace

TEST_CASE("questions are read as they are written") {
  const QualityQuestion listed = QualityQuestion::of("rhythm=A,O:N");
  CHECK(listed.label == "rhythm");
  CHECK(listed.bad == std::set<std::string>{"A", "O"});
  CHECK(listed.good == std::set<std::string>{"N"});
  CHECK(listed.bad_name() == "A,O");
  const QualityQuestion rest = QualityQuestion::of("rhythm=~");
  CHECK(rest.bad == std::set<std::string>{"~"});
  CHECK(rest.good_name() == "others");
  for (const auto& [text, relation, good] : {std::tuple("snr<10", "<", ">=10"),
                                             {"snr<=10", "<=", ">10"},
                                             {"snr>9.5", ">", "<=9.5"},
                                             {"x>=-1", ">=", "<-1"}}) {
    const QualityQuestion condition = QualityQuestion::of(text);
    CHECK(condition.relation == relation);
    CHECK(condition.good_name() == good);
  }
  for (const char* wrong :
       {"rhythm", "=A", "rhythm=", "rhythm=A:", "rhythm=A,:N", "rhythm=A:A", "snr<", "snr<ten", "snr<nan"})
    CHECK(status_of([&] { QualityQuestion::of(wrong); }) == Status::kUsage);
}

TEST_CASE("a low score for the bad is an auroc above one half") {
  // Pairs (bad, good): .1 is below both, .5 below one and equal to one.
  const std::vector<Given> given = {{"~", 0.1}, {"~", 0.5}, {"N", 0.5}, {"A", 0.9}};
  const Context context = figures("rhythm=~", given);
  CHECK(context.rows.front().metric == "auroc");
  CHECK(row(context, "auroc").value == doctest::Approx(3.5 / 4));
  CHECK(row(context, "auprc").value == doctest::Approx(0.5 + 0.5 * 2 / 3));  // .1 alone, then .5 of both classes
  CHECK(row(context, "mean", "~").value == doctest::Approx(0.3));
  CHECK(row(context, "mean", "~").segments == 2);
  CHECK(row(context, "mean", "others").value == doctest::Approx(0.7));
  CHECK(row(context, "mean_difference").value == doctest::Approx(0.4));
  CHECK(row(context, "median", "others").value == doctest::Approx(0.7));
  CHECK(context.classes == std::vector<std::string>{"others", "~"});
  CHECK(std::isnan(row(context, "auroc").low));
  CHECK(contains(row(context, "auroc").note, "fewer than 10"));
  CHECK(row(figures("rhythm=N,A:~", given), "auroc").value == doctest::Approx(0.5 / 4));
}

TEST_CASE("segments that cannot be compared are counted") {
  const Context context =
      figures("rhythm=A:N", {{"A", 0.1}, {"N", 0.9}, {"~", 0.5}, {Json(), 0.5}, {"A", Json()}, {"N", Json()}});
  CHECK(context.segments == 2);
  CHECK(context.excluded ==
        std::map<std::string, std::uint64_t>{{"of other classes", 1}, {"without label", 1}, {"without score", 2}});
}

TEST_CASE("lists, booleans and numbers are values") {
  CHECK(row(figures("rhythm=AF", {{Json{"AF", "PVC"}, 0.1}, {Json{"N"}, 0.2}}), "auroc").value == 1);
  CHECK(row(figures("rhythm=true", {{true, 0.4}, {false, 0.2}}), "auroc").value == 0);
  CHECK(row(figures("rhythm=1", {{1, 0.4}, {0, 0.4}}), "auroc").value == 0.5);
}

TEST_CASE("a condition asks for calibration") {
  // 40 subjects of 20 segments; the score is P(number >= 10) of the number 10 + logit(p) + logistic noise.
  std::vector<Given> given;
  Random random(3, "test/quality");
  for (int i = 0; i < 800; ++i) {
    const double p = 0.02 + 0.96 * random.uniform(), u = random.uniform();
    given.push_back({10 + std::log(p / (1 - p)) + std::log(u / (1 - u)), p});
  }
  given.push_back({"none", 0.5});
  const Context context = figures("rhythm<10", given, 20);
  CHECK(context.segments == 800);
  CHECK(context.excluded.at("without a number") == 1);
  CHECK(row(context, "ece").value < 0.06);
  CHECK(row(context, "brier").value == doctest::Approx(1 / 6.0).epsilon(0.1));  // mean of p (1 - p)
  CHECK(row(context, "spearman", "", "model", "gross").value > 0.6);
  CHECK(row(context, "spearman", "", "model", "gross").low > 0.5);
  CHECK(row(context, "spearman", "", "model", "average").value ==
        doctest::Approx(row(context, "spearman").value).epsilon(0.1));
  std::size_t n = 0;
  for (int b = 0; b < 10; ++b) {
    const std::string bin = fmt::format("{:.1f}-{:.1f}", 0.1 * b, 0.1 * (b + 1));
    const Row& share = row(context, "reliability", bin);
    CHECK(share.value == doctest::Approx(row(context, "mean_score", bin).value).epsilon(0.15).scale(1));
    CHECK(share.low <= share.value);
    n += share.segments;
  }
  CHECK(n == 800);

  for (Given& g : given) g.score = 1 - g.score.get<double>();
  const Context wrong = figures("rhythm<10", given, 20);
  CHECK(row(wrong, "ece").value > 0.4);
  CHECK(row(wrong, "auroc").value < 0.3);
}

TEST_CASE("intervals hold the value, and medians repeat what is drawn twice") {
  std::vector<Given> given;
  Random random(4, "test/quality");
  for (int i = 0; i < 60; ++i) given.push_back({i % 2 == 0 ? "A" : "N", random.uniform()});
  const Context context = figures("rhythm=A:N", given);
  for (const char* metric : {"auroc", "auprc", "mean_difference"}) {
    const Row& r = row(context, metric);
    CHECK(r.low < r.value);
    CHECK(r.value < r.high);
    CHECK(r.subjects == 60);
  }
  CHECK(row(context, "median", "A").low < row(context, "median", "A").high);
}

TEST_CASE("each index has its auroc, a segment once a channel") {
  QualityLog log(QualityQuestion::of("rhythm=A"));
  for (int i = 0; i < 12; ++i) {
    stream::Segment s = segment(i, 0, i < 6 ? "A" : "N", 0.5);
    Json& channels = s.header["quality"]["per_channel"];
    channels["I"] = {{"kind", "ecg"}, {"score", 0.5}, {"indices", {{"kurtosis", i}, {"skewness", nullptr}}}};
    channels["II"] = {{"kind", "ecg"}, {"score", 0.5}, {"indices", {{"kurtosis", i}}}};
    channels["PLETH"] = {{"kind", "ppg"}, {"score", 0.5}, {"indices", {{"kurtosis", -i}}}};
    log.add(s, "s.cfm");
  }
  const Context context = quality_figures(log, {.draws = 20});
  std::map<std::string, std::pair<double, std::size_t>> found;
  for (const Row& r : context.rows)
    if (r.system == "kurtosis") found[r.lead] = {r.value, r.segments};
  CHECK(found == std::map<std::string, std::pair<double, std::size_t>>{{"ecg", {1, 24}}, {"ppg", {0, 12}}});
  CHECK(row(context, "auroc", "", "score").value == 0.5);
}

TEST_CASE("what cannot be asked says what there is") {
  const std::vector<Given> given = {{"A", 0.1}, {"N", 0.9}};
  CHECK(contains(message_of([&] { figures("rhythm=B", given); }), "no segment has the rhythm 'B'; there are A, N"));
  CHECK(
      contains(message_of([&] { figures("rhythms=A", given); }), "no segment has a label 'rhythms'; there are rhythm"));
  CHECK(contains(message_of([&] { figures("rhythm=A,N", given); }), "nothing to tell apart"));
  CHECK(contains(message_of([&] { figures("rhythm=A", {{"A", Json()}}); }), "quality.score"));
  CHECK(contains(message_of([&] { figures("rhythm<1", given); }), "no number in any segment"));
  CHECK(status_of([&] { figures("rhythm=A", {{"A", 1.5}}); }) == Status::kMalformed);
  CHECK(status_of([&] {
          QualityLog log(QualityQuestion::of("rhythm=A"));
          log.add(segment(1, 0, "A", 0.5), "s.cfm");
          log.add(segment(1, 0, "A", 0.5), "t.cfm");
        }) == Status::kUsage);
}
