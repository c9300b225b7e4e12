// What a record says about itself: labels of its header's comments; reference beats, waves, rhythms and notes of its
// annotation files.
//
//   Json labels = header_labels(recording.comments());              // {"age": 69, "sex": "M"}
//   Reference reference(360, 650000);
//   reference.read("mitdb/100.atr");
//   reference.add(segment, 10800, 10800);                          // frames [10800, 21600)
//
// Comments: `age`, `sex` (M, F), `dx` (a list), `alarm` (true, false), as PhysioNet's databases write them; and what
// label_comments() wrote, `label NAME: VALUE`, a number or true or false where it is one, else text. Events, in
// samples of the tensor in `of`: `reference/beats` (sample, code, channel), `reference/waves` (sample, code, channel,
// num: 0 P, 1 QRS, 2 T), `reference/rhythm` (sample, end, code, aux), `reference/notes` (sample, code, channel, num,
// sub, seconds, aux): all that is none of the others; one that began before the segment has a negative sample. Codes:
// ecgcodes.h of WFDB.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format/recording.h"
#include "stream/segment.h"

namespace cfm::record {

stream::Json header_labels(std::span<const std::string> comments);

// Labels as comments: those that are numbers, booleans or text of one line.
std::vector<std::string> label_comments(const stream::Json& labels);

class Reference {
 public:
  // Of a record of `frames` frames at `fs` Hz.
  Reference(double fs, std::int64_t frames) : fs_(fs), frames_(frames) {}

  // An annotation file of the record. lead: the name of the only channel that it speaks of; "": of all. Throws what
  // read_annotations throws.
  void read(const std::string& path, const std::string& lead = {});
  void add_notes(std::span<const format::Note> notes);
  bool empty() const { return beats_.empty() && waves_.empty() && rhythms_.empty() && notes_.empty(); }

  // Adds what lies in frames [first, first + frames), and where rhythms are marked the label `rhythm`, to a segment
  // that begins at frame `first` and has a signal tensor; its first ECG tensor, else its first signal, is what samples
  // count in. Marks of a lead that the segment hasn't are left out.
  void add(stream::Segment& segment, std::int64_t first, std::int64_t frames) const;

 private:
  struct Event {
    double frame;
    int code, num = 0, sub = 0;
    std::string lead;
    double seconds = 0;
    std::string text;
  };
  struct Rhythm {
    double frame, end;
    std::string name;  // "(AFIB"
  };
  class Window;
  void put_beats(const Window& window) const;
  void put_waves(const Window& window) const;
  void put_rhythms(const Window& window) const;
  void put_notes(const Window& window) const;

  double fs_;
  std::int64_t frames_;
  std::vector<Event> beats_, waves_, notes_;  // ascending by frame
  std::vector<Rhythm> rhythms_;
  bool has_file_ = false;
};

// The rhythm that lasts longest in a `rhythm` event tensor, without its bracket; nullopt where there is none.
std::optional<std::string> longest_rhythm(const stream::Tensor& rhythm);

}  // namespace cfm::record
