#include "synth/dipole.h"

#include <map>

#include "synth_support.h"

using namespace cfm;
using namespace cfm::synth;
using namespace cfm::test;
using stream::Segment;

TEST_CASE("twelve leads keep Einthoven's and Goldberger's equations, with noise, to the bit") {
  for (const char* noise : {"none", "motion@6,muscle@10"}) {
    SynthOptions options = clean("ecg:all", 20);
    options.noise = parse_noise(noise);
    const Segment s = synthesise(options, 4);
    CHECK(s.find("ecg")->names() ==
          std::vector<std::string>{"I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"});
    const auto i = samples(s, "ecg", 0), ii = samples(s, "ecg", 1);
    bool exact = true;
    for (std::size_t k = 0; k < i.size(); ++k) {
      exact = exact && samples(s, "ecg", 2)[k] == ii[k] - i[k];
      exact = exact && samples(s, "ecg", 3)[k] == -0.5F * i[k] - 0.5F * ii[k];
      exact = exact && samples(s, "ecg", 4)[k] == i[k] - 0.5F * ii[k];
      exact = exact && samples(s, "ecg", 5)[k] == ii[k] - 0.5F * i[k];
    }
    CHECK(exact);
  }
}

// Three leads tell the dipole; Dower's matrix tells the other five of it.
TEST_CASE("eight leads are projections of one dipole") {
  const Segment s = synthesise(clean("I,II,V1,V2,V3,V4,V5,V6", 20, "af"), 1);
  const std::vector<std::string> names = s.find("ecg")->names();
  const Dipole &a = *lead_vector("I"), &b = *lead_vector("II"), &c = *lead_vector("V2");
  const auto cross = [](const Dipole& u, const Dipole& v) {
    return Dipole{u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]};
  };
  const Dipole bc = cross(b, c), ca = cross(c, a), ab = cross(a, b);
  const double det = a[0] * bc[0] + a[1] * bc[1] + a[2] * bc[2];
  double worst = 0, largest = 0;
  for (std::size_t k = 0; k < samples(s, "ecg").size(); ++k) {
    Dipole d{};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      d[axis] = (samples(s, "ecg", 0)[k] * bc[axis] + samples(s, "ecg", 1)[k] * ca[axis] +
                 samples(s, "ecg", 3)[k] * ab[axis]) /
                det;
    }
    for (std::size_t lead = 0; lead < names.size(); ++lead) {
      worst = std::max(worst, std::abs(in_lead(d, names[lead]) - samples(s, "ecg", lead)[k]));
      largest = std::max(largest, std::abs(static_cast<double>(samples(s, "ecg", lead)[k])));
    }
  }
  CHECK(worst < 1e-5);
  CHECK(largest > 0.5);
}

TEST_CASE("leads look like those of a heart") {
  for (std::uint64_t subject = 0; subject < 20; ++subject) {
    const Segment s = synthesise(clean("ecg:all", 20), subject);
    const auto extremes = [&](std::size_t lead) {
      const auto x = samples(s, "ecg", lead);
      const auto [low, high] = std::minmax_element(x.begin(), x.end());
      return std::pair<double, double>(-*low, *high);
    };
    const auto ii = extremes(1), avr = extremes(3), v1 = extremes(6), v2 = extremes(7), v5 = extremes(10);
    CHECK(ii.second > 0.55);
    CHECK(ii.second < 1.8);
    CHECK(ii.second > ii.first);
    CHECK(avr.first > avr.second);  // all goes away from aVR
    CHECK(v1.first > v1.second);    // rS
    CHECK(v1.second > 0.05);
    CHECK(v2.first > 0.3);
    CHECK(v5.second > 2 * v5.first);  // qR
  }
}

TEST_CASE("R waves stand where the truth says") {
  SynthOptions options = clean("ecg", 60);
  for (std::uint64_t subject = 0; subject < 10; ++subject) {
    const Segment s = synthesise(options, subject);
    const auto ecg = samples(s, "ecg");
    for (const double beat : column(s, "reference/beats", 0)) {
      const auto at = static_cast<std::ptrdiff_t>(std::llround(beat));
      if (at < 20 || at + 20 >= std::ssize(ecg)) continue;
      const auto peak = std::max_element(ecg.begin() + at - 20, ecg.begin() + at + 20) - ecg.begin();
      CHECK(std::abs(static_cast<double>(peak) - beat) <= 1);
    }
  }
}

TEST_CASE("QT ends where the steepest tangent of T meets the line") {
  SynthOptions options = clean("ecg", 30);
  options.heart_rate = Range{60, 60};
  for (std::uint64_t subject = 0; subject < 10; ++subject) {
    const Segment s = synthesise(options, subject);
    const auto x = samples(s, "ecg");
    const auto waves = s.find("reference/waves")->values<double>();
    int checked = 0;
    for (std::size_t row = 0; row + 8 <= waves.size(); row += 4) {
      if (waves[row + 1] != 27 || waves[row] > static_cast<double>(x.size()) - 60) continue;
      const double peak = waves[row], end = waves[row + 4];
      CHECK(waves[row + 5] == 40);
      CHECK(waves[row + 7] == 2);
      const auto from = static_cast<std::size_t>(peak);
      double steepest = 0, at = 0;
      for (std::size_t i = from; i < from + 40; ++i) {
        const double slope = (x[i + 1] - x[i - 1]) / 2.0;
        if (std::abs(slope) > std::abs(steepest)) steepest = slope, at = static_cast<double>(i) - x[i] / slope;
      }
      CHECK(std::abs(at - end) < 1.5);
      ++checked;
    }
    CHECK(checked > 20);
  }
}

TEST_CASE("every wave is marked in order: onset, peak, offset") {
  for (const char* rhythm : {"sinus", "paced"}) {
    const Segment s = synthesise(clean("ecg:all", 30, rhythm), 3);
    const auto waves = s.find("reference/waves")->values<double>();
    std::map<std::pair<double, double>, std::vector<double>> codes;  // of a channel and wave
    for (std::size_t row = 0; row < waves.size(); row += 4)
      codes[{waves[row + 2], waves[row + 3]}].push_back(waves[row + 1]);
    CHECK(codes.count({-1, 1}) == 1);
    CHECK(codes.count({0, 1}) == 1);
    for (const auto& [wave, list] : codes) {
      for (std::size_t i = 1; i + 1 < list.size(); ++i) {
        if (list[i] == 39 || list[i] == 40) continue;
        CHECK(list[i - 1] == 39);
        CHECK(list[i + 1] == 40);
      }
    }
  }
}
