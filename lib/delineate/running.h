// What the detectors of beats and of pulses share: gaps bridged, moving averages, peaks of a feature, and which of them
// are beats: adaptive thresholds, refractory time, search-back.
//
//   GapHold hold; BoxFilter smooth(width_in_samples(0.016, fs)); double y = smooth.push(hold.push(sample));
//   PeakFinder finder(apart); if (finder.push(feature, at)) found(finder.peak());
//   PeakPicker picker(options, fs); picker.offer({.at = n, .height = h}, chosen); picker.advance(now, chosen);
//   picker.flush(chosen);
//
// All times but those of PickerOptions are samples. Peaks are offered in the order of time and come out in that order.
// Memory is bounded. In the spirit of Pan & Tompkins 1985 and Hamilton 2002: levels are medians of the last peaks taken
// as beats and as noise.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cfm::delineate {

// The signal without its gaps: the last sample is held through one, and the step at its end is taken off.
class GapHold {
 public:
  double push(float sample);
  double value() const { return last_ - offset_; }
  double last() const { return last_; }  // as it came

 private:
  double last_ = 0, offset_ = 0;
  bool in_gap_ = false, begun_ = false;
};

// The last values of a series, at least `span` of them, by their place in it; 0 before its begin.
class Ring {
 public:
  explicit Ring(std::int64_t span) : values_(std::bit_ceil(static_cast<std::size_t>(span)), 0.0) {}
  std::int64_t span() const { return static_cast<std::int64_t>(values_.size()); }
  double& operator[](std::int64_t at) { return values_[static_cast<std::size_t>(at) & (values_.size() - 1)]; }

 private:
  std::vector<double> values_;
};

// Odd number of samples next to `seconds`, at least 1.
std::size_t width_in_samples(double seconds, double fs);

// Moving average of an odd width; its delay is (width - 1) / 2.
class BoxFilter {
 public:
  explicit BoxFilter(std::size_t width) : ring_(width, 0.0) {}
  double push(double value) {
    sum_ += value - ring_[at_];
    ring_[at_] = value;
    if (++at_ == ring_.size()) renew();
    return sum_ / static_cast<double>(ring_.size());
  }
  std::int64_t delay() const { return static_cast<std::int64_t>((ring_.size() - 1) / 2); }

 private:
  void renew();  // the sum anew once a turn, so that rounding does not pile up
  std::vector<double> ring_;
  double sum_ = 0;
  std::size_t at_ = 0;
};

struct Peak {
  std::int64_t at = 0;     // sample of the feature's peak
  double height = 0;       // of the feature
  double slope = 0;        // steepest within the peak; 0 where the slope rule is not used
  std::int64_t mark = 0;   // what is reported: R peak, systolic peak
  std::int64_t onset = 0;  // of pulses
};

// Peaks of a feature: each is the largest value until `apart` samples after it.
class PeakFinder {
 public:
  explicit PeakFinder(std::int64_t apart) : apart_(apart) {}
  // Whether a peak is settled with this value: peak(), with `at` and `height`.
  bool push(double feature, std::int64_t at);
  const Peak& peak() const { return peak_; }
  bool pending() const { return best_at_ >= 0; }  // a peak that is not settled yet
  std::int64_t apart() const { return apart_; }

 private:
  std::int64_t apart_, best_at_ = -1;
  double best_ = 0, previous_ = 0;
  Peak peak_;
};

struct PickerOptions {
  double refractory = 0.2;      // s
  double slope_window = 0;      // s after a beat in which a flatter peak is its T or dicrotic wave; 0 = rule off
  double slope_fraction = 0.5;  // of that beat's slope
  double level = 0.3;           // threshold between the noise level (0) and the beat level (1)
  double back_level = 0.5;      // of the threshold, in search-back
  double back_after = 1.6;      // mean intervals without a beat
  double learning = 2.4;        // s before the first decision
  double give_up = 3.0;         // s without a beat after which the beat level is halved
  double floor = 1.5;           // multiple of the noise level that a beat must reach
};

class PeakPicker {
 public:
  PeakPicker(const PickerOptions& options, double fs);
  void offer(const Peak& peak, std::vector<Peak>& chosen);
  // No peak before `now` is to come.
  void advance(std::int64_t now, std::vector<Peak>& chosen);
  void flush(std::vector<Peak>& chosen);

 private:
  static constexpr std::size_t kLevels = 8;    // peaks remembered a level
  static constexpr std::size_t kWaiting = 64;  // peaks kept for search-back
  struct Level {
    std::array<double, kLevels> values{};
    std::size_t count = 0, at = 0;
    void add(double value);
    double median() const;
    void scale(double factor);
  };

  void begin(std::vector<Peak>& chosen);
  void judge(const Peak& peak, std::vector<Peak>& chosen);
  void accept(const Peak& peak, std::vector<Peak>& chosen);
  bool search_back(double threshold, std::vector<Peak>& chosen);
  double threshold() const;
  double interval() const;

  PickerOptions options_;  // its times in samples
  Level beats_, noise_, intervals_;
  std::vector<Peak> waiting_;  // since the last beat, in order; before the start: all peaks
  bool started_ = false, has_beat_ = false;
  Peak last_;
  std::int64_t first_ = 0, patience_ = 0, now_ = 0;
};

}  // namespace cfm::delineate
