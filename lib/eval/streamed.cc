#include "eval/streamed.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/error.h"

namespace cfm::eval {
namespace {

constexpr int kNoise = 14, kFlutterWave = 31, kFlutterOn = 32, kFlutterOff = 33;  // ecgcodes.h

// Where several marks stand on one sample: what ends before the beat, what begins after it.
int order_of(int code) { return code == kFlutterOn ? 2 : code == kFlutterOff || code == kNoise ? 0 : 1; }

// What bxb reads of a file, in samples from `origin`; times: unrounded.
std::vector<format::Annotation> annotations_of(std::vector<Event> events, double origin, std::vector<double>& times) {
  std::ranges::stable_sort(events, {}, [](const Event& e) { return std::tuple(e.frame, order_of(e.code)); });
  std::vector<format::Annotation> annotations;
  for (const Event& e : events) {
    times.push_back(e.frame - origin);
    annotations.push_back({.sample = static_cast<std::int64_t>(std::floor(e.frame - origin + 0.5)),
                           .code = e.code,
                           .sub = e.sub,
                           .aux = {}});
  }
  return annotations;
}

void append(std::vector<Event>& all, std::span<const Event> events, const auto& is_wanted) {
  std::ranges::copy_if(events, std::back_inserter(all), is_wanted);
}

BeatRecord compare(const EventRecord& source, const std::string& lead, const MatchOptions& match) {
  BeatRecord record{.record = source.record,
                    .subject = source.subject,
                    .lead = lead,
                    .segments = source.segments,
                    .rate = source.rate};
  const auto length = static_cast<std::int64_t>(std::llround(source.stretches.back().end));
  const std::int64_t window = match.window_samples(source.rate);
  const std::int64_t from = match.from ? match.from->sample(source.rate, length) : 0;
  const std::int64_t until = match.until ? match.until->sample(source.rate, length) : length;
  for (const Stretch& stretch : source.stretches) {
    const auto within = [&](const std::string& tensor) {
      const auto at = source.events.find(tensor);
      return at == source.events.end() ? std::span<const Event>()
                                       : events_within(at->second, stretch.begin - 0.5, stretch.end);
    };
    const auto of_lead = [&](const Event& e) { return e.lead.empty() || e.lead == lead; };
    std::vector<Event> reference, test;
    append(reference, within("reference/beats"), of_lead);
    append(reference, within("reference/notes"), [&](const Event& e) {
      return of_lead(e) && (e.code == kFlutterWave || e.code == kNoise || order_of(e.code) != 1);
    });
    append(test, within("beats"), [&](const Event& e) { return e.lead == lead; });

    // Nothing of the stretch stands near sample 0, where bxb sees a beat that is none.
    const double origin = std::round(stretch.begin) - static_cast<double>(2 * window + 2);
    const auto shifted = [&](std::int64_t frame) { return frame - static_cast<std::int64_t>(origin); };
    const BeatPeriod period{.window = window,
                            .from = shifted(std::max(from, static_cast<std::int64_t>(std::llround(stretch.begin)))),
                            .until = shifted(std::min(until, static_cast<std::int64_t>(std::llround(stretch.end))))};
    if (*period.until <= period.from) continue;
    std::vector<double> reference_times, test_times;
    const auto reference_marks = annotations_of(std::move(reference), origin, reference_times);
    const auto test_marks = annotations_of(std::move(test), origin, test_times);
    const BeatCounts counts = compare_beats(reference_marks, test_marks, period);
    record.counts += counts;
    for (const auto& [r, t] : counts.matched)
      record.errors.push_back((test_times[t] - reference_times[r]) * 1000 / source.rate);
  }
  return record;
}

}  // namespace

StreamedBeats compare_streamed(const EventLog& log, const MatchOptions& match) {
  StreamedBeats found;
  bool has_beats = false;
  std::string untested;
  const std::vector<EventRecord> records = log.records();
  const std::set<std::string> tested = leads_with(records, "beats");
  for (const EventRecord& record : records) {
    has_beats = has_beats || record.events.contains("beats");
    if (!record.events.contains("reference/beats")) {
      found.unreferenced += record.segments;
      continue;
    }
    if (!record.events.contains("beats")) {
      if (untested.empty()) untested = record.record;
      continue;
    }
    for (const std::string& lead : leads_to_compare(record, "beats", tested))
      found.records.push_back(compare(record, lead, match));
  }
  const std::string there = log.names().empty() ? "no events" : fmt::format("{}", fmt::join(log.names(), ", "));
  if (!has_beats)
    throw Error(Status::kUsage, "no segment has 'beats' to compare; the input holds {}: cfm-delineate finds them",
                there);
  if (found.records.empty() && untested.empty())
    throw Error(Status::kUsage,
                "no segment has 'reference/beats'; the input holds {}: cfm-segment --ann EXT reads them", there);
  if (!untested.empty())
    throw Error(Status::kUsage, "record '{}' has reference/beats and no 'beats': leaving it out would flatter",
                untested);
  std::ranges::stable_sort(found.records, [](const BeatRecord& a, const BeatRecord& b) {
    return a.record != b.record ? a.record < b.record : lead_before(a.lead, b.lead);
  });
  found.protocol = fmt::format(
      "beat by beat as bxb: pairs within {:g} ms, from {} to {}; beats against reference/beats", 1000 * match.window,
      match.from ? match.from->text : "the beginning", match.until ? match.until->text : "the end");
  return found;
}

}  // namespace cfm::eval
