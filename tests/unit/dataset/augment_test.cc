#include "dataset/augment.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "support.h"

using namespace cfm::dataset;

namespace {

constexpr double kFs = 300;
constexpr std::size_t kSamples = 9000;

std::vector<float> view(const AugmentOptions& options, std::uint64_t epoch, float level, const char* sample = "r/0",
                        int which = 0, std::uint64_t seed = 1) {
  std::vector<float> x(2 * kSamples, level);
  augment(x, 2, kFs, options, {seed, epoch, sample, which});
  return x;
}

// Options with one step always on.
AugmentOptions only(double AugmentOptions::*p) {
  AugmentOptions options{.noise_p = 0, .gain_p = 0, .offset_p = 0, .blank_p = 0};
  options.*p = 1;
  return options;
}

}  // namespace

TEST_CASE("each step does what it says") {
  double square = 0;
  for (const float x : view(only(&AugmentOptions::noise_p), 0, 0)) square += x * x;
  CHECK(std::sqrt(square / (2 * kSamples)) == doctest::Approx(0.01).epsilon(0.03));

  double low = 2, high = 0, sum = 0;
  for (std::uint64_t epoch = 0; epoch < 200; ++epoch) {
    const std::vector<float> x = view(only(&AugmentOptions::gain_p), epoch, 1);
    CHECK(std::all_of(x.begin(), x.end(), [&](float value) { return value == x[0]; }));
    low = std::min<double>(low, x[0]), high = std::max<double>(high, x[0]), sum += x[0];
  }
  CHECK(low > 0.9 - 1e-6);
  CHECK(low < 0.91);
  CHECK(high > 1.09);
  CHECK(high < 1.1 + 1e-6);
  CHECK(sum / 200 == doctest::Approx(1).epsilon(0.02));

  const std::vector<float> shifted = view(only(&AugmentOptions::offset_p), 0, 0);
  CHECK(shifted[0] != shifted[kSamples]);
  CHECK(std::abs(shifted[0]) <= 0.1F);
  CHECK(shifted[kSamples - 1] == shifted[0]);

  for (std::uint64_t epoch = 0; epoch < 100; ++epoch) {
    const std::vector<float> x = view(only(&AugmentOptions::blank_p), epoch, 1);
    const auto zero = std::count(x.begin(), x.begin() + kSamples, 0.0F);
    CHECK(zero >= 450);
    CHECK(zero <= 900);
    CHECK(std::equal(x.begin(), x.begin() + kSamples, x.begin() + kSamples));
    const auto from = std::find(x.begin(), x.begin() + kSamples, 0.0F);
    CHECK(std::count(from, from + zero, 0.0F) == zero);
  }
}

TEST_CASE("steps happen as often as they should") {
  int noise = 0, blank = 0, untouched = 0;
  constexpr int kDraws = 1000;
  for (std::uint64_t epoch = 0; epoch < kDraws; ++epoch) {
    std::vector<float> x(600, 1.0F);
    augment(x, 2, 20, {}, {1, epoch, "r/0", 0});
    const bool some_zero = std::count(x.begin(), x.end(), 0.0F) > 0;
    const auto other = std::find_if(x.begin(), x.end(), [](float value) { return value != 0; });
    const bool noisy = std::count(x.begin(), x.begin() + 300, *other) < 100;
    noise += noisy ? 1 : 0;
    blank += some_zero ? 1 : 0;
    untouched += std::count(x.begin(), x.end(), 1.0F) == 600 ? 1 : 0;
  }
  CHECK(std::abs(noise - 500) < 80);  // five standard deviations
  CHECK(std::abs(blank - 300) < 75);
  CHECK(std::abs(untouched - 122) < 55);  // .5 · .5 · .7 · .7
}

TEST_CASE("draws are a function of seed, epoch, sample and view") {
  const AugmentOptions always{.noise_p = 1};
  const std::vector<float> x = view(always, 3, 1);
  CHECK(x == view(always, 3, 1));
  CHECK(x != view(always, 4, 1));
  CHECK(x != view(always, 3, 1, "r/9000"));
  CHECK(x != view(always, 3, 1, "r/0", 1));
  CHECK(x != view(always, 3, 1, "r/0", 0, 2));
}

TEST_CASE("a segment shorter than the blank is blanked whole") {
  std::vector<float> x(100, 1.0F);
  augment(x, 1, 300, only(&AugmentOptions::blank_p), {});
  CHECK(std::count(x.begin(), x.end(), 0.0F) == 100);
}
