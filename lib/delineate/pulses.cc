#include "delineate/pulses.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "delineate/pulse_rises.h"
#include "delineate/running.h"

namespace cfm::delineate {
namespace {

constexpr double kLowestRate = 20;     // Hz
constexpr double kWorkingRate = 62.5;  // Hz, about: eight times what the smoothing leaves
constexpr double kLongestBeat = 3.2;   // s, from summit to the next one; 20 a minute are 3 s
constexpr double kCurve = 0.03;        // s, half the span of the curve through a summit or foot
constexpr double kSettled = 0.3;       // s after which neither a rise nor the choice between two is open any more
constexpr double kOpenEnd = 0.3;       // of the steepest slope: steeper at the end of the signal is no summit yet
constexpr double kEndSlope = 0.04;     // s over which that slope is measured
constexpr double kNotchFrom = 0.06;    // s after the summit
constexpr double kNotchUntil = 0.7;    // s after the summit, where no other pulse comes before
constexpr double kLongestRise = 0.8;   // s before the summit, in which the foot is looked for

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

bool Pulse::operator==(const Pulse& other) const {
  return same(onset, other.onset) && same(systole, other.systole) && same(upstroke, other.upstroke) &&
         same(notch, other.notch) && same(dicrotic, other.dicrotic) && same(foot, other.foot) && same(low, other.low) &&
         same(high, other.high) && same(mean, other.mean);
}

struct PulseDetector::Impl {
  struct Found {
    Rise rise;
    double logit;
  };

  double fs, rate;           // of the samples; of the averages of `factor` of them
  std::int64_t factor, lag;  // lag: averages that the smoothing comes late
  PulseOptions options;
  BoxFilter smooth1, smooth2;
  RiseFinder finder;
  std::vector<float> raw;  // ring of the last samples
  std::vector<float> window;
  Ring averages;
  std::int64_t n = 0, filled = 0, blocks = 0, last_gap = -1;
  double sum = 0, last_mean = 0, offset = 0;
  bool begun = false, in_gap = false;
  std::size_t next = 0;      // rise to be scored
  std::vector<Found> found;  // pulses whose end is still open
  double open_slope = -1;    // at the end of the signal, a second; -1 before it
  std::int64_t end_block = 0;
  double judged = 0;  // every rise with a summit before this average has been judged

  Impl(double rate_in, const PulseOptions& o)
      : fs(rate_in),
        rate(fs / static_cast<double>(std::max<std::int64_t>(1, std::lround(fs / kWorkingRate)))),
        factor(std::max<std::int64_t>(1, std::lround(fs / kWorkingRate))),
        options(o),
        smooth1(width_in_samples(o.smooth, rate)),
        smooth2(width_in_samples(o.smooth, rate)),
        finder(rate),
        averages(std::lround(kSpan * rate) + 8) {
    lag = 2 * smooth1.delay();
    raw.resize(std::bit_ceil(static_cast<std::size_t>(kSpan * fs) + 64));
  }
  // s that a pulse may wait for its end, and what is looked at before it
  static constexpr double kSpan = kLongestBeat + 2 * kSettled + kRiseAhead + kLongestRise + kFootBefore + 0.5;

  double at(std::int64_t i) const { return static_cast<double>(raw[static_cast<std::size_t>(i) & (raw.size() - 1)]); }
  double position(double block) const {
    return block * static_cast<double>(factor) + static_cast<double>(factor - 1) / 2;
  }
  double samples(double seconds) const { return seconds * fs; }
  double blocks_of(double seconds) const { return seconds * rate; }

  void process(std::span<const float> in, std::vector<Pulse>& pulses) {
    const std::size_t mask = raw.size() - 1;
    for (const float sample : in) {
      raw[static_cast<std::size_t>(n++) & mask] = sample;
      sum += static_cast<double>(sample);
      if (++filled == factor) close_block(pulses);
    }
  }

  void close_block(std::vector<Pulse>& pulses) {
    double mean = sum / static_cast<double>(filled);
    bool there = std::isfinite(mean);
    if (!there) {
      std::int64_t count = 0;
      sum = 0;
      for (std::int64_t i = n - filled; i < n; ++i) {
        if (!std::isfinite(at(i))) continue;
        sum += at(i);
        ++count;
      }
      there = count > 0;
      mean = sum / static_cast<double>(count);
    }
    sum = 0;
    filled = 0;
    if (there && !begun) last_mean = offset = mean;
    begun = begun || there;
    if (there && in_gap) offset += mean - last_mean;  // held through the gap, the step at its end taken off
    in_gap = !there;
    if (there) last_mean = mean;
    push(last_mean - offset, there, pulses);
  }

  void push(double value, bool there, std::vector<Pulse>& pulses) {
    const std::int64_t block = blocks++;
    averages[block] = value;
    if (!there) last_gap = block;
    const double y = smooth2.push(smooth1.push(value));
    if (block < lag) return;
    finder.push(y, last_mean, last_gap < block - 2 * lag);
    const double now = static_cast<double>(finder.pushed() - 1);
    const auto& rises = finder.rises();
    while (next < rises.size() && now >= static_cast<double>(rises[next].top) + blocks_of(kRiseAhead + kSettled)) {
      if (!open_end(rises[next])) choose(rises[next], score_rise(rises, next, rate));
      ++next;
      if (next > 256) forget();
    }
    judged = now - blocks_of(kRiseAhead + kSettled);
    report(judged, pulses);
  }

