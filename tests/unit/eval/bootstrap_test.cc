#include "eval/bootstrap.h"

#include <chrono>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "golden.h"

namespace {

using namespace cfm;
using namespace cfm::eval;
using test::Json;

double mean(const std::vector<double>& values, Weights w) {
  double sum = 0, n = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double weight = w.empty() ? 1 : w[i];
    sum += weight * values[i];
    n += weight;
  }
  return sum / n;
}

std::vector<std::size_t> each_its_own(std::size_t n) {
  std::vector<std::size_t> subjects(n);
  std::iota(subjects.begin(), subjects.end(), 0U);
  return subjects;
}

bool near(double got, const Json& want, double tolerance) { return std::abs(got - want.get<double>()) <= tolerance; }

}  // namespace

TEST_CASE("intervals of means agree with the closed formulas, and segments are not what is drawn") {
  CFM_NEEDS(folder, "CFM_GOLDEN")
  for (const Json& c : test::golden(folder, "bootstrap")["means"]) {
    CAPTURE(c["name"].get<std::string>());
    std::vector<double> values;
    std::vector<std::size_t> subject;
    for (std::size_t s = 0; s < c["subjects"].size(); ++s)
      for (const Json& v : c["subjects"][s]) {
        values.push_back(v);
        subject.push_back(s);
      }
    const Json& want = c["expect"];
    for (const std::uint64_t seed : {0U, 1U, 2U}) {
      const Interval i = Bootstrap(subject, {.seed = seed}).interval([&](Weights w) { return mean(values, w); });
      CHECK(near(i.value, want["value"], 1e-9));
      CHECK(near(i.low, want["low"], want["tolerance"]));
      CHECK(near(i.high, want["high"], want["tolerance"]));
      if (!c.contains("wrong_if_segments_are_drawn")) continue;
      CHECK_FALSE(near(i.low, c["wrong_if_segments_are_drawn"]["low"], want["tolerance"]));
      CHECK_FALSE(near(i.high, c["wrong_if_segments_are_drawn"]["high"], want["tolerance"]));
    }
  }
}

TEST_CASE("few subjects: the quantiles lie where all draws put them") {
  CFM_NEEDS(folder, "CFM_GOLDEN")
  for (const Json& c : test::golden(folder, "bootstrap")["exact"]) {
    CAPTURE(c["name"].get<std::string>());
    const std::vector<double> values = test::numbers(c["values"]), support = test::numbers(c["support"]),
                              cdf = test::numbers(c["cdf"]);
    const Interval i = Bootstrap(each_its_own(values.size()), {.least_subjects = 2}).interval([&](Weights w) {
      return mean(values, w);
    });
    // The jump of the distribution at the quantile must straddle the wanted probability within 0.014.
    const auto straddles = [&](double at, double p) {
      double below = 0, upto = 0;
      for (std::size_t k = 0; k < support.size(); ++k) {
        if (support[k] < at - 1e-9) below = cdf[k];
        if (support[k] < at + 1e-9) upto = cdf[k];
      }
      return below <= p + 0.014 && upto >= p - 0.014;
    };
    CHECK(straddles(i.low, 0.025));
    CHECK(straddles(i.high, 0.975));
    CHECK(i.value == doctest::Approx(c["mean"].get<double>()));
  }
}

TEST_CASE("paired differences use the same draw for both") {
  CFM_NEEDS(folder, "CFM_GOLDEN")
  for (const Json& c : test::golden(folder, "bootstrap")["paired"]) {
    CAPTURE(c["name"].get<std::string>());
    const std::vector<double> a = test::numbers(c["a"]), b = test::numbers(c["b"]);
    const Paired p = Bootstrap(each_its_own(a.size()), {})
                         .paired([&](Weights w) { return mean(a, w); }, [&](Weights w) { return mean(b, w); });
    const Json &want = c["expect"], &wrong = c["wrong_if_drawn_apart"];
    CHECK(near(p.difference.value, want["value"], 1e-9));
    CHECK(near(p.difference.low, want["low"], want["tolerance"]));
    CHECK(near(p.difference.high, want["high"], want["tolerance"]));
    CHECK(near(p.probability_better, want["probability_b_better"], want["probability_tolerance"]));
    CHECK_FALSE(near(p.difference.low, wrong["low"], want["tolerance"]));
    CHECK_FALSE(near(p.difference.high, wrong["high"], want["tolerance"]));
  }
}

