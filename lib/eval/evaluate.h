// From segments and what models said of them to figures with intervals beside their controls.
//
//   Evidence evidence(keep_for(options));         // filled from streams or tables, evidence.h
//   Results results = evaluate(evidence, {{"resnet", &other}}, options);
//
// Without a probe, `predictions` are scored against `labels`. With one, a probe on the tensor `embedding` is scored out
// of fold, and on the same folds its controls: `embedding_random`, hand-crafted features, the majority or mean. A rival
// is another system's predictions, or embedding, of the same segments; those that only one of them has are left out.
// Subjects are the units throughout; a null subject is its record. Status 2: a label that no segment has, one class
// only, nothing to score, and subjects with whose labels the model was fitted, unless allow_seen.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eval/evidence.h"
#include "eval/learner.h"
#include "eval/results.h"
#include "eval/task.h"

namespace cfm::eval {

inline constexpr const char* kFeatures = "features";  // what is probed when it is no tensor

struct EvaluateOptions {
  std::vector<std::string> probe = {};  // labels; none: score predictions
  std::string on = "embedding";         // the tensor that is probed, or kFeatures
  Learner learner = Learner::kLinear;
  std::vector<std::string> fractions = {};  // percents of the training subjects' labels, besides all: "1", "10,50"
  std::vector<std::string> labels = {};     // of the predictions; empty: all
  std::vector<std::string> by = {};         // labels whose values make strata; "quality": the segment's class
  dataset::LabelOptions label = {};
  bool features = false;  // measure hand-crafted features as a control of predictions, too
  double calibrate = 0;   // s: of each record's beginning, from which a number's offset is had
  bool allow_seen = false;
  bool report = false;  // keep what a page draws
  int folds = 5;
  std::uint64_t seed = 0;
  int threads = 1;
  int draws = 2000;
};
// What must be kept of the segments for that.
Keep keep_for(const EvaluateOptions& options);

struct Rival {
  std::string name;  // the file's; "resnet" or "random" in the results where its predictions tell that it is one
  const Evidence* evidence = nullptr;
};

Results evaluate(const Evidence& evidence, std::span<const Rival> rivals, const EvaluateOptions& options);
// The same of files, streams or tables; `lost` counts the pieces of streams that were skipped as damaged.
Results evaluate(const std::vector<std::string>& inputs, const std::vector<std::string>& against,
                 const EvaluateOptions& options, const stream::ReadOptions& reading, std::uint64_t& lost);

}  // namespace cfm::eval
