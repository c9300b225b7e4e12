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

void GapHold::push(std::span<const float> in, double* out) {
  const bool plain = begun_ && !in_gap_ && std::ranges::all_of(in, [](float v) { return std::isfinite(v); });
  if (!plain) {
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = push(in[i]);
    return;
  }
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = static_cast<double>(in[i]) - offset_;
  if (!in.empty()) last_ = static_cast<double>(in.back());
}

std::size_t width_in_samples(double seconds, double fs) {
  return 2 * static_cast<std::size_t>(std::max(0.0, std::floor(seconds * fs / 2))) + 1;
}

void BoxFilter::run(std::span<double> values) {
  const std::size_t width = ring_.size();
  double* const ring = ring_.data();
  double sum = sum_;
  std::size_t at = at_;
  for (double& v : values) {
    sum += v - ring[at];
    ring[at] = v;
    if (++at == width) {
      at = 0;
      sum = 0;
      for (std::size_t k = 0; k < width; ++k) sum += ring[k];
    }
    v = sum * share_;
  }
  sum_ = sum;
  at_ = at;
}

void BoxFilter::renew() {
  at_ = 0;
  sum_ = 0;
  for (const double v : ring_) sum_ += v;
}

}  // namespace cfm::delineate
