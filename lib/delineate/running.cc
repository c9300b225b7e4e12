#include "delineate/running.h"

#include <algorithm>
#include <cmath>

namespace cfm::delineate {

double GapHold::push(float sample) {
  if (!std::isfinite(sample)) {
    in_gap_ = true;
    return value();
  }
  const double now = static_cast<double>(sample);
  if (!begun_) last_ = offset_ = now;
  begun_ = true;
  if (in_gap_) offset_ += now - last_;
  in_gap_ = false;
  last_ = now;
  return value();
}

std::size_t width_in_samples(double seconds, double fs) {
  return 2 * static_cast<std::size_t>(std::max(0.0, std::floor(seconds * fs / 2))) + 1;
}

void BoxFilter::renew() {
  at_ = 0;
  sum_ = 0;
  for (const double v : ring_) sum_ += v;
}

}  // namespace cfm::delineate
