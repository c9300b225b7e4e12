// What the tests of synthesis share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "support.h"
#include "synth/synth.h"

namespace cfm::test {

inline synth::SynthOptions clean(const char* signals, double duration = 60, const char* rhythm = "sinus") {
  synth::SynthOptions options;
  options.duration = duration;
  options.signals = synth::parse_signals(signals);
  options.rhythm = synth::parse_rhythm(rhythm);
  options.noise.clear();
  return options;
}

// Column of an event tensor, of the rows whose second column, the code, is `code` (0: all).
inline std::vector<double> column(const stream::Segment& segment, const char* name, std::size_t which,
                                  double code = 0) {
  const stream::Tensor* tensor = segment.find(name);
  REQUIRE(tensor != nullptr);
  const auto values = tensor->values<double>();
  const auto width = static_cast<std::size_t>(tensor->shape[1]);
  std::vector<double> out;
  for (std::size_t i = 0; i < values.size(); i += width) {
    if (code == 0 || values[i + 1] == code) out.push_back(values[i + which]);
  }
  return out;
}

// Of a channel.
inline std::span<const float> samples(const stream::Segment& segment, const std::string& name,
                                      std::size_t channel = 0) {
  const stream::Tensor* tensor = segment.find(name);
  REQUIRE(tensor != nullptr);
  return tensor->values<float>().subspan(channel * tensor->samples(), tensor->samples());
}

// Bit by bit, so that missing samples are equal.
inline bool same(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

inline bool same(const stream::Segment& a, const stream::Segment& b) {
  if (a.header != b.header || a.tensors.size() != b.tensors.size()) return false;
  for (std::size_t i = 0; i < a.tensors.size(); ++i) {
    if (a.tensors[i].name != b.tensors[i].name || a.tensors[i].attributes != b.tensors[i].attributes ||
        a.tensors[i].data.text() != b.tensors[i].data.text()) {
      return false;
    }
  }
  return true;
}

inline double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

}  // namespace cfm::test
