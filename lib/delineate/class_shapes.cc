#include "delineate/class_shapes.h"

#include <algorithm>
#include <cmath>

namespace cfm::delineate {
namespace {

constexpr double kSpikeHalf = 0.004;          // s, half the width of a pace spike with its filter's tail
constexpr std::int64_t kKeep = 4096;          // steps forgotten at a time
constexpr float kWidthFraction = 0.25F;       // of the steepest slope
constexpr int kPaceFrom = -18, kPaceTo = -3;  // steps before the centre in which a pace spike stands
constexpr float kMostPace = 10;               // of that ratio, so that one beat does not make a mean

// The range of steps that both shapes hold when the second is shifted.
struct Range {
  const float *a, *b;
  int n;
};
Range shared(const Shape& a, const Shape& b, int from, int to, int lag) {
  from = std::max(from, -kStepsBefore + std::abs(lag));
  to = std::min(to, kStepsAfter - std::abs(lag));
  return {a.v.data() + kStepsBefore + from, b.v.data() + kStepsBefore + from + lag, to - from + 1};
}

// Where the slope is steepest, as the centre of its fourth power: the same place in beats of the same shape.
std::int64_t centre_of(const ShapeGrid& grid, std::int64_t beat) {
  constexpr int kHalf = 20, kMove = 8, kMost = 10;  // steps
  std::int64_t centre = beat;
  for (int turn = 0; turn < 2; ++turn) {
    double energy = 0, moment = 0;
    double previous = grid.value(centre - kHalf - 1), current = grid.value(centre - kHalf);
    for (int i = -kHalf; i < kHalf; ++i) {
      const double next = grid.value(centre + i + 1);
      const double slope = (next - previous) * (next - previous), weight = slope * slope;
      energy += weight;
      moment += weight * i;
      previous = current;
      current = next;
    }
    if (energy > 0) centre += std::clamp<std::int64_t>(std::llround(moment / energy), -kMove, kMove);
    centre = std::clamp<std::int64_t>(centre, beat - kMost, beat + kMost);
  }
  return centre;
}

void measure_pace(const ShapeGrid& grid, std::int64_t centre, Shape& s) {
  float before = 0, within = 0;
  for (int i = kPaceFrom; i <= kPaceTo; ++i) before = std::max(before, grid.spike(centre + i));
  for (int i = kPaceTo + 2; i <= 10; ++i) within = std::max(within, grid.spike(centre + i));
  if (within > 0) s.pace = std::min(before / within, kMostPace);
  if (s.size > 0) s.pace_size = before / s.size;
}

}  // namespace

ShapeGrid::ShapeGrid(double fs)
    : width_(kStep * fs),
      edge_(width_),
      recent_(static_cast<std::size_t>(2 * std::max<std::int64_t>(1, std::llround(kSpikeHalf * fs)) + 1), 0.0F) {}

void ShapeGrid::push(std::span<const float> in) {
  for (const float raw : in) {
    const bool known = std::isfinite(raw);
    const float x = known ? raw : static_cast<float>(last_);
    missing_ = missing_ || !known;
    last_ = x;
    if (known && !begun_) {
      begun_ = true;
      std::fill(recent_.begin(), recent_.end(), x);
    }
    recent_[at_] = x;
    if (++at_ == recent_.size()) at_ = 0;
    std::size_t middle = at_ + recent_.size() / 2;
    if (middle >= recent_.size()) middle -= recent_.size();
    const float left = recent_[middle] - recent_[at_], right = recent_[middle] - x;
    spike_ = std::max(spike_, std::max(std::min(left, right), std::min(-left, -right)));
    const double end = static_cast<double>(samples_ + 1);
    double begin = end - 1;
    while (edge_ <= end) {
      area_ += static_cast<double>(x) * (edge_ - begin);
      begin = edge_;
      emit(area_ / width_);
      area_ = 0;
    }
    area_ += static_cast<double>(x) * (end - begin);
    ++samples_;
  }
}

void ShapeGrid::emit(double value) {
  sum_ += value;
  gaps_ += missing_;
  steps_.push_back({.value = value, .sum = sum_, .missing = gaps_, .spike = spike_});
  spike_ = 0;
  missing_ = false;
  ++emitted_;
  edge_ = static_cast<double>(emitted_ + 1) * width_;
}

void ShapeGrid::hold_until(double sample) {
  while (!settled(sample)) emit(last_);
}

void ShapeGrid::forget(double sample) {
  const std::int64_t n = std::min(index(sample) - kReachBack, end() - 1) - base_;
  if (n < kKeep) return;
  steps_.erase(steps_.begin(), steps_.begin() + n);
  base_ += n;
}

std::int64_t ShapeGrid::index(double sample) const { return std::llround((sample + 0.5) / width_ - 0.5); }

const ShapeGrid::Step& ShapeGrid::step(std::int64_t at) const {
  const auto last = static_cast<std::int64_t>(steps_.size()) - 1;
  return steps_[static_cast<std::size_t>(std::clamp<std::int64_t>(at - base_, 0, last))];
}

double ShapeGrid::value(std::int64_t at) const {
  return 0.25 * (step(at - 1).value + 2 * step(at).value + step(at + 1).value);
}

double ShapeGrid::level(std::int64_t at) const {
  at = std::max<std::int64_t>(at, 0);
  const std::int64_t from = std::max<std::int64_t>(at - kHalf - 1, 0);
  return (step(at + kHalf).sum - step(from).sum) / static_cast<double>(at + kHalf - from);
}

float ShapeGrid::spike(std::int64_t at) const { return step(at).spike; }
std::int64_t ShapeGrid::missing(std::int64_t at) const { return step(at).missing; }

Shape shape_at(const ShapeGrid& grid, double sample) {
  Shape s;
  const std::int64_t centre = centre_of(grid, grid.index(sample));
  for (int i = 0; i < kShape; ++i) {
    const std::int64_t at = centre - kStepsBefore + i;
    s.v[static_cast<std::size_t>(i)] = static_cast<float>(grid.value(at) - grid.level(at));
  }
  s.missing = grid.missing(centre + kStepsAfter) - grid.missing(centre - kStepsBefore);
  s.missing_before = grid.missing(centre);
  const float* v = s.v.data() + kStepsBefore;
  const auto slope = [v](int i) { return std::abs(v[i + 1] - v[i - 1]); };

  const auto [low, high] = std::minmax_element(v + kQrsFrom, v + kQrsTo + 1);
  s.size = *high - *low;
  float steepest = 0, sum = 0, squares = 0;
  for (int i = kQrsFrom - 4; i <= kQrsTo + 4; ++i) steepest = std::max(steepest, slope(i));
  int first = kQrsTo, last = kQrsTo;
  for (int i = kQrsFrom - 2; i <= kQrsTo + 2; ++i) {
    const float d = slope(i);
    if (d > kWidthFraction * steepest) {
      first = std::min(first, i);
      last = i;
    }
    sum += d;
    squares += d * d;
  }
  s.width = static_cast<float>(last - first + 1);
  if (squares > 0) s.rise = sum * sum / squares;

  const auto mean = [](int from, int to, auto of) {
    float total = 0;
    for (int i = from; i <= to; ++i) total += of(i);
    return total / static_cast<float>(to - from + 1);
  };
  const auto bend = [v](int i) { return std::abs(v[i - 1] - 2 * v[i] + v[i + 1]); };
  s.before = mean(-34, -14, slope);
  s.after = mean(30, 58, slope);
  s.drift = static_cast<float>(std::abs(grid.level(centre + 30) - grid.level(centre - 30)));
  if (s.size > 0) {
    const float start = mean(kQrsFrom, kQrsFrom + 4, [v](int i) { return v[i]; });
    s.noise = (mean(1 - kStepsBefore, kQrsFrom - 3, bend) + mean(kQrsTo + 5, kStepsAfter - 1, bend)) / 2 / s.size;
    s.fat = static_cast<float>(kQrsTo - kQrsFrom + 1) *
            mean(kQrsFrom, kQrsTo, [&](int i) { return std::abs(v[i] - start); }) / s.size;
    s.t_level = mean(20, 45, [v](int i) { return v[i]; }) / s.size;
  }
  measure_pace(grid, centre, s);
  return s;
}

Agreement compare(const Shape& a, const Shape& b, int from, int to, int lag) {
  const auto [x, y, n] = shared(a, b, from, to, lag);
  float sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (int i = 0; i < n; ++i) {
    sx += x[i];
    sy += y[i];
    sxx += x[i] * x[i];
    syy += y[i] * y[i];
    sxy += x[i] * y[i];
  }
  const double m = n;
  const double cxx = static_cast<double>(sxx) - static_cast<double>(sx) * static_cast<double>(sx) / m;
  const double cyy = static_cast<double>(syy) - static_cast<double>(sy) * static_cast<double>(sy) / m;
  const double cxy = static_cast<double>(sxy) - static_cast<double>(sx) * static_cast<double>(sy) / m;
  Agreement result{.correlation = 0, .ratio = 1, .lag = lag};
  if (cxx > 0 && cyy > 0) {
    result.correlation = cxy / std::sqrt(cxx * cyy);
    result.ratio = std::sqrt(cxx / cyy);
  }
  return result;
}

Agreement best_qrs_agreement(const Shape& a, const Shape& b, int most_lag) {
  constexpr int kLanes = 4, kN = kQrsTo - kQrsFrom + 1;
  static_assert(kN % kLanes == 0 && kStepsBefore + kQrsFrom > 8 && kStepsAfter - kQrsTo > 8);
  // Sums of x, x * x and x * y in lanes, which the compiler may take at once.
  const auto sums = [](const float* x, const float* y) {
    std::array<float, kLanes> sx{}, sxx{}, sxy{};
    for (int i = 0; i < kN; i += kLanes)
      for (int k = 0; k < kLanes; ++k) {
        const auto lane = static_cast<std::size_t>(k);
        sx[lane] += x[i + k];
        sxx[lane] += x[i + k] * x[i + k];
        sxy[lane] += x[i + k] * y[i + k];
      }
    const auto total = [](const auto& s) {
      return static_cast<double>(s[0] + s[1]) + static_cast<double>(s[2] + s[3]);
    };
    return std::array<double, 3>{total(sx), total(sxx), total(sxy)};
  };
  const float* x = a.v.data() + kStepsBefore + kQrsFrom;
  const auto [sx, sxx, same] = sums(x, x);
  const double cxx = sxx - sx * sx / kN;
  Agreement best;
  for (int lag = -most_lag; lag <= most_lag; ++lag) {
    const auto [sy, syy, sxy] = sums(b.v.data() + kStepsBefore + kQrsFrom + lag, x);
    const double cyy = syy - sy * sy / kN;
    const bool flat = !(cxx > 0 && cyy > 0);
    const double correlation = flat ? 0 : (sxy - sx * sy / kN) / std::sqrt(cxx * cyy);
    if (correlation > best.correlation)
      best = {.correlation = correlation, .ratio = flat ? 1 : std::sqrt(cxx / cyy), .lag = lag};
  }
  return best;
}

double area_between(const Shape& a, const Shape& b, int from, int to, int lag) {
  const auto [x, y, n] = shared(a, b, from, to, lag);
  float mx = 0, my = 0;
  for (int i = 0; i < n; ++i) {
    mx += x[i];
    my += y[i];
  }
  mx /= static_cast<float>(n);
  my /= static_cast<float>(n);
  float between = 0, whole = 0;
  for (int i = 0; i < n; ++i) {
    between += std::abs(x[i] - mx - y[i] + my);
    whole += std::abs(y[i] - my);
  }
  return whole > 0 ? static_cast<double>(between / whole) : 0;
}

}  // namespace cfm::delineate
