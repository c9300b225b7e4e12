#include "delineate/beats.h"

#include <cmath>
#include <limits>

#include "base/random.h"
#include "chunks.h"
#include "support.h"

using namespace cfm;
using namespace cfm::delineate;

namespace {

// P, QRS and T as bumps around each beat; mV.
std::vector<float> ecg(const std::vector<double>& beats, double fs, double seconds, double noise = 0.01) {
  std::vector<float> x(static_cast<std::size_t>(seconds * fs));
  Random random(1, "beats_test");
  for (float& v : x) v = static_cast<float>(noise * random.normal());
  const double parts[][3] = {
      {-0.16, 0.02, 0.12}, {-0.025, 0.008, -0.12}, {0, 0.01, 1.1}, {0.025, 0.008, -0.2}, {0.28, 0.045, 0.25}};
  for (const double beat : beats)
    for (const auto& [shift, width, height] : parts)
      for (auto i = static_cast<long>((beat - 0.4) * fs); i < static_cast<long>((beat + 0.6) * fs); ++i) {
        if (i < 0 || i >= static_cast<long>(x.size())) continue;
        const double d = (static_cast<double>(i) / fs - beat - shift) / width;
        x[static_cast<std::size_t>(i)] += static_cast<float>(height * std::exp(-d * d / 2));
      }
  return x;
}

std::vector<double> regular(double rate, double seconds) {
  std::vector<double> beats;
  for (double t = 0.5; t < seconds - 0.3; t += 60 / rate) beats.push_back(t);
  return beats;
}

int missed(const std::vector<double>& found, const std::vector<double>& truth, double fs, double tolerance) {
  int count = 0;
  for (const double t : truth) {
    bool hit = false;
    for (const double f : found) hit = hit || std::abs(f / fs - t) <= tolerance;
    count += !hit;
  }
  return count;
}

}  // namespace

TEST_CASE("every beat once, in place, at any rate of samples and of beats") {
  for (const double fs : {100.0, 128.0, 250.0, 360.0, 500.0, 1000.0, 257.3}) {
    for (const double rate : {30.0, 60.0, 100.0, 160.0}) {
      CAPTURE(fs);
      CAPTURE(rate);
      const auto truth = regular(rate, 40);
      const auto found = detect_beats(ecg(truth, fs, 40), fs);
      CHECK(found.size() == truth.size());
      CHECK(missed(found, truth, fs, 0.012) == 0);
    }
  }
}

TEST_CASE("upside down, in other units, on a moving baseline") {
  const auto truth = regular(72, 40);
  auto x = ecg(truth, 250, 40);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = -200 * (x[i] + static_cast<float>(std::sin(static_cast<double>(i) / 250 * 1.9))) + 1000;
  const auto found = detect_beats(x, 250);
  CHECK(found.size() == truth.size());
  CHECK(missed(found, truth, 250, 0.012) == 0);
}

TEST_CASE("in chunks equals in one piece, bit for bit, also after a flush") {
  Random random(2, "beats_test/chunks");
  auto x = ecg(regular(80, 60), 250, 60, 0.1);
  for (std::size_t i = 5000; i < 5400; ++i) x[i] = std::numeric_limits<float>::quiet_NaN();
  const auto whole = detect_beats(x, 250);
  CHECK(whole.size() > 60);
  BeatDetector detector(250);
  test::check_chunks(detector, x, whole, random);
}

TEST_CASE("gaps hold no beats and cost none around them") {
  const auto truth = regular(60, 40);
  auto x = ecg(truth, 250, 40);
  for (std::size_t i = 2500; i < 5000; ++i) x[i] = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t i = 5000; i < x.size(); ++i) x[i] += 5;
  const auto found = detect_beats(x, 250);
  for (const double f : found) CHECK((f < 2500 || f >= 5000));
  CHECK(found.size() == 30);
}

