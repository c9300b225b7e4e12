#include "delineate/pulse_foot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace cfm::delineate {
namespace {

constexpr double kShortest = 0.03, kLongest = 0.6;  // s, of an upstroke
constexpr double kMisfit = 0.15;                    // of the height, RMS of what the curve leaves
constexpr double kUsualBend = 5;                    // of the height, a second squared: where the fit begins
constexpr int kTurns = 30;
constexpr double kStuck = 1e6;   // damping at which no step helps any more
constexpr double kTiny = 1e-9;   // keeps a parameter that no sample depends on where it is
constexpr double kClose = 2e-4;  // s, a step smaller than that is the last

constexpr double kAverage = 0.016;    // s, of the averages by which the level before the upstroke is followed back
constexpr double kLevelShare = 0.06;  // of the height: what is higher before the onset belongs to the pulse before
constexpr double kLeastLevel = 0.03;  // s of level that are taken in any case

enum Parameter : std::size_t { kLevel, kHeight, kBegin, kWidth, kBend, kParameters };
using Vector = std::array<double, kParameters>;
using Matrix = std::array<Vector, kParameters>;

// Square error of a fit, its gradient (halved) and curvature.
struct Assessment {
  double error = 0;
  Vector gradient{};
  Matrix curvature{};  // lower half

  // A sample that the first `Count` parameters have a part in.
  template <std::size_t Count>
  void add(double rest, const Vector& row) {
    error += rest * rest;
    for (std::size_t j = 0; j < Count; ++j) {
      gradient[j] += rest * row[j];
      for (std::size_t k = 0; k <= j; ++k) curvature[j][k] += row[j] * row[k];
    }
  }
};

// The curve of parameters p against the samples; times in s from x[0].
Assessment assess(std::span<const float> x, double fs, const Vector& p) {
  const double turn = std::numbers::pi / p[kWidth], dt = 1 / fs, end = p[kBegin] + p[kWidth];
  const double size = static_cast<double>(x.size());
  const auto rise = static_cast<std::size_t>(std::clamp(std::floor(p[kBegin] * fs) + 1, 0.0, size));
  const auto behind = static_cast<std::size_t>(std::clamp(std::ceil(end * fs), static_cast<double>(rise), size));
  Assessment a;
  Vector row = {1, 0, 0, 0, 0};
  std::size_t i = 0;
  for (; i < rise; ++i) a.add<1>(static_cast<double>(x[i]) - p[kLevel], row);
  // cosine and sine along the rise, by rotation
  const double dc = std::cos(turn * dt), ds = std::sin(turn * dt), u0 = static_cast<double>(i) * dt - p[kBegin];
  double c = std::cos(turn * u0), s = std::sin(turn * u0);
  for (; i < behind; ++i) {
    row[kHeight] = (1 - c) / 2;
    row[kBegin] = -p[kHeight] * s * turn / 2;
    row[kWidth] = row[kBegin] * (static_cast<double>(i) * dt - p[kBegin]) / p[kWidth];
    a.add<4>(static_cast<double>(x[i]) - p[kLevel] - p[kHeight] * row[kHeight], row);
    const double next = c * dc - s * ds;
    s = s * dc + c * ds;
    c = next;
  }
  for (; i < x.size(); ++i) {
    const double t = static_cast<double>(i) * dt - end;
    row[kHeight] = 1;
    row[kBegin] = row[kWidth] = 2 * p[kBend] * t;
    row[kBend] = -t * t;
    a.add<5>(static_cast<double>(x[i]) - p[kLevel] - p[kHeight] + p[kBend] * t * t, row);
  }
  return a;
}

// Solves a y = b for a symmetric positive definite a, of which the lower half is given; false where it is not.
bool solve(Matrix a, Vector& b) {
  for (std::size_t j = 0; j < kParameters; ++j) {
    for (std::size_t k = 0; k <= j; ++k) {
      double sum = a[j][k];
      for (std::size_t i = 0; i < k; ++i) sum -= a[j][i] * a[k][i];
      if (j == k && !(sum > 0)) return false;
      a[j][k] = j == k ? std::sqrt(sum) : sum / a[k][k];
    }
    for (std::size_t k = 0; k < j; ++k) b[j] -= a[j][k] * b[k];
    b[j] /= a[j][j];
  }
  for (std::size_t j = kParameters; j-- > 0;) {
    for (std::size_t k = j + 1; k < kParameters; ++k) b[j] -= a[k][j] * b[k];
    b[j] /= a[j][j];
  }
  return true;
}

struct Guess {
  double low, height, begin, width;  // times in samples
};

// From where the upstroke crosses 20 and 80 % of its height, looked at from its summit; nothing where samples are
// missing.
std::optional<Guess> first_guess(std::span<const float> x, double fs, double onset, double systole) {
  const double reach = std::max(0.0, onset - kFootBefore * fs);
  const auto first = static_cast<std::size_t>(reach), foot = static_cast<std::size_t>(onset),
             top = static_cast<std::size_t>(std::lround(std::min(systole, static_cast<double>(x.size() - 1))));
  const auto end = std::min(x.size(), static_cast<std::size_t>(std::lround(systole + kFootAfter * fs)) + 1);
  for (std::size_t i = first; i < end; ++i)
    if (!std::isfinite(x[i])) return {};
  const double low = static_cast<double>(*std::min_element(x.begin() + static_cast<std::ptrdiff_t>(foot),
                                                           x.begin() + static_cast<std::ptrdiff_t>(top) + 1));
  const double height = static_cast<double>(x[top]) - low;
  if (!(height > 0)) return {};
  const auto crossing = [&](double share) {
    std::size_t i = top;
    while (i > foot && static_cast<double>(x[i - 1]) >= low + share * height) --i;
    return static_cast<double>(i);
  };
  const double upper = crossing(0.8), lower = crossing(0.2);
  // of a half cosine's width, arccos(-0.6) - arccos(0.6) over pi
  constexpr double kBetween = 0.41;
  const double width = std::clamp((upper - lower + 1) / kBetween, kShortest * fs, kLongest * fs);
  return Guess{low, height, std::max(0.0, (upper + lower) / 2 - width / 2), width};
}

// Where the level before the upstroke begins: behind the fall of the pulse before.
std::size_t level_begin(std::span<const float> x, double fs, const Guess& guess) {
  const std::int64_t half = std::lround(kAverage / 2 * fs), last = static_cast<std::int64_t>(x.size()) - 1;
  const auto mean = [&](std::int64_t middle) {
    double sum = 0;
    for (std::int64_t i = middle - half; i <= middle + half; ++i)
      sum += static_cast<double>(x[static_cast<std::size_t>(std::clamp<std::int64_t>(i, 0, last))]);
    return sum / static_cast<double>(2 * half + 1);
  };
  const std::int64_t first = std::lround(std::max(0.0, guess.begin - kFootBefore * fs));
  const double limit = mean(std::lround(guess.begin)) + kLevelShare * guess.height;
  std::int64_t i = std::max(first, std::lround(guess.begin - kLeastLevel * fs));
  while (i > first && mean(i - 1) < limit) --i;
  return static_cast<std::size_t>(i);
}

}  // namespace

