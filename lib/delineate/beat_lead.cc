#include "delineate/beat_lead.h"

#include <cmath>
#include <cstring>

#include "delineate/beat_weights.h"

namespace cfm::delineate {
namespace {

constexpr double kLowRate = 160;       // Hz, least of the low rate: the QRS ends at 40 (Thakor 1984)
constexpr double kSmooth = 0.02;       // s, each of two averages: low-pass
constexpr double kBaseline = 0.15;     // s, average that is taken off: high-pass
constexpr double kIntegration = 0.11;  // s, a QRS at its widest
constexpr double kSurroundings = 0.9;  // s, of isolation
constexpr double kSlopeReach = 0.008;  // s, either side
constexpr double kSlopeWindow = 0.07;  // s, either side, in which slope and mark are looked for
constexpr double kNear = 0.03;         // s, either side of the peak of all leads, in which a lead has its own
constexpr double kHalf = 0.09;         // s, half a snippet
constexpr double kFine = 0.03;         // s, half the average that is a snippet's slow part
constexpr double kDust = 1e-8;         // of the sample's size: what rounding may leave of a flat line
constexpr std::int64_t kAhead = BeatLead::kBlock;  // samples that a block may run ahead of what is looked at
constexpr double kTiny = 1e-30;                    // against division by nothing
constexpr double kKnown = 1.9;                     // beats that make a shape known
constexpr double kUnknown = 0.4;                   // likeness where no shape is known
constexpr double kSame = 0.75;                     // likeness of beats of one shape
constexpr double kFading = 0.98;                   // of a shape's count, each beat
constexpr double kMemory = 0.125;                  // share of a new beat in its shape
constexpr double kPace = 0.05;                     // share of a new candidate in what a lead is worth
constexpr double kFirstOdds = 2;                   // of beats, before any is known; the others have the opposite
constexpr double kLeastWorth = 0.1;

std::int64_t samples_of(double seconds, double fs) { return static_cast<std::int64_t>(seconds * fs); }

double log_of(double value) { return std::log(std::max(value, kTiny)); }

// Products of a snippet and a shape at each shift; the last lane is not used.
std::array<float, kShifts + 1> products(const std::array<float, kSnippet>& snippet,
                                        const std::array<float, kSnippet>& shape, int width) {
  using Lanes [[gnu::vector_size(16)]] = float;  // four, as every x86-64 and AArch64 has
  Lanes first{}, second{};
  for (int k = 0; k < width; ++k) {
    Lanes a, b;
    std::memcpy(&a, snippet.data() + k, sizeof a);
    std::memcpy(&b, snippet.data() + k + 4, sizeof b);
    const float weight = shape[static_cast<std::size_t>(k)];
    first += weight * a;
    second += weight * b;
  }
  std::array<float, kShifts + 1> sums;
  std::memcpy(sums.data(), &first, sizeof first);
  std::memcpy(sums.data() + 4, &second, sizeof second);
  return sums;
}

std::array<float, kShifts> norms(const std::array<float, kSnippet>& snippet, int width) {
  std::array<float, kShifts> out{};
  double sum = 0;
  const auto square = [&](int at) {
    const double v = static_cast<double>(snippet[static_cast<std::size_t>(at)]);
    return v * v;
  };
  for (int k = 0; k < width; ++k) sum += square(k);
  for (int s = 0; s < kShifts; ++s) {
    out[static_cast<std::size_t>(s)] = static_cast<float>(std::sqrt(std::max(sum, 0.0)));
    sum += square(s + width) - square(s);
  }
  return out;
}

struct Likeness {
  double value = -1, gain = 0;
  std::size_t shift = kShifts / 2;
};

Likeness best_likeness(const std::array<float, kSnippet>& snippet, const std::array<float, kShifts>& norm,
                       const std::array<float, kSnippet>& shape, float shape_norm, int width) {
  const auto sums = products(snippet, shape, width);
  Likeness best;
  for (std::size_t s = 0; s < kShifts; ++s) {
    const float size = norm[s] * shape_norm;
    const double value = size > 0 ? static_cast<double>(sums[s] / size) : 0;
    if (value > best.value)
      best = {value, shape_norm > 0 ? static_cast<double>(sums[s] / (shape_norm * shape_norm)) : 0, s};
  }
  return best;
}

float norm_of(const std::array<float, kSnippet>& shape, int width) {
  double sum = 0;
  for (int k = 0; k < width; ++k) {
    const double v = static_cast<double>(shape[static_cast<std::size_t>(k)]);
    sum += v * v;
  }
  return static_cast<float>(std::sqrt(sum));
}

void blend(std::array<float, kSnippet>& shape, const std::array<float, kSnippet>& snippet, std::size_t shift, int width,
           float share) {
  for (std::size_t k = 0; k < static_cast<std::size_t>(width); ++k) shape[k] += share * (snippet[k + shift] - shape[k]);
}

}  // namespace

BeatLead::BeatLead(double fs)
    : decimation_(std::max(1, static_cast<int>(fs / kLowRate))),
      rate_(fs / decimation_),
      smooth1_(width_in_samples(kSmooth, rate_)),
      smooth2_(width_in_samples(kSmooth, rate_)),
      baseline_(width_in_samples(kBaseline, rate_)),
      integrate_(width_in_samples(kIntegration, rate_)),
      local_(width_in_samples(kSurroundings, rate_)),
      late_(baseline_.delay() + kAhead),
      band_(samples_of(2, rate_) + kAhead),
      slopes_(samples_of(2, rate_) + kAhead),
      features_(samples_of(2, rate_) + kAhead),
      surroundings_(samples_of(2, rate_) + kAhead),
      totals_(samples_of(2, rate_) + kAhead),
      gaps_(samples_of(2, rate_) + kAhead),
      half_(static_cast<int>(kHalf * rate_)),
      fine_half_(std::max(1, static_cast<int>(kFine * rate_))),
      slope_reach_(std::max<std::int64_t>(1, std::llround(kSlopeReach * rate_))),
      band_delay_(smooth1_.delay() + smooth2_.delay() + baseline_.delay()),
      feature_delay_(integrate_.delay() + slope_reach_),
      beats_odds_(kFirstOdds),
      other_odds_(-kFirstOdds) {}

std::int64_t BeatLead::reach() const {
  return std::max<std::int64_t>(half_ + kMargin + fine_half_, samples_of(kSlopeWindow, rate_) + 1 + slope_reach_);
}

std::size_t BeatLead::push(std::span<const float> in) {
  std::array<double, kBlock> held;
  const bool was_in_gap = hold_.in_gap();
  hold_.push(in, held.data());
  const bool gap = was_in_gap || hold_.in_gap() || std::ranges::any_of(in, [](float v) { return !std::isfinite(v); });
  return advance(std::span(held).first(in.size()), in, gap);
}

std::size_t BeatLead::push_last(std::size_t count) {
  std::array<double, kBlock> held;
  held.fill(hold_.value());
  return advance(std::span(held).first(count), {}, false);
}

std::size_t BeatLead::advance(std::span<const double> values, std::span<const float> in, bool gap) {
  std::array<double, kBlock> low, size;
  std::size_t n = 0;
  const double share = 1.0 / decimation_;
  const auto place = [&] { return samples_ + static_cast<std::int64_t>(n); };
  double sum = sum_;
  int left = decimation_ - phase_;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (gap && i < in.size() && !std::isfinite(in[i])) ++missing_;
    sum += values[i];
    if (--left > 0) continue;
    left = decimation_;
    if (i < in.size() && std::isfinite(in[i])) size_ = std::abs(static_cast<double>(in[i]));
    size[n] = size_;
    low[n] = sum * share;
    gaps_[place()] = missing_;
    ++n;
    sum = 0;
  }
  sum_ = sum;
  phase_ = decimation_ - left;
  raw_samples_ += std::ssize(values);
  const std::span<double> x = std::span(low).first(n);
  const std::int64_t first = samples_;
  smooth1_.run(x);
  smooth2_.run(x);
  late_.write(first, x);
  baseline_.run(x);
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t at = first + static_cast<std::int64_t>(i);
    band_[at] = late_[at - baseline_.delay()] - x[i];
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t at = first + static_cast<std::int64_t>(i);
    const double slope = at >= 2 * slope_reach_ ? std::abs(band_[at] - band_[at - 2 * slope_reach_]) : 0;
    x[i] = slope < kDust * size[i] ? 0 : slope;
  }
  slopes_.write(first, x);
  integrate_.run(x);
  features_.write(first, x);
  double total = first > 0 ? totals_[first - 1] : 0;
  for (std::size_t i = 0; i < n; ++i) totals_[first + static_cast<std::int64_t>(i)] = total += x[i];
  local_.run(x);
  surroundings_.write(first, x);
  samples_ += static_cast<std::int64_t>(n);
  return n;
}

