// Signals and events of one recording, gathered from touching segments and given out window by window. Parts of
// Resegmenter.
//
//   Track track(tensor, {0, 1});
//   track.append(segment, tensor, 0);
//   stream::Tensor window = track.window(track.range(start, length), mask);
//
// Times are seconds from the record's start; samples of a track count from its first and are never renumbered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stream/segment.h"

namespace cfm::record {

// Samples [first, first + count) of a track, which may run over its end; t0: of the first, s after the window's start.
struct Range {
  std::int64_t first = 0, count = 0;
  double t0 = 0;
};

class Track {
 public:
  // `channels` of `tensor`, whose first sample is at `origin` s.
  Track(const stream::Tensor& tensor, std::vector<std::size_t> channels, double origin);

  const stream::Tensor& layout() const { return layout_; }  // name, dtype, attributes of the chosen channels; no data
  const std::vector<std::size_t>& channels() const { return channels_; }
  double fs() const { return fs_; }
  double origin() const { return origin_; }
  std::int64_t end() const { return end_; }
  // Samples by which a tensor that begins at `origin` s lies behind the end (negative: overlaps); nullopt when its
  // channels are others.
  std::optional<std::int64_t> gap(const stream::Tensor& tensor, double origin) const;
  // Appends what follows the first `skip` samples.
  void append(const stream::Segment& segment, const stream::Tensor& tensor, std::int64_t skip);
  Range range(double start, double length) const;
  // Samples of a range, missing ones beyond the end; mask gets one value a sample where an integer signal lacks some.
  // lacking: the largest fraction of a channel that is missing.
  stream::Tensor window(const Range& range, std::vector<std::uint8_t>& mask, double& lacking) const;
  void shorten(std::int64_t end);    // samples
  void forget(std::int64_t before);  // samples

 private:
  stream::Tensor layout_;
  std::vector<std::size_t> channels_;
  std::string mask_name_;
  double fs_, origin_;
  std::size_t width_;  // bytes a sample
  bool is_float_;
  std::int64_t begin_ = 0, end_ = 0;
  std::vector<std::vector<std::byte>> values_;      // a channel, from begin_
  std::vector<std::vector<std::uint8_t>> present_;  // the same
};

class EventTrack {
 public:
  // of: index of the track whose samples are counted.
  EventTrack(const stream::Tensor& tensor, std::size_t of);
  std::size_t of() const { return of_; }
  const std::string& name() const { return layout_.name; }
  bool same_columns(const stream::Tensor& tensor) const {
    return layout_.attributes["columns"] == tensor.attributes["columns"];
  }
  bool is_span() const { return end_ >= 0; }
  // Rows in samples of a tensor whose first is sample `base` of the track at `rate` times its own rate; rows before
  // sample `known` are there already. channels: what was chosen of it.
  void append(const stream::Tensor& tensor, double base, double rate, double known,
              const std::vector<std::size_t>& channels);
  stream::Tensor window(const Range& range, const std::string& of_name) const;
  void forget(std::int64_t before);

 private:
  struct Row {
    std::vector<double> values;
    std::string aux;
  };
  stream::Tensor layout_;
  std::size_t of_;
  std::ptrdiff_t sample_ = -1, end_ = -1, channel_ = -1, aux_ = -1;  // columns
  std::vector<Row> rows_;
};

// Whether a tensor is an event that can be rebased: two dimensions, columns with `sample`, numbers.
bool is_event(const stream::Tensor& tensor);

// The value that lasts longest in a window's spans (columns sample, end, and value or aux); null where there is none.
stream::Json longest_value(const stream::Tensor& spans);

}  // namespace cfm::record
