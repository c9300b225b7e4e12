#include "delineate/pulse_arrival.h"

#include <algorithm>
#include <cmath>

namespace cfm::delineate {
namespace {

constexpr std::size_t kFewest = 5;     // pulses before one of them is called odd
constexpr double kSearch = 0.05;       // s about a beat in which its R peak is sought
constexpr double kPeakSmooth = 0.012;  // s, half the base of the triangle that smooths: -3 dB at 27 Hz

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

double middle(std::vector<double> values) {
  const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), half, values.end());
  return *half;
}

}  // namespace

std::string_view name_of(Reason reason) {
  constexpr std::array<std::string_view, kReasons> kNames = {"used",     "no_pulse",  "no_foot",  "too_early",
                                                             "too_late", "odd_pulse", "last_beat"};
  return kNames[static_cast<std::size_t>(reason)];
}

bool Arrival::operator==(const Arrival& other) const {
  return same(r, other.r) && same(foot, other.foot) && same(time, other.time) && reason == other.reason;
}

PulseFoot foot_in_seconds(const Pulse& pulse, double fs, double start) {
  return {.onset = start + pulse.onset / fs,
          .foot = start + pulse.foot / fs,
          .height = pulse.high - pulse.low,
          .rise = (pulse.systole - pulse.onset) / fs};
}

ArrivalFinder::ArrivalFinder(const ArrivalOptions& options) : options_(options) {}

void ArrivalFinder::process(std::span<const double> r, std::span<const PulseFoot> pulses, double known_until,
                            std::vector<Arrival>& arrivals) {
  if (ended_) counts_ = {};
  ended_ = false;
  r_.insert(r_.end(), r.begin(), r.end());
  for (const PulseFoot& p : pulses) take(p);
  settle(known_until, false, arrivals);
}

void ArrivalFinder::flush(std::vector<Arrival>& arrivals) {
  settle(std::numeric_limits<double>::infinity(), true, arrivals);
  r_.clear();
  pulses_.clear();
  heights_.clear();
  rises_.clear();
  ended_ = true;
}

void ArrivalFinder::take(const PulseFoot& pulse) {
  const auto odd = [&](const std::vector<double>& last, double value) {
    if (last.size() < kFewest) return false;
    const double usual = middle(last);
    return !(value <= options_.ratio * usual && value * options_.ratio >= usual);
  };
  pulses_.push_back({pulse, odd(heights_, pulse.height) || odd(rises_, pulse.rise)});
  for (auto [last, value] : {std::pair{&heights_, pulse.height}, std::pair{&rises_, pulse.rise}}) {
    last->push_back(value);
    if (last->size() > kPulses) last->erase(last->begin());
  }
}

// A beat is settled when the next R, or that none is near, and every pulse before it are known.
void ArrivalFinder::settle(double known_until, bool at_end, std::vector<Arrival>& arrivals) {
  const auto mark = [](const PulseFoot& p) { return std::isnan(p.foot) ? p.onset : p.foot; };
  std::size_t done = 0, used = 0;
  for (; done < r_.size(); ++done) {
    const double r = r_[done], alone = r + options_.alone;
    const bool last = at_end && done + 1 == r_.size();
    const double next = done + 1 == r_.size() ? alone : std::min(r_[done + 1], alone);
    if (next >= known_until) break;
    while (used < pulses_.size() && mark(pulses_[used].pulse) <= r) ++used;
    Arrival a{.r = r};
    if (used < pulses_.size() && mark(pulses_[used].pulse) < next) {
      const Judged& p = pulses_[used];
      a.foot = p.pulse.foot;
      const double time = p.pulse.foot - r;
      if (std::isnan(a.foot))
        a.reason = Reason::kNoFoot;
      else if (time < options_.shortest)
        a.reason = Reason::kTooEarly;
      else if (time > options_.longest)
        a.reason = last ? Reason::kLastBeat : Reason::kTooLate;
      else
        a.reason = p.odd ? Reason::kOddPulse : Reason::kUsed;
      if (a.reason == Reason::kUsed) a.time = time;
    } else {
      a.reason = last ? Reason::kLastBeat : Reason::kNoPulse;
    }
    emit(a, arrivals);
  }
  r_.erase(r_.begin(), r_.begin() + static_cast<std::ptrdiff_t>(done));
  // Pulses before the first open R belong to beats that are settled.
  const double open = r_.empty() ? known_until : std::min(r_.front(), known_until);
  std::erase_if(pulses_, [&](const Judged& p) { return mark(p.pulse) <= open; });
}

void ArrivalFinder::emit(Arrival arrival, std::vector<Arrival>& arrivals) {
  ++counts_[static_cast<std::size_t>(arrival.reason)];
  arrivals.push_back(arrival);
}

std::vector<Arrival> pulse_arrivals(std::span<const double> r, std::span<const PulseFoot> pulses,
                                    const ArrivalOptions& options) {
  std::vector<Arrival> arrivals;
  ArrivalFinder finder(options);
  finder.process(r, pulses, -std::numeric_limits<double>::infinity(), arrivals);
  finder.flush(arrivals);
  return arrivals;
}

double refine_r(std::span<const float> ecg, double fs, double beat) {
  const auto size = static_cast<std::int64_t>(ecg.size());
  const std::int64_t middle = std::lround(beat), width = std::max<std::int64_t>(1, std::lround(kPeakSmooth * fs)),
                     search = std::max<std::int64_t>(1, std::lround(kSearch * fs));
  const std::int64_t from = std::max(middle - search, width), to = std::min(middle + search, size - 1 - width);
  if (!(beat >= 0) || to - from < 2) return beat;
  std::vector<double> y;
  for (std::int64_t i = from; i <= to; ++i) {
    double sum = 0;
    for (std::int64_t j = -width; j <= width; ++j)
      sum += static_cast<double>(width + 1 - std::abs(j)) * static_cast<double>(ecg[static_cast<std::size_t>(i + j)]);
    if (!std::isfinite(sum)) return beat;
    y.push_back(sum);
  }
  // The side of the line through both ends on which the complex goes farther is the side of its peak.
  const double slope = (y.back() - y.front()) / static_cast<double>(y.size() - 1);
  std::size_t best = 0;
  double farthest = 0;
  for (std::size_t i = 1; i + 1 < y.size(); ++i) {
    const double off = y[i] - y.front() - slope * static_cast<double>(i);
    const bool extremum = (y[i] - y[i - 1]) * (y[i] - y[i + 1]) > 0 || y[i] == y[i - 1] || y[i] == y[i + 1];
    if (!extremum || std::abs(off) <= farthest) continue;
    farthest = std::abs(off);
    best = i;
  }
  if (best == 0) return beat;
  const double a = y[best - 1], b = y[best], c = y[best + 1], bend = a - 2 * b + c;
  return static_cast<double>(from) + static_cast<double>(best) +
         (bend == 0 ? 0 : std::clamp((a - c) / (2 * bend), -0.5, 0.5));
}

}  // namespace cfm::delineate
