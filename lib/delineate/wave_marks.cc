#include "delineate/wave_marks.h"

#include <algorithm>
#include <cmath>

namespace cfm::delineate {
namespace {

// Lengths named …Half and …Lag are grid points of 2 ms. Unless another source is named, values come from random sweeps
// on LUDB (100 records, 12 leads), in the middle of a broad optimum; see the commit.

// QRS: |slope| of the smoothed signal, smoothed again.
constexpr int kLowHalf = 4, kSlopeLag = 4, kActivityHalf = 6;
constexpr double kOnsetLevel = 0.15, kOffsetLevel = 0.12;    // of its largest value
constexpr double kNoiseLevel = 4;                            // of its lower quartile around the beat
constexpr double kQuietBefore = 0.010, kQuietAfter = 0.024;  // s below the level that end the QRS
constexpr double kOnsetShift = -0.008, kOffsetShift = 0.0;   // s, from there to the mark
constexpr double kPeakShare = 0.25;                          // of the deepest point: an R that high is the peak
constexpr double kDeflection = 0.05;                         // of the QRS, the least Q, R or S

// P and T: two moving averages, then the slope.
constexpr int kPHalf = 5, kPLag = 6;
constexpr int kTHalf = 9, kTLag = 8;
constexpr int kPeakHalf = 8, kPeakLag = 8;
constexpr double kPReach = 0.07, kTReach = 0.12;                  // s from the peak to the steepest points
constexpr double kPOnset = 0.45, kPOffset = 0.5, kTOnset = 0.38;  // of the steepest slope
constexpr double kShortestP = 0.05;                               // s: as short as the filter makes a spike
constexpr double kNearestP = 0.04;                                // s from the peak to the QRS onset
constexpr double kBoth = 0.7;                                     // weight of the smaller slope in a bump's score

// A second phase of T: as steep, on the other side of the baseline, near.
constexpr double kSecondSlope = 1.5, kSecondHeight = 0.3;  // of the first
constexpr double kSecondApart = 0.12;                      // s

// T end.
constexpr double kFlat = 0.25;           // of the steepest slope: where the baseline of the tangent is read
constexpr double kTangentShift = 0.005;  // s
constexpr double kThreshold = 0.4;       // of the steepest slope
constexpr double kAreaWindow = 0.105;    // s; Zhang et al. take 0.128
constexpr double kTail = 0.12;           // s from the steepest point, at most
constexpr double kNearSteepest = 0.03;   // s: the slopes of the two smoothings belong together

struct Bump {
  int peak = -1, rise = -1, fall = -1;  // rise, fall: steepest points before and after
  double before = 0, after = 0;         // slopes there, signed
};

// Extrema within [from, to] with a steepest point on either side, `reach` at most away and within [from, to].
template <typename Take>
void each_bump(const Series& slope, int from, int to, int reach, Take take) {
  from = std::max(from, 1);
  to = std::min(to, static_cast<int>(slope.size()) - 2);
  for (int i = from; i < to; ++i) {
    if (!((slope[i] > 0 && slope[i + 1] <= 0) || (slope[i] < 0 && slope[i + 1] >= 0))) continue;
    const double sign = slope[i] > 0 ? 1 : -1;
    Bump b{.peak = std::abs(slope[i]) < std::abs(slope[i + 1]) ? i : i + 1};
    for (int k = i; k >= std::max(from, i - reach) && sign * slope[k] > 0; --k)
      if (sign * slope[k] > sign * b.before) b.before = slope[k], b.rise = k;
    for (int k = i + 1; k <= std::min(to, i + reach) && sign * slope[k] <= 0; ++k)
      if (sign * slope[k] < sign * b.after) b.after = slope[k], b.fall = k;
    if (b.rise >= 0 && b.fall >= 0) take(b);
  }
}

// Where the slope, going from its steepest point in `direction`, has come down to a fraction of it, or `limit`.
double edge(const Series& slope, int steepest, int direction, double fraction, int limit) {
  const double sign = slope[steepest] > 0 ? 1 : -1, threshold = fraction * sign * slope[steepest];
  int i = steepest;
  while (i != limit && sign * slope[i] > threshold) i += direction;
  if (i == steepest || sign * slope[i] > threshold) return i;
  const double outer = sign * slope[i], inner = sign * slope[i - direction];
  return i - direction * (threshold - outer) / (inner - outer);
}

double value_at(const Series& x, double point) {
  const auto i = static_cast<std::size_t>(std::clamp(point, 0.0, static_cast<double>(x.size() - 1)));
  if (i + 1 >= x.size()) return x.back();
  return x[i] + (x[i + 1] - x[i]) * (point - static_cast<double>(i));
}

double mean(const Series& x, int from, int to) {
  double sum = 0;
  for (int i = from; i <= to; ++i) sum += x[i];
  return sum / (to - from + 1);
}

// Zhang et al. 2006: the end is where the area between the signal over the last `kAreaWindow` and its value now is
// largest.
double area_end(const Series& x, int from, int to, bool falling) {
  const int width = points(kAreaWindow);
  double sum = 0, best = 0;
  int at = from;
  for (int i = from - width + 1; i <= from; ++i) sum += x[std::max(0, i)];
  for (int i = from; i <= to; ++i) {
    const double area = (sum - width * x[i]) * (falling ? 1 : -1);
    if (i == from || area > best) best = area, at = i;
    if (i < to) sum += x[i + 1] - x[std::max(0, i - width + 1)];
  }
  return at;
}

double t_end(const SlowFilter& f, int fall, int limit, TEnd rule) {
  const double sign = f.peak_slope[fall] > 0 ? 1 : -1;
  const int near = points(kNearSteepest);
  int steepest = fall;
  for (int i = std::max(1, fall - near); i <= std::min(limit, fall + near); ++i)
    if (sign * f.t_slope[i] > sign * f.t_slope[steepest]) steepest = i;
  if (!(sign * f.t_slope[steepest] > 0)) return fall;
  limit = std::min(limit, steepest + points(kTail));
  if (rule == TEnd::kThreshold) return edge(f.t_slope, steepest, 1, kThreshold, limit);
  const double flat = edge(f.t_slope, steepest, 1, kFlat, limit);
  if (rule == TEnd::kArea) {
    const int last = std::min(limit, static_cast<int>(flat) + points(0.06));
    return area_end(f.t, steepest, last, sign < 0);
  }
  return steepest + (value_at(f.t, flat) - f.t[steepest]) / f.t_slope[steepest] + kTangentShift / kGridStep;
}

}  // namespace

void QrsFilter::fill(const Series& x) {
  smooth(x, kLowHalf, low);
  differentiate(low, kSlopeLag, slope);
  scratch_.resize(x.size());
  std::transform(slope.begin(), slope.end(), scratch_.begin(), [](double v) { return std::abs(v); });
  smooth(scratch_, kActivityHalf, activity);
}

void SlowFilter::fill(const Series& x) {
  const auto twice = [&](int half, int lag, Series& y, Series& slope) {
    smooth(x, half, scratch_);
    smooth(scratch_, half, y);
    differentiate(y, lag, slope);
  };
  twice(kPHalf, kPLag, p, p_slope);
  twice(kTHalf, kTLag, t, t_slope);
  twice(kPeakHalf, kPeakLag, peak, peak_slope);
}

QrsMarks measure_qrs(const Grid& g, const QrsFilter& f, double centre, double low, double high) {
  QrsMarks m;
  const int c = static_cast<int>(centre + 0.5);
  const auto within = [&](double reach, int& from, int& to) {
    from = std::max({g.first, c - points(reach), static_cast<int>(low)});
    to = std::min({g.end - 1, c + points(reach), static_cast<int>(high)});
  };
  int from = 0, to = 0, left = 0, right = 0;
  within(0.06, from, to);
  within(0.3, left, right);
  if (to - from < 4 || g.has_gap(from, to)) return m;
  const double top = *std::max_element(f.activity.begin() + from, f.activity.begin() + to + 1);
  const double size = *std::max_element(g.x.begin() + left, g.x.begin() + right + 1) -
                      *std::min_element(g.x.begin() + left, g.x.begin() + right + 1);
  if (!(top > 1e-9 * size) || !(size > 0)) return m;

  Series sorted(f.activity.begin() + left, f.activity.begin() + right + 1);
  const auto quarter = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 4);
  std::nth_element(sorted.begin(), quarter, sorted.end());
  const double noise = kNoiseLevel * *quarter;
  int on = from, off = to;
  while (f.activity[on] < 0.5 * top) ++on;
  while (f.activity[off] < 0.5 * top) --off;
  for (int i = on; i >= left && i >= on - points(kQuietBefore); --i)
    if (f.activity[i] >= std::max(kOnsetLevel * top, noise)) on = i;
  for (int i = off; i <= right && i <= off + points(kQuietAfter); ++i)
    if (f.activity[i] >= std::max(kOffsetLevel * top, noise)) off = i;
  m.wave.onset = std::max<double>(g.first, on + kOnsetShift / kGridStep);
  m.wave.offset = std::min<double>(g.end - 1, off + kOffsetShift / kGridStep);
  if (g.has_gap(m.wave.onset, m.wave.offset)) return {};

