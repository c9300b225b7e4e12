// What a record says about itself: labels of its header's comments, reference beats and rhythms of its annotation file.
//
//   Json labels = header_labels(recording.comments());              // {"age": 69, "sex": "M"}
//   auto reference = Reference::read("mitdb/100.atr", 360, 650000);
//   reference->add(segment, 10800, 10800);                         // frames [10800, 21600)
//
// Comments: `age`, `sex` (M, F), `dx` (a list), `alarm` (true, false), as PhysioNet's databases write them. Events:
// columns `sample,code,channel` and `sample,end,code,aux`, in samples of the tensor in `of`. Codes: ecgcodes.h of WFDB.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::record {

stream::Json header_labels(std::span<const std::string> comments);

class Reference {
 public:
  // Annotation file `path` of a record of `frames` frames at `fs` Hz. Throws what read_annotations throws.
  static Reference read(const std::string& path, double fs, std::int64_t frames);

  // Adds `reference/beats`, and where rhythms are marked `reference/rhythm` and the label `rhythm`, to a segment that
  // begins at frame `first` and has a signal tensor; its first ECG tensor, else its first signal, is what samples count
  // in.
  void add(stream::Segment& segment, std::int64_t first, std::int64_t frames) const;

 private:
  struct Beat {
    double frame;
    int code;
  };
  struct Rhythm {
    double frame, end;
    std::string name;  // "(AFIB"
  };
  double fs_ = 0;
  std::vector<Beat> beats_;
  std::vector<Rhythm> rhythms_;
};

// The rhythm that lasts longest in a `rhythm` event tensor, without its bracket; nullopt where there is none.
std::optional<std::string> longest_rhythm(const stream::Tensor& rhythm);

}  // namespace cfm::record
