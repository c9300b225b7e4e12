#include "eval/score_marks.h"

#include "eval/beat_figures.h"
#include "eval/fiducials.h"
#include "eval/pulse_figures.h"
#include "eval/streamed.h"

namespace cfm::eval {
namespace {

Results results_of(Context context, const Gathered& gathered, const MarkOptions& options) {
  Results results = eval::results_of(gathered, options.seed, options.draws);
  results.labels.push_back(std::move(context));
  return results;
}

Context beat_context(const EventLog& log, const MatchOptions& match, const MarkOptions& options) {
  const StreamedBeats found = compare_streamed(log, match);
  Context context = beat_figures(found.records, found.protocol, options);
  if (found.unreferenced > 0) context.excluded["without reference/beats"] = found.unreferenced;
  return context;
}

}  // namespace

const std::set<std::string>& events_for(MarkMode mode) {
  return mode == MarkMode::kBeats ? kBeatEvents : mode == MarkMode::kFiducials ? kWaveEvents : kPulseEvents;
}

Results score_files(const std::string& reference, const std::string& test, const AnnotatedOptions& files,
                    const MarkOptions& options) {
  const AnnotatedBeats found = compare_annotated(reference, test, files);
  Context context = beat_figures(found.records, found.protocol, options);
  context.unit = "record";
  if (!found.unreferenced.empty()) context.excluded["test files without reference"] = found.unreferenced.size();
  Results results;
  results.read = found.records.size();
  results.seed = options.seed;
  results.draws = options.draws;
  results.labels.push_back(std::move(context));
  return results;
}

Results score_events(const EventLog& log, MarkMode mode, const MatchOptions& match, const MarkOptions& options) {
  return results_of(mode == MarkMode::kBeats       ? beat_context(log, match, options)
                    : mode == MarkMode::kFiducials ? fiducial_figures(log, options)
                                                   : pulse_figures(log, options),
                    log, options);
}

Results score_quality(const QualityLog& log, const MarkOptions& options) {
  return results_of(quality_figures(log, options), log, options);
}

Results score_quality(const std::vector<std::string>& inputs, const std::string& question, const MarkOptions& options,
                      const stream::ReadOptions& reading, std::uint64_t& lost) {
  QualityLog log(QualityQuestion::of(question));
  lost += log.read(inputs, reading);
  return score_quality(log, options);
}

Results score_events(const std::vector<std::string>& inputs, MarkMode mode, const MatchOptions& match,
                     const MarkOptions& options, const stream::ReadOptions& reading, std::uint64_t& lost) {
  EventLog log(events_for(mode));
  lost += log.read(inputs, reading);
  return score_events(log, mode, match, options);
}

}  // namespace cfm::eval
