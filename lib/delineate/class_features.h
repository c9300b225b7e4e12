// What tells a beat's class: its shape and timing beside those of the record's own beats so far.
//
//   FamilyTracker tracker;
//   Features f = tracker.measure(shape, rr_before, rr_after);  // s; 0 where there is none
//   tracker.learn(shape, rr_before, rr_after, logit);          // in the order of time
//
// Beats of one shape are a family: a running mean of its members, how many they are, how early they come. The family
// with the most beats that are neither early nor wide is the dominant one. Nothing is learnt from labels.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "delineate/class_shapes.h"

namespace cfm::delineate {

inline constexpr int kFeatures = 36;
using Features = std::array<float, kFeatures>;

class FamilyTracker {
 public:
  // The family nearest to a shape; invalid with the next learn().
  struct Match {
    int family = -1;
    double likeness = -2;  // correlation of the QRS, less a little for another size
    int lag = 0;
    bool member = false;  // near enough to belong
  };
  Match match(const Shape& s) const;
  Features measure(const Shape& s, const Match& own, double before, double after) const;
  void learn(const Shape& s, Match own, double before, double after);

  // Evidence for a ventricular beat: its own logit, drawn towards the mean of those of its family.
  double agreed(const Match& own, double logit) const;
  // Notes a member's own logit with its family.
  void note(const Match& own, double logit);
  // Whether the family's beats follow pace spikes.
  bool paced(const Match& own) const;

 private:
  struct Family {
    Shape mean;
    double count = 0, weight = 0;  // members ever, and of late
    double pre = 0, post = 0;      // mean ln of the intervals before and after / local mean
    double logits = 0, votes = 0;  // mean logit and how many stand behind it
  };
  int dominant() const;
  double mean_interval() const;
  double irregularity() const;  // median |interval - mean| / mean
  void note_interval(double seconds);

  static constexpr std::size_t kIntervals = 16;
  std::vector<Family> families_;
  std::array<double, kIntervals> intervals_{};  // s
  std::size_t noted_ = 0;
  double mean_ = 0.8, irregularity_ = 0.05;  // of intervals_; before the first: 75/min, regular
  double normal_ = 0;                        // s, mean interval between beats of the dominant family
  double last_ = 0;                          // s
  double stray_ = 0.05, stray_from_dominant_ = 0.05, activity_ = 0;  // running means: is it noisy here?
  int dominant_ = -1;
};

}  // namespace cfm::delineate
