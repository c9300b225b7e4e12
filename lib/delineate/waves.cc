#include "delineate/waves.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/error.h"
#include "delineate/wave_choice.h"

namespace cfm::delineate {
namespace {

constexpr double kLowestRate = 50;             // Hz
constexpr double kBefore = 0.8, kAfter = 0.9;  // s around a beat in which its waves lie
constexpr double kQrsReach = 0.4;              // s either side
constexpr double kMargin = 0.05;               // s more than a window, for what interpolation needs
constexpr double kLongest = 1.5;               // s; a beat that comes later has no say in this one's waves
constexpr std::size_t kBlock = 4096;           // samples taken in at a time
constexpr double kFarthest = 9e15;             // samples: whole numbers are exact in double
// Where T and P are looked for: 0.5th to 99.5th percentiles of LUDB's marks, with room for first-degree block.
constexpr double kTAfter = 0.06;                // s from the QRS offset to the first peak
constexpr double kTPart = 0.6, kTLatest = 0.5;  // of the interval, s: the last peak, from the beat
constexpr double kTLimit = 0.75;                // s from the beat: the last end
constexpr double kPEarliest = 0.35;             // s from the P onset to the QRS onset
constexpr double kPPart = 0.4;                  // of the interval: no P before

Wave in_samples(const Grid& g, Wave w) {
  for (double* mark : {&w.onset, &w.peak, &w.offset, &w.second}) *mark = g.position(*mark);
  return w;
}

}  // namespace

struct WaveDelineator::Impl {
  double fs, step;
  WaveOptions options;
  SampleHistory samples;
  std::deque<MeasuredBeat> beats;
  std::size_t with_qrs = 0, measured = 0, emitted = 0;  // in `beats`: so many are done
  double known = -kFarthest;                            // all beats before this sample are in `beats`
  double t_end = -1e300;                                // of the last emitted beat
  bool at_end = false;
  Grid grid;
  QrsFilter qrs_filter;
  SlowFilter slow_filter;

  Impl(double rate, const WaveOptions& o) : fs(rate), step(rate * kGridStep), options(o) {}

  bool has_samples_to(double position) const { return at_end || static_cast<double>(samples.end()) > position; }
  bool knows_beats_to(double position) const { return at_end || known > position; }

  void add(std::span<const double> in) {
    for (const double at : in) {
      if (!(std::abs(at) < kFarthest) || (!beats.empty() && at < beats.back().at) || at < known)
        throw Error(Status::kUsage, "waves: a beat at sample {} is not after those given before; sort them", at);
      beats.emplace_back();
      beats.back().at = at;
    }
  }

  // The window of a beat on the grid; a grid point lies on a sample where the rates allow it.
  void fill(const MeasuredBeat& beat, double before, double after) {
    grid.fill(samples, std::floor(beat.at) - points(before) * step, step, points(before + after) + 1);
  }

  void measure_qrs_of(std::size_t k) {
    MeasuredBeat& beat = beats[k];
    fill(beat, kQrsReach, kQrsReach);
    qrs_filter.fill(grid.x);
    const double centre = grid.index(beat.at);
    const double low = k > 0 ? (grid.index(beats[k - 1].at) + centre) / 2 : -1e9;
    const double high = k + 1 < beats.size() ? (grid.index(beats[k + 1].at) + centre) / 2 : 1e9;
    beat.qrs = measure_qrs(grid, qrs_filter, centre, std::max(low, -1e9), std::min(high, 1e9));
    beat.qrs.wave = in_samples(grid, beat.qrs.wave);
  }

