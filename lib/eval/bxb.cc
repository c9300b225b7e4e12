#include "eval/bxb.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/error.h"

namespace cfm::eval {
namespace {

using format::Annotation;

// Behind all beats.
constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max() / 4;
constexpr std::int64_t kNever = -1;
constexpr int kNoise = 14, kFlutterWave = 31, kFlutterOn = 32, kFlutterOff = 33;  // ecgcodes.h
constexpr int kUnreadable = 0x30;                                                 // bits of the subtype of NOISE
constexpr std::size_t kNoIndex = std::numeric_limits<std::size_t>::max();

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : std::numeric_limits<double>::quiet_NaN();
}

// isqrs() of ecgmap.h
bool is_qrs(int code) { return format::is_beat(code) || code == kFlutterWave; }
bool is_unreadable(const Annotation& a) { return a.code == kNoise && (a.sub & kUnreadable) == kUnreadable; }

// The last two stretches of a kind that have been read. The end of an open one is what it was before.
struct Stretches {
  std::int64_t on = kNever, off = kNever, previous_on = kNever, previous_off = kNever;

  void begin(std::int64_t time) {
    previous_on = on;
    previous_off = off;
    on = time;
  }
  bool holds(std::int64_t time) const {
    return (on != kNever && on <= time && (time <= off || off == kNever)) ||
           (previous_on != kNever && previous_on <= time && time <= previous_off);
  }
  bool begins_within(std::int64_t first, std::int64_t last) const {
    return (first <= on && on < last) || (first <= previous_on && previous_on < last);
  }
};

struct Beat {
  std::int64_t time = 0;
  BeatLabel label = BeatLabel::kNone;
  std::size_t index = kNoIndex;
};

// The beats of a file one after the other, the next one looked at already. Before the first there is one at 0 that is
// none, which is how bxb begins.
class BeatReader {
 public:
  BeatReader(std::span<const Annotation> annotations, const BeatPeriod& period, bool is_test)
      : annotations_(annotations), period_(period), is_test_(is_test) {}

  void advance() {
    const std::int64_t before = now.time;
    now = next;
    const bool apart = before == 0 || now.time == kEnd || flutter.begins_within(before, now.time) ||
                       shutdown.begins_within(before, now.time);
    rr = apart ? 0 : now.time - before;
    read();
  }

  Beat now, next;
  std::int64_t rr = 0;  // samples since the beat before `now`; 0: none
  Stretches flutter, shutdown;
  std::int64_t shut = 0;  // samples of shutdown

 private:
  const Annotation* take() { return at_ < annotations_.size() ? &annotations_[at_++] : nullptr; }

  void read() {
    next = {kEnd, BeatLabel::kNone, kNoIndex};
    while (const Annotation* a = take()) {
      if (is_qrs(a->code)) {
        next = {a->sample, beat_label(a->code), at_ - 1};
        return;
      }
      if (is_unreadable(*a) && !pass_shutdown(a->sample)) return;
      if (a->code == kFlutterOn && !pass_flutter(a->sample)) return;
    }
  }

  // False at the end of the file.
  bool pass_shutdown(std::int64_t begin) {
    shutdown.begin(begin);
    const Annotation* end = take();
    if (end == nullptr) {
      if (!is_test_) shutdown.off = kEnd;  // only of the reference
      if (period_.until.value_or(0) > 0) shut += *period_.until - begin;
      return false;
    }
    if (end->code == kNoise && !is_unreadable(*end)) {
      shutdown.off = end->sample;
    } else {  // AHA: one mark in the middle
      shutdown.off = end->sample - period_.window;
      shutdown.on = std::min((flutter.off > now.time ? flutter.off : now.time) + period_.window, shutdown.off);
      --at_;
    }
    shut += shutdown.off - shutdown.on;
    return true;
  }

  bool pass_flutter(std::int64_t begin) {
    flutter.begin(begin);
    const Annotation* a = take();
    while (a != nullptr && a->code != kFlutterOff) a = take();
    if (a != nullptr) flutter.off = a->sample;
    return a != nullptr;
  }

  std::span<const Annotation> annotations_;
  const BeatPeriod& period_;
  bool is_test_;
  std::size_t at_ = 0;
};

class Comparison {
 public:
  Comparison(std::span<const Annotation> reference, std::span<const Annotation> test, const BeatPeriod& period)
      : reference_(reference, period, false), test_(test, period, true), period_(period) {}

  BeatCounts run() {
    begin();
    while (more()) {
      const std::int64_t distance = std::abs(test_.now.time - reference_.now.time);
      if (test_.now.time < reference_.now.time)
        take(distance, std::abs(reference_.now.time - test_.next.time), true);
      else
        take(distance, std::abs(test_.now.time - reference_.next.time), false);
    }
    counts_.shutdown = test_.shut;
    return std::move(counts_);
  }

 private:
  // The reference stands at its first beat of the period; the test at its first that no beat of the learning period
  // answers for.
  void begin() {
    do reference_.advance();
    while (reference_.now.time < period_.from);
    do test_.advance();
    while (test_.next.time < period_.from);
    const std::int64_t first = reference_.now.time;
    const std::int64_t distance = first - test_.now.time, to_next = std::abs(first - test_.next.time);
    if (distance < to_next && distance <= period_.window) {
      if (reference_.now.label != BeatLabel::kNone || test_.now.label != BeatLabel::kNone) count();
      reference_.advance();
      test_.advance();
      return;
    }
    test_.advance();
    const bool is_early = test_.now.time - period_.from <= period_.window;
    if (is_early && std::abs(first - test_.next.time) < std::abs(first - test_.now.time)) test_.advance();
  }

