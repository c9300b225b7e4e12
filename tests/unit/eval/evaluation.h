// What tests of evaluations share.
#pragma once

#include <cmath>
#include <limits>

#include "eval/evaluate.h"
#include "eval/system.h"
#include "messages.h"
#include "support.h"

namespace cfm::eval {

using test::contains;
using test::message_of;
using test::status_of;

// The row of all segments, or with a fraction that of fewer labels.
inline const Row& row(const std::vector<Row>& rows, const std::string& system, const std::string& metric,
                      const std::string& klass = "", double fraction = std::numeric_limits<double>::quiet_NaN()) {
  for (const Row& r : rows)
    if (r.system == system && r.metric == metric && r.klass == klass &&
        (std::isnan(fraction) ? std::isnan(r.fraction) : r.fraction == fraction))
      return r;
  FAIL("no row ", system, " ", metric, " ", klass);
  return rows.front();
}

inline const Row& row(const Context& context, const std::string& system, const std::string& metric,
                      const std::string& klass = "") {
  return row(context.rows, system, metric, klass);
}

}  // namespace cfm::eval
