#include "prepare/filter_chain.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.h"
#include "support.h"

using namespace cfm;
using namespace cfm::prepare;
using cfm::test::status_of;
using stream::Json;

namespace {

std::vector<float> noise(std::size_t n, std::uint64_t seed) {
  Random random(seed, "filter_chain_test", "x");
  std::vector<float> x(n);
  double level = 0;
  for (float& value : x) value = static_cast<float>(level += random.normal());
  return x;
}

// Of {"filters": [filter]}.
std::vector<FilterSpec> filters(const std::string& list, double fs = 250) {
  return Profile::from_json(Json{{"fs", fs}, {"channels", {"ecg"}}, {"filters", Json::parse(list)}}).filters.otherwise;
}

std::vector<float> filtered(const std::string& list, std::vector<float> x, double fs = 250) {
  FilterChain(filters(list, fs), fs, "test").run(x, 1);
  return x;
}

}  // namespace

TEST_CASE("zero phase is signal::zero_phase, bit for bit, however many channels there are") {
  const struct {
    const char* json;
    signal::Sos sos;
  } all[] = {{R"([{"filter":"butterworth","band":"high","order":5,"hz":0.5}])",
              signal::butterworth(5, signal::Band::kHigh, 0.5, 250)},
             {R"([{"filter":"butterworth","band":"band","order":2,"hz":[0.5,40]}])",
              signal::butterworth(2, signal::Band::kBand, 0.5, 40, 250)},
             {R"([{"filter":"butterworth","band":"low","order":1,"hz":30}])",
              signal::butterworth(1, signal::Band::kLow, 30, 250)},
             {R"([{"filter":"butterworth","band":"stop","order":3,"hz":[48,52]}])",
              signal::butterworth(3, signal::Band::kStop, 48, 52, 250)},
             {R"([{"filter":"chebyshev2","band":"band","order":4,"stop_db":20,"hz":[0.5,12]}])",
              signal::chebyshev2(4, 20, signal::Band::kBand, 0.5, 12, 250)},
             {R"([{"filter":"notch","hz":50,"q":30}])", signal::notch(50, 30, 250)}};
  for (const auto& each : all) {
    CAPTURE(each.json);
    for (const std::size_t n : {1U, 2U, 17U, 2500U}) {
      CAPTURE(n);
      const FilterChain chain(filters(each.json), 250, "test");
      std::vector<float> rows;
      for (std::size_t c = 0; c < 7; ++c) {
        const std::vector<float> x = noise(n, c);
        rows.insert(rows.end(), x.begin(), x.end());
      }
      chain.run(rows, 7);
      for (std::size_t c = 0; c < 7; ++c) {
        const std::vector<float> wanted = signal::zero_phase(each.sos, noise(n, c));
        CHECK(std::equal(wanted.begin(), wanted.end(), rows.begin() + static_cast<std::ptrdiff_t>(c * n)));
      }
    }
  }
}

TEST_CASE("filters of every shipped profile: in chunks equals in one piece, bit for bit") {
  std::size_t tried = 0;
  for (const Profile& profile : shipped_profiles()) {
    CAPTURE(profile.name);
    std::vector<std::vector<FilterSpec>> lists = {profile.filters.otherwise};
    for (const auto& [kind, list] : profile.filters.of) lists.push_back(list);
    for (const FilterSpec& filter : lists[0].empty() && lists.size() > 1 ? lists[1] : lists[0]) {
      if (filter.kind != FilterKind::kButterworth && filter.kind != FilterKind::kChebyshev2) continue;
      ++tried;
      const signal::Sos sos =
          filter.kind == FilterKind::kButterworth
              ? signal::butterworth(filter.order, filter.band, filter.hz, filter.hz_end, profile.fs)
              : signal::chebyshev2(filter.order, filter.stop_db, filter.band, filter.hz, filter.hz_end, profile.fs);
      const std::vector<float> x = noise(3000, 5);
      std::vector<float> whole(x.size()), parts(x.size());
      signal::SosFilter once(sos), pieces(sos);
      once.process(x, whole);
      for (std::size_t at = 0, step = 1; at < x.size(); at += step, step = step * 3 % 257 + 1) {
        step = std::min(step, x.size() - at);
        pieces.process(std::span(x).subspan(at, step), std::span(parts).subspan(at, step));
      }
      CHECK(parts == whole);
    }
  }
  CHECK(tried >= 5);
}

