#include "quality/score.h"

#include <algorithm>
#include <cmath>

#include "quality/quality.h"
#include "quality/quality_weights.h"

namespace cfm::quality {
namespace {

constexpr double kClamp = 3;      // standard deviations
constexpr double kAlmost = 0.01;  // of a correlation, what two clean beats differ by

double calibrated(double logit, std::span<const LogitPoint> points) {
  if (points.empty()) return logit;
  if (logit <= points.front().from) return points.front().to;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const LogitPoint &a = points[i - 1], &b = points[i];
    if (logit <= b.from) return a.to + (logit - a.from) / (b.from - a.from) * (b.to - a.to);
  }
  return points.back().to;
}

}  // namespace

const ScoreModel kEcgModel = {kEcgBias, kEcgWeights, kEcgCalibration};
const ScoreModel kPulseModel = {kPulseBias, kPulseWeights, kPulseCalibration};

double probability(const Quality& quality, const ScoreModel& model) {
  double logit = model.bias;
  for (const Weight& w : model.weights) {
    double value = quality.index(w.index);
    if (w.likeness) value = -std::log(1 + kAlmost - value);
    value = (value - w.mean) / w.sd;
    if (!std::isnan(value)) logit += w.weight * std::clamp(value, -kClamp, kClamp);
  }
  return 1 / (1 + std::exp(-calibrated(logit, model.calibration)));
}

}  // namespace cfm::quality
