#include "signal/resample.h"

#include <array>
#include <numbers>
#include <numeric>

#include "base/random.h"
#include "golden.h"

using namespace cfm;
using namespace cfm::signal;

namespace {

constexpr double kTurn = 2 * std::numbers::pi;

std::vector<float> tone(double f, double fs, std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t k = 0; k < n; ++k) x[k] = static_cast<float>(std::sin(kTurn * f * static_cast<double>(k) / fs));
  return x;
}

// Amplitude of the fitted tone and the RMS of what remains, between `exclude` and 20 s - `exclude`.
struct Fit {
  double amplitude, rest, rms;
};
Fit fit(const std::vector<float>& y, double f, double fs, double exclude) {
  const auto from = static_cast<std::size_t>(exclude * fs), n = y.size() - 2 * from;
  // Least squares by Gram and Schmidt on sine, cosine and a constant.
  std::array<std::vector<double>, 3> q;
  std::vector<double> rest(n);
  for (auto& column : q) column.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double t = static_cast<double>(from + i) / fs;
    q[0][i] = std::sin(kTurn * f * t), q[1][i] = std::cos(kTurn * f * t), q[2][i] = 1;
    rest[i] = static_cast<double>(y[from + i]);
  }
  const auto dot = [](const std::vector<double>& u, const std::vector<double>& v) {
    return std::inner_product(u.begin(), u.end(), v.begin(), 0.0);
  };
  const double count = static_cast<double>(n), whole = std::sqrt(dot(rest, rest) / count);
  std::array<std::array<double, 3>, 3> r{};
  std::array<double, 3> c{};
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t j = 0; j < k; ++j) {
      r[j][k] = dot(q[j], q[k]);
      for (std::size_t i = 0; i < n; ++i) q[k][i] -= r[j][k] * q[j][i];
    }
    r[k][k] = std::sqrt(dot(q[k], q[k]));
    for (double& value : q[k]) value /= r[k][k];
    c[k] = dot(q[k], rest);
    for (std::size_t i = 0; i < n; ++i) rest[i] -= c[k] * q[k][i];
  }
  for (std::size_t k = 3; k-- > 0;) {
    for (std::size_t j = k + 1; j < 3; ++j) c[k] -= r[k][j] * c[j];
    c[k] /= r[k][k];
  }
  return {std::hypot(c[0], c[1]), std::sqrt(dot(rest, rest) / count), whole};
}

double decibel(double ratio) { return 20 * std::log10(ratio); }

}  // namespace

TEST_CASE("golden conversions: values in place, pass band, alias, images") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto file = test::read_json(golden + "/resample/resample.json");
  CHECK(file.at("conversions").size() == 6);
  for (const auto& c : file.at("conversions")) {
    const double fs_in = c.at("fs_in"), fs_out = c.at("fs_out"), exclude = c.at("exclude_s");
    const std::size_t n_in = c.at("n_in"), n_out = c.at("n_out");
    CAPTURE(fs_in);
    CAPTURE(fs_out);
    const auto multitone = [&](double fs, std::size_t k) {
      double sum = 0;
      for (const auto& row : c.at("multitone"))
        sum += row[1].get<double>() *
               std::sin(kTurn * row[0].get<double>() * static_cast<double>(k) / fs + row[2].get<double>());
      return sum;
    };
    std::vector<float> x(n_in);
    for (std::size_t k = 0; k < n_in; ++k) x[k] = static_cast<float>(multitone(fs_in, k));
    const auto y = resample(x, fs_in, fs_out);
    REQUIRE(y.size() == n_out);
    double worst = 0;
    bool finite = true;
    for (std::size_t k = 0; k < n_out; ++k) {
      const double t = static_cast<double>(k) / fs_out, value = static_cast<double>(y[k]);
      finite = finite && std::isfinite(value);
      if (t >= exclude && t <= 20 - exclude) worst = std::max(worst, std::abs(value - multitone(fs_out, k)));
    }
    CHECK(finite);
    CHECK(worst < 1e-3);
    for (const auto& row : c.at("check_out"))
      CHECK(static_cast<double>(y[row[0].get<std::size_t>()]) == doctest::Approx(row[1].get<double>()).epsilon(1e-3));
    for (const auto& row : c.at("passband")) {
      const double f = row.at("freq_hz");
      const auto got = fit(resample(tone(f, fs_in, n_in), fs_in, fs_out), f, fs_out, exclude);
      CHECK(std::abs(decibel(got.amplitude)) <= row.at("max_gain_error_db").get<double>());
    }
    for (const auto& row : c.at("stop")) {
      const double f = row.at("freq_hz");
      const auto got = fit(resample(tone(f, fs_in, n_in), fs_in, fs_out), f, fs_out, exclude);
      CHECK(decibel(got.rms / std::sqrt(0.5)) <= -row.at("min_rejection_db").get<double>());
    }
    for (const auto& row : c.at("images")) {
      const double f = row.at("freq_hz");
      const auto got = fit(resample(tone(f, fs_in, n_in), fs_in, fs_out), f, fs_out, exclude);
      CHECK(decibel(got.rest / std::sqrt(0.5)) <= -row.at("min_rejection_db").get<double>());
    }
  }
}

TEST_CASE("in chunks equals in one piece, bit for bit; counts are exact; any rate") {
  Random random(1, "resample_test");
  const double rates[][2] = {{360, 300}, {250, 300}, {500, 100}, {62.4725, 125}, {250, 250}, {1000, 99.9}, {50, 1000}};
  for (const auto& [fs_in, fs_out] : rates) {
    CAPTURE(fs_in);
    for (const std::size_t n : {0UL, 1UL, 2UL, 77UL, 20011UL}) {
      std::vector<float> x(n);
      for (float& v : x) v = static_cast<float>(80 + random.normal());
      const auto whole = resample(x, fs_in, fs_out);
      CHECK(whole.size() == resampled_size(n, fs_in, fs_out));
      CHECK(whole.size() == static_cast<std::size_t>(std::llround(static_cast<double>(n) * fs_out / fs_in)));
      Resampler resampler(fs_in, fs_out);
      for (int turn = 0; turn < 2; ++turn) {  // the second time after a flush
        std::vector<float> pieces;
        for (std::size_t at = 0; at < n;) {
          const std::size_t m = std::min<std::size_t>(random.below(turn == 0 ? 9 : 6000), n - at);
          resampler.process(std::span(x).subspan(at, m), pieces);
          at += m;
        }
        resampler.flush(pieces);
        CHECK(pieces == whole);
      }
    }
  }
}

TEST_CASE("a constant stays one up to both ends") {
  for (const float v : resample(std::vector<float>(500, 93.5F), 250, 300))
    CHECK(v == doctest::Approx(93.5).epsilon(1e-6));
}

TEST_CASE("rates that are none are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double rates[][2] = {{0, 250}, {250, 0}, {-1, 250}, {nan, 250}, {1, 1e6}};
  for (const auto& [fs_in, fs_out] : rates)
    CHECK(test::status_of([&, from = fs_in, to = fs_out] { Resampler(from, to); }) == Status::kUsage);
}
