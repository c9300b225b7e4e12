#include "prepare/filter_chain.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "base/error.h"
#include "prepare/lanes.h"

namespace cfm::prepare {
namespace {

using signal::Band;
using signal::Section;

signal::Sos design(const FilterSpec& filter, double fs) {
  switch (filter.kind) {
    case FilterKind::kButterworth:
      return signal::butterworth(filter.order, filter.band, filter.hz, filter.hz_end, fs);
    case FilterKind::kChebyshev2:
      return signal::chebyshev2(filter.order, filter.stop_db, filter.band, filter.hz, filter.hz_end, fs);
    case FilterKind::kNotch:
      return signal::notch(filter.hz, filter.q, fs);
    default:
      return {};
  }
}

double group_delay(const signal::Sos& sos, double f, double fs) {
  const double d = 1e-4 * fs;
  const auto turn = std::arg(signal::response(sos, f + d, fs) / signal::response(sos, f - d, fs));
  return -turn / (4 * std::numbers::pi * d) * fs;  // samples
}

std::size_t delay_of(const FilterSpec& filter, const signal::Sos& sos, double fs) {
  double f = 0;
  if (filter.kind != FilterKind::kNotch && filter.band == Band::kBand) f = std::sqrt(filter.hz * filter.hz_end);
  if (filter.kind != FilterKind::kNotch && filter.band == Band::kHigh) f = (filter.hz + fs / 2) / 2;
  return static_cast<std::size_t>(std::max(0L, std::lround(group_delay(sos, f, fs))));
}

// One section over n samples, from the steady state of `start`, which becomes that of the next section.
void run_section(const Section& section, Lanes* x, std::size_t n, std::ptrdiff_t step, Lanes& start) {
  const auto [b0, b1, b2, a1, a2] = section;
  const Lanes settled = start * (b0 + b1 + b2) / (1 + a1 + a2);
  Lanes s2 = b2 * start - a2 * settled, s1 = b1 * start - a1 * settled + s2;
  start = settled;
  for (std::size_t i = 0; i < n; ++i, x += step) {
    const Lanes in = *x, out = b0 * in + s1;
    s1 = b1 * in - a1 * out + s2;
    s2 = b2 * in - a2 * out;
    *x = out;
  }
}

// Moving average over the last `width` samples, before the first its value.
void run_mean(std::size_t width, Lanes* x, std::size_t n, std::ptrdiff_t step, std::vector<Lanes>& ring) {
  ring.assign(width, *x);
  const double share = 1 / static_cast<double>(width);
  Lanes sum = *x * static_cast<double>(width);
  for (std::size_t i = 0, at = 0; i < n; ++i, x += step) {
    sum = sum + (*x - ring[at]);
    ring[at] = *x;
    if (++at == width) at = 0;
    *x = sum * share;
  }
}

// Of an odd width, centred; 0 beyond the ends.
void take_off_median(std::vector<double>& x, std::size_t width) {
  const std::size_t half = width / 2, n = x.size();
  std::vector<double> sorted(width, 0.0), out(n);
  const auto replace = [&](double old, double value) {
    auto from = std::lower_bound(sorted.begin(), sorted.end(), old);
    auto to = std::lower_bound(sorted.begin(), sorted.end(), value);
    if (to > from) {
      std::move(from + 1, to, from);
      *(to - 1) = value;
    } else {
      std::move_backward(to, from, from + 1);
      *to = value;
    }
  };
  for (std::size_t i = 0; i < n + half; ++i) {
    replace(i >= width ? x[i - width] : 0.0, i < n ? x[i] : 0.0);
    if (i >= half) out[i - half] = x[i - half] - sorted[half];
  }
  x.swap(out);
}

}  // namespace

// Up to Lanes::kCount channels, with room around them.
class FilterChain::Block {
 public:
  Block(std::size_t n, std::size_t margin) : n_(n), values_(n + 2 * margin), x_(values_.data() + margin) {}

