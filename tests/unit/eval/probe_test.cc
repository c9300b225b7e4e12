#include "eval/probe.h"

#include <numeric>

#include "base/random.h"
#include "golden.h"

namespace {

using namespace cfm;
using namespace cfm::eval;
using test::Json;

std::vector<std::size_t> all_rows(std::size_t n) {
  std::vector<std::size_t> rows(n);
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

Matrix matrix(const Json& rows) {
  Matrix m(rows.size(), rows[0].size());
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < m.columns; ++j) m.row(i)[j] = rows[i][j];
  return m;
}

std::vector<double> flat(const Json& values) {
  std::vector<double> result;
  for (const Json& value : values)
    if (value.is_array()) {
      const std::vector<double> inner = flat(value);
      result.insert(result.end(), inner.begin(), inner.end());
    } else {
      result.push_back(value);
    }
  return result;
}

void check_close(const std::vector<double>& got, const std::vector<double>& want, double relative, double absolute) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CAPTURE(got[i]);
    CAPTURE(want[i]);
    CHECK(test::close(got[i], want[i], relative, absolute));
  }
}

// Σ −log p(true) + l2/2 |W|²
double objective(const LinearProbe& probe, const Matrix& x, const std::vector<int>& y, double l2) {
  const Matrix p = probe.predict(x, all_rows(x.rows));
  double sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double of_true = p.columns > 1 ? p.row(i)[static_cast<std::size_t>(y[i])]
                           : y[i] != 0   ? p.values[i]
                                         : 1 - p.values[i];
    sum -= std::log(of_true);
  }
  for (const double w : probe.coefficients.values) sum += l2 / 2 * w * w;
  return sum;
}

}  // namespace

TEST_CASE("ridge, logistic and softmax agree with the golden solutions") {
  CFM_NEEDS(folder, "CFM_GOLDEN")
  const Json file = test::golden(folder, "probes");
  int solved = 0;
  for (const Json& problem : file["problems"]) {
    const Json& data = file["data"][problem["data"].get<std::string>()];
    const Matrix x = matrix(data["X"]), z = matrix(data["Z"]);
    const std::string kind = problem["kind"];
    const ProbeFitter fitter(x, all_rows(x.rows));
    for (const Json& want : problem["solutions"]) {
      CAPTURE(problem["name"].get<std::string>());
      const double l2 = want["l2"];
      CAPTURE(l2);
      const Json& tolerance = file["tolerance"][kind];
      const double relative = tolerance.value("relative", 0.0), absolute = tolerance["absolute"];
      LinearProbe probe;
      if (kind == "ridge") probe = fitter.ridge(test::numbers(problem["y"]), l2);
      if (kind == "logistic") probe = fitter.logistic(test::integers(problem["y"]), l2);
      if (kind == "softmax") probe = fitter.softmax(test::integers(problem["y"]), want["intercept"].size(), l2);
      std::vector<double> intercept =
          want["intercept"].is_array() ? flat(want["intercept"]) : std::vector<double>{want["intercept"].get<double>()};
      if (kind == "softmax") {
        const double mean =
            std::accumulate(intercept.begin(), intercept.end(), 0.0) / static_cast<double>(intercept.size());
        for (double& b : intercept) b -= mean;
      }
      check_close(probe.coefficients.values, flat(want["coefficients"]), relative, absolute);
      check_close(probe.intercepts, intercept, relative, absolute);
      check_close(probe.predict(z, all_rows(z.rows)).values, flat(want["predict_Z"]), relative, absolute);
      if (want.contains("objective"))
        CHECK(test::close(objective(probe, x, test::integers(problem["y"]), l2), want["objective"], 1e-9, 0));
      ++solved;
    }
    if (problem["data"] == "plain") {
      const LinearProbe probe = fitter.ridge(std::vector<double>(x.rows, 1.0), 1);
      check_close(probe.mean, test::numbers(file["mean"]), 1e-10, 1e-12);
      check_close(probe.sd, test::numbers(file["sd"]), 1e-10, 1e-12);
    }
  }
  CHECK(solved > 15);
}

TEST_CASE("one class only is refused") {
  const Matrix x(4, 2);
  const ProbeFitter fitter(x, all_rows(4));
  CHECK(test::status_of([&] { fitter.logistic(std::vector<int>{1, 1, 1, 1}, 1); }) == Status::kUsage);
  CHECK(test::status_of([&] { fitter.softmax(std::vector<int>{2, 2, 2, 2}, 3, 1); }) == Status::kUsage);
}

TEST_CASE("only the training rows count, and features without spread do nothing") {
  Random random(3, "test");
  Matrix x(40, 5);
  std::vector<int> y;
  for (std::size_t i = 0; i < x.rows; ++i) {
    y.push_back(i % 3 == 0);
    for (std::size_t j = 0; j < 5; ++j) x.row(i)[j] = random.normal() + (j == 0 ? y.back() : 0);
    x.row(i)[4] = 0.1;  // not exact in binary: rounding must not become spread
  }
  const std::vector<std::size_t> train = all_rows(30);
  y.resize(30);
  const LinearProbe before = ProbeFitter(x, train).logistic(y, 1);
  for (std::size_t i = 30; i < 40; ++i) x.row(i)[0] = 1e6;
  const LinearProbe after = ProbeFitter(x, train).logistic(y, 1);
  CHECK(before.coefficients.values == after.coefficients.values);
  CHECK(after.coefficients.values[4] == 0);
  CHECK(after.sd[4] == 0);

  // With nothing to learn from, the intercept is the log odds.
  const LinearProbe flat = ProbeFitter(Matrix(30, 3), train).logistic(y, 1);
  CHECK(flat.intercepts[0] == doctest::Approx(std::log(10.0 / 20.0)));
}

TEST_CASE("two columns of a softmax are a logistic probe of half the strength") {
  Random random(4, "test");
  Matrix x(50, 6);
  std::vector<int> y;
  for (std::size_t i = 0; i < x.rows; ++i) {
    for (double& v : x.row(i)) v = random.normal();
    y.push_back(x.row(i)[1] + random.normal() > 0);
  }
  const ProbeFitter fitter(x, all_rows(50));
  // Minimal |w0|² + |w1|² at a given w1 − w0 = w has half the square of w.
  check_close(fitter.softmax(y, 2, 2.0).predict(x, all_rows(50)).column(1),
              fitter.logistic(y, 1.0).predict(x, all_rows(50)).values, 0, 1e-6);
}
