#include "eval/forest.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace {

using namespace cfm;
using namespace cfm::eval;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<std::size_t> range(std::size_t from, std::size_t to) {
  std::vector<std::size_t> rows(to - from);
  std::iota(rows.begin(), rows.end(), from);
  return rows;
}

Matrix uniform(std::size_t n, std::size_t d) {
  Random random(1, "test/forest");
  Matrix x(n, d);
  for (double& v : x.values) v = random.uniform(-1, 1);
  return x;
}

// Of class 1 where p > ½.
double accuracy(const Matrix& p, std::span<const int> y) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < p.rows; ++i) right += (p.row(i)[1] > 0.5) == (y[i] != 0);
  return static_cast<double>(right) / static_cast<double>(p.rows);
}

struct Xor {
  Xor() : x(uniform(600, 6)), training(range(0, 300)), rest(range(300, 600)) {
    for (std::size_t i = 0; i < x.rows; ++i) (i < 300 ? y : truth).push_back(x.row(i)[0] * x.row(i)[1] > 0 ? 1 : 0);
  }
  Matrix x;
  std::vector<std::size_t> training, rest;
  std::vector<int> y, truth;
};

}  // namespace

TEST_CASE("a forest finds what no single feature tells, and says so of rows it has not seen") {
  const Xor data;
  const Forest forest = Forest::classify(data.x, data.training, data.y, 2, {.trees = 200});
  const double rest = accuracy(forest.predict(data.x, data.rest), data.truth);
  CHECK(rest > 0.9);
  CHECK(accuracy(forest.predict(data.x, data.training), data.y) == 1);
  // Out of bag is what it does on the rest, not on what it has learnt by heart.
  CHECK(std::abs(accuracy(forest.out_of_bag(), data.y) - rest) < 0.05);
  for (std::size_t i = 0; i < 300; ++i) {
    const auto p = forest.out_of_bag().row(i);
    CHECK(p[0] + p[1] == doctest::Approx(1));
  }
}

TEST_CASE("labels that are chance are not learnt") {
  const Matrix x = uniform(400, 6);
  Random random(2, "test/forest");
  std::vector<int> y(400);
  for (int& label : y) label = static_cast<int>(random.below(2));
  const Forest forest = Forest::classify(x, range(0, 400), y, 2, {.trees = 100});
  CHECK(std::abs(accuracy(forest.out_of_bag(), y) - 0.5) < 0.08);
}

TEST_CASE("numbers: a step is a step, and far from zero it is no other") {
  const Matrix x = uniform(400, 3);
  std::vector<double> y;
  for (std::size_t i = 0; i < 400; ++i) y.push_back(x.row(i)[2] < 0.2 ? 3 : 7);
  for (const double offset : {0.0, 1e9}) {
    std::vector<double> moved = y;
    for (double& v : moved) v += offset;
    const Forest forest = Forest::regress(x, range(0, 300), {moved.data(), 300}, {.trees = 100, .features = 3});
    const Matrix p = forest.predict(x, range(300, 400));
    REQUIRE(p.columns == 1);
    double worst = 0;
    for (std::size_t i = 0; i < 100; ++i)
      if (std::abs(x.row(300 + i)[2] - 0.2) > 0.05) worst = std::max(worst, std::abs(p.values[i] - moved[300 + i]));
    CHECK(worst < 0.2);
  }
  const std::vector<double> same(300, 4.5);
  CHECK(Forest::regress(x, range(0, 300), same, {.trees = 3}).predict(x, range(0, 1)).values[0] == 4.5);
}

