// A made-up patient, cut into segments: regular beats, a pulse 0.25 s after each, a slight drift of both.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "delineate/ecg_model.h"
#include "stream/segment.h"

namespace cfm::test {

struct Patient {
  double seconds = 60;
  int leads = 1;
  bool pulses = true, pressure = false;
  double start = 0;    // s, of the first segment on the record's clock
  double fs = 250;     // Hz, of the ECG
  double stops = 1e9;  // s, from which all signals are flat,
  bool lost = false;   //   or missing
  double rate = 68;    // beats a minute
  std::string record = "r";

  std::vector<double> beats() const {
    std::vector<double> out;
    for (const double b : regular_beats(rate, seconds)) {
      const double shifted = b + 0.03 * std::sin(b);
      if (shifted + 0.5 < stops) out.push_back(shifted);
    }
    return out;
  }
};

inline constexpr double kPulseRate = 125;  // Hz

// Segments of `length` s, each `stride` s after the one before (0: touching).
inline std::vector<stream::Segment> cut(const Patient& p, double length, double stride = 0) {
  const std::vector<double> beats = p.beats();
  const auto end = [&](std::vector<float>& x, double fs) {
    for (auto i = static_cast<std::size_t>(std::min(p.stops, p.seconds) * fs); i < x.size(); ++i)
      x[i] = p.lost ? std::numeric_limits<float>::quiet_NaN() : 0.F;
  };
  std::vector<std::vector<float>> leads;
  for (int l = 0; l < p.leads; ++l) {
    std::vector<Bump> bumps = kSinus;
    for (Bump& b : bumps) b.height *= 1 - 0.3 * l;
    leads.push_back(made_up_ecg(beats, p.fs, p.seconds, bumps));
    end(leads.back(), p.fs);
  }
  // Rises of a tenth of a second, with a second wave.
  std::vector<float> pulses(static_cast<std::size_t>(p.seconds * kPulseRate));
  for (const double beat : beats)
    for (const Bump& b : {Bump{0.37, 0.06, 1}, Bump{0.62, 0.09, 0.35}})
      for (std::size_t i = 0; i < pulses.size(); ++i) {
        const double d = (static_cast<double>(i) / kPulseRate - beat - b.shift) / b.width;
        if (std::abs(d) < 6) pulses[i] += static_cast<float>(b.height * std::exp(-d * d / 2));
      }
  std::vector<float> pressure = pulses;
  for (float& v : pressure) v = 80 + 40 * v;
  end(pulses, kPulseRate);
  end(pressure, kPulseRate);

  const auto slice = [&](const std::vector<float>& x, double fs, double from) {
    const auto a = static_cast<std::size_t>(std::llround(from * fs));
    const auto b = std::min(x.size(), static_cast<std::size_t>(std::llround((from + length) * fs)));
    return std::vector<float>(x.begin() + static_cast<std::ptrdiff_t>(a), x.begin() + static_cast<std::ptrdiff_t>(b));
  };
  std::vector<stream::Segment> out;
  for (double from = 0; from + length <= p.seconds + 1e-9; from += stride > 0 ? stride : length) {
    stream::Segment segment;
    const auto at = std::llround((p.start + from) * p.fs);
    segment.header = {{"id", p.record + "/" + std::to_string(at)},
                      {"record", p.record},
                      {"start", p.start + from},
                      {"clock", {{"fs", p.fs}, {"sample", at}}}};
    std::vector<float> ecg;
    stream::Json names = stream::Json::array(), units = stream::Json::array();
    for (std::size_t l = 0; l < leads.size(); ++l) {
      const auto x = slice(leads[l], p.fs, from);
      ecg.insert(ecg.end(), x.begin(), x.end());
      names.push_back("L" + std::to_string(l));
      units.push_back("mV");
    }
    const auto put = [&](const char* kind, double fs, std::vector<float> x, stream::Json n, stream::Json u) {
      const std::int64_t channels = std::ssize(n), samples = std::ssize(x) / channels;
      segment.put(stream::make_tensor(kind, {channels, samples}, std::move(x),
                                      {{"kind", kind},
                                       {"fs", fs},
                                       {"t0", static_cast<double>(std::llround(from * fs)) / fs - from},
                                       {"names", n},
                                       {"units", u}}));
    };
    if (!leads.empty()) put("ecg", p.fs, std::move(ecg), names, units);
    if (p.pulses) put("ppg", kPulseRate, slice(pulses, kPulseRate, from), {"PLETH"}, {"NU"});
    if (p.pressure) put("abp", kPulseRate, slice(pressure, kPulseRate, from), {"ABP"}, {"mmHg"});
    out.push_back(std::move(segment));
  }
  return out;
}

}  // namespace cfm::test