  void measure(std::size_t k) {
    MeasuredBeat& beat = beats[k];
    beat.shape.assign(kShapePoints, 0.0);
    const Wave& qrs = beat.qrs.wave;
    if (std::isnan(qrs.onset)) return;
    fill(beat, kBefore, kAfter);
    const double centre = grid.index(beat.at), onset = grid.index(qrs.onset), offset = grid.index(qrs.offset);
    const bool has_next = k + 1 < beats.size() && beats[k + 1].at <= beat.at + kLongest * fs;
    const double interval = has_next ? (beats[k + 1].at - beat.at) / fs : kLongest;
    double next_onset = centre + kLongest / kGridStep;
    if (has_next)
      next_onset = grid.index(std::isnan(beats[k + 1].qrs.wave.onset) ? beats[k + 1].at : beats[k + 1].qrs.wave.onset);
    level(k, has_next);
    const auto st = [&](double after) {
      const double at = offset + after / kGridStep;
      return at < std::min<double>(next_onset, grid.end) && !grid.has_gap(at, at) ? grid.x[static_cast<std::size_t>(at)]
                                                                                  : kNone;
    };
    beat.st_60 = st(0.06);
    beat.st_80 = st(0.08);
    for (std::size_t j = k > 0 ? k - 1 : 0; j < std::min(k + 2, beats.size()); ++j)
      if (!std::isnan(beats[j].qrs.wave.onset))
        bridge(grid.x, grid.index(beats[j].qrs.wave.onset), grid.index(beats[j].qrs.wave.offset));
    slow_filter.fill(grid.x);

    find_t(grid, slow_filter, offset + kTAfter / kGridStep, centre + std::min(kTPart * interval, kTLatest) / kGridStep,
           std::min(next_onset, centre + kTLimit / kGridStep), options.t_end, beat.t);
    double earliest = onset - kPEarliest / kGridStep;
    if (k > 0) earliest = std::max(earliest, centre - (1 - kPPart) * (beat.at - beats[k - 1].at) / step);
    find_p(grid, slow_filter, earliest, onset, beat.p);
    settle(beat.t, onset, [&](double place) { return t_place_weight(place, interval); });
    settle(beat.p, onset, [&](double place) { return p_place_weight(place); });
    const double apart = kShapeStep / kGridStep;
    for (int i = 0; i < kShapePoints; ++i) {
      const auto at = static_cast<int>(onset - (kShapePoints - i) * apart);
      if (at >= grid.first) beat.shape[i] = slow_filter.p_slope[at];
    }
  }

  // Takes off the line through the PR levels of this beat and its neighbours, constant outside.
  void level(std::size_t k, bool has_next) {
    const auto knot = [&](std::size_t j) { return std::pair{grid.index(beats[j].qrs.wave.onset), beats[j].qrs.level}; };
    const auto [here, middle] = knot(k);
    const auto slope_to = [&, here = here, middle = middle](std::size_t j, bool is_there) {
      if (!is_there || std::isnan(beats[j].qrs.level)) return 0.0;
      const auto [there, other] = knot(j);
      return there == here ? 0.0 : (other - middle) / (there - here);
    };
    const double before = slope_to(k - 1, k > 0 && beats[k - 1].at >= beats[k].at - kLongest * fs),
                 after = slope_to(k + 1, has_next);
    for (std::size_t i = 0; i < grid.x.size(); ++i) {
      const double apart = static_cast<double>(i) - here;
      grid.x[i] -= middle + apart * (apart < 0 ? before : after);
    }
  }

  template <typename Weight>
  void settle(std::vector<Candidate>& list, double onset, Weight weight) {
    std::erase_if(list, [&](const Candidate& c) { return grid.has_gap(c.wave.onset, c.wave.offset); });
    for (Candidate& c : list) {
      c.place = (c.wave.peak - onset) * kGridStep;
      c.score *= weight(c.place);
      c.wave = in_samples(grid, c.wave);
    }
  }

  Around around(std::size_t k) const {
    Around a{k, k + 1};
    const double reach = kNeighbourhood * fs;
    while (a.from > 0 && k - a.from < kNeighbours && beats[a.from - 1].at >= beats[k].at - reach) --a.from;
    while (a.to < beats.size() && a.to - k <= kNeighbours && beats[a.to].at <= beats[k].at + reach) ++a.to;
    return a;
  }

