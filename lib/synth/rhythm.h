// When the heart beats, and how.
//
//   const Train train = make_train(options, person, id);
//   train.beats;                                            // ascending; train.spans: "(N", "(AFIB" …
//
// Times are seconds from the record's start. Beats begin before 0 and end after the last sample, so that no wave is
// cut; spans lie within the record.
//
// Sinus: RR swings with breathing and at 0.1 Hz. Atrial fibrillation: impulses arrive at the AV node as a Poisson
// process; each is conducted with a chance that rises linearly from 0 to 1 after a refractory period, which is that of
// one of two pathways (Corino et al. 2011, IEEE Trans. Biomed. Eng. 58:3386). Ectopy: the sinus node isn't reset, the
// next of its beats is blocked and the one after it conducted, so the pause is fully compensatory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "synth/person.h"

namespace cfm::synth {

enum class BeatKind : std::uint8_t { kSinus, kFibrillating, kEctopic, kTachycardia, kPaced };

struct Beat {
  double time = 0;     // R, or the peak of a ventricular beat
  double rr = 1;       // seconds since the beat before
  double slow_rr = 1;  // what repolarisation has got used to: mean over the last ten beats or so, seconds
  double breath = 0;   // breath_at() R
  BeatKind kind = BeatKind::kSinus;
  bool p = false;  // a P wave before it
  bool is_ventricular() const { return kind == BeatKind::kEctopic || kind == BeatKind::kTachycardia; }
  int code() const { return is_ventricular() ? 5 : kind == BeatKind::kPaced ? 12 : 1; }  // WFDB's
};

struct RhythmSpan {
  double start = 0, end = 0;  // seconds
  const char* aux = "(N";
};

struct Train {
  std::vector<Beat> beats;
  std::vector<RhythmSpan> spans;  // ascending, they touch
  std::vector<double> lone_p;     // peaks of P waves that nothing follows
};
Train make_train(const SynthOptions& options, const Person& person, const std::string& id);

inline constexpr double kTrainReach = 3;  // seconds of beats before the record begins and after it ends

}  // namespace cfm::synth
