// One lead of the beat detector: a low-rate view of it, what can be measured about a candidate for a beat, and what the
// beats so far looked like. Part of beats.h.
//
//   BeatLead lead(360);
//   for (std::size_t n = lead.push(samples); n > 0; --n) …lead.feature(at++)…;
//   LeadCandidate c = lead.measure(at, now); double odds = lead.judge(c); lead.learn(c);
//
// Positions are samples of the low rate (rate() Hz, one for each decimation() samples), counted from 0.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "delineate/running.h"

namespace cfm::delineate {

inline constexpr int kShapes = 3;              // shapes of beats remembered a lead
inline constexpr int kShifts = 7;              // places at which a shape is tried, around the middle; 8 fill registers
inline constexpr std::size_t kSnippet = 72;    // samples of the low rate, more than any snippet has
inline constexpr std::size_t kEvidences = 14;  // what the odds are made of, see beat_weights.h

struct LeadCandidate {
  std::array<float, kSnippet> wave{}, fine{};  // around the QRS: band-passed; without its slow part
  std::array<float, kShifts> norm{}, fine_norm{};
  double height = 0;                          // of the feature
  double isolation = 0;                       // its logarithm over the mean of the feature in the last 0.9 s
  double slope = 0, fine_slope = 0, low = 0;  // steepest of the wave, of its fine part; swing of its slow part
  double low_isolation = 0;                   // logarithm of the latter over its mean in the candidates before
  // Logarithms of height, slope, fine_slope and low.
  double log_height = 0, log_slope = 0, log_fine_slope = 0, log_low = 0;
  // To each shape; of the gains the logarithms.
  std::array<double, kShapes> likeness{}, fine_likeness{}, log_gain{}, log_fine_gain{};
  bool there = false;  // false: a gap, or flat
};

class BeatLead {
 public:
  explicit BeatLead(double fs);
  double rate() const { return rate_; }
  int decimation() const { return decimation_; }
  // From the feature's place to that of the sample of the record (low rate) that it speaks of.
  std::int64_t delay() const { return feature_delay_ + band_delay_; }
  // Samples after a feature's peak that measure() needs.
  std::int64_t reach() const;

  // The next samples of the record, at most kBlock at once; returns how many of the low rate are complete with them.
  static constexpr std::size_t kBlock = 512;
  std::size_t push(std::span<const float> in);
  std::size_t push_last(std::size_t count);  // what comes after the end: the last value again, at most kBlock times
  std::int64_t record_samples() const { return raw_samples_; }
  double feature(std::int64_t at) const { return features_[at]; }
  // The feature in multiples of the beats', so that leads can be added up.
  double scaled_feature(std::int64_t at) const;

  // at: place of a peak of the feature; now: the latest place that may be known.
  LeadCandidate measure(std::int64_t at, std::int64_t now);
  // The first levels: `height` is a beat's, the others are taken from the candidates at least half as high.
  void begin(double height, std::span<const LeadCandidate* const> candidates);
  bool begun() const { return heights_.count() > 0; }
  // Likeness to the shape that learn() has changed last, or to all.
  void compare(LeadCandidate& candidate, bool all) const;
  std::array<double, kEvidences> evidence(const LeadCandidate& candidate) const;
  double odds(const LeadCandidate& candidate) const;            // logarithm: for a beat
  double relative_slope(const LeadCandidate& candidate) const;  // over the beats'
  void learn(const LeadCandidate& candidate);                   // a beat
  void lose_patience();                                         // no beats for long: levels down, shapes fade
  // How far apart the odds of beats and of others are here: what a lead's word is worth.
  void note(double odds, bool beat);
  double worth() const;

  // Place in the record, at its own rate and between samples, of the largest deflection of a candidate at `at`.
  double mark(const LeadCandidate& candidate, std::int64_t at) const;

 private:
  static constexpr int kMargin = kShifts / 2;
  struct Shape {
    std::array<float, kSnippet> wave{}, fine{};
    float norm = 0, fine_norm = 0;
    double count = 0;
  };
  std::size_t advance(std::span<const double> values, std::span<const float> in, bool gap);
  void settle_levels();
  int width() const { return 2 * half_ + 1; }

  int decimation_;
  double rate_;
  GapHold hold_;
  BoxFilter smooth1_, smooth2_, baseline_, integrate_, local_;
  Ring late_, band_, slopes_, features_;
  Ring surroundings_, totals_, gaps_;  // mean about each, sum of the feature, samples missing so far
  int half_, fine_half_;               // of a snippet, of the average that its slow part is
  std::int64_t slope_reach_, band_delay_, feature_delay_;
  std::int64_t raw_samples_ = 0, samples_ = 0;
  int phase_ = 0;
  double sum_ = 0, missing_ = 0, size_ = 0;
  Level<8> heights_, slope_level_, fine_level_, low_level_;
  double log_height_ = 0, log_slope_ = 0, log_fine_slope_ = 0, log_low_ = 0;  // of their medians
  Level<6> lows_;
  std::array<Shape, kShapes> shapes_;
  std::size_t changed_ = 0;
  bool learned_ = false;
  int lowered_ = 0;  // times that patience was lost since the last beat
  double beats_odds_, other_odds_;
};

}  // namespace cfm::delineate
