// Beats against reference beats, one by one: the rules and counts of `bxb` of the WFDB Software Package.
//
//   BeatCounts counts = compare_beats(reference, test, {.window = 54, .from = 108000, .until = 650000});   // at 360 Hz
//   counts.qrs().sensitivity();  counts.veb().predictivity();  counts.pair(BeatLabel::kV, BeatLabel::kN);
//
// reference, test: annotations of any kind, ascending, in samples of one clock. Beats are what is_beat() says, and
// flutter waves, which have no group: O. A pair is the nearest within the window on either side. A beat of the test
// between VFON and VFOFF of the reference isn't counted; in a stretch the reference (test) calls unreadable it is of
// the row (column) X; else it is extra: row O (missed: column O). Unreadable begins with NOISE whose bits 4 and 5 of
// the subtype are set. ANSI/AAMI EC57:1998 as bxb.c of 10 August 2010 implements it (with the alternative criterion of
// 2002), down to its corners. Throws kUsage for a period that ends before it begins.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "format/annotation.h"

namespace cfm::eval {

// N S V F Q as EC57 groups them; O extra or missed; X the same where the other was shut down; kNone: no beat.
enum class BeatLabel : std::uint8_t { kN, kS, kV, kF, kQ, kO, kX, kNone };
inline constexpr std::string_view kBeatLetters = "NSVFQOX";

// kO for a beat that has no group (a flutter wave), as in bxb.
BeatLabel beat_label(int code);

// In samples of the clock of the annotations.
struct BeatPeriod {
  std::int64_t window = 0;            // largest distance of a pair
  std::int64_t from = 0;              // what is before is learning
  std::optional<std::int64_t> until;  // nullopt: the last reference beat; 0: the last beat of either
};

// Of two that agree or not; undefined is NaN.
struct BeatTally {
  std::int64_t tp = 0, fn = 0, fp = 0, tn = 0;
  double sensitivity() const;
  double predictivity() const;
  double false_rate() const;  // fp / (fp + tn)
  double f1() const;
  BeatTally& operator+=(const BeatTally& other);
};

struct BeatCounts {
  std::array<std::array<std::int64_t, 7>, 7> pairs{};  // [reference][test], N S V F Q O X
  double rr_squares = 0;                               // samples^2, of differences between RR intervals
  std::int64_t rr_pairs = 0;
  std::int64_t shutdown = 0;                                 // samples the test was shut down
  std::vector<std::pair<std::size_t, std::size_t>> matched;  // indices into reference and test

  std::int64_t pair(BeatLabel reference, BeatLabel test) const {
    return pairs[static_cast<std::size_t>(reference)][static_cast<std::size_t>(test)];
  }
  BeatTally qrs() const;
  BeatTally veb() const;                            // a ventricular beat called out of F or Q is not false
  BeatTally sveb() const;                           // out of F it is, out of Q it is not
  BeatCounts& operator+=(const BeatCounts& other);  // but `matched`
};

BeatCounts compare_beats(std::span<const format::Annotation> reference, std::span<const format::Annotation> test,
                         const BeatPeriod& period);

}  // namespace cfm::eval