  bool more() const {
    if (!period_.until) return reference_.now.time != kEnd;
    if (*period_.until == 0) return reference_.now.time != kEnd && test_.now.time != kEnd;
    return reference_.now.time <= *period_.until || test_.now.time <= *period_.until;
  }

  // Pairs the two at hand unless the earlier one is too far away or the later one has a better partner coming up,
  // which that one in turn has no better use for.
  void take(std::int64_t distance, std::int64_t rival, bool test_first) {
    const std::int64_t after = std::abs(reference_.next.time - test_.next.time);
    if (distance <= period_.window && (distance < rival || after < rival)) {
      count();
      reference_.advance();
      test_.advance();
    } else if (test_first) {
      const std::int64_t time = test_.now.time;
      const BeatLabel extra = reference_.flutter.holds(time)    ? BeatLabel::kNone
                              : reference_.shutdown.holds(time) ? BeatLabel::kX
                                                                : BeatLabel::kO;
      count(extra, test_.now.label);
      test_.advance();
    } else {
      count(reference_.now.label, test_.shutdown.holds(reference_.now.time) ? BeatLabel::kX : BeatLabel::kO);
      reference_.advance();
    }
  }

  void count() {
    count(reference_.now.label, test_.now.label);
    if (reference_.now.label <= BeatLabel::kQ && test_.now.label <= BeatLabel::kQ)
      counts_.matched.emplace_back(reference_.now.index, test_.now.index);
  }

  void count(BeatLabel reference, BeatLabel test) {
    const bool is_real = reference <= BeatLabel::kQ || test <= BeatLabel::kQ;
    if (is_real && reference != BeatLabel::kNone && test != BeatLabel::kNone)
      ++counts_.pairs[static_cast<std::size_t>(reference)][static_cast<std::size_t>(test)];
    if (reference_.rr > 0 && test_.rr > 0) {
      const auto error = static_cast<double>(reference_.rr - test_.rr);
      counts_.rr_squares += error * error;
      ++counts_.rr_pairs;
    }
  }

  BeatReader reference_, test_;
  const BeatPeriod& period_;
  BeatCounts counts_;
};

constexpr std::size_t kBeats = 5;  // N S V F Q
constexpr std::size_t kS = 1, kV = 2, kF = 3, kQ = 4;

}  // namespace

BeatLabel beat_label(int code) {
  switch (code) {
    case 1:   // N
    case 2:   // L
    case 3:   // R
    case 25:  // B
      return BeatLabel::kN;
    case 4:   // a
    case 7:   // J
    case 8:   // A
    case 9:   // S
    case 11:  // j
    case 34:  // e
    case 35:  // n
      return BeatLabel::kS;
    case 5:   // V
    case 10:  // E
    case 41:  // r
      return BeatLabel::kV;
    case 6:  // F
      return BeatLabel::kF;
    case 12:  // /
    case 13:  // Q
    case 30:  // ?
    case 38:  // f
      return BeatLabel::kQ;
    default:
      return BeatLabel::kO;
  }
}

double BeatTally::sensitivity() const { return share(tp, tp + fn); }
double BeatTally::predictivity() const { return share(tp, tp + fp); }
double BeatTally::false_rate() const { return share(fp, fp + tn); }
double BeatTally::f1() const { return share(2 * tp, 2 * tp + fn + fp); }

BeatTally& BeatTally::operator+=(const BeatTally& other) {
  tp += other.tp;
  fn += other.fn;
  fp += other.fp;
  tn += other.tn;
  return *this;
}

BeatTally BeatCounts::qrs() const {
  BeatTally tally;
  for (std::size_t r = 0; r < pairs.size(); ++r) {
    for (std::size_t t = 0; t < pairs.size(); ++t)
      (r >= kBeats ? tally.fp : t >= kBeats ? tally.fn : tally.tp) += pairs[r][t];
  }
  return tally;
}

BeatTally BeatCounts::veb() const {
  BeatTally tally;
  for (std::size_t r = 0; r < pairs.size(); ++r) {
    for (std::size_t t = 0; t < pairs.size(); ++t) {
      if (r == kV)
        (t == kV ? tally.tp : tally.fn) += pairs[r][t];
      else if (t < kBeats && t != kV)
        tally.tn += pairs[r][t];
      else if (t == kV && r != kF && r != kQ)
        tally.fp += pairs[r][t];
    }
  }
  return tally;
}

BeatTally BeatCounts::sveb() const {
  BeatTally tally;
  for (std::size_t r = 0; r < pairs.size(); ++r) {
    for (std::size_t t = 0; t < pairs.size(); ++t) {
      if (r == kS)
        (t == kS ? tally.tp : tally.fn) += pairs[r][t];
      else if (t < kBeats && t != kS)
        tally.tn += pairs[r][t];
      else if (t == kS && r != kQ)
        tally.fp += pairs[r][t];
    }
  }
  return tally;
}

BeatCounts& BeatCounts::operator+=(const BeatCounts& other) {
  for (std::size_t r = 0; r < pairs.size(); ++r) {
    for (std::size_t t = 0; t < pairs.size(); ++t) pairs[r][t] += other.pairs[r][t];
  }
  rr_squares += other.rr_squares;
  rr_pairs += other.rr_pairs;
  shutdown += other.shutdown;
  return *this;
}

BeatCounts compare_beats(std::span<const Annotation> reference, std::span<const Annotation> test,
                         const BeatPeriod& period) {
  if (period.until.value_or(0) > 0 && *period.until < period.from)
    throw Error(Status::kUsage, "the comparison would end (at sample {}) before it begins (at {})", *period.until,
                period.from);
  BeatPeriod within = period;
  within.from = std::min(period.from, kEnd);
  if (period.until) within.until = std::min(*period.until, kEnd - 1);
  return Comparison(reference, test, within).run();
}

}  // namespace cfm::eval
