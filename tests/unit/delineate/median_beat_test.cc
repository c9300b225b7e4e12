#include "delineate/median_beat.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "delineate/waves.h"
#include "ecg_model.h"
#include "support.h"

using namespace cfm;
using namespace cfm::delineate;

namespace {

constexpr double kFs = 500;

// Root mean square, `lag` samples apart.
double difference(const MedianBeat& a, const MedianBeat& b, int lag = 0) {
  double sum = 0;
  for (int i = 10; i < 540; ++i)
    sum += std::pow(
        static_cast<double>(a.samples[static_cast<std::size_t>(i + lag)] - b.samples[static_cast<std::size_t>(i)]), 2);
  return std::sqrt(sum / 530);
}

}  // namespace

TEST_CASE("a template comes out of noise, odd beats and loose marks") {
  const auto beats = test::regular_beats(60, 62);
  Random random(4, "median_beat_test");
  std::vector<double> marks = test::times(beats, kFs);
  const auto clean = median_beat(test::made_up_ecg(beats, kFs, 62, test::kSinus, 0), kFs, marks);
  CHECK(clean.left_out == marks.size() - clean.used);
  CHECK(clean.samples.size() == 551);
  CHECK(clean.r == 200);
  CHECK(std::abs(clean.samples[200] - 1.05F) < 0.1F);

  auto x = test::made_up_ecg(beats, kFs, 62, test::kSinus, 0.05);
  for (const std::size_t odd : {10U, 20U, 30U, 40U})  // wide ones of the other sign
    for (int d = -60; d <= 60; ++d)
      x[static_cast<std::size_t>(marks[odd] + d)] -= static_cast<float>(2.5 * std::exp(-d * d / 800.0));
  for (double& m : marks) m += std::floor(random.uniform(-5, 6));
  const auto noisy = median_beat(x, kFs, marks);
  CHECK(noisy.used >= clean.used - 6);
  CHECK(noisy.left_out >= 4);
  CHECK(noisy.samples.size() == clean.samples.size());
  double least = 1;
  for (int lag = -10; lag <= 10; ++lag) least = std::min(least, difference(noisy, clean, lag));
  CHECK(least < 1.5 * 1.25 * 0.05 / std::sqrt(static_cast<double>(noisy.used)));  // 1.25: of a median

  const auto waves = delineate_waves(noisy.samples, kFs, std::array{noisy.r});
  REQUIRE(waves.size() == 1);
  CHECK(std::abs(waves[0].qrs.peak - noisy.r) < 2);
  CHECK(std::abs(waves[0].p.peak - (noisy.r - 80)) < 6);
  CHECK(std::abs(waves[0].t.offset - (noisy.r + 185)) < 10);
}

TEST_CASE("r is where the marks lie on average") {
  const auto beats = test::regular_beats(60, 32);
  auto marks = test::times(beats, kFs);
  for (std::size_t i = 0; i < marks.size(); ++i) marks[i] += i % 4 == 0 ? 12 : 0;
  const auto m = median_beat(test::made_up_ecg(beats, kFs, 32), kFs, marks);
  const auto tallest = std::max_element(m.samples.begin(), m.samples.end()) - m.samples.begin();
  CHECK(std::abs(m.r - static_cast<double>(tallest) - 3) < 0.5);
}

TEST_CASE("gaps are left out sample by sample") {
  const auto beats = test::regular_beats(60, 20);
  auto x = test::made_up_ecg(beats, kFs, 20, test::kSinus, 0);
  const auto clean = median_beat(x, kFs, test::times(beats, kFs));
  for (std::size_t i = 1500; i < 1600; ++i) x[i] = std::numeric_limits<float>::quiet_NaN();
  const auto with_gap = median_beat(x, kFs, test::times(beats, kFs));
  CHECK(difference(clean, with_gap) < 1e-3);
}

TEST_CASE("nothing to go by") {
  CHECK(median_beat({}, kFs, {}).samples.empty());
  CHECK(median_beat(std::vector<float>(100, 1.0F), kFs, std::vector<double>{50}).samples.empty());
  const auto flat = median_beat(std::vector<float>(2000, 3.0F), kFs, std::vector<double>{500, 1000});
  CHECK((flat.samples.empty() || flat.samples[100] == 3.0F));
  CHECK(test::status_of([] { median_beat({}, 0, {}); }) == Status::kUsage);
}
