// How near predicted waveforms come to the recorded ones.
//
//   WaveformLog log;                                             // then log.add(frame, source) of every frame
//   std::vector<Context> contexts = waveform_figures(log, {}, {});   // "abp", then "sbp", "dbp", "map", "heart_rate"
//
// A tensor predicted/NAME, [1, samples] at its fs, is compared with the recorded channel of the kind that its attribute
// `of` names, brought to its rate, where both are there. Of each segment mae, rmse, bias, sd (unit of the channel;
// error: predicted - recorded) and pearson; their means within a subject are averaged over subjects.
//
// Of a pressure also the systolic, diastolic and mean pressure: beats are those that delineate/pulses.h finds in the
// recorded wave, and of each beat, from one foot to the next, the largest, smallest and mean sample of either wave; a
// segment's is the median over its beats. A predicted wave without pulses therefore has values, and is judged by them.
// The heart rate of ECG, photoplethysmogram and arterial pressure is 60 over the median interval of the beats found in
// either wave; where the predicted wave has no three of them the segment is left out of that figure and counted.
//
// Controls: `mean`, for each subject the mean of the other subjects' means (of their samples, pressures or rates); and
// what `rivals` bring, compared on the segments that all have. Throws kUsage: no predicted waveform, nothing to
// compare, a subject with whose waveforms the model was fitted
// unless allow_seen, or of two folds; kMalformed: a tensor that is no such
// waveform.
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "eval/gathered.h"
#include "eval/marks.h"
#include "eval/results.h"

namespace cfm::eval {

class WaveformLog : public Gathered {
 public:
  using Gathered::add;
  void add(const stream::Segment& segment, const std::string& source) override;

  struct Pair {
    double truth, estimate;
  };
  struct Item {
    std::string id, subject, seen, fold;  // subject: or record; seen, fold: of the model, "" where not told
    std::vector<float> recorded;          // where both are there, at the predicted rate
    double mae, rmse, bias, sd, pearson;
    std::map<std::string, Pair> values;  // "sbp", "dbp", "map", "heart_rate"; NaN where undefined

    void measure(std::span<const double> truth, std::span<const double> estimate);  // sets those five
  };
  // By `of`.
  const std::map<std::string, std::vector<Item>>& items() const { return items_; }
  const std::map<std::string, std::map<std::string, std::uint64_t>>& excluded() const { return excluded_; }

 private:
  void compare(const stream::Segment& segment, const stream::Tensor& predicted);

  std::map<std::string, std::vector<Item>> items_;
  std::map<std::string, std::map<std::string, std::uint64_t>> excluded_;
};

struct WaveformOptions : MarkOptions {
  bool allow_seen = false;
};

// rivals: names and logs of other systems.
std::vector<Context> waveform_figures(const WaveformLog& log,
                                      const std::vector<std::pair<std::string, const WaveformLog*>>& rivals,
                                      const WaveformOptions& options);
// Of streams; `lost` counts the pieces that were skipped as damaged.
Results score_waveforms(const std::vector<std::string>& inputs, const std::vector<std::string>& against,
                        const WaveformOptions& options, const stream::ReadOptions& reading, std::uint64_t& lost);

}  // namespace cfm::eval
