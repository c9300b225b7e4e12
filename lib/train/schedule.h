// Schedules of rate, weight decay and momentum, functions of the step alone. Torch-free.
//
//   const Cosine rate{.start = 1e-4, .end = 1e-6, .warm_up = 50};
//   for (std::int64_t step = 0; step < steps; ++step) use(rate.at(step, steps));
//
// Half a cosine from `start` to `end`; the last step (steps - 1) has `end` exactly (Loshchilov & Hutter 2017, without
// restarts). With warm_up the first steps rise linearly: start·(step + 1)/warm_up.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace cfm::train {

inline double cosine(std::int64_t step, std::int64_t steps, double start, double end) {
  const double part = static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, steps - 1));
  return end + (start - end) * (1 + std::cos(std::numbers::pi * part)) / 2;
}

inline double warm_up_cosine(std::int64_t step, std::int64_t steps, double base, double end, std::int64_t warm_up) {
  if (step < warm_up) return base * static_cast<double>(step + 1) / static_cast<double>(warm_up);
  return cosine(step - warm_up, steps - warm_up, base, end);
}

struct Cosine {
  double start = 0, end = 0;
  std::int64_t warm_up = 0;  // steps

  double at(std::int64_t step, std::int64_t steps) const { return warm_up_cosine(step, steps, start, end, warm_up); }
};

}  // namespace cfm::train