TEST_CASE("the interval of an AUROC agrees with DeLong's") {
  CFM_NEEDS(folder, "CFM_GOLDEN")
  const Json c = test::golden(folder, "bootstrap")["auroc"];
  const std::vector<int> y = test::integers(c["labels"]);
  const Ranking ranking(y, test::numbers(c["scores"]));
  const Interval i = Bootstrap(each_its_own(y.size()), {}).interval([&](Weights w) { return ranking.auroc(w); });
  const Json& want = c["expect"];
  CHECK(near(i.value, want["value"], 1e-9));
  CHECK(near(i.low, want["low"], want["tolerance"]));
  CHECK(near(i.high, want["high"], want["tolerance"]));
  const double width = want["high"].get<double>() - want["low"].get<double>();
  CHECK(std::abs(i.high - i.low - width) <= 0.15 * width);
}

TEST_CASE("a function of the seed, whatever the number of threads") {
  const std::vector<double> values = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8};
  const Statistic statistic = [&](Weights w) { return mean(values, w); };
  const auto interval = [&](std::uint64_t seed, int threads) {
    return Bootstrap(each_its_own(values.size()), {.seed = seed, .threads = threads}).interval(statistic);
  };
  CHECK(interval(7, 1).low == interval(7, 3).low);
  CHECK(interval(7, 1).high == interval(7, 3).high);
  CHECK(interval(7, 1).low != interval(8, 1).low);
}

TEST_CASE("no interval below ten subjects, nor for what is mostly undefined; both say why") {
  const Statistic one = [](Weights) { return 1.0; };
  const Interval few = Bootstrap(each_its_own(9), {}).interval(one);
  CHECK(few.value == 1);
  CHECK(std::isnan(few.low));
  CHECK(few.why == "no interval: 9 subjects, fewer than 10");
  CHECK(Bootstrap(each_its_own(10), {}).interval(one).why.empty());
  // Nine segments of one subject each twice are still nine subjects.
  std::vector<std::size_t> twice = each_its_own(9);
  twice.insert(twice.end(), twice.begin(), twice.end());
  CHECK(std::isnan(Bootstrap(twice, {}).interval(one).high));

  // Defined only in draws that hold the last of 30 subjects: 64 %.
  const Statistic rare = [](Weights w) { return w.empty() || w[29] > 0 ? 1.0 : std::nan(""); };
  const Interval some = Bootstrap(each_its_own(30), {}).interval(rare);
  CHECK(some.undefined > 600);
  CHECK(some.undefined < 840);
  CHECK(some.why.empty());
  const Statistic rarer = [](Weights w) { return w.empty() || w[29] > 1 ? 1.0 : std::nan(""); };
  CHECK_FALSE(Bootstrap(each_its_own(30), {}).interval(rarer).why.empty());
}

TEST_CASE("ten thousand segments, two thousand draws") {
  Random random(1, "test");
  std::vector<int> y;
  std::vector<double> s;
  std::vector<std::size_t> subject;
  for (std::size_t i = 0; i < 10000; ++i) {
    subject.push_back(i / 10);
    y.push_back(random.uniform() < 0.2);
    s.push_back(random.normal() + y.back());
  }
  const Ranking ranking(y, s);
  const auto before = std::chrono::steady_clock::now();
  const Interval i = Bootstrap(subject, {}).interval([&](Weights w) { return ranking.auroc(w); });
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  MESSAGE("AUROC of 10 000 segments, 2000 draws: " << seconds << " s");
  // Two independent normals one SD apart: Φ(1/√2) = 0.760.
  CHECK(i.low < 0.7602);
  CHECK(i.high > 0.7602);
}