  void emit(std::size_t k, std::vector<BeatWaves>& out) {
    MeasuredBeat& beat = beats[k];
    const Around near = around(k);
    BeatWaves w;
    w.beat = beat.at;
    w.qrs = beat.qrs.wave;
    w.q_amplitude = beat.qrs.q, w.r_amplitude = beat.qrs.r, w.s_amplitude = beat.qrs.s;
    w.st_60 = beat.st_60, w.st_80 = beat.st_80;
    if (const Candidate* p = choose_p(beats, k, near, t_end)) {
      w.p = p->wave;
      w.p_amplitude = p->amplitude;
    }
    t_end = -1e300;
    if (const Candidate* t = choose_t(beats, k, near)) {
      w.t = t->wave;
      w.t_amplitude = t->amplitude;
      t_end = w.t.offset;
    }
    out.push_back(w);
  }

  // Whether beat k + 1 is known, or known to lie farther away than `far` seconds.
  bool next_is_known(std::size_t k, double far) const {
    return k + 1 < beats.size() || knows_beats_to(beats[k].at + far * fs);
  }

  void settle_all(std::vector<BeatWaves>& out) {
    while (with_qrs < beats.size() && next_is_known(with_qrs, 2 * kQrsReach) &&
           has_samples_to(beats[with_qrs].at + (kQrsReach + kMargin) * fs))
      measure_qrs_of(with_qrs++);
    while (measured < with_qrs && next_is_known(measured, kLongest) &&
           has_samples_to(beats[measured].at + (kAfter + kMargin) * fs) &&
           (measured + 1 < with_qrs || measured + 1 == beats.size() ||
            beats[measured + 1].at > beats[measured].at + kLongest * fs))
      measure(measured++);
    while (emitted < measured && is_surrounded(emitted)) emit(emitted++, out);
    while (emitted > 2 * kNeighbours) {
      beats.pop_front();
      --with_qrs, --measured, --emitted;
    }
    const double oldest = measured < beats.size() ? std::min(beats[measured].at, known) : known;
    samples.drop_before(std::min(oldest, static_cast<double>(samples.end())) - (kBefore + kMargin) * fs);
  }

  bool is_surrounded(std::size_t k) const {
    if (measured > k + kNeighbours) return true;
    const double reach = beats[k].at + kNeighbourhood * fs;
    return measured < beats.size() ? beats[measured].at > reach : knows_beats_to(reach);
  }
};

WaveDelineator::WaveDelineator(double fs, const WaveOptions& options) {
  if (!(fs >= kLowestRate) || !std::isfinite(fs))
    throw Error(Status::kUsage, "waves at {} Hz: {} Hz and more are needed", fs, kLowestRate);
  impl_ = std::make_unique<Impl>(fs, options);
}
WaveDelineator::WaveDelineator(WaveDelineator&&) noexcept = default;
WaveDelineator::~WaveDelineator() = default;

void WaveDelineator::process(std::span<const float> in, std::span<const double> beats, double known_until,
                             std::vector<BeatWaves>& out) {
  impl_->add(beats);
  impl_->known = std::max(impl_->known, known_until);
  do {
    const auto block = in.first(std::min(in.size(), kBlock));
    in = in.subspan(block.size());
    impl_->samples.push(block);
    impl_->settle_all(out);
  } while (!in.empty());
}

void WaveDelineator::flush(std::vector<BeatWaves>& out) {
  impl_->at_end = true;
  impl_->settle_all(out);
  impl_ = std::make_unique<Impl>(impl_->fs, impl_->options);
}

std::vector<BeatWaves> delineate_waves(std::span<const float> x, double fs, std::span<const double> beats,
                                       const WaveOptions& options) {
  std::vector<BeatWaves> out;
  WaveDelineator delineator(fs, options);
  delineator.process(x, beats, static_cast<double>(x.size()), out);
  delineator.flush(out);
  return out;
}

}  // namespace cfm::delineate
