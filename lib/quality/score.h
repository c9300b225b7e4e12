// The probability that a channel's signal-to-noise ratio is at least 10 dB, out of few of its indices.
//
//   double p = probability(q, kEcgModel);            // NaN among the indices counts as the mean
//
// Logistic: z = bias + Σ weight · clamp((v − mean) / sd, ±3) with every weight at least 0, so that no index can make a
// signal better by getting worse; then the logit goes through the points of `calibration` (rising, straight between
// them, level outside). Weights, their data and how they were fitted: quality_weights.h.
#pragma once

#include <span>
#include <string_view>

namespace cfm::quality {

struct Quality;

struct Weight {
  std::string_view index;
  bool likeness;  // the index is a correlation r: v = −ln(1.01 − r), so that .98 and .99 differ as .5 and .6 do; else v
                  // is it
  double mean, sd, weight;
};
struct LogitPoint {
  double from, to;
};
struct ScoreModel {
  double bias;
  std::span<const Weight> weights;
  std::span<const LogitPoint> calibration;
};

extern const ScoreModel kEcgModel, kPulseModel;

double probability(const Quality& quality, const ScoreModel& model);

}  // namespace cfm::quality
