#include "features/features.h"

#include <cmath>
#include <optional>

#include "features/lead.h"
#include "features/numbers.h"
#include "features/pair.h"
#include "features/pulse.h"
#include "features/rhythm.h"
#include "features/sheet.h"
#include "quality/second_opinion.h"

namespace cfm::features {
namespace {

using stream::ChannelRef;
using stream::Segment;
using stream::Tensor;

// A channel as it came, values that are not finite taken for missing ones.
struct Samples {
  std::vector<float> x = {};
  double fs = kNaN, t0 = 0;
  std::string unit = {};
};
Samples samples_of(const Segment& segment, const std::optional<ChannelRef>& at) {
  if (!at) return {};
  const Tensor& tensor = segment.tensors[at->tensor];
  const std::vector<std::string> units = tensor.units();
  Samples s{.x = stream::physical(segment, tensor, at->channel), .fs = tensor.fs(), .t0 = tensor.t0()};
  if (at->channel < units.size()) s.unit = units[at->channel];
  for (float& v : s.x)
    if (!std::isfinite(v)) v = std::numeric_limits<float>::quiet_NaN();
  return s;
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

// Of all ECG leads but the first the one whose name is the last, whatever its case: a chest lead, where there is one.
std::optional<ChannelRef> other_lead(const Segment& segment, const std::optional<ChannelRef>& first) {
  std::optional<ChannelRef> best;
  std::string best_name;
  for (std::size_t t = 0; first && t < segment.tensors.size(); ++t) {
    const Tensor& tensor = segment.tensors[t];
    if (tensor.kind() != "ecg" || !tensor.is_signal()) continue;
    const std::vector<std::string> names = tensor.names();
    for (std::size_t c = 0; c < names.size(); ++c) {
      const std::string name = upper(names[c]);
      if ((first->tensor == t && first->channel == c) || (best && name <= best_name)) continue;
      best = ChannelRef{t, c};
      best_name = name;
    }
  }
  return best;
}

Lead lead_of(const Samples& s) { return measure_lead(s.x, s.fs, s.t0, quality::millivolt_in(s.unit)); }

PulseWave wave_of(const Segment& segment, std::string_view kind) {
  const Samples s = samples_of(segment, stream::preferred_channel(segment, kind));
  const bool pressure = kind == "abp";
  return measure_pulse(s.x, s.fs, s.t0,
                       !pressure          ? PulseUnit::kAny
                       : s.unit == "mmHg" ? PulseUnit::kMmhg
                                          : PulseUnit::kPressure);
}

void put_leads(Sheet& sheet, const Lead& a, const Lead& b) {
  const std::vector<double> beats = each(a.beats, &BeatShape::time), others = each(b.beats, &BeatShape::time);
  const bool both = a.usable && b.usable;
  sheet.put("leads.", "agreement", both ? quality::agreement(beats, others, quality::kSameBeat) : kNaN);
  sheet.put("leads.", "rate_ratio", rate_ratio(beats, others));
}

void put_rhythm(Sheet& sheet, Samples ecg) {
  const double unit = quality::millivolt_in(ecg.unit);
  if (unit > 0 && unit != 1)
    for (float& v : ecg.x) v = static_cast<float>(static_cast<double>(v) / unit);
  const auto names = rhythm_names();
  std::vector<float> values(names.size(), std::numeric_limits<float>::quiet_NaN());
  if (!ecg.x.empty()) rhythm_features(ecg.x, ecg.fs, values);
  for (std::size_t i = 0; i < names.size(); ++i) sheet.put("rhythm.", names[i], static_cast<double>(values[i]));
}

Sheet measure(const Segment& segment) {
  const auto first = stream::preferred_channel(segment, "ecg");
  const Samples samples = samples_of(segment, first);
  const Lead ecg = lead_of(samples), ecg2 = lead_of(samples_of(segment, other_lead(segment, first)));
  const PulseWave ppg = wave_of(segment, "ppg"), abp = wave_of(segment, "abp");
  Sheet sheet;
  put_lead(sheet, "ecg.", ecg);
  put_lead(sheet, "ecg2.", ecg2);
  put_pulse(sheet, "ppg.", ppg);
  put_pulse(sheet, "abp.", abp);
  put_pressure(sheet, "abp.", abp);
  put_leads(sheet, ecg, ecg2);
  put_pair(sheet, "ecg_ppg.", ecg, ppg);
  put_pair(sheet, "ecg_abp.", ecg, abp);
  put_rhythm(sheet, samples);
  return sheet;
}

}  // namespace

std::span<const std::string> names() {
  static const std::vector<std::string> kNames = measure({}).names;
  return kNames;
}

std::vector<float> of(const Segment& segment) { return measure(segment).values; }

}  // namespace cfm::features
