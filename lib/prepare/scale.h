// One scale for a channel, or for all channels together.
//
//   Scale scale = scale_of(x, Scaling::kZscore);
//   float y = (x[i] - scale.centre) * scale.factor;
//
// Sums are double. A signal without spread has factor 0. Quantiles: linear between order statistics (Hyndman & Fan
// 1996, type 7).
#pragma once

#include <span>
#include <vector>

#include "prepare/profile.h"

namespace cfm::prepare {

struct Scale {
  double centre = 0, factor = 1;
};

// True for scalings that look at all channels at once.
inline bool is_joint(Scaling scaling) { return scaling == Scaling::kJoint || scaling == Scaling::kZscoreJoint; }

// Of one channel, not empty.
Scale scale_of(std::span<const float> x, Scaling scaling);
// Of several channels together, by a joint scaling; the unit scale where there are none.
Scale joint_scale(std::span<const std::span<const float>> channels, Scaling scaling);

}  // namespace cfm::prepare