  on = static_cast<int>(m.wave.onset);
  off = static_cast<int>(m.wave.offset);
  m.level = mean(g.x, std::max(g.first, on - points(0.016)), on);
  const auto tallest = std::max_element(g.x.begin() + on, g.x.begin() + off + 1);
  const auto deepest = std::min_element(g.x.begin() + on, g.x.begin() + off + 1);
  const double up = *tallest - m.level, down = m.level - *deepest, least = kDeflection * (up + down);
  m.wave.peak = static_cast<double>((up >= kPeakShare * down ? tallest : deepest) - g.x.begin());
  if (up > least) {
    m.r = up;
    const double q = m.level - *std::min_element(g.x.begin() + on, tallest + 1);
    const double s = m.level - *std::min_element(tallest, g.x.begin() + off + 1);
    if (q > least) m.q = -q;
    if (s > least) m.s = -s;
  } else {
    m.q = -down;  // QS
  }
  return m;
}

void bridge(Series& x, double from, double to) {
  const int n = static_cast<int>(x.size()), width = points(0.012);
  const int a = std::clamp(static_cast<int>(from) - 1, 0, n - 1), b = std::clamp(static_cast<int>(to) + 1, 0, n - 1);
  double before = mean(x, std::max(0, a - width + 1), a), after = mean(x, b, std::min(n - 1, b + width - 1));
  if (a == 0) before = after;
  if (b == n - 1) after = before;
  for (int i = a + 1; i < b; ++i) x[i] = before + (after - before) * (i - a) / (b - a);
}

