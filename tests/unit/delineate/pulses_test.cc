#include "delineate/pulses.h"

#include <cmath>
#include <limits>

#include "base/random.h"
#include "chunks.h"
#include "golden.h"

using namespace cfm;
using namespace cfm::delineate;

namespace {

// Systolic and dicrotic wave; the foot is about 0.15 s before the summit at `beats`.
std::vector<float> ppg(double rate, double fs, double seconds, std::vector<double>& summits) {
  std::vector<float> x(static_cast<std::size_t>(seconds * fs), 2.0F);
  for (double t = 0.6; t < seconds - 0.6; t += 60 / rate) {
    summits.push_back(t);
    for (auto i = static_cast<std::size_t>((t - 0.5) * fs); i < static_cast<std::size_t>((t + 0.6) * fs); ++i) {
      const double d = static_cast<double>(i) / fs - t, rise = d < 0 ? 0.06 : 0.12;
      x[i] +=
          static_cast<float>(std::exp(-d * d / 2 / rise / rise) + 0.25 * std::exp(-(d - 0.3) * (d - 0.3) / 2 / 0.005));
    }
  }
  return x;
}

}  // namespace

TEST_CASE("every pulse once: summit and foot, at any rate of samples and of pulses") {
  for (const double fs : {50.0, 125.0, 250.0, 500.0, 62.4725}) {
    for (const double rate : {40.0, 75.0, 120.0}) {
      CAPTURE(fs);
      CAPTURE(rate);
      std::vector<double> summits;
      const auto found = detect_pulses(ppg(rate, fs, 40, summits), fs);
      REQUIRE(found.size() == summits.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(std::abs(found[i].systole / fs - summits[i]) < 0.04);
        CHECK(found[i].onset < found[i].systole);
        CHECK(summits[i] - found[i].onset / fs < 0.4);
      }
    }
  }
}

TEST_CASE("pulses of golden recordings with noise of 20 dB") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto x = test::narrow(test::read_npy(golden + "/delineation/pat_250_20db_ppg.npy"));
  const auto clean = test::narrow(test::read_npy(golden + "/delineation/pat_250_ppg.npy"));
  const auto found = detect_pulses(x, 250), wanted = detect_pulses(clean, 250);
  CHECK(wanted.size() > 20);
  CHECK(found.size() == wanted.size());
}

TEST_CASE("in chunks equals in one piece, bit for bit, also after a flush") {
  Random random(2, "pulses_test/chunks");
  std::vector<double> summits;
  auto x = ppg(80, 125, 60, summits);
  for (float& v : x) v += static_cast<float>(0.05 * random.normal());
  for (std::size_t i = 3000; i < 3300; ++i) x[i] = std::numeric_limits<float>::quiet_NaN();
  const auto whole = detect_pulses(x, 125);
  CHECK(whole.size() > 60);
  PulseDetector detector(125);
  test::check_chunks(detector, x, whole, random);
}

TEST_CASE("nothing in flat, missing, short or empty signals") {
  CHECK(detect_pulses({}, 125).empty());
  CHECK(detect_pulses(std::vector<float>{1}, 125).empty());
  CHECK(detect_pulses(std::vector<float>(10000, 93.7F), 125).empty());
  CHECK(detect_pulses(std::vector<float>(10000, std::numeric_limits<float>::quiet_NaN()), 125).empty());
  CHECK(test::status_of([] { PulseDetector detector(5); }) == Status::kUsage);
}
