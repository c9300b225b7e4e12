#include "delineate/wave_grid.h"

#include <algorithm>
#include <cmath>

namespace cfm::delineate {
namespace {

double catmull_rom(const double* p, double part) {
  const double a = p[-1], b = p[0], c = p[1], d = p[2];
  return b + 0.5 * part * (c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a)));
}

// Weights fall to 0 at `step` samples either side of p[0] + part.
double triangle(const double* p, double part, double step) {
  const int reach = static_cast<int>(step) + 1;
  double sum = 0, weights = 0;
  for (int k = -reach + 1; k <= reach; ++k) {
    const double weight = 1 - std::abs(k - part) / step;
    if (weight <= 0) continue;
    sum += weight * p[k];
    weights += weight;
  }
  return sum / weights;
}

// NaN by a line between its neighbours.
void bridge_gaps(Series& x) {
  const std::size_t n = x.size();
  std::size_t known = 0;  // one after the last known value
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(x[i])) continue;
    if (known < i) {
      const double before = known == 0 ? x[i] : x[known - 1];
      const double slope = known == 0 ? 0 : (x[i] - before) / static_cast<double>(i - known + 1);
      for (std::size_t k = known; k < i; ++k) x[k] = before + slope * static_cast<double>(k - known + 1);
    }
    known = i + 1;
  }
  std::fill(x.begin() + static_cast<std::ptrdiff_t>(known), x.end(), known == 0 ? 0.0 : x[known - 1]);
}

double median5(const double* p) {
  double a = std::min(p[-2], p[-1]), b = std::max(p[-2], p[-1]), c = std::min(p[1], p[2]), d = std::max(p[1], p[2]);
  const double low = std::max(a, c), high = std::min(b, d);  // without the smallest and the largest of the four
  return std::max(std::min(low, high), std::min(std::max(low, high), p[0]));
}

constexpr double kSpike = 0.2;  // of the range of the signal; swept on LUDB, 0.05 to 0.3 are as good

// Pacing spikes: one or two points far from the median of five.
void remove_spikes(Series& x) {
  if (x.size() < 5) return;
  const auto [least, most] = std::minmax_element(x.begin(), x.end());
  const double far = kSpike * (*most - *least);
  double before2 = x[0], before1 = x[1];  // as they were
  for (std::size_t i = 2; i + 2 < x.size(); ++i) {
    const double window[5] = {before2, before1, x[i], x[i + 1], x[i + 2]};
    before2 = before1;
    before1 = x[i];
    const double median = median5(window + 2);
    if (std::abs(x[i] - median) > far) x[i] = median;
  }
}

}  // namespace

void SampleHistory::drop_before(double position) {
  const auto place = std::clamp(static_cast<std::int64_t>(std::floor(std::max(0.0, position))), begin_, end());
  const auto count = static_cast<std::size_t>(place - begin_);
  if (count < 4096 || count < values_.size() / 2) return;  // seldom, so that moving costs little
  values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(count));
  begin_ = place;
}

void Grid::fill(const SampleHistory& samples, double from, double samples_per_point, int count) {
  origin = from;
  step = samples_per_point;
  gaps = false;
  first = end = 0;
  x.assign(static_cast<std::size_t>(count), 0.0);
  missing_.assign(static_cast<std::size_t>(count), 1);
  const std::int64_t begin = samples.begin(), stop = samples.end();
  if (begin == stop) return;

  const int reach = static_cast<int>(step) + 2;
  const auto low = static_cast<std::int64_t>(std::floor(from)) - reach;
  const auto high = static_cast<std::int64_t>(std::floor(position(count))) + reach + 1;
  raw_.resize(static_cast<std::size_t>(high - low));
  for (std::int64_t at = low; at < high; ++at) {
    const auto value = static_cast<double>(samples[std::clamp(at, begin, stop - 1)]);
    raw_[static_cast<std::size_t>(at - low)] = value;
    gaps = gaps || !std::isfinite(value);
  }
  first = std::clamp(static_cast<int>(std::ceil(index(static_cast<double>(begin)))), 0, count);
  end = std::clamp(static_cast<int>(std::floor(index(static_cast<double>(stop - 1)))) + 1, first, count);
  if (gaps) {
    for (int i = 0; i < count; ++i)
      missing_[i] =
          !std::isfinite(raw_[static_cast<std::size_t>(static_cast<std::int64_t>(std::floor(position(i))) - low)]);
    bridge_gaps(raw_);
  }
  for (int i = 0; i < count; ++i) {
    const double p = position(i), whole = std::floor(p), part = p - whole;
    const double* at = raw_.data() + (static_cast<std::int64_t>(whole) - low);
    x[i] = step > 1 ? triangle(at, part, step) : part == 0 ? *at : catmull_rom(at, part);
  }
  remove_spikes(x);
}

bool Grid::has_gap(double from, double to) const {
  if (!gaps) return false;
  const int a = std::max(0, static_cast<int>(from)),
            b = std::min(static_cast<int>(x.size()) - 1, static_cast<int>(to) + 1);
  for (int i = a; i <= b; ++i)
    if (missing_[i]) return true;
  return false;
}

void smooth(const Series& in, int half, Series& out) {
  const int n = static_cast<int>(in.size());
  out.resize(in.size());
  if (n == 0) return;
  double sum = in[0] * half;
  for (int i = 0; i < half; ++i) sum += in[std::min(i, n - 1)];
  const double scale = 1.0 / (2 * half + 1);
  for (int i = 0; i < n; ++i) {
    sum += in[std::min(i + half, n - 1)];
    out[i] = sum * scale;
    sum -= in[std::max(i - half, 0)];
  }
}

void differentiate(const Series& in, int lag, Series& out) {
  const int n = static_cast<int>(in.size());
  out.resize(in.size());
  const double scale = 0.5 / lag;
  for (int i = 0; i < n; ++i) out[i] = (in[std::min(i + lag, n - 1)] - in[std::max(i - lag, 0)]) * scale;
}

}  // namespace cfm::delineate