double BeatLead::scaled_feature(std::int64_t at) const {
  const double scale = begun() ? heights_.median() : totals_[at] / static_cast<double>(at + 1);
  return scale > 0 ? features_[at] / scale : 0;
}

LeadCandidate BeatLead::measure(std::int64_t at, std::int64_t now) {
  LeadCandidate c;
  const std::int64_t middle = at - feature_delay_, near = samples_of(kNear, rate_);
  c.there = gaps_[now] == gaps_[std::max<std::int64_t>(0, at - delay() - half_)];
  for (std::int64_t k = std::max<std::int64_t>(0, at - near); k <= at + near; ++k)
    c.height = std::max(c.height, features_[k]);
  c.there = c.there && c.height > 0;
  // Before its window is full, the mean of what there is.
  const double filled = std::min(1.0, static_cast<double>(now + 1) / static_cast<double>(local_.width()));
  c.log_height = log_of(c.height);
  c.isolation = c.log_height - log_of(surroundings_[now] / filled);
  const int outer = half_ + kMargin, all = 2 * (outer + fine_half_) + 1, count = 2 * outer + 1;
  std::array<double, 2 * kSnippet> around{};
  for (int k = 0; k < all; ++k) {
    const std::int64_t from = middle - outer - fine_half_ + k;
    around[static_cast<std::size_t>(k)] = from >= 0 ? band_[from] : 0;
  }
  double sum = 0, low = 0, high = 0;
  for (int k = 0; k < 2 * fine_half_; ++k) sum += around[static_cast<std::size_t>(k)];
  for (int k = 0; k < count; ++k) {
    const auto i = static_cast<std::size_t>(k);
    sum += around[i + static_cast<std::size_t>(2 * fine_half_)];
    const double slow = sum / (2 * fine_half_ + 1), value = around[i + static_cast<std::size_t>(fine_half_)];
    c.wave[i] = static_cast<float>(value);
    c.fine[i] = static_cast<float>(value - slow);
    low = std::min(low, slow);
    high = std::max(high, slow);
    sum -= around[i];
  }
  c.low = high - low;
  const auto reach = static_cast<int>(2 * slope_reach_);
  for (int k = 0; k + reach < count; ++k) {
    const float step = c.fine[static_cast<std::size_t>(k + reach)] - c.fine[static_cast<std::size_t>(k)];
    c.fine_slope = std::max(c.fine_slope, static_cast<double>(std::abs(step)));
  }
  const std::int64_t window = samples_of(kSlopeWindow, rate_) + 1;
  for (std::int64_t k = std::max<std::int64_t>(0, middle - window); k <= middle + window; ++k) {
    c.slope = std::max(c.slope, slopes_[k + slope_reach_]);
  }
  c.norm = norms(c.wave, width());
  c.fine_norm = norms(c.fine, width());
  c.log_slope = log_of(c.slope);
  c.log_fine_slope = log_of(c.fine_slope);
  c.log_low = log_of(c.low);
  c.low_isolation = lows_.count() > 0 ? std::clamp(c.log_low - log_of(lows_.mean()), -2.0, 2.0) : 0;
  lows_.add(c.low);
  return c;
}

