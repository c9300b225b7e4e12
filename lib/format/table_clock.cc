#include "format/table_clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/error.h"

namespace cfm::format {
namespace {

constexpr double kTremble = 0.25;         // of a step: how far a time may lie from its frame
constexpr std::int64_t kManySteps = 100;  // after so many equal steps the step is taken as exact
constexpr double kMostFrames = 0x1p53;

// Hz; rates of recorders that win where several whole numbers fit.
constexpr std::array kUsualRates = {12.5,   15.625, 31.25,  50.0,   62.5,   64.0,    75.0,   100.0,  120.0,
                                    125.0,  128.0,  200.0,  240.0,  250.0,  256.0,   300.0,  360.0,  400.0,
                                    480.0,  500.0,  512.0,  600.0,  800.0,  1000.0,  1024.0, 1200.0, 2000.0,
                                    2048.0, 4000.0, 4096.0, 5000.0, 8000.0, 10000.0, 20000.0};

struct Range {
  double low, high;
  bool holds(double x) const { return low <= x && x <= high; }
  double middle() const { return low + (high - low) / 2; }
};

// What the steps between rows that follow one another say of the rate.
struct Steps {
  double usual = 0;        // s; the median
  double sum = 0;          // s, of all that are no gaps
  std::int64_t count = 0;  // of them
  std::int64_t runs = 1;   // pieces without a gap
  double spread = 0;       // s, largest less smallest
};

class Clock {
 public:
  explicit Clock(const RowTimes& times) : times_(times), t_(times.seconds) {
    const double largest = std::max(std::fabs(t_.front()), std::fabs(t_.back()));
    resolution_ = times.resolution + 4 * std::numeric_limits<double>::epsilon() * largest;
  }

  RowClock find() {
    if (t_.size() < 2) {
      if (!times_.fs) throw Error(Status::kUsage, "{}: one row tells no rate; --fs F gives it, in Hz", times_.path);
      return {*times_.fs, 1, {{}}};
    }
    measure();
    const Range narrow = rates(resolution_), wide = rates(std::max(resolution_, 2 * kTremble * steps_.usual));
    if (times_.fs) return given(*times_.fs, narrow, wide);
    const std::vector<double> whole = whole_rates(narrow);
    if (whole.size() == 1) {
      if (auto clock = placed(whole.front())) return *clock;
    } else if (whole.size() > 1) {
      if (auto clock = chosen(narrow)) return *clock;
      throw Error(Status::kUsage, "{}: times fit rates from {:.6g} to {:.6g} Hz; --fs F chooses", times_.path,
                  narrow.low, narrow.high);
    }
    if (const std::vector<double> trembling = whole_rates(wide); trembling.size() == 1) {
      if (auto clock = placed(trembling.front())) return *clock;
    }
    if (auto clock = placed(shortest(narrow))) return *clock;
    throw Error(Status::kMalformed,
                "{}: line {}: times fit no one rate (steps of about {:.6g} s); resample to even steps, or leave the "
                "time column out and give --fs",
                times_.path, times_.first_line + misfit_, steps_.usual);
  }

 private:
  void measure() {
    std::vector<double> d(t_.size() - 1);
    for (std::size_t i = 0; i < d.size(); ++i) d[i] = t_[i + 1] - t_[i];
    const auto middle = d.begin() + static_cast<std::ptrdiff_t>(d.size() / 2);
    std::nth_element(d.begin(), middle, d.end());
    steps_.usual = *middle;
    const double longest = longest_step(steps_.usual);
    Range seen{std::numeric_limits<double>::infinity(), 0};
    for (const double step : d) {
      if (step > longest) {
        ++steps_.runs;
        continue;
      }
      seen = {std::min(seen.low, step), std::max(seen.high, step)};
      steps_.sum += step;
      ++steps_.count;
    }
    steps_.spread = seen.high - seen.low;
  }

  // What is longer is a gap.
  double longest_step(double step) const { return std::max(1.5 * step, step + resolution_); }

  // Rates that fit when each end of a run may be off: together by `off` seconds.
  Range rates(double off) const {
    const double n = static_cast<double>(steps_.count), away = off * static_cast<double>(steps_.runs);
    const double shortest = steps_.sum - away;
    return {n / (steps_.sum + away), shortest > 0 ? n / shortest : std::numeric_limits<double>::infinity()};
  }

