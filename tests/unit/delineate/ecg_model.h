// Made-up ECG for the tests of waves: sums of bumps around beats, so that every peak is known.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "base/random.h"

namespace cfm::test {

struct Bump {
  double shift, width, height;  // s after the beat, s (standard deviation), mV
};

inline const std::vector<Bump> kSinus = {
    {-0.16, 0.022, 0.12}, {-0.025, 0.008, -0.12}, {0, 0.01, 1.1}, {0.025, 0.008, -0.2}, {0.28, 0.045, 0.25}};

// beats: s
inline std::vector<float> made_up_ecg(const std::vector<double>& beats, double fs, double seconds,
                                      const std::vector<Bump>& bumps = kSinus, double noise = 0.005) {
  std::vector<double> x(static_cast<std::size_t>(seconds * fs));
  Random random(1, "ecg_model");
  for (double& v : x) v = noise * random.normal();
  for (const double beat : beats)
    for (const Bump& b : bumps)
      for (std::size_t i = 0; i < x.size(); ++i) {
        const double d = (static_cast<double>(i) / fs - beat - b.shift) / b.width;
        if (std::abs(d) < 6) x[i] += b.height * std::exp(-d * d / 2);
      }
  return {x.begin(), x.end()};
}

inline std::vector<double> regular_beats(double rate, double seconds) {
  std::vector<double> beats;
  for (double t = 0.6; t < seconds - 0.3; t += 60 / rate) beats.push_back(t);
  return beats;
}

inline std::vector<double> times(const std::vector<double>& beats, double fs) {
  std::vector<double> places;
  for (const double b : beats) places.push_back(b * fs);
  return places;
}

}  // namespace cfm::test
