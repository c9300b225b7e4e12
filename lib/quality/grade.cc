#include "quality/grade.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "quality/quality.h"

namespace cfm::quality {
namespace {

using stream::Json;

constexpr double kLowestEcgRate = 50, kLowestPulseRate = 20;  // Hz
constexpr double kScoreSteps = 1e4;                           // a score has four decimals
constexpr int kIndexDigits = 6;

std::optional<Quality> measure(const std::string& kind, std::span<const float> x, double fs, const std::string& unit) {
  if (kind == "ecg" && fs >= kLowestEcgRate) return ecg_quality(x, fs);
  if (kind == "ppg" && fs >= kLowestPulseRate) return ppg_quality(x, fs);
  if (kind == "abp" && fs >= kLowestPulseRate) return abp_quality(x, fs, unit == "mmHg");
  return std::nullopt;
}

double rounded(double value) {
  if (value == 0) return 0;
  const double scale = std::pow(10.0, kIndexDigits - 1 - std::floor(std::log10(std::abs(value))));
  return std::isfinite(scale) ? std::round(value * scale) / scale : value;
}

Json summary(double score, const std::vector<std::string_view>& reasons) {
  Json out = Json::object();
  out["score"] = score;
  out["class"] = quality_class(score);
  out["reasons"] = reasons;
  return out;
}

}  // namespace

void check_indices(const std::vector<std::string>& wanted) {
  const auto names = quality_index_names();
  for (const std::string& name : wanted)
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw Error(Status::kUsage, "no quality index {}; there are {}", name, fmt::join(names, " "));
}

bool grade(stream::Segment& segment, const QualityOptions& options) {
  check_indices(options.indices);
  Json channels = Json::object();
  double lowest = 1;
  std::vector<std::string_view> reasons;
  for (const stream::Tensor& tensor : segment.tensors) {
    if (!tensor.is_signal() || tensor.name.find('/') != std::string::npos) continue;
    const auto names = tensor.names(), units = tensor.units();
    for (std::size_t c = 0; c < tensor.channels(); ++c) {
      const auto q =
          measure(tensor.kind(), stream::physical(segment, tensor, c), tensor.fs(), c < units.size() ? units[c] : "");
      if (!q) continue;
      const double score = std::round(q->score * kScoreSteps) / kScoreSteps;
      Json entry = Json::object();
      entry["kind"] = tensor.kind();
      entry.update(summary(score, q->reasons));
      Json& indices = entry["indices"] = Json::object();
      for (const auto& [name, value] : q->indices) {
        if (!options.indices.empty() &&
            std::find(options.indices.begin(), options.indices.end(), name) == options.indices.end())
          continue;
        indices[std::string(name)] = std::isfinite(value) ? Json(rounded(value)) : Json(nullptr);
      }
      const std::string name = c < names.size() ? names[c] : std::to_string(c);
      channels[channels.contains(name) ? tensor.name + "/" + name : name] = std::move(entry);
      lowest = std::min(lowest, score);
      for (const std::string_view r : q->reasons)
        if (std::find(reasons.begin(), reasons.end(), r) == reasons.end()) reasons.push_back(r);
    }
  }
  if (channels.empty()) return false;
  Json quality = summary(lowest, reasons);
  quality["per_channel"] = std::move(channels);
  segment.header["quality"] = std::move(quality);
  return true;
}

}  // namespace cfm::quality
