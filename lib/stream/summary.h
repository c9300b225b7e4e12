// What a stream holds, in one screen: parts, segments, channels, quality, labels, where it came from, whether it is
// whole.
//
//   Summary summary;
//   for (Frame frame; reader.next(frame);) summary.add(frame);
//   file.write(summary.text());
//
// Memory grows with the number of distinct names, records and subjects, not with the signals.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "stream/frame.h"

namespace cfm::stream {

class Summary {
 public:
  // Frames in order; segments are decoded (status 4 where they lie).
  void add(const Frame& frame);
  // Lines for a person, 80 columns. `cut`: the message of the error that ended the reading, "" when whole.
  std::string text(const std::string& name, const std::string& form, const std::string& cut) const;

  std::uint64_t parts() const { return parts_; }
  std::uint64_t segments() const { return segments_; }
  std::uint64_t frames() const { return frames_; }

 private:
  struct Channel {
    std::uint64_t segments = 0;
    double seconds = 0;  // of signal
  };
  void add_segment(const Segment& segment);

  std::uint64_t parts_ = 0, segments_ = 0, frames_ = 0, payload_bytes_ = 0, partial_ = 0;
  double seconds_ = 0;                            // longest signal of each segment
  std::set<std::uint64_t> records_, subjects_;    // FNV-1a 64
  std::map<std::string, Channel> channels_;       // "ecg II, 250 Hz, mV, I16"
  std::map<std::string, std::uint64_t> tensors_;  // others, by name
  std::map<std::string, std::uint64_t> classes_;  // quality
  double score_sum_ = 0;
  std::map<std::string, std::map<std::string, std::uint64_t>> labels_;
  std::map<std::string, std::pair<double, double>> numbers_;  // smallest and largest of numeric labels
  std::set<std::string> predictions_;
  std::vector<std::string> chain_;  // tools of the first part's provenance
  std::vector<std::string> notes_;
};

}  // namespace cfm::stream