void BeatLead::begin(double height, std::span<const LeadCandidate* const> candidates) {
  constexpr double kHigh = 0.5;  // of the height
  double slope = 0, fine = 0, low = 0;
  for (const LeadCandidate* c : candidates) {
    if (c->height <= kHigh * height) continue;
    slope = std::max(slope, c->slope);
    fine = std::max(fine, c->fine_slope);
    low = std::max(low, c->low);
  }
  heights_.add(height);
  slope_level_.add(slope);
  fine_level_.add(fine);
  low_level_.add(low);
  settle_levels();
}

void BeatLead::settle_levels() {
  log_height_ = log_of(heights_.median());
  log_slope_ = log_of(slope_level_.median());
  log_fine_slope_ = log_of(fine_level_.median());
  log_low_ = log_of(low_level_.median());
}

void BeatLead::compare(LeadCandidate& c, bool all) const {
  for (std::size_t k = 0; k < kShapes; ++k) {
    if (!all && k != changed_) continue;
    const Shape& shape = shapes_[k];
    if (shape.count <= 0) continue;
    const Likeness wave = best_likeness(c.wave, c.norm, shape.wave, shape.norm, width());
    const Likeness fine = best_likeness(c.fine, c.fine_norm, shape.fine, shape.fine_norm, width());
    constexpr double kLeastGain = 0.05, kMostGain = 4.5;  // e^-3 and e^1.5
    c.likeness[k] = wave.value;
    c.log_gain[k] = std::log(std::clamp(wave.gain, kLeastGain, kMostGain));
    c.fine_likeness[k] = fine.value;
    c.log_fine_gain[k] = std::log(std::clamp(fine.gain, kLeastGain, kMostGain));
  }
}

