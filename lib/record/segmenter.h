// A recording, cut into segments: where they begin, what they hold, which are left out and why.
//
//   RecordCutter cutter(recording, Selection::parse("ecg,ppg"), {.length = 10.0}, {.subject = "p1"});
//   for (std::int64_t k = 0; k < cutter.windows(); ++k)
//     if (Cut cut = cutter.cut(k); cut.reason.empty()) out.write(cut.segment);
//
// Signals are tensors [channels, samples], one a kind and rate, as recorded: integers where the file has them
// (I16 where they fit, else I32), with scale and offset, else F32 or F64; a U8 mask tensor beside them where samples
// are missing. Windows are whole frames of the record's clock. Throws kUsage for options that contradict each other,
// and what the recording throws. Format: cfm-stream 1.0.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format/recording.h"
#include "record/annotate.h"
#include "record/selection.h"
#include "stream/frame.h"
#include "stream/segment.h"

namespace cfm::record {

// Of an incomplete last window: left out, filled with missing samples, or as short as it is.
enum class Tail { kDrop, kPad, kKeep };

struct CutOptions {
  double usual_length = 30;  // s
  // s; default the usual one, or from --from to --until where both are given and that is shorter
  std::optional<double> length = {};
  std::optional<double> stride = {};  // s; default: the length
  bool whole = false;                 // one segment a record
  std::string from = {}, until = {};  // WFDB time grammar; "": the first, the last
  Tail tail = Tail::kDrop;
  double max_missing = 0.2;  // fraction of a channel's samples; a segment goes when any channel lacks more
  int min_channels = 1;
  std::uint64_t max_frame = stream::kDefaultMaxFrame;  // bytes a segment may have

  void check() const;  // kUsage
};

// Where windows lie on a record's clock, in frames.
struct Grid {
  static constexpr std::int64_t kOpen = std::numeric_limits<std::int64_t>::max();
  std::int64_t first = 0, limit = kOpen;
  std::int64_t length = 0, stride = 0;  // 0: all that there is
};
// frames: of the record, or kUnknownLength.
Grid grid_of(const CutOptions& options, double fs, std::int64_t frames);

// A segment, its channels in the order of --signals (else the header's); or the reason why there is none.
struct Cut {
  stream::Segment segment;
  std::vector<stream::ChannelRef> order;
  std::string reason;  // "tail", "missing"
};

// What a record's segments have in common beside their samples.
struct RecordFacts {
  stream::Json subject, source;  // text or null
  stream::Json labels = stream::Json::object();
  std::shared_ptr<const Reference> reference = {};  // annotations, or null
};

class RecordCutter {
 public:
  RecordCutter(std::shared_ptr<const format::Recording> recording, const Selection& selection,
               const CutOptions& options, RecordFacts facts);

  const std::string& reason() const { return reason_; }  // why the record gives no segments: "no_ppg"; else empty
  std::int64_t windows() const { return windows_; }      // an incomplete last one included
  std::int64_t bytes() const;                            // of one window's samples
  bool reads_all() const;                                // no --from, no --until
  const format::Recording& recording() const { return *recording_; }
  Cut cut(std::int64_t window) const;  // thread-safe

 private:
  struct Group {  // one tensor
    std::string name;
    std::vector<std::size_t> channels;
    format::SampleType type;  // the widest of its channels
  };
  // lacks: some sample is missing.
  stream::Tensor tensor_of(const Group& group, std::span<const format::Samples> values, bool lacks,
                           std::vector<std::uint8_t>& mask) const;

  std::shared_ptr<const format::Recording> recording_;
  CutOptions options_;
  RecordFacts facts_;
  std::string reason_;
  Grid grid_;
  std::int64_t end_ = 0, windows_ = 0;
  std::vector<Group> groups_;
  std::vector<stream::ChannelRef> order_;
};

// Header of a segment that begins at `frame` of a record's clock of fs Hz; base_time: of frame 0, ISO 8601.
stream::Json segment_header(const std::string& record, const stream::Json& subject, const stream::Json& source,
                            double fs, std::int64_t frame, const std::optional<std::string>& base_time);
// A number as JSON spells it best: 250, not 250.0.
stream::Json json_number(double value);
// An ISO 8601 time `seconds` later; null where `text` is not one.
stream::Json later(const std::string& text, double seconds);

}  // namespace cfm::record
