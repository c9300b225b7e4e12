// Probabilities and their logits, the one pair for scores and calibration.
//
//   logit(0.9);  sigmoid(2.2);      // 2.2; 0.9
#pragma once

#include <algorithm>
#include <cmath>

namespace cfm {

inline double sigmoid(double logit) { return 1 / (1 + std::exp(-logit)); }

// Finite for 0 and 1, too: as for 1e-15 and 1 − 1e-15.
inline double logit(double probability) {
  constexpr double kClosest = 1e-15;
  const double p = std::clamp(probability, kClosest, 1 - kClosest);
  return std::log(p / (1 - p));
}

}  // namespace cfm
