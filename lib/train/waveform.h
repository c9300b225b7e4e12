// A recorded signal as the target of a model that does not read it, and its prediction as a tensor. Torch-free.
//
//   const WaveformReader reader("abp", config.profile);
//   std::optional<Recorded> abp = reader.read(segment);     // [samples] at reader.fs() over the window of the input
//   segment.put(predicted_waveform(task, values, prepared, segment));   // "predicted/abp"
//
// The rate is the profile's over a whole number: 60 Hz or a little more, where the profile has as much (a pressure
// wave lies below 30 Hz). Status 2: the signal is an input of the model. Status 3: a channel of the profile that the
// segment lacks.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataset/store.h"
#include "prepare/prepare.h"
#include "train/split.h"
#include "train/task.h"

namespace cfm::train {

struct Recorded {
  std::vector<float> samples;  // in the channel's unit, NaN where nothing was recorded
  std::string units, name;     // of the channel
};

class WaveformReader {
 public:
  // kind: of the signal tensor, its preferred channel (stream/segment.h).
  WaveformReader(std::string kind, const prepare::Profile& profile);
  double fs() const { return fs_; }
  // Nothing where there is no such channel, or no sample of it within the window.
  std::optional<Recorded> read(const stream::Segment& segment) const;  // thread-safe

 private:
  std::string kind_;
  prepare::Preparer preparer_;
  double fs_;
};

// Segments that have the signal. Their values are the means of what was recorded, so that they are split as numbers.
struct LabelledWaveforms {
  Labelled labelled;
  std::vector<std::vector<float>> samples;  // of each
  Waveform waveform;
  std::size_t without = 0;  // segments that have none
};
// Status 2: no segment has it, naming the kinds there are. Status 3: another unit than the first's.
LabelledWaveforms read_waveforms(const dataset::Store& store, const std::string& kind, const prepare::Profile& profile,
                                 const std::string& folds_by, int threads);

// Of the samples that are there; NaN where none is.
double mean_of(std::span<const float> samples);

// Whether any segment has a signal of this kind.
bool has_signal(const dataset::Store& store, const std::string& kind);

// "predicted/abp"
std::string waveform_name(const LabelTask& task);
// standardised: [samples] of the window, as the network gives them. The tensor has what there is of it while the
// model's input lasts, in the signal's unit; kind waveform, of: the label.
stream::Tensor predicted_waveform(const LabelTask& task, std::span<const double> standardised,
                                  const prepare::Prepared& input, const stream::Segment& segment);

}  // namespace cfm::train
