#include "signal/filter.h"

#include "base/random.h"
#include "golden.h"

using namespace cfm;
using namespace cfm::signal;

namespace {

Zpk design(const nlohmann::json& d, double fs) {
  const std::string kind = d.at("kind"), type = d.at("btype");
  const auto f = d.at("f").get<std::vector<double>>();
  if (kind == "notch") return notch_zpk(f[0], d.at("q"), fs);
  const Band band = type == "low"    ? Band::kLow
                    : type == "high" ? Band::kHigh
                    : type == "band" ? Band::kBand
                                     : Band::kStop;
  const double f1 = f.size() > 1 ? f[1] : 0;
  if (kind == "butter") return butterworth_zpk(d.at("n"), band, f[0], f1, fs);
  return chebyshev2_zpk(d.at("n"), d.at("rs"), band, f[0], f1, fs);
}

std::vector<float> causal(const Sos& sos, const std::vector<float>& x, bool started = false) {
  SosFilter filter(sos);
  if (started) filter.start_at(static_cast<double>(x.front()));
  std::vector<float> y(x.size());
  filter.process(x, y);
  return y;
}

double farthest(std::span<const float> got, std::span<const double> want) {
  double most = 0;
  for (std::size_t i = 0; i < want.size(); ++i) most = std::max(most, std::abs(static_cast<double>(got[i]) - want[i]));
  return most;
}

// The largest distance of a root to the nearest one on the other side.
double distance(const std::vector<std::complex<double>>& got, const nlohmann::json& want) {
  REQUIRE(got.size() == want.size());
  double most = 0;
  for (const auto& w : want) {
    double least = 1e9;
    for (const auto& g : got) least = std::min(least, std::abs(g - std::complex<double>(w[0], w[1])));
    most = std::max(most, least);
  }
  return most;
}

}  // namespace

TEST_CASE("every golden design: poles, gain, magnitude, causal and zero-phase output") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto file = test::read_json(golden + "/filters/filters.json");
  int designs = 0, outputs = 0;
  for (const auto& rate : file.at("rates")) {
    const double fs = rate.at("fs");
    const auto x = test::narrow(test::read_npy(golden + "/filters/" + rate.at("input").get<std::string>()));
    const auto want = test::read_npy(golden + "/filters/" + rate.at("outputs").get<std::string>());
    const auto grid = rate.at("freq_hz").get<std::vector<double>>();
    for (const auto& d : rate.at("designs")) {
      CAPTURE(d.at("call").get<std::string>());
      const Zpk zpk = design(d, fs);
      const Sos sos = to_sections(zpk);
      ++designs;
      CHECK(distance(zpk.poles, d.at("poles")) < 1e-7);
      CHECK(zpk.gain == doctest::Approx(d.at("gain").get<double>()).epsilon(1e-9));
      CHECK(sos.size() == (zpk.poles.size() + 1) / 2);
      int wrong = 0;
      for (std::size_t k = 0; k < grid.size(); ++k)
        wrong += !test::close(std::abs(response(sos, grid[k], fs)), d.at("magnitude")[k], 1e-9, 1e-10);
      CHECK(wrong == 0);
      if (!d.contains("output")) continue;
      ++outputs;
      const std::span<const double> answer =
          std::span(want).subspan(d.at("output").get<std::size_t>() * 2 * x.size(), 2 * x.size());
      CHECK(farthest(causal(sos, x), answer.first(x.size())) < 1e-6);
      CHECK(farthest(zero_phase(sos, x, d.at("padlen")), answer.last(x.size())) < 1e-6);
      CHECK(default_padding(sos) == d.at("padlen").get<int>());
    }
  }
  CHECK(designs == 177);
  CHECK(outputs == 30);
}

TEST_CASE("short, constant and next-to-Nyquist cases") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  for (const auto& c : test::read_json(golden + "/filters/edge.json").at("cases")) {
    CAPTURE(c.at("name").get<std::string>());
    const double fs = c.at("fs");
    const Sos sos = to_sections(design(c.at("design"), fs));
    const auto x = test::narrow(c.at("x").get<std::vector<double>>());
    const auto check = [&](const std::vector<float>& got, const nlohmann::json& want) {
      REQUIRE(got.size() == want.size());
      for (std::size_t i = 0; i < got.size(); ++i) CHECK(test::close(static_cast<double>(got[i]), want[i], 1e-4, 1e-4));
    };
    check(causal(sos, x), c.at("causal"));
    check(causal(sos, x, true), c.at("causal_started_at_x0"));
    CHECK(default_padding(sos) == c.at("default_padlen").get<int>());
    if (!c.at("zero_phase").is_null()) check(zero_phase(sos, x, c.at("padlen")), c.at("zero_phase"));
    if (c.at("name") == "five samples, padding shortened to n-1") check(zero_phase(sos, x), c.at("zero_phase"));
  }
}

TEST_CASE("designs to refuse name cut-off and rate") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refused = [](auto&& make, const std::string& cut, const std::string& rate) {
    try {
      make();
      FAIL("not refused");
    } catch (const Error& error) {
      CHECK(error.status() == Status::kUsage);
      CHECK(std::string(error.what()).find(cut) != std::string::npos);
      CHECK(std::string(error.what()).find(rate) != std::string::npos);
    }
  };
  refused([] { butterworth(4, Band::kLow, 125, 250); }, "125", "250");
  refused([] { butterworth(4, Band::kLow, 130, 250); }, "130", "250");
  refused([] { butterworth(2, Band::kBand, 40, 0.5, 250); }, "0.5", "250");
  refused([] { butterworth(2, Band::kBand, 5, 5, 250); }, "5", "250");
  refused([] { butterworth(2, Band::kHigh, 0, 250); }, "0", "250");
  refused([] { butterworth(2, Band::kHigh, -1, 250); }, "-1", "250");
  refused([] { butterworth(0, Band::kLow, 40, 250); }, "40", "250");
  refused([] { butterworth(9, Band::kLow, 40, 250); }, "40", "250");
  refused([] { notch(60, 30, 100); }, "60", "100");
  refused([] { notch(50, 0, 250); }, "50", "250");
  refused([=] { butterworth(4, Band::kLow, nan, 250); }, "nan", "250");
  refused([] { chebyshev2(4, 0, Band::kLow, 40, 0, 250); }, "40", "250");
}

TEST_CASE("in chunks equals in one piece, bit for bit") {
  Random random(1, "filter_test");
  std::vector<float> x(5000);
  for (float& v : x) v = static_cast<float>(random.normal());
  const Sos sos = butterworth(4, Band::kBand, 0.5, 40, 250);
  const auto whole = causal(sos, x);
  SosFilter filter(sos);
  std::vector<float> pieces(x.size());
  for (std::size_t at = 0; at < x.size();) {
    const std::size_t n = std::min<std::size_t>(random.below(37), x.size() - at);
    filter.process(std::span(x).subspan(at, n), std::span(pieces).subspan(at, n));
    at += n;
  }
  CHECK(pieces == whole);
  filter.reset();
  pieces = x;
  filter.process(pieces, pieces);
  CHECK(pieces == whole);
}
