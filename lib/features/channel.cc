#include "features/channel.h"

#include <algorithm>
#include <cmath>

#include "signal/gaps.h"

namespace cfm::features {
namespace {

constexpr double kShortest = 2;  // s, as quality/quality.h
constexpr double kMostMissing = 0.5;

}  // namespace

Channel measure_channel(std::span<const float> x, double fs, double t0, const WindowKind& kind, double least_rate) {
  Channel channel{.fs = fs, .t0 = t0};
  if (x.empty()) return channel;
  const auto n = static_cast<double>(x.size());
  channel.seconds = n / fs;
  channel.missing = static_cast<double>(std::ranges::count_if(x, [](float v) { return std::isnan(v); })) / n;
  channel.usable = channel.missing <= kMostMissing && channel.seconds >= kShortest && fs >= least_rate;
  if (!channel.usable) return channel;
  std::vector<float> whole(x.begin(), x.end());
  signal::bridge_gaps(whole);
  channel.band = window_band(whole, fs, kind);
  channel.windows = measure_windows(channel.band, fs, kind);
  return channel;
}

void put_channel(Sheet& sheet, std::string_view of, const Channel& channel, std::span<const std::string_view> indices) {
  put_windows(sheet, of, channel.windows);
  sheet.put(of, "score", channel.quality.indices.empty() ? kNaN : channel.quality.score);
  for (const std::string_view name : indices) sheet.put(of, name, channel.quality.index(name));
  sheet.put(of, "missing", channel.missing);
}

}  // namespace cfm::features
