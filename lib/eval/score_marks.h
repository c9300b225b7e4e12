// Beats, waves, pulses and quality against what is known of them, from files or a stream to results.
//
//   Results results = score_files("mitdb", "out", {}, {});                       // annotation files, as bxb
//   EventLog log(events_for(MarkMode::kBeats));                                  // or a stream: log.add(frame, source)
//   Results results = score_events(log, MarkMode::kBeats, {}, {});
//
// See annotated.h, streamed.h, fiducials.h and pulse_figures.h for what is compared and what is thrown.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "eval/annotated.h"
#include "eval/events.h"
#include "eval/marks.h"
#include "eval/quality_figures.h"
#include "eval/results.h"

namespace cfm::eval {

enum class MarkMode { kBeats, kFiducials, kPulses };

const std::set<std::string>& events_for(MarkMode mode);

Results score_files(const std::string& reference, const std::string& test, const AnnotatedOptions& files,
                    const MarkOptions& options);
// What the stream's quality.score tells.
Results score_quality(const QualityLog& log, const MarkOptions& options);
// match: of beats only.
Results score_events(const EventLog& log, MarkMode mode, const MatchOptions& match, const MarkOptions& options);

// The same of streams; `lost` counts the pieces that were skipped as damaged.
Results score_quality(const std::vector<std::string>& inputs, const std::string& question, const MarkOptions& options,
                      const stream::ReadOptions& reading, std::uint64_t& lost);
Results score_events(const std::vector<std::string>& inputs, MarkMode mode, const MatchOptions& match,
                     const MarkOptions& options, const stream::ReadOptions& reading, std::uint64_t& lost);

}  // namespace cfm::eval
