// One lead of the beat detector: a low-rate view of it, what can be measured about a candidate for a beat, and what the
// beats so far looked like. Part of beats.h.
//
//   BeatLead lead(360);
//   if (lead.push(sample)) …lead.feature()…;               // now and then: a sample of the low rate is complete
//   LeadCandidate c = lead.measure(at); double odds = lead.judge(c); lead.learn(c);
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
  std::array<double, kShapes> likeness{}, fine_likeness{}, gain{}, fine_gain{};  // to each shape
  bool there = false;                                                            // false: a gap, or flat
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

  // Whether a sample of the low rate is complete with this one.
  bool push(float sample);
  bool push_last() { return advance(hold_.value()); }  // what comes after the end: the last value again
  std::int64_t record_samples() const { return raw_samples_; }
  double feature() const { return feature_; }
  // The feature in multiples of the beats', so that leads can be added up; 0 in a gap.
  double scaled_feature() const;

  // at: place of the latest peak of the feature.
  LeadCandidate measure(std::int64_t at);
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
  bool advance(double value);
  int width() const { return 2 * half_ + 1; }

  int decimation_;
  double rate_;
  GapHold hold_;
  BoxFilter smooth1_, smooth2_, baseline_, integrate_, local_;
  Ring late_, band_, slopes_, features_;
  int half_, fine_half_;  // of a snippet, of the average that its slow part is
  std::int64_t slope_reach_, band_delay_, feature_delay_;
  std::int64_t raw_samples_ = 0, samples_ = 0, last_gap_ = -1;
  int phase_ = 0;
  double sum_ = 0, feature_ = 0, surroundings_ = 0, all_features_ = 0;
  Level<8> heights_, slope_level_, fine_level_, low_level_;
  Level<6> lows_;
  std::array<Shape, kShapes> shapes_;
  std::size_t changed_ = 0;
  int lowered_ = 0;  // times that patience was lost since the last beat
  double beats_odds_, other_odds_;
};

}  // namespace cfm::delineate
