// The same figures among the segments of each value of a label: where a mean hides whom a model fails.
//
//   for (const Stratum& s : strata_by("sex", problem, model, items, {})) table(s);     // the worst first
//
// Numbers of more than six different values make quarters. "quality" is the class of the segment's quality where it has
// no label of that name. Segments without a value are a stratum of their own, "(none)".
#pragma once

#include <string>
#include <vector>

#include "eval/bootstrap.h"
#include "eval/predicted.h"
#include "eval/results.h"

namespace cfm::eval {

// Status 2 where no segment has a value.
std::vector<Stratum> strata_by(const std::string& by, const Problem& problem, const System& system, Items items,
                               const BootstrapOptions& draws);

}  // namespace cfm::eval