std::array<double, kEvidences> BeatLead::evidence(const LeadCandidate& c) const {
  double likeness = kUnknown, fine = kUnknown, log_gain = 0, log_fine_gain = 0;
  bool known = false;
  for (std::size_t k = 0; k < kShapes; ++k) {
    if (shapes_[k].count < kKnown) continue;
    if (known && c.likeness[k] + c.fine_likeness[k] <= likeness + fine) continue;
    known = true;
    likeness = c.likeness[k];
    fine = c.fine_likeness[k];
    log_gain = c.log_gain[k];
    log_fine_gain = c.log_fine_gain[k];
  }
  const auto over = [](double log_size, double log_level) { return std::clamp(log_size - log_level, -5.0, 1.0); };
  return {1,
          over(c.log_height, log_height_),
          log_gain * log_gain,
          likeness,
          over(c.log_slope, log_slope_),
          c.isolation,
          log_fine_gain,
          likeness * likeness,
          fine,
          over(c.log_fine_slope, log_fine_slope_),
          fine * fine,
          log_fine_gain * log_fine_gain,
          over(c.log_low, log_low_),
          c.low_isolation};
}

double BeatLead::odds(const LeadCandidate& candidate) const {
  constexpr double kMost = 8;
  const auto evidences = evidence(candidate);
  double sum = 0;
  for (std::size_t k = 0; k < kEvidences; ++k) sum += kBeatWeights[k] * evidences[k];
  return std::clamp(sum, -kMost, kMost);
}

double BeatLead::relative_slope(const LeadCandidate& candidate) const {
  return candidate.slope / std::max(slope_level_.median(), kTiny);
}

void BeatLead::learn(const LeadCandidate& c) {
  lowered_ = 0;
  learned_ = true;
  heights_.add(c.height);
  slope_level_.add(c.slope);
  fine_level_.add(c.fine_slope);
  low_level_.add(c.low);
  settle_levels();
  Likeness best{kSame, 0, 0};
  std::size_t nearest = kShapes, rarest = 0;
  for (std::size_t k = 0; k < kShapes; ++k) {
    Shape& shape = shapes_[k];
    shape.count *= kFading;
    if (shape.count < shapes_[rarest].count) rarest = k;
    if (shape.count <= 0) continue;
    const Likeness now = best_likeness(c.wave, c.norm, shape.wave, shape.norm, width());
    if (now.value <= best.value) continue;
    best = now;
    nearest = k;
  }
  changed_ = nearest < kShapes ? nearest : rarest;
  Shape& shape = shapes_[changed_];
  if (nearest == kShapes) {
    shape = {};
    best.shift = kMargin;
  }
  shape.count += 1;
  const auto share = static_cast<float>(nearest == kShapes ? 1.0 : std::max(kMemory, 1 / shape.count));
  blend(shape.wave, c.wave, best.shift, width(), share);
  blend(shape.fine, c.fine, best.shift, width(), share);
  shape.norm = norm_of(shape.wave, width());
  shape.fine_norm = norm_of(shape.fine, width());
}

void BeatLead::lose_patience() {
  constexpr double kHalf = 0.5;
  constexpr int kMost = 1;  // to an eighth: what is smaller beside the last beats is the noise of a pause
  for (Shape& shape : shapes_) shape.count *= kHalf;
  if (lowered_ == kMost || !learned_) return;  // before the first beat the level is no beat's
  ++lowered_;
  for (Level<8>* level : {&heights_, &slope_level_, &fine_level_, &low_level_}) level->scale(kHalf);
  settle_levels();
}

void BeatLead::note(double odds, bool beat) {
  double& mean = beat ? beats_odds_ : other_odds_;
  mean += kPace * (odds - mean);
}

double BeatLead::worth() const { return std::max(kLeastWorth, beats_odds_ - other_odds_); }

double BeatLead::mark(const LeadCandidate& c, std::int64_t at) const {
  const int middle = half_ + kMargin, window = static_cast<int>(samples_of(kSlopeWindow, rate_)) + 1;
  int best = middle;
  for (int k = std::max(0, middle - window); k <= std::min(2 * middle, middle + window); ++k) {
    if (std::abs(c.wave[static_cast<std::size_t>(k)]) > std::abs(c.wave[static_cast<std::size_t>(best)])) best = k;
  }
  const auto size = [&](int k) { return std::abs(static_cast<double>(c.wave[static_cast<std::size_t>(k)])); };
  double summit = 0;  // of the parabola through three samples
  if (best > 0 && best < 2 * middle) {
    const double before = size(best - 1), here = size(best), after = size(best + 1);
    const double bend = before - 2 * here + after;
    if (bend < 0) summit = std::clamp(0.5 * (before - after) / bend, -0.5, 0.5);
  }
  return (static_cast<double>(at + best - middle) + summit) * decimation_ + 0.5 * (decimation_ - 1);
}

}  // namespace cfm::delineate
