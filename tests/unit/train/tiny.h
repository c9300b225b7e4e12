// A model and data small enough to train in a test: 10 s at 50 Hz, 10 tokens, width 200.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/random.h"
#include "stream/pipe.h"
#include "support.h"

namespace cfm::test {

inline std::string tiny_model(const TemporaryFolder& folder) {
  const std::string path = folder / "tiny.json";
  write_file(path, R"({"name": "tiny", "profile": {"fs": 50, "seconds": 10, "scaling": "none"},
    "architecture": {"d": 200, "layers": 1, "heads": 4, "ffn": 60, "tokens": 10, "bins": 64, "strides": [5, 5, 2],
                     "decoder_strides": [5, 10, 2]},
    "objective": {"distillation_weight": 1, "amplitude_weight": 0.1, "phase_weight": 0.1, "spectrum_of": "better",
                  "hidden": 0},
    "optimiser": {"lr": 0.1}, "schedule": {"batch": 8}})");
  return path;
}

// A convolutional network of the same input, trained by its own configuration.
inline std::string tiny_resnet(const TemporaryFolder& folder) {
  const std::string path = folder / "tiny_resnet.json";
  write_file(path, R"({"name": "tiny-resnet", "family": "resnet1d",
    "profile": {"fs": 50, "seconds": 10, "scaling": "none"},
    "architecture": {"stem": 8, "stem_stride": 2, "widths": [8, 16], "strides": [3, 3], "kernel": 7},
    "schedule": {"batch": 8, "epochs": 6, "patience": 6}})");
  return path;
}

inline stream::Tensor tiny_signal(const std::string& kind, const std::string& name, const std::string& units,
                                  std::vector<float> values) {
  const auto n = static_cast<std::int64_t>(values.size());
  return stream::make_tensor<float>(
      kind, {1, n}, std::move(values),
      {{"kind", kind}, {"fs", 50}, {"names", {name}}, {"units", {units}}, {"scale", {1}}, {"offset", {0}}});
}

struct TinyData {
  int subjects = 12, segments = 4;  // of each subject
  bool graded = true, ppg = true;
  bool wrong_fourth = false;  // labels of every fourth subject, from the first, are those of its opposite
  int abp = 0;                // so many segments of each subject, from the first, have a pressure: 80 + 30 · the ECG
};

// A stream of pulses in noise, above zero in subjects of odd number, below it in the others (the model doesn't scale).
// Segments of a subject alternate between good and bad quality. Labels: above (boolean), kind (a, b, c), level (±1, a
// little more with each subject), grade (1 below, 2 or 3 above), findings (high or low, every third subject also
// other).
inline std::string tiny_stream(const TemporaryFolder& folder, const TinyData& data = {},
                               const std::string& name = "data.cfm") {
  const std::string path = folder / name;
  OutputFile file = OutputFile::create(path, true);
  stream::Outlet out(file, {}, {.tool = "test", .version = "0", .mode = stream::Prov::kNone});
  out.begin(nullptr);
  for (int s = 0; s < data.subjects; ++s) {
    for (int k = 0; k < data.segments; ++k) {
      const std::string record = fmt::format("r{:02}", s);
      stream::Segment segment;
      segment.header = {
          {"id", fmt::format("{}/{}", record, k * 500)}, {"record", record}, {"subject", record}, {"start", 10.0 * k}};
      Random random(1, "tiny", segment.id());
      const bool above = s % 2 == 1, bad = k % 2 == 1;
      const double rate = 1 + 0.01 * s, phase = random.uniform(), sign = above ? 1 : -1;
      for (const std::string kind : {"ecg", "ppg"}) {
        if (kind == "ppg" && !data.ppg) continue;
        std::vector<float> values(500);
        for (std::size_t i = 0; i < values.size(); ++i) {
          const double part = std::fmod(phase + rate * static_cast<double>(i) / 50, 1.0) - 0.5;
          values[i] = static_cast<float>(sign + std::exp(-part * part / 0.02) + (bad ? 0.3 : 0.05) * random.normal());
        }
        if (kind == "ecg" && k < data.abp) {
          std::vector<float> pressure;
          for (const float x : values) pressure.push_back(80 + 30 * x);
          std::fill(pressure.begin(), pressure.begin() + 50, std::numeric_limits<float>::quiet_NaN());
          segment.put(tiny_signal("abp", "ABP", "mmHg", std::move(pressure)));
        }
        segment.put(tiny_signal(kind, kind == "ecg" ? "II" : "PLETH", "mV", std::move(values)));
      }
      if (data.graded) {
        segment.header["quality"] = {{"score", bad ? 0.4 : 0.95}, {"class", bad ? "poor" : "excellent"}};
      }
      const bool said = above != (data.wrong_fourth && s % 4 == 0);
      segment.header["labels"] = {{"above", said},
                                  {"kind", std::string(1, static_cast<char>('a' + s % 3))},
                                  {"level", (said ? 1 : -1) + 0.01 * s},
                                  {"grade", said ? 2 + s / 2 % 2 : 1},
                                  {"findings", {said ? "high" : "low"}}};
      if (s % 3 == 0) segment.header["labels"]["findings"].push_back("other");
      out.write(segment);
    }
  }
  out.end({}, false);
  file.commit();
  return path;
}

}  // namespace cfm::test
