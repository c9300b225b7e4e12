#include "delineate/median_rows.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "delineate/global.h"
#include "delineate/median_beat.h"
#include "delineate/run_parts.h"
#include "signal/moments.h"

namespace cfm::delineate {
namespace {

struct Marks {
  std::vector<double> places;  // samples, of the beats of one kind
  int code = kUnknownBeat;
  double interval = kNone;  // samples
};

Marks marks_of(const stream::Tensor& beats) {
  const auto values = beats.values<double>();
  const auto width = static_cast<std::size_t>(beats.shape.at(1)), count = static_cast<std::size_t>(beats.shape[0]);
  std::map<int, std::vector<double>> kinds;
  std::vector<float> intervals;
  for (std::size_t k = 0; k < count; ++k) {
    kinds[static_cast<int>(values[k * width + 1])].push_back(values[k * width]);
    if (k > 0) intervals.push_back(static_cast<float>(values[k * width] - values[(k - 1) * width]));
  }
  if (kinds.empty()) return {};
  auto best = kinds.find(kNormalBeat);
  if (best == kinds.end())
    best = std::ranges::max_element(kinds, {}, [](const auto& kind) { return kind.second.size(); });
  return {best->second, best->first, intervals.empty() ? kNone : signal::median(std::move(intervals))};
}

// Waves of the median beat, from its mark.
BeatWaves measured(const MedianBeat& beat, double fs, const WaveOptions& options) {
  const std::array<double, 1> mark = {beat.r};
  BeatWaves waves = delineate_waves(beat.samples, fs, mark, options).at(0);
  for (Wave* wave : {&waves.p, &waves.qrs, &waves.t}) {
    for (double* at : {&wave->onset, &wave->peak, &wave->offset, &wave->second}) *at -= beat.r;
  }
  waves.beat = 0;
  return waves;
}

BeatRow row_of(const std::string& channel, const Marks& marks, std::size_t used, const BeatWaves& w, double fs) {
  BeatRow row;
  row.channel = channel;
  row.beat = static_cast<std::int64_t>(used);
  row.symbol = symbol_of(marks.code);
  set_times(row, w, [&](double at) { return at / fs; });
  row.intervals = intervals_of(w, -marks.interval, fs);
  return row;
}

}  // namespace

std::vector<BeatRow> median_rows(const stream::Segment& segment, const DelineateOptions& options) {
  const stream::Tensor* beats = segment.find("beats");
  const stream::Tensor* of = beats == nullptr ? nullptr : segment.find(beats->attributes.value("of", std::string()));
  if (of == nullptr || !of->is_signal()) return {};
  const Marks marks = marks_of(*beats);
  if (marks.places.empty()) return {};
  const std::vector<std::string> names = of->names();
  const double fs = of->fs();
  std::vector<BeatRow> rows;
  std::vector<BeatWaves> leads;
  std::size_t used = 0;
  for (std::size_t c = 0; c < names.size(); ++c) {
    if (!options.lead.empty() && options.lead != kGlobal && options.lead != names[c]) continue;
    const MedianBeat beat = median_beat(stream::physical(segment, *of, c), fs, marks.places);
    if (beat.samples.empty()) continue;
    leads.push_back(measured(beat, fs, options.wave));
    used = std::max(used, beat.used);
    rows.push_back(row_of(names[c], marks, beat.used, leads.back(), fs));
  }
  if (options.lead == kGlobal && names.size() > 1) rows.clear();
  const bool all = options.lead.empty() || options.lead == kGlobal;
  if (all && leads.size() > 1) rows.push_back(row_of(kGlobal, marks, used, global_waves(leads, fs), fs));
  return rows;
}

}  // namespace cfm::delineate
