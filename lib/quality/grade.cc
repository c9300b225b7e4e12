#include "quality/grade.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/error.h"
#include "quality/quality.h"
#include "quality/rr_score.h"
#include "quality/second_opinion.h"

namespace cfm::quality {
namespace {

using stream::Json;

constexpr double kLowestEcgRate = 50, kLowestPulseRate = 20;  // Hz
constexpr double kScoreSteps = 1e6;                           // a score has six decimals
constexpr int kIndexDigits = 6;
constexpr const char* kRateAgreement = "rate_agreement";

std::optional<Quality> measure(const std::string& kind, std::span<const float> x, double fs, const std::string& unit) {
  if (kind == "ecg" && fs >= kLowestEcgRate) return ecg_quality(x, fs, millivolt_in(unit));
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

struct Channel {
  std::string name, kind;
  double seconds;
  Quality quality;
};

std::vector<Channel> measure_channels(const stream::Segment& segment) {
  std::vector<Channel> channels;
  for (const stream::Tensor& tensor : segment.tensors) {
    if (!tensor.is_signal() || tensor.name.find('/') != std::string::npos) continue;
    const auto names = tensor.names(), units = tensor.units();
    const std::string kind = tensor.kind();
    for (std::size_t c = 0; c < tensor.channels(); ++c) {
      const std::vector<float> x = stream::physical(segment, tensor, c);
      auto q = measure(kind, x, tensor.fs(), c < units.size() ? units[c] : "");
      if (!q) continue;
      std::string name = c < names.size() ? names[c] : std::to_string(c);
      if (std::ranges::any_of(channels, [&](const Channel& other) { return other.name == name; }))
        name = tensor.name + "/" + name;
      channels.push_back({std::move(name), kind, static_cast<double>(x.size()) / tensor.fs(), std::move(*q)});
    }
  }
  return channels;
}

// lead_agreement of each ECG that has another beside it.
void compare_leads(std::vector<Channel>& channels) {
  std::vector<Channel*> leads;
  for (Channel& channel : channels)
    if (channel.kind == "ecg") leads.push_back(&channel);
  if (leads.size() < 2) return;
  for (Channel* lead : leads) {
    double sum = 0, others = 0;
    for (const Channel* other : leads) {
      const double a = other == lead ? std::nan("") : agreement(lead->quality.marks, other->quality.marks, kSameBeat);
      if (std::isnan(a)) continue;
      sum += a;
      ++others;
    }
    lead->quality.indices.emplace_back("lead_agreement", others > 0 ? sum / others : std::nan(""));
  }
}

// Beats a second; NaN with fewer than two.
double rate_of(const std::vector<double>& marks) {
  if (marks.size() < 2) return std::nan("");
  return static_cast<double>(marks.size() - 1) / (marks.back() - marks.front());
}

// Of the ECG and of the pulse wave with the best scores; nothing where one is not there.
std::optional<double> rate_agreement(const std::vector<Channel>& channels) {
  const Channel *ecg = nullptr, *pulse = nullptr;
  for (const Channel& channel : channels) {
    const Channel*& best = channel.kind == "ecg" ? ecg : pulse;
    if (best == nullptr || channel.quality.score > best->quality.score) best = &channel;
  }
  if (ecg == nullptr || pulse == nullptr) return std::nullopt;
  const double a = rate_of(ecg->quality.marks), b = rate_of(pulse->quality.marks);
  return std::min(a, b) / std::max(a, b);
}

Json index_value(double value) { return std::isfinite(value) ? Json(rounded(value)) : Json(nullptr); }

}  // namespace

void check_indices(const std::vector<std::string>& wanted) {
  const auto names = quality_index_names();
  for (const std::string& name : wanted)
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw Error(Status::kUsage, "no quality index {}; there are {}", name, fmt::join(names, " "));
}

Method graded_by(const stream::Segment& segment) {
  const auto at = segment.header.find("quality");
  return at != segment.header.end() && at->is_object() && at->value("method", Json()) == Json("rr") ? Method::kRr
                                                                                                    : Method::kSqi;
}

bool grade(stream::Segment& segment, const QualityOptions& options) {
  check_indices(options.indices);
  const auto wanted = [&](std::string_view name) {
    return options.indices.empty() || std::ranges::find(options.indices, name) != options.indices.end();
  };
  std::vector<Channel> channels = measure_channels(segment);
  if (channels.empty()) return false;
  compare_leads(channels);
  Json graded = Json::object();
  double lowest = 1;
  std::vector<std::string_view> reasons;
  for (const Channel& channel : channels) {
    const Quality& q = channel.quality;
    const double plain = options.method == Method::kRr ? rr_score(q.marks, channel.seconds) : q.score;
    const double score = std::round(plain * kScoreSteps) / kScoreSteps;
    Json entry = Json::object();
    entry["kind"] = channel.kind;
    entry.update(summary(score, q.reasons));
    Json& indices = entry["indices"] = Json::object();
    for (const auto& [name, value] : q.indices)
      if (wanted(name)) indices[std::string(name)] = index_value(value);
    graded[channel.name] = std::move(entry);
    lowest = std::min(lowest, score);
    for (const std::string_view r : q.reasons)
      if (std::ranges::find(reasons, r) == reasons.end()) reasons.push_back(r);
  }
  Json quality = summary(lowest, reasons);
  if (options.method == Method::kRr) quality["method"] = "rr";
  if (const auto rates = rate_agreement(channels); rates && wanted(kRateAgreement))
    quality["indices"][kRateAgreement] = index_value(*rates);
  quality["per_channel"] = std::move(graded);
  segment.header["quality"] = std::move(quality);
  return true;
}

}  // namespace cfm::quality