TEST_CASE("a missing value goes where it belongs") {
  Matrix x = uniform(400, 4);
  Random random(3, "test/forest");
  std::vector<int> y(400);
  // Class 1 is where the feature is missing, or large.
  for (std::size_t i = 0; i < 400; ++i) {
    double& v = x.row(i)[1];
    y[i] = v > 0.3 ? 1 : 0;
    if (random.uniform() > 0.4) continue;
    v = kNaN;
    y[i] = 1;
  }
  const Forest forest = Forest::classify(x, range(0, 300), {y.data(), 300}, 2, {.trees = 100, .features = 4});
  const std::span<const int> truth(y.data() + 300, 100);
  CHECK(accuracy(forest.predict(x, range(300, 400)), truth) > 0.95);

  SUBCASE("where to be missing is all there is") {
    for (std::size_t i = 0; i < 400; ++i) {
      y[i] = std::isnan(x.row(i)[1]) ? 1 : 0;
      if (y[i] == 0) x.row(i)[1] = 5;
    }
    const Forest other = Forest::classify(x, range(0, 300), {y.data(), 300}, 2, {.trees = 100, .features = 4});
    CHECK(accuracy(other.predict(x, range(300, 400)), truth) == 1);
  }
  SUBCASE("missing in every row") {
    for (std::size_t i = 0; i < 400; ++i) x.row(i)[1] = kNaN;
    const Forest other = Forest::classify(x, range(0, 300), {y.data(), 300}, 2, {.trees = 10});
    CHECK(other.predict(x, range(300, 301)).row(0)[0] >= 0);
  }
  SUBCASE("never missing in training: the side of most rows") {
    Matrix z = uniform(101, 1);
    std::vector<int> label;
    for (std::size_t i = 0; i < 100; ++i) label.push_back(z.row(i)[0] > -0.6 ? 1 : 0);
    z.row(100)[0] = kNaN;
    const Forest other = Forest::classify(z, range(0, 100), label, 2, {.trees = 50});
    CHECK(other.predict(z, range(100, 101)).row(0)[1] > 0.9);
  }
}

TEST_CASE("the same bits with any number of threads; others with another seed") {
  const Xor data;
  const auto run = [&](int threads, std::uint64_t seed) {
    const Forest forest =
        Forest::classify(data.x, data.training, data.y, 2, {.trees = 30, .seed = seed, .threads = threads});
    std::vector<double> values = forest.predict(data.x, data.rest).values;
    values.insert(values.end(), forest.out_of_bag().values.begin(), forest.out_of_bag().values.end());
    return values;
  };
  const auto once = run(1, 0);
  CHECK(once == run(2, 0));
  CHECK(once == run(5, 0));
  CHECK(once != run(1, 1));
}

TEST_CASE("few leaves, and classes of equal weight") {
  const Matrix x = uniform(600, 3);
  std::vector<int> y(300, 0);
  Random random(4, "test/forest");
  // One in ten overall, twice that above 0: never the majority.
  for (std::size_t i = 0; i < 300; ++i) y[i] = x.row(i)[0] > 0 && random.uniform() < 0.2 ? 1 : 0;
  const auto share = [&](bool balanced) {
    const Matrix p = Forest::classify(x, range(0, 300), y, 2, {.trees = 200, .least_leaf = 30, .balanced = balanced})
                         .predict(x, range(300, 600));
    double above = 0, below = 0;
    std::size_t n = 0;
    for (std::size_t i = 0; i < 300; ++i) {
      const bool high = x.row(300 + i)[0] > 0;
      (high ? above : below) += p.row(i)[1];
      n += high;
    }
    CHECK(below / static_cast<double>(300 - n) < above / static_cast<double>(n) - 0.05);
    return above / static_cast<double>(n);
  };
  CHECK(share(false) == doctest::Approx(0.2).epsilon(0.4));
  CHECK(share(true) > 0.5);
  // A leaf of all rows: the share of the bootstrap sample.
  const Matrix p = Forest::classify(x, range(0, 300), y, 2, {.trees = 200, .least_leaf = 300}).predict(x, range(0, 2));
  CHECK(p.row(0)[1] == doctest::Approx(std::accumulate(y.begin(), y.end(), 0.0) / 300).epsilon(0.1));
  CHECK(p.row(0)[1] == p.row(1)[1]);
}

TEST_CASE("one class only is a mistake of the caller") {
  const Matrix x = uniform(10, 2);
  const std::vector<int> y(10, 1);
  try {
    Forest::classify(x, range(0, 10), y, 3);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.status() == Status::kUsage);
    CHECK(std::string(error.what()).find("10 training segments") != std::string::npos);
  }
}
