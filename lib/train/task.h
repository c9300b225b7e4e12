// A label as a model's task: the values it tells apart, and what was fitted to decide between them. Torch-free.
//
//   LabelTask task = LabelTask::infer("true_alarm", values, {});   // from the values there are
//   std::string note = task.fit(inner);                            // calibration, thresholds, confidences
//   Json prediction = task.predict(logits);                        // {"task": "binary", "value": 1, "score": 0.8, …}
//   checkpoint.extra["cfm.task"] = task.to_json().dump();
//
// The kind of a label is told by dataset/label_kind.h; what it refuses is status 2. Logits are what the network gives:
// of the positive; a class, for softmax; a class, each yes or no; of "above grade k" for all grades but the last; the
// standardised number. A waveform is a number at each moment: kind kNumber, and what is recorded (waveform.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataset/label_kind.h"
#include "train/calibration.h"

namespace cfm::train {

using dataset::label_text;
using dataset::LabelOptions;
using stream::Json;
using TaskKind = dataset::LabelKind;

// What was put aside to choose by.
struct InnerScores {
  std::vector<double> logits;  // [segments, task.logits()] row-major
  std::vector<Json> values;
  std::vector<std::string> subjects;
};

// A recorded signal as what is predicted: its samples over the window of the model's input.
struct Waveform {
  double fs = 60;            // Hz
  std::int64_t samples = 0;  // of the window
  std::string units;         // "mmHg"
  std::string name;          // of the channel: "ABP"
};

struct LabelTask : dataset::LabelValues {
  double threshold = 0.5;          // binary: the score from which the positive is predicted
  std::vector<double> thresholds;  // several labels at once: the same for each
  double mean = 0, sd = 1;         // number: of the training labels
  std::optional<Waveform> waveform;
  std::string mode;                 // how the model was adapted: linear, attentive, lora, full
  std::string init;                 // "random" where a model that could have been pre-trained was not
  Calibration calibration;          // of the logits
  std::vector<double> confidences;  // their quantiles 0, 1/100 … 1 in the inner split; none: never measured

  static LabelTask infer(const std::string& label, std::span<const Json> values, const LabelOptions& options);
  // mean and sd from these numbers.
  void set_scale(std::span<const Json> values);
  std::size_t logits() const;  // a segment; of a waveform a sample each

  // Calibration, then thresholds on calibrated scores, then the quantiles of confidence. Returns why something was left
  // as it was, or "": fewer than 10 subjects, or fewer than 2 of a class.
  std::string fit(const InnerScores& inner);

  // One row of logits to `task value score scores threshold thresholds positive confidence`, what of it the kind has.
  // The value of several classes is the most probable, of grades the median one. Confidence: of two classes the
  // distance of the logit from the threshold's, of several labels the mean of these, else the largest probability.
  Json predict(std::span<const double> row) const;
  // The confidence below which this share of the inner split lies. Status 2 for a number, 3 where none was measured.
  double confidence_at(double share, const std::string& model) const;

  Json to_json() const;
  static LabelTask from_json(const Json& json, const std::string& where);  // status 3

 private:
  std::vector<double> probabilities(std::span<const double> calibrated) const;
  double confidence(std::span<const double> calibrated) const;
  std::string calibrate(const InnerScores& inner);
};

// The score threshold with the largest sum of sensitivity and specificity, between two neighbouring scores; of equally
// good ones that nearest to 0.5. 0.5 where one class is missing. positive[i] is 0 or 1.
double best_threshold(std::span<const double> scores, std::span<const int> positive);

}  // namespace cfm::train