TEST_CASE("nothing in flat, missing, short or empty signals") {
  CHECK(detect_beats({}, 250).empty());
  CHECK(detect_beats(std::vector<float>{1}, 250).empty());
  CHECK(detect_beats(std::vector<float>(10000, 812.25F), 250).empty());
  CHECK(detect_beats(std::vector<float>(10000, std::numeric_limits<float>::quiet_NaN()), 250).empty());
  CHECK(test::status_of([] { BeatDetector detector(20); }) == Status::kUsage);
}

TEST_CASE("several leads are one measurement, from the first beat on, a dead one among them") {
  const double fs = 500;
  const auto truth = regular(64, 10);
  const auto clean = ecg(truth, fs, 10);
  std::vector<std::vector<float>> leads;
  Random random(5, "beats_test/leads");
  for (int l = 0; l < 12; ++l) {
    const auto size = static_cast<float>(l == 4 ? 0 : 0.1 + 0.15 * l) * (l % 3 == 0 ? -1.0F : 1.0F);
    leads.emplace_back();
    for (const float v : clean)
      leads.back().push_back(size * v + (l == 4 ? 0.0F : static_cast<float>(0.02 * random.normal())));
  }
  const std::vector<std::span<const float>> views(leads.begin(), leads.end());
  const auto found = detect_beats_of_leads(views, fs);
  CHECK(found.size() == truth.size());
  CHECK(missed(found, truth, fs, 0.015) == 0);

  BeatDetector detector(fs, views.size());
  std::vector<double> pieces;
  for (std::size_t at = 0; at < clean.size(); at += 77) {
    std::vector<std::span<const float>> part;
    for (const auto& view : views) part.push_back(view.subspan(at, std::min<std::size_t>(77, view.size() - at)));
    detector.process(part, pieces);
    for (const double f : pieces) CHECK(f < static_cast<double>(at + 77));
  }
  detector.flush(pieces);
  CHECK(pieces == found);
  CHECK(test::status_of([&] { detector.process(std::span(clean), pieces); }) == Status::kUsage);
}

TEST_CASE("a good lead is heard beside one that is noise") {
  const double fs = 250;
  const auto truth = regular(75, 60);
  const auto good = ecg(truth, fs, 60);
  const auto noise = ecg({}, fs, 60, 0.8);
  const std::vector<std::span<const float>> views = {std::span(noise), std::span(good)};
  const auto found = detect_beats_of_leads(views, fs);
  CHECK(missed(found, truth, fs, 0.05) <= 3);
  CHECK(found.size() <= truth.size() + 3);
}

TEST_CASE("noise is no rhythm: on a flat line, in a pause") {
  std::vector<float> toggling;
  Random random(6, "beats_test/lsb");
  for (int i = 0; i < 7500; ++i) toggling.push_back(random.below(2) == 0 ? 0.0F : 0.005F);
  CHECK(detect_beats(toggling, 250).size() <= 3);
  const auto found = detect_beats(ecg(regular(75, 60), 250, 180, 0.05), 250);  // beats for a minute, then a pause
  CHECK(std::ranges::count_if(found, [](double f) { return f > 61 * 250; }) == 0);
}

TEST_CASE("a change of amplitude is followed, down to a twentieth and back") {
  const auto truth = regular(75, 180);
  for (const float factor : {0.3F, 0.05F}) {
    auto x = ecg(truth, 250, 180, 0.001);
    for (std::size_t i = 60 * 250; i < 120 * 250; ++i) x[i] *= factor;
    CAPTURE(factor);
    CHECK(missed(detect_beats(x, 250), truth, 250, 0.02) <= 3);
  }
}

TEST_CASE("what lies before known_until has been told") {
  const auto x = ecg(regular(70, 60), 360, 60, 0.1);
  const auto whole = detect_beats(x, 360);
  BeatDetector detector(360);
  std::vector<double> told;
  for (std::size_t at = 0; at < x.size(); at += 360) {
    detector.process(std::span(x).subspan(at, 360), told);
    const double until = detector.known_until();
    const auto before = std::ranges::count_if(whole, [&](double f) { return f < until; });
    CHECK(std::ssize(told) >= before);
    CHECK(until > static_cast<double>(at) - 3.5 * 360);
  }
}
