// The quality of a whole segment, written into its header.
//
//   QualityOptions options; options.indices = {"kurtosis", "beat_ratio"};   // default: all
//   if (grade(segment, options)) segment.header["quality"]["score"];
//
// Writes header["quality"] = {score, class, reasons, indices, per_channel: {name: {kind, score, class, reasons,
// indices}}}, all anew; the segment's own index is rate_agreement, where it has an ECG and a pulse wave. Graded are the
// signals of kind ecg, ppg and abp, at 50 Hz and more (PPG, ABP: 20 Hz); those whose name holds a
// "/" (reference, predicted) are not. The segment's score is the lowest of its channels, its reasons are those of any
// of them. A second channel of the same name is called TENSOR/NAME. Indices that are undefined are null. Never throws
// for short, empty, constant or missing signals: their score is 0.
#pragma once

#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::quality {

enum class Method {
  kSqi,  // the score of quality.h
  kRr    // the regularity of beats (rr_score.h), for comparison; reasons and indices are the same
};

struct QualityOptions {
  Method method = Method::kSqi;
  std::vector<std::string> indices;  // which are written, see quality.h; empty: all
};

// False, and nothing is written, where the segment has no channel that can be graded. Throws Error (kUsage) for an
// index that does not exist.
bool grade(stream::Segment& segment, const QualityOptions& options = {});

// The method of a graded segment; header["quality"]["method"] says it where it is not kSqi.
Method graded_by(const stream::Segment& segment);

// Throws Error (kUsage) naming the indices there are, where one of `names` is none.
void check_indices(const std::vector<std::string>& names);

}  // namespace cfm::quality