std::optional<double> foot_of(std::span<const float> x, double fs, double onset, double systole, Foot foot) {
  if (!(onset >= 0 && onset < systole && systole < static_cast<double>(x.size()))) return {};
  const std::optional<Guess> guess = first_guess(x, fs, onset, systole);
  if (!guess) return {};
  const std::size_t from = level_begin(x, fs, *guess);
  const auto to =
      static_cast<std::size_t>(std::min(static_cast<double>(x.size()), std::round(systole + kFootAfter * fs) + 1));
  const std::span<const float> window = x.subspan(from, to - from);
  if (window.size() <= kParameters) return {};
  const double begin = (guess->begin - static_cast<double>(from)) / fs, width = guess->width / fs;
  Vector p = {guess->low, guess->height, begin, width, kUsualBend * guess->height};

  double damping = 1e-3;
  Assessment now = assess(window, fs, p);
  for (int turn = 0; turn < kTurns; ++turn) {
    Matrix damped = now.curvature;
    for (std::size_t j = 0; j < kParameters; ++j)
      damped[j][j] += damping * (damped[j][j] + kTiny * now.curvature[kLevel][kLevel]);
    Vector step = now.gradient;
    if (!solve(damped, step)) return {};
    Vector tried = p;
    for (std::size_t j = 0; j < kParameters; ++j) tried[j] += step[j];
    const bool sane = tried[kWidth] >= kShortest && tried[kWidth] <= kLongest && tried[kBegin] >= 0 &&
                      std::abs(tried[kBegin] - begin) <= width;
    const Assessment next = sane ? assess(window, fs, tried) : Assessment{};
    const bool last = sane && std::abs(step[kBegin]) < kClose && std::abs(step[kWidth]) < kClose;
    if (sane && next.error <= now.error) {
      p = tried;
      now = next;
      damping /= 10;
    } else {
      damping *= 10;
    }
    if (last || damping > kStuck) break;
  }
  if (!(p[kHeight] > 0) || now.error > kMisfit * kMisfit * p[kHeight] * p[kHeight] * static_cast<double>(window.size()))
    return {};
  const double share = foot == Foot::kTangent ? 0.5 - std::numbers::inv_pi : foot == Foot::kMidslope ? 0.5 : 0;
  return static_cast<double>(from) + (p[kBegin] + share * p[kWidth]) * fs;
}

}  // namespace cfm::delineate
