#include "quality/rr_score.h"

#include <cmath>
#include <vector>

namespace cfm::quality {
namespace {

// See rr_score.h for their source.
constexpr double kLowestRate = 40, kHighestRate = 120;  // 1/min
constexpr double kLargestChange = 0.5;                  // s, of an interval
constexpr double kLargestRateChange = 0.3;              // of the rate before
constexpr double kLeastBeats = 20.0 / 30;               // 1/s

}  // namespace

double rr_score(std::span<const double> beats, double duration) {
  if (beats.size() < 2 || !(duration > 0) || static_cast<double>(beats.size()) < kLeastBeats * duration) return 0;
  std::vector<bool> irregular;
  double before = 0;
  for (std::size_t i = 1; i < beats.size(); ++i) {
    const double interval = beats[i] - beats[i - 1], rate = 60 / interval;
    bool wrong = !(rate >= kLowestRate && rate <= kHighestRate);
    if (i > 1)
      wrong =
          wrong || std::abs(interval - before) > kLargestChange || std::abs(before / interval - 1) > kLargestRateChange;
    irregular.push_back(wrong);
    before = interval;
  }
  std::size_t regular = 0;
  for (std::size_t i = 0; i < irregular.size(); ++i)
    regular += !irregular[i] && !(i > 0 && i + 1 < irregular.size() && irregular[i - 1] && irregular[i + 1]);
  return static_cast<double>(regular) / static_cast<double>(beats.size());
}

}  // namespace cfm::quality
