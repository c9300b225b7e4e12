// What the predictions of a stream or table say, as a system that can be scored.
//
//   System model = predicted(problem, items, "model");      // items: the segments of the problem, in its order
//
// A prediction is an object: value, score (of the positive, or of the value), scores by class, threshold(s),
// confidence, abstain, fold, seen. Status 2 where it has not what the label's kind needs, 4 for a score that is not
// finite.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "dataset/folds.h"
#include "eval/evidence.h"
#include "eval/system.h"

namespace cfm::eval {

using Items = std::span<const Item* const>;

// Why a segment's prediction cannot be scored; "" when it can.
std::string why_unscored(const Item& item, const std::string& label);
System predicted(const Problem& problem, Items items, const std::string& name);

// The kind that the predictions say the label is of; none where they don't.
std::optional<TaskKind> kind_told(Items items, const std::string& label);
// The folds that the predictions are of, two and more; nothing where they don't tell. Status 2 when two folds scored
// one subject: the model of one was trained on it.
std::optional<dataset::Folds> folds_told(Items items, const std::string& label);
// "labels", "pretraining" or "": how the model that predicted has met this subject before.
std::string seen_by_model(const Item& item, const std::string& label);
// "resnet", "random", or "" for any other model: what tells a control by its predictions.
std::string control_told(Items items, const std::string& label);

}  // namespace cfm::eval
