// Rises of a slow signal, and how much each of them looks like the upstroke of a pulse: the heart of PulseDetector.
//
//   RiseFinder finder(fs); finder.push(y, whole);            // one smoothed sample a call
//   while (next < finder.rises().size()) score = score_rise(finder.rises(), next++, fs);   // .logit > 0: a pulse
//
// fs: rate of what is pushed, about 60 Hz. A rise goes from a local minimum to the next local maximum; a shoulder
// within an upstroke does not divide it. The score is a logistic function of six numbers about a rise and its
// neighbours of the last 4 and the next 2 s, none of which knows an amplitude: a pulse is a rise as large as others,
// not followed by a larger one at once, and not where a dicrotic wave stands between two large ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace cfm::delineate {

inline constexpr double kRiseBack = 4.0, kRiseAhead = 2.0;  // s, neighbours that a score looks at
inline constexpr double kShoulder = 0.3;                    // s, foot to top of a rise that may be joined of two

struct Rise {
  std::int64_t foot = 0, top = 0;  // samples
  double low = 0, high = 0;        // values there
  double slope = 0;                // steepest step from one sample to the next,
  double steepest = 0;             //   and where
  double height() const { return high - low; }
};

class RiseFinder {
 public:
  explicit RiseFinder(double fs) : shoulder_(kShoulder * fs) {}
  // level: how large the samples are, without what is taken off; whole: no gap within reach of the smoothing.
  void push(double y, double level, bool whole);
  // Ends a rise that lasts to the end of the signal. Only settled are those with a top kShoulder before the last
  // sample.
  void flush() { end(); }
  const std::vector<Rise>& rises() const { return rises_; }
  void forget(std::size_t count) { rises_.erase(rises_.begin(), rises_.begin() + static_cast<std::ptrdiff_t>(count)); }
  std::int64_t pushed() const { return n_; }

 private:
  void end();
  double shoulder_;
  std::vector<Rise> rises_;
  Rise now_;
  bool rising_ = false;
  double last_ = 0;
  std::int64_t n_ = 0, gap_ = -1;  // the last sample that was not whole
};

struct RiseScore {
  double logit = 0;
  double apart = 0;  // samples, no other pulse within
};
RiseScore score_rise(std::span<const Rise> rises, std::size_t at, double fs);

}  // namespace cfm::delineate
