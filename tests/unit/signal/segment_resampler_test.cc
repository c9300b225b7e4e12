#include "signal/segment_resampler.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <thread>

#include "signal/resample.h"
#include "support.h"

using namespace cfm;
using namespace cfm::signal;
using cfm::test::status_of;

namespace {

constexpr double kSeconds = 20, kEnds = 3;  // s

std::vector<float> tone(double hz, double fs, double seconds = kSeconds) {
  std::vector<float> x(static_cast<std::size_t>(seconds * fs));
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / fs + 0.3));
  }
  return x;
}

std::vector<float> run(const SegmentResampler& resampler, const std::vector<float>& x, double fs, double fs_out) {
  std::vector<float> y(resampled_size(x.size(), fs, fs_out));
  resampler.run(x, y);
  return y;
}

struct Fit {
  double amplitude, rest;  // of the tone; RMS of what is not the tone
};

// Least squares by a sine and a cosine of hz, without the ends.
Fit fit(const std::vector<float>& y, double hz, double fs) {
  const auto from = static_cast<std::size_t>(kEnds * fs), to = y.size() - from;
  double ss = 0, cc = 0, sc = 0, sy = 0, cy = 0, yy = 0;
  for (std::size_t i = from; i < to; ++i) {
    const double w = 2 * std::numbers::pi * hz * static_cast<double>(i) / fs, s = std::sin(w), c = std::cos(w);
    ss += s * s, cc += c * c, sc += s * c, sy += s * y[i], cy += c * y[i];
  }
  const double d = ss * cc - sc * sc, a = (sy * cc - cy * sc) / d, b = (cy * ss - sy * sc) / d;
  for (std::size_t i = from; i < to; ++i) {
    const double w = 2 * std::numbers::pi * hz * static_cast<double>(i) / fs;
    yy += std::pow(y[i] - a * std::sin(w) - b * std::cos(w), 2);
  }
  return {std::hypot(a, b), std::sqrt(yy / static_cast<double>(to - from))};
}

double rms(const std::vector<float>& y, double fs) {
  const auto from = static_cast<std::size_t>(kEnds * fs), to = y.size() - from;
  double sum = 0;
  for (std::size_t i = from; i < to; ++i) sum += double{y[i]} * y[i];
  return std::sqrt(sum / static_cast<double>(to - from));
}

double decibels(double ratio) { return 20 * std::log10(std::max(ratio, 1e-12)); }

}  // namespace

TEST_CASE("pass band within 0.01 dB, aliases and images below -100 dB, for every pair of usual rates") {
  const double tone_rms = std::sqrt(0.5);
  std::string table = "from Hz   to Hz   ripple dB   images dB   aliases dB";
  for (const double to : {100.0, 125.0, 250.0, 300.0, 500.0}) {
    for (const double from : {100.0, 125.0, 200.0, 250.0, 300.0, 360.0, 500.0, 1000.0, 257.0, 62.5, 128.0}) {
      if (from == to) continue;
      CAPTURE(from);
      CAPTURE(to);
      const SegmentResampler resampler(from, to);
      const double low = std::min(from, to) / 2;
      double ripple = 0, images = -999, aliases = -999;
      for (const double part : {0.011, 0.17, 0.43, 0.71, 0.88, 0.912}) {
        const Fit found = fit(run(resampler, tone(part * low, from), from, to), part * low, to);
        ripple = std::max(ripple, std::abs(decibels(found.amplitude)));
        images = std::max(images, decibels(found.rest / tone_rms));
      }
      if (from > to) {
        for (const double part : {0.003, 0.05, 0.4, 0.9}) {
          const double hz = to / 2 + part * (from / 2 - to / 2);
          aliases = std::max(aliases, decibels(rms(run(resampler, tone(hz, from), from, to), to) / tone_rms));
        }
      }
      CHECK(ripple < 0.01);
      CHECK(images < -100);
      CHECK(aliases < -100);
      table += fmt::format("\n{:7}  {:6}   {:9.6f}   {:9.1f}   {:>10}", from, to, ripple, images,
                           from > to ? fmt::format("{:.1f}", aliases) : "-");
    }
  }
  MESSAGE(table);
}

TEST_CASE("time stays: a tone is where it was, from the first sample on") {
  const SegmentResampler resampler(257, 300);
  const std::vector<float> y = run(resampler, tone(5, 257), 257, 300), wanted = tone(5, 300);
  REQUIRE(y.size() == 6000);
  double worst = 0;
  for (std::size_t i = 600; i < 5400; ++i) worst = std::max<double>(worst, std::abs(y[i] - wanted[i]));
  CHECK(worst < 2e-6);
}

TEST_CASE("a constant stays one, with an offset that floats can hardly hold") {
  const SegmentResampler resampler(500, 250);
  const std::vector<float> y = run(resampler, std::vector<float>(5000, 123456.0F), 500, 250);
  CHECK(std::ranges::all_of(y, [](float v) { return v == 123456.0F; }));
}

TEST_CASE("agrees with the streaming resampler, whose method is another") {
  std::vector<float> x(4000);  // steps and ramps, 360 Hz
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(i % 400) / 400 + (i / 900 % 2 == 0 ? 0.0F : 1.0F);
  std::vector<float> soft(x.size());  // no content in the transition bands, no step at the ends
  for (int i = 0; i < 4000; ++i) {
    for (int k = 0; k < 80; ++k) {
      const double weight = 0.0125 * (1 - std::cos(2 * std::numbers::pi * (k + 0.5) / 80));
      soft[static_cast<std::size_t>(i)] +=
          static_cast<float>(weight) * x[static_cast<std::size_t>(std::clamp(i + k - 40, 0, 3999))];
    }
  }
  const SegmentResampler resampler(360, 250);
  const std::vector<float> ours = run(resampler, soft, 360, 250), theirs = resample(soft, 360, 250);
  REQUIRE(ours.size() == theirs.size());
  double worst = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) worst = std::max<double>(worst, std::abs(ours[i] - theirs[i]));
  CHECK(worst < 1e-4);
}

TEST_CASE("rates without a common measure, short and long signals, refusals") {
  for (const double fs : {std::numbers::pi * 100, 257.3, 333.333}) {
    CAPTURE(fs);
    const SegmentResampler resampler(fs, 250);
    const Fit found = fit(run(resampler, tone(9, fs), fs, 250), 9, 250);
    CHECK(found.amplitude == doctest::Approx(1).epsilon(1e-4));
    CHECK(found.rest < 1e-4);
  }
  const SegmentResampler half(500, 250);
  CHECK(run(half, {}, 500, 250).empty());
  CHECK(run(half, {3.0F, 3.0F}, 500, 250) == std::vector<float>{3.0F});
  std::vector<float> wrong(7);
  CHECK(status_of([&] { half.run(std::vector<float>(5000), wrong); }) == Status::kBug);
  CHECK(status_of([] { SegmentResampler(0, 250); }) == Status::kUsage);
  CHECK(status_of([] { SegmentResampler(250, std::nan("")); }) == Status::kUsage);
}

TEST_CASE("the same bits from every thread") {
  const SegmentResampler resampler(360, 125);
  const std::vector<float> x = tone(7, 360), once = run(resampler, x, 360, 125);
  std::vector<std::vector<float>> all(4);
  std::vector<std::jthread> threads;
  for (auto& made : all) threads.emplace_back([&] { made = run(resampler, x, 360, 125); });
  threads.clear();
  for (const auto& made : all) CHECK(made == once);
}