  // Rises that no score looks at any more.
  void forget() {
    const auto& rises = finder.rises();
    std::size_t old = 0;
    while (old<next&& static_cast<double>(rises[next - 1].top - rises[old].top)> blocks_of(kRiseBack + 1)) ++old;
    finder.forget(old);
    next -= old;
  }

  void choose(const Rise& rise, const RiseScore& score) {
    if (!(score.logit > 0)) return;
    if (found.empty() || static_cast<double>(rise.top - found.back().rise.top) >= score.apart)
      found.push_back({rise, score.logit});
    else if (score.logit > found.back().logit)
      found.back() = {rise, score.logit};
  }

  // Whether the signal ends before the summit of this rise.
  bool open_end(const Rise& rise) const {
    return open_slope >= 0 && rise.top >= end_block - 1 && open_slope > kOpenEnd * rise.slope * rate;
  }

  void report(double until, std::vector<Pulse>& pulses) {
    std::size_t done = 0;
    for (; done < found.size(); ++done) {
      const double top = static_cast<double>(found[done].rise.top);
      if (done + 1 < found.size()) {
        if (static_cast<double>(found[done + 1].rise.top) + blocks_of(kSettled) > until) break;
        const Rise& after = found[done + 1].rise;
        const bool near = static_cast<double>(after.top) - top <= blocks_of(kLongestBeat);
        pulses.push_back(measured(found[done].rise, near ? &after : nullptr));
      } else {
        if (until < top + blocks_of(kLongestBeat + kSettled)) break;
        pulses.push_back(measured(found[done].rise, nullptr));
      }
    }
    found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(done));
  }

  struct Extremum {
    double at, value;
  };
  // Extremum of the cubic (of few samples: the parabola) through the samples about `centre`, by least squares; a cubic,
  // because a pulse rises faster than it falls. direction: 1 a maximum, -1 a minimum.
  Extremum vertex(double centre, double direction) const {
    const std::int64_t half = std::max<std::int64_t>(1, std::lround(samples(kCurve)));
    centre = std::clamp(centre, 0.0, static_cast<double>(n - 1));
    Extremum best{centre, at(std::lround(centre))};
    for (int turn = 0; turn < (direction > 0 ? 2 : 1); ++turn) {  // a foot is a corner: no vertex to go on to
      const std::int64_t middle = std::lround(best.at);
      const std::int64_t reach = std::min({half, middle, n - 1 - middle});  // symmetric, so that odd sums vanish
      double s0 = 0, s2 = 0, s4 = 0, s6 = 0, y0 = 0, y1 = 0, y2 = 0, y3 = 0;
      for (std::int64_t i = -reach; i <= reach; ++i) {
        const double v = at(middle + i), u = static_cast<double>(i), u2 = u * u;
        if (!std::isfinite(v)) return best;
        s0 += 1;
        s2 += u2;
        s4 += u2 * u2;
        s6 += u2 * u2 * u2;
        y0 += v;
        y1 += u * v;
        y2 += u2 * v;
        y3 += u * u2 * v;
      }
      if (reach < 1) return best;
      const double bend = (s0 * y2 - s2 * y0) / (s0 * s4 - s2 * s2), level = (y0 - bend * s2) / s0;
      if (!(bend * direction < 0)) return best;
      const double skew = reach < 3 ? 0 : (s2 * y3 - s4 * y1) / (s2 * s6 - s4 * s4), slope = (y1 - skew * s4) / s2;
      // root of slope + 2 bend u + 3 skew u^2 that the parabola's becomes
      const double inner = 1 - 3 * skew * slope / (bend * bend), limit = static_cast<double>(reach);
      const double shift = inner < 0 ? -slope / (2 * bend) : -slope / (bend * (1 + std::sqrt(inner)));
      const double u = std::clamp(shift, -limit, limit);
      best = {static_cast<double>(middle) + u, level + u * (slope + u * (bend + u * skew))};
    }
    return best;
  }

  double foot_block(const Rise& rise) const {
    return std::max(static_cast<double>(rise.foot), static_cast<double>(rise.top) - blocks_of(kLongestRise));
  }

  Pulse measured(const Rise& rise, const Rise* after) {
    Pulse p;
    const Extremum top = vertex(position(static_cast<double>(rise.top)), 1);
    const Extremum low = vertex(position(foot_block(rise)), -1);
    p.systole = top.at;
    p.onset = std::min(low.at, top.at);
    p.high = top.value;
    p.low = low.value;
    p.upstroke = std::clamp(position(rise.steepest), p.onset, p.systole);
    notch(rise, after, p);
    if (after != nullptr) p.mean = mean_between(p.onset, vertex(position(foot_block(*after)), -1).at);
    if (options.foot) p.foot = foot(p);
    return p;
  }