void find_t(const Grid& g, const SlowFilter& f, double from, double to, double limit, TEnd rule,
            std::vector<Candidate>& out) {
  out.clear();
  const int low = std::max(g.first, static_cast<int>(from)), high = std::min(g.end - 1, static_cast<int>(to));
  const int last = std::min(g.end - 1, static_cast<int>(limit));
  if (high - low < points(0.06)) return;
  Bump previous;
  each_bump(f.peak_slope, low, last, points(kTReach), [&](const Bump& b) {
    if (!out.empty() && out.back().wave.peak == previous.peak) {
      // The bump before is biphasic if this one is as steep, near, and on the other side of the PR level.
      Wave& first = out.back().wave;
      const double one = f.peak[previous.peak], two = f.peak[b.peak];
      if (std::abs(b.after) > kSecondSlope * std::abs(previous.after) && b.peak <= high &&
          b.peak - previous.peak < points(kSecondApart) && -one * two > kSecondHeight * one * one) {
        first.second = b.peak;
        first.offset = t_end(f, b.fall, last, rule);
      }
    }
    previous = b;
    if (b.peak > high) return;
    Candidate c;
    c.before = b.before, c.after = b.after;
    c.score =
        kBoth * std::sqrt(std::abs(b.before * b.after)) + (1 - kBoth) * (std::abs(b.before) + std::abs(b.after)) / 2;
    c.wave = {.onset = edge(f.peak_slope, b.rise, -1, kTOnset, low),
              .peak = static_cast<double>(b.peak),
              .offset = t_end(f, b.fall, last, rule)};
    c.amplitude = f.p[b.peak];
    out.push_back(c);
  });
}

void find_p(const Grid& g, const SlowFilter& f, double from, double onset, std::vector<Candidate>& out) {
  out.clear();
  const int low = std::max(g.first, static_cast<int>(from)), high = std::min(g.end - 1, static_cast<int>(onset));
  if (high - low < points(0.04)) return;
  each_bump(f.p_slope, low, high, points(kPReach), [&](const Bump& b) {
    Candidate c;
    c.before = b.before, c.after = b.after;
    c.score = std::sqrt(std::abs(b.before * b.after));
    c.wave = {.onset = edge(f.p_slope, b.rise, -1, kPOnset, low),
              .peak = static_cast<double>(b.peak),
              .offset = edge(f.p_slope, b.fall, 1, kPOffset, high)};
    c.amplitude = f.p[b.peak];
    if (c.wave.offset - c.wave.onset >= kShortestP / kGridStep && onset - b.peak >= kNearestP / kGridStep)
      out.push_back(c);
  });
}

}  // namespace cfm::delineate
