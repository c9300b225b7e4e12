// Classes of heart beats from one ECG lead, streaming: shape and timing beside the record's own dominant rhythm.
//
//   BeatClassifier c(360);
//   c.process(chunk, new_beats, known_until, out); c.flush(out);      // appends one ClassifiedBeat a beat, in order
//   std::vector<ClassifiedBeat> all = classify_beats(x, 360, detect_beats(x, 360));
//
// in: [samples] of one lead, any unit, 100 Hz and up; NaN is a gap. beats: sample positions of QRS complexes,
// ascending, counted from the first sample. Codes are WFDB's, classes those of ANSI/AAMI EC57: 1 normal (bundle branch
// block, too), 5 ventricular, 9 supraventricular, 12 paced, 13 what can't be told (samples missing, or flat). Beats of
// one shape form families, and the family that comes neither early nor wide is what the others are held against: no
// labels, no learning of the patient. The weights were fitted once (beat_class_weights.h); features after de Chazal
// 2004 (IEEE Trans Biomed Eng 51:1196) and Llamedo & Martínez 2011 (58:616). In chunks equals in one piece, bit for
// bit. Latency: the first 10 s of beats at once, then until the next beat, 3 s at most, and 1.1 s of samples. Throws
// Error (kUsage) for a rate under 100 Hz and for beats out of order.
#pragma once

#include <memory>
#include <span>
#include <vector>

namespace cfm::delineate {

inline constexpr int kNormalBeat = 1, kVentricularBeat = 5, kSupraventricularBeat = 9, kPacedBeat = 12,
                     kUnknownBeat = 13;

struct ClassifiedBeat {
  double sample = 0;        // as given
  int code = kUnknownBeat;  // WFDB's
  double ventricular = 0;   // probability; 0 for kUnknownBeat
  bool gap = false;         // samples are missing between the beat before and this one
  bool operator==(const ClassifiedBeat&) const = default;
};

class BeatClassifier {
 public:
  explicit BeatClassifier(double fs);
  BeatClassifier(BeatClassifier&&) noexcept;
  ~BeatClassifier();
  // in: the next samples. beats: the next beats; every beat before sample `known_until` is known by now.
  void process(std::span<const float> in, std::span<const double> beats, double known_until,
               std::vector<ClassifiedBeat>& out);
  // The rest; then it starts anew.
  void flush(std::vector<ClassifiedBeat>& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  double fs_;
};

std::vector<ClassifiedBeat> classify_beats(std::span<const float> x, double fs, std::span<const double> beats);

}  // namespace cfm::delineate