  void load(std::span<const float> rows, std::size_t first, std::size_t count) {
    used_ = count;
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t l = 0; l < Lanes::kCount; ++l)
        x_[i].set(l, l < count ? double{rows[(first + l) * n_ + i]} : 0.0);
    }
  }
  void store(std::span<float> rows, std::size_t first) const {
    for (std::size_t l = 0; l < used_; ++l) {
      for (std::size_t i = 0; i < n_; ++i) rows[(first + l) * n_ + i] = static_cast<float>(x_[i][l]);
    }
  }

  void run(const Stage& stage) {
    if (stage.kind == FilterKind::kMinusMedian) {
      minus_median(stage.width);
    } else if (stage.phase == Phase::kZero) {
      const std::size_t pad = std::min(stage.padding, n_ - 1);
      continue_back(pad);
      continue_on(pad);
      pass(stage, x_ - pad, n_ + 2 * pad, 1);
      pass(stage, x_ + n_ + pad - 1, n_ + 2 * pad, -1);
    } else {
      const std::size_t beyond = std::min(stage.delay, n_ - 1);
      continue_on(beyond);
      pass(stage, x_, n_ + beyond, 1);
      std::copy(x_ + beyond, x_ + beyond + n_, x_);
    }
  }

 private:
  void continue_back(std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) *(x_ - i) = 2 * x_[0] - x_[i];
  }
  void continue_on(std::size_t count) {
    for (std::size_t i = 1; i <= count; ++i) x_[n_ - 1 + i] = 2 * x_[n_ - 1] - x_[n_ - 1 - i];
  }
  void pass(const Stage& stage, Lanes* from, std::size_t n, std::ptrdiff_t step) {
    if (stage.kind == FilterKind::kMean) {
      run_mean(stage.width, from, n, step, ring_);
      return;
    }
    Lanes start = *from;
    for (const Section& section : stage.sos) run_section(section, from, n, step, start);
  }
  void minus_median(std::size_t width) {
    for (std::size_t l = 0; l < used_; ++l) {
      lane_.resize(n_);
      for (std::size_t i = 0; i < n_; ++i) lane_[i] = x_[i][l];
      take_off_median(lane_, width);
      for (std::size_t i = 0; i < n_; ++i) x_[i].set(l, lane_[i]);
    }
  }

  std::size_t n_, used_ = 0;
  std::vector<Lanes> values_, ring_;
  std::vector<double> lane_;
  Lanes* x_;
};

FilterChain::FilterChain(const std::vector<FilterSpec>& filters, double fs, const std::string& where) {
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const FilterSpec& filter = filters[i];
    if (const double highest = std::max(filter.hz, filter.hz_end); !(highest < fs / 2)) {
      throw Error(Status::kUsage, "{}[{}].hz: {} Hz is not below half of {} Hz, the rate at which it runs", where, i,
                  highest, fs);
    }
    Stage stage{filter.kind, filter.phase, design(filter, fs)};
    const auto width = static_cast<std::size_t>(std::max(1L, std::lround(fs * filter.seconds)));
    if (filter.kind == FilterKind::kMean) {
      stage.width = width;
      stage.padding = 3 * width;
      stage.delay = (width - 1) / 2;
    } else if (filter.kind == FilterKind::kMinusMedian) {
      stage.width = width | 1U;
    } else {
      stage.padding = static_cast<std::size_t>(signal::default_padding(stage.sos));
      stage.delay = delay_of(filter, stage.sos, fs);
    }
    margin_ = std::max(margin_, filter.phase == Phase::kZero ? stage.padding : stage.delay);
    stages_.push_back(std::move(stage));
  }
}

void FilterChain::run(std::span<float> rows, std::size_t channels) const {
  if (rows.empty() || empty()) return;
  Block block(rows.size() / channels, margin_);
  for (std::size_t first = 0; first < channels; first += Lanes::kCount) {
    const std::size_t count = std::min(Lanes::kCount, channels - first);
    block.load(rows, first, count);
    for (const Stage& stage : stages_) block.run(stage);
    block.store(rows, first);
  }
}

}  // namespace cfm::prepare
