#include "delineate/median_rows.h"

#include "ecg_model.h"
#include "support.h"

using namespace cfm;
using namespace cfm::delineate;
using stream::Json;

namespace {

constexpr double kFs = 250;

// Two leads, the second half as high, with beats of codes: every `odd`-th is ventricular and looks like nothing.
stream::Segment segment_with(const std::vector<double>& beats, double noise, int odd) {
  const auto first = test::made_up_ecg(beats, kFs, 30, test::kSinus, noise);
  std::vector<float> both = first;
  for (const float v : first) both.push_back(v / 2);
  stream::Segment segment;
  segment.header = Json{{"id", "a/0"}, {"record", "a"}, {"subject", "a"}, {"start", 0}};
  segment.put(
      stream::make_tensor<float>("ecg", {2, std::ssize(first)}, both,
                                 Json{{"kind", "ecg"}, {"fs", kFs}, {"names", {"I", "II"}}, {"units", {"mV", "mV"}}}));
  std::vector<double> events;
  for (std::size_t k = 0; k < beats.size(); ++k) {
    events.insert(events.end(), {beats[k] * kFs, odd > 0 && k % static_cast<std::size_t>(odd) == 0 ? 5.0 : 1.0, -1.0});
  }
  segment.put(
      stream::make_tensor<double>("beats", {std::ssize(beats), 3}, events,
                                  Json{{"kind", "event"}, {"columns", {"sample", "code", "channel"}}, {"of", "ecg"}}));
  return segment;
}

}  // namespace

TEST_CASE("a row a lead and one for all, measured in noise that single beats drown in") {
  const auto beats = test::regular_beats(70, 30);
  const auto clean = median_rows(segment_with(beats, 0.001, 0), {});
  const auto noisy = median_rows(segment_with(beats, 0.06, 0), {});
  REQUIRE(clean.size() == 3);
  REQUIRE(noisy.size() == 3);
  const char* channels[] = {"I", "II", "global"};
  for (std::size_t k = 0; k < 3; ++k) {
    CAPTURE(k);
    CHECK(clean[k].channel == channels[k]);
    CHECK(clean[k].symbol == "N");
    CHECK(clean[k].beat > 25);
    CHECK(clean[k].intervals.rr == doctest::Approx(60000.0 / 70).epsilon(0.01));
    CHECK(std::abs(clean[k].r_peak) < 0.006);
    CHECK(clean[k].t_peak == doctest::Approx(0.28).epsilon(0.03));
    CHECK(clean[k].p_peak == doctest::Approx(-0.16).epsilon(0.06));
    CHECK(std::abs(noisy[k].t_peak - clean[k].t_peak) < 0.02);
    CHECK(std::abs(noisy[k].intervals.qt - clean[k].intervals.qt) < 40);
  }
}

TEST_CASE("only the commonest kind is in it, and only the leads asked for") {
  const auto beats = test::regular_beats(70, 30);
  const stream::Segment segment = segment_with(beats, 0.001, 3);
  const auto all = median_rows(segment, {});
  CHECK(all.at(0).beat <= static_cast<std::int64_t>(beats.size() - beats.size() / 3));
  CHECK(median_rows(segment, {.lead = "II"}).size() == 1);
  CHECK(median_rows(segment, {.lead = "II"}).at(0).channel == "II");
  CHECK(median_rows(segment, {.lead = "global"}).at(0).channel == "global");
}

TEST_CASE("nothing without beats") {
  stream::Segment segment = segment_with({}, 0.001, 0);
  CHECK(median_rows(segment, {}).empty());
  segment.remove("beats");
  CHECK(median_rows(segment, {}).empty());
}