  double foot(const Pulse& p) {
    const std::int64_t from = std::max<std::int64_t>(
        {0, n - static_cast<std::int64_t>(raw.size()), std::lround(p.onset - samples(kFootBefore)) - 1});
    const std::int64_t to = std::min(n, std::lround(p.systole + samples(kFootAfter)) + 2);
    window.clear();
    for (std::int64_t i = from; i < to; ++i) window.push_back(static_cast<float>(at(i)));
    const double begin = static_cast<double>(from);
    const auto found_at = foot_of(window, fs, p.onset - begin, p.systole - begin, *options.foot);
    return found_at ? begin + *found_at : Pulse::kMissing;
  }

  double mean_between(double from, double to) const {
    const std::int64_t first = std::lround(from), end = std::lround(to);
    double total = 0;
    for (std::int64_t i = first; i < end; ++i) total += at(i);
    return first < end && std::isfinite(total) ? total / static_cast<double>(end - first) : Pulse::kMissing;
  }

  // The highest rise between the summit and the next onset, on averages smoothed by [1 2 1] / 4.
  void notch(const Rise& rise, const Rise* after, Pulse& p) {
    const auto light = [&](std::int64_t i) { return (averages[i - 1] + 2 * averages[i] + averages[i + 1]) / 4; };
    const std::int64_t from = rise.top + std::lround(blocks_of(kNotchFrom));
    std::int64_t to = std::min(blocks - 2, rise.top + std::lround(blocks_of(kNotchUntil)));
    if (after != nullptr) to = std::min(to, after->foot);
    double best = options.prominence * rise.height();
    std::int64_t low = from, begin = -1, end = -1;
    for (std::int64_t i = from + 1; i < to; ++i) {
      if (light(i) <= light(low)) low = i;
      if (light(i) <= light(i - 1) || light(i) < light(i + 1) || low == from)
        continue;  // not a maximum after a minimum
      if (light(i) - light(low) > best) {
        best = light(i) - light(low);
        begin = low;
        end = i;
      }
      low = i + 1;
    }
    if (begin < 0 || last_gap >= from - 1) return;
    const auto sharpened = [&](std::int64_t i) {
      const double a = light(i - 1), b = light(i), c = light(i + 1), bend = a - 2 * b + c;
      return position(static_cast<double>(i) + (bend == 0 ? 0 : std::clamp((a - c) / (2 * bend), -0.5, 0.5)));
    };
    p.notch = sharpened(begin);
    p.dicrotic = sharpened(end);
  }

  // What slope the signal ends with: least squares over the last samples, a second.
  double end_slope() const {
    const std::int64_t count = std::min(n, std::max<std::int64_t>(3, std::lround(samples(kEndSlope))));
    double s = 0, ss = 0, y = 0, sy = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const double u = static_cast<double>(i), v = at(n - count + i);
      if (!std::isfinite(v)) return 0;
      s += u;
      ss += u * u;
      y += v;
      sy += u * v;
    }
    const double c = static_cast<double>(count), width = c * ss - s * s;
    return width > 0 ? std::max(0.0, (c * sy - s * y) / width * fs) : 0;
  }

  void flush(std::vector<Pulse>& pulses) {
    if (filled > 0) close_block(pulses);
    open_slope = end_slope();
    end_block = blocks;
    const double hold = last_mean - offset;
    for (std::int64_t i = 0; i <= 2 * lag; ++i) push(hold, true, pulses);
    finder.flush();
    const std::int64_t rest = std::lround(blocks_of(kLongestBeat + kRiseAhead + 2 * kSettled)) + 2;
    for (std::int64_t i = 0; i < rest; ++i) push(hold, true, pulses);
  }
};

PulseDetector::PulseDetector(double fs, const PulseOptions& options) : fs_(fs), options_(options) {
  if (!(fs >= kLowestRate) || !std::isfinite(fs))
    throw Error(Status::kUsage, "pulses at {} Hz: {} Hz and more are needed", fs, kLowestRate);
  impl_ = std::make_unique<Impl>(fs, options);
}
PulseDetector::PulseDetector(PulseDetector&&) noexcept = default;
PulseDetector::~PulseDetector() = default;

void PulseDetector::process(std::span<const float> in, std::vector<Pulse>& pulses) { impl_->process(in, pulses); }

double PulseDetector::known_until() const {
  const Impl& i = *impl_;
  const double first = i.found.empty() ? i.judged : std::min(i.judged, static_cast<double>(i.found.front().rise.top));
  return std::max(0.0, i.position(first) - i.samples(kLongestRise + kFootBefore));
}

void PulseDetector::finish(std::vector<Pulse>& pulses) { impl_->flush(pulses); }

void PulseDetector::flush(std::vector<Pulse>& pulses) {
  finish(pulses);
  impl_ = std::make_unique<Impl>(fs_, options_);
}

std::vector<Pulse> detect_pulses(std::span<const float> x, double fs, const PulseOptions& options) {
  std::vector<Pulse> pulses;
  PulseDetector detector(fs, options);
  detector.process(x, pulses);
  detector.finish(pulses);
  return pulses;
}

}  // namespace cfm::delineate
