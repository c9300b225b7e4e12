// Shapes of heart beats on a grid of their own, so that a beat looks the same at any sampling rate.
//
//   ShapeGrid grid(fs);
//   grid.push(chunk);
//   if (grid.settled(beat)) Shape shape = shape_at(grid, beat);
//
// Used by BeatClassifier. The grid holds averages of 8 ms each; a shape is what the grid holds around a beat, less its
// running average of 0.8 s, with a few measures of it. Memory: what has not been forgotten.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace cfm::delineate {

inline constexpr double kStep = 0.008;                         // s
inline constexpr int kStepsBefore = 40, kStepsAfter = 60;      // of a shape, either side of its centre
inline constexpr int kShape = kStepsBefore + kStepsAfter + 1;  // steps
inline constexpr int kQrsFrom = -13, kQrsTo = 18;              // steps in which a QRS is compared: -104 … 144 ms

class ShapeGrid {
 public:
  explicit ShapeGrid(double fs);
  void push(std::span<const float> in);
  // Whether everything that a shape at `sample` needs has been pushed.
  bool settled(double sample) const { return index(sample) + kReach < end(); }
  // The last value is held until a shape at `sample` is settled.
  void hold_until(double sample);
  // Steps that shapes at `sample` and later don't need may go.
  void forget(double sample);

  std::int64_t index(double sample) const;      // of the step that holds it
  double value(std::int64_t at) const;          // weighted average of three steps: -3 dB at 22 Hz
  double level(std::int64_t at) const;          // running average of 0.8 s
  float spike(std::int64_t at) const;           // tallest peak narrower than 8 ms, at the signal's own rate
  std::int64_t missing(std::int64_t at) const;  // steps with NaN so far, this one among them

 private:
  static constexpr std::int64_t kHalf = 50;                                  // steps, half the running average
  static constexpr std::int64_t kReach = kStepsAfter + 10 + kHalf + 1;       // steps after a beat
  static constexpr std::int64_t kReachBack = kStepsBefore + 10 + kHalf + 2;  // steps before it
  struct Step {
    double value, sum;
    std::int64_t missing;
    float spike;
  };
  void emit(double value);
  std::int64_t end() const { return base_ + static_cast<std::int64_t>(steps_.size()); }
  const Step& step(std::int64_t at) const;

  double width_;  // samples a step
  std::vector<Step> steps_;
  std::int64_t base_ = 0;     // index of the first step kept
  std::int64_t emitted_ = 0;  // steps
  std::int64_t samples_ = 0, gaps_ = 0;
  double edge_;      // samples, end of the current step
  double area_ = 0;  // of the current step
  double sum_ = 0, last_ = 0;
  std::vector<float> recent_;  // ring over the width of a spike
  std::size_t at_ = 0;
  float spike_ = 0;
  bool missing_ = false, begun_ = false;
};

struct Shape {
  std::array<float, kShape> v{};    // the lead's unit
  float size = 0;                   // the lead's unit, peak to peak of the QRS
  float width = 0;                  // steps from the first to the last slope above a quarter of the steepest
  float rise = 0;                   // steps that slope, in effect: (sum of slopes)² / sum of squares
  float noise = 0;                  // mean |second difference| outside the QRS, a fraction of `size`
  float fat = 0;                    // steps, area of the QRS over its first level / size
  float t_level = 0;                // mean of 160 … 360 ms, a fraction of `size`
  float before = 0, after = 0;      // mean |slope| before and after the QRS
  float drift = 0;                  // change of the running average over the beat
  float pace = 0;                   // spike before the QRS / tallest within it
  float pace_size = 0;              // that spike, a fraction of `size`
  std::int64_t missing = 0;         // steps with NaN
  std::int64_t missing_before = 0;  // steps with NaN in the signal up to its centre
};

Shape shape_at(const ShapeGrid& grid, double sample);

// How well two shapes agree in the steps from … to, the second one shifted by `lag` steps.
struct Agreement {
  double correlation = -2;  // Pearson's
  double ratio = 1;         // standard deviation of the first / of the second
  int lag = 0;
};
Agreement compare(const Shape& a, const Shape& b, int from, int to, int lag);
// Over kQrsFrom … kQrsTo, at the lag of at most 8 steps where they correlate best.
Agreement best_qrs_agreement(const Shape& a, const Shape& b, int most_lag);
// Area between them / area of the second, their means taken off.
double area_between(const Shape& a, const Shape& b, int from, int to, int lag);

}  // namespace cfm::delineate