TEST_CASE("a causal filter has its delay compensated") {
  const struct {
    const char* json;
    double hz;  // in the middle of what passes
  } all[] = {{R"([{"filter":"butterworth","band":"low","order":4,"hz":20,"phase":"causal"}])", 1},
             {R"([{"filter":"butterworth","band":"band","order":2,"hz":[5,20],"phase":"causal"}])", 10},
             {R"([{"filter":"butterworth","band":"high","order":3,"hz":0.5,"phase":"causal"}])", 60},
             {R"([{"filter":"chebyshev2","band":"low","order":4,"stop_db":40,"hz":40,"phase":"causal"}])", 1},
             {R"([{"filter":"mean","seconds":0.044,"phase":"causal"}])", 2}};
  for (const auto& each : all) {
    CAPTURE(each.json);
    std::vector<float> x(5000);
    for (std::size_t i = 0; i < x.size(); ++i) {
      // A packet, whose middle moves by the group delay.
      const double t = static_cast<double>(i) / 250 - 10;
      x[i] = static_cast<float>(std::exp(-t * t / 2) * std::cos(2 * std::numbers::pi * each.hz * t));
    }
    const FilterChain chain(filters(each.json), 250, "test");
    std::vector<float> y = x;
    chain.run(y, 1);
    const auto centre = [](const std::vector<float>& v) {
      double sum = 0, weight = 0;
      for (std::size_t i = 0; i < v.size(); ++i) {
        sum += static_cast<double>(i) * v[i] * v[i];
        weight += double{v[i]} * v[i];
      }
      return sum / weight;
    };
    const double moved = centre(y) - centre(x);
    MESSAGE(std::string(each.json) << ": delay of " << chain.delay(0) << " samples, left " << moved);
    CHECK(std::abs(moved) < 0.6);  // whole samples are compensated
  }
  CHECK(FilterChain(filters(all[0].json), 250, "test").delay(0) >= 4);
}

TEST_CASE("a causal filter starts settled and gives as many samples as it got") {
  for (const float value : {0.0F, 2.5F}) {
    const std::vector<float> y = filtered(
        R"([{"filter":"butterworth","band":"low","order":2,"hz":5,"phase":"causal"}])", std::vector<float>(50, value));
    REQUIRE(y.size() == 50);
    for (const float v : y) CHECK(v == doctest::Approx(value));
  }
}

TEST_CASE("the mean weighs by a triangle, the median is taken off with zeros beyond the ends") {
  const std::vector<float> x = noise(400, 3);
  const std::vector<float> mean = filtered(R"([{"filter":"mean","seconds":0.02}])", x);  // 5 samples
  for (std::size_t i = 20; i < 380; ++i) {
    double wanted = 0;
    for (int k = -4; k <= 4; ++k)
      wanted += (5 - std::abs(k)) / 25.0 * x[static_cast<std::size_t>(static_cast<int>(i) + k)];
    CHECK(mean[i] == doctest::Approx(wanted).epsilon(1e-5));
  }
  const std::vector<float> off = filtered(R"([{"filter":"minus_median","seconds":0.04}])", x);  // 10, so 11 samples
  for (int i = 0; i < 400; ++i) {
    std::vector<float> window;
    for (int k = i - 5; k <= i + 5; ++k) window.push_back(k < 0 || k >= 400 ? 0.0F : x[static_cast<std::size_t>(k)]);
    std::ranges::sort(window);
    CHECK(off[static_cast<std::size_t>(i)] == x[static_cast<std::size_t>(i)] - window[5]);
  }
}

TEST_CASE("a filter that does not exist at the rate names cut-off, rate and place") {
  try {
    FilterChain(filters(R"([{"filter":"mean","seconds":0.1},{"filter":"notch","hz":50,"q":30}])"), 90,
                "profile p: filters");
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.status() == Status::kUsage);
    CHECK(std::string(error.what()) ==
          "profile p: filters[1].hz: 50 Hz is not below half of 90 Hz, the rate at which it runs");
  }
}