  // Whole and usual rates within the range: all, or the first two.
  static std::vector<double> whole_rates(Range range) {
    std::vector<double> found;
    for (double x = std::max(1.0, std::ceil(range.low)); x <= range.high && found.size() < 2; ++x) found.push_back(x);
    for (const double x : kUsualRates) {
      if (range.holds(x) && x != std::floor(x)) found.push_back(x);
    }
    return found;
  }

  // Where several whole rates fit: the exact one of many equal steps, or the only usual one.
  std::optional<RowClock> chosen(Range range) {
    if (steps_.count >= kManySteps && steps_.spread <= resolution_ / 1000) {
      const double rate =
          1 / shortest_decimal({1 / range.high, 1 / range.low}, steps_.sum / static_cast<double>(steps_.count));
      if (auto clock = placed(std::fabs(rate - std::round(rate)) < 1e-9 * rate ? std::round(rate) : rate)) return clock;
    }
    double usual = 0;
    for (const double x : kUsualRates) {
      if (!range.holds(x)) continue;
      if (usual != 0) return std::nullopt;
      usual = x;
    }
    return usual != 0 ? placed(usual) : std::nullopt;
  }

  // The decimal of fewest digits near `best` that lies in the range.
  static double shortest_decimal(Range range, double best, int* digits = nullptr) {
    for (int n = 1; n < std::numeric_limits<double>::max_digits10; ++n) {
      const double x = std::strtod(fmt::format("{:.{}e}", best, n - 1).c_str(), nullptr);
      if (digits != nullptr) *digits = n;
      if (range.holds(x)) return x;
    }
    return best;
  }

  // The rate, or the rate of the step, that takes fewer digits.
  double shortest(Range range) const {
    const double mean = static_cast<double>(steps_.count) / steps_.sum;
    int of_rate = 0, of_step = 0;
    const double rate = shortest_decimal(range, mean, &of_rate);
    const double step = shortest_decimal({1 / range.high, 1 / range.low}, 1 / mean, &of_step);
    return of_step < of_rate ? 1 / step : rate;
  }

  RowClock given(double fs, Range narrow, Range wide) {
    if (!wide.holds(fs)) {
      throw Error(Status::kUsage, "{}: --fs {} contradicts the times, which say {:.6g} Hz; leave it out", times_.path,
                  fs, narrow.middle());
    }
    if (auto clock = placed(fs)) return *clock;
    throw Error(Status::kMalformed, "{}: line {}: times don't fit {} Hz (--fs)", times_.path,
                times_.first_line + misfit_, fs);
  }

  // Each row on its frame; nullopt where a row lies off by more than times may.
  std::optional<RowClock> placed(double fs) {
    const double step = 1 / fs, longest = longest_step(step);
    const double off = std::max(resolution_, 2 * kTremble * step) + resolution_;  // of two times
    RowClock clock{fs, 0, {{}}};
    std::int64_t frame = 0;
    for (std::size_t i = 1; i < t_.size(); ++i) {
      const auto row = static_cast<std::int64_t>(i);
      Run& run = clock.runs.back();
      const double run_start = t_[static_cast<std::size_t>(run.first_row)];
      if (t_[i] - t_[i - 1] <= longest) {
        ++frame;
        if (std::fabs(t_[i] - run_start - static_cast<double>(row - run.first_row) * step) <= off) continue;
        misfit_ = i;
        return std::nullopt;
      }
      const double place = (t_[i] - t_.front()) * fs;
      if (place > kMostFrames) {
        throw Error(Status::kMalformed, "{}: line {}: the time lies {:.6g} s after the first", times_.path,
                    times_.first_line + i, t_[i] - t_.front());
      }
      frame = std::max<std::int64_t>(frame + 1, std::llround(place));
      clock.runs.push_back({frame, row});
    }
    clock.frames = frame + 1;
    return clock;
  }

  const RowTimes& times_;
  std::span<const double> t_;
  double resolution_ = 0;
  Steps steps_;
  std::size_t misfit_ = 0;  // row
};

}  // namespace

RowClock clock_of(const RowTimes& times) { return Clock(times).find(); }

}  // namespace cfm::format
