// Recordings spoiled on purpose, to see what a model makes of them.
//
//   Corruptions corruptions(parse_corruptions("ecg:flat@3,ppg:motion@0.31"), seed);
//   for (…) corruptions.apply(segment);    // from any thread, in any order
//   corruptions.settle();                  // status 2 where a kind was in no segment
//
// KIND:HOW@LEVEL, each KIND and HOW once, done in the order of the list to all channels of the kind:
//   flat@S                            a value is held for S seconds, or throughout what is shorter, at one time in all
//                                     channels
//   dropout@S                         nothing was sampled for as long
//   baseline, motion, muscle, mains, pop@R   noise of noise.h, anew each 30 s and channel, of R times the channel's SD
//   missing                           no sample at all; the channels stay, so that who needs them still runs
// Samples that were missing stay so. Where and which noise is a function of the seed and the segment's id. Spoiled
// signals are F32 in their unit, NaN where missing; of tensors with a mask the mask goes. What was told of the signals
// before goes, too: quality, predictions and tensors of the kind embedding. All else stays, labels and events as well:
// they tell the truth of what was there. Levels of published tests: flat 1, 3, 6 s; motion 0.18, 0.31, 1.30 SD.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "synth/synth.h"

namespace cfm::synth {

struct Corruption {
  std::string kind;              // of a signal: "ecg", "ppg", "abp", …
  std::optional<NoiseKind> how;  // none: missing
  double level = 0;              // s of flat and dropout, of noise SD over SD
};
// Status 2, saying what there is, for anything else.
std::vector<Corruption> parse_corruptions(std::string_view text);

class Corruptions {
 public:
  Corruptions(std::vector<Corruption> list, std::uint64_t seed);
  void apply(stream::Segment& segment);
  void settle() const;

 private:
  std::vector<Corruption> list_;
  std::uint64_t seed_;
  std::vector<std::atomic<bool>> met_;  // one a corruption
};

}  // namespace cfm::synth
