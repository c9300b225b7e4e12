// Recordings and streams, written as files of the field's formats.
//
//   Destination files(ExportForm::kEdf, "night.edf", force);
//   export_recording(*recording, marks, files);
//
//   ExportSink sink(files);            // a stream: touching segments of a record are one file
//   choose(in, sink, {});
//
// Digital samples, scale, offset and names stay as they are; gaps of a stream become missing samples, what overlaps is
// written once. Events: `reference/…` go to the annotation file `atr` (waves, whose QRS peaks look like beats, to one
// named after their lead, or `waves`), found ones to `cfa`. Throws kUsage for a record
// that the format can't hold, for a second record where the destination is a file; kMalformed for segments that
// contradict each other; kIo.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "format/recording.h"
#include "format/writer.h"
#include "record/destination.h"
#include "record/selection.h"
#include "record/sink.h"
#include "record/walk.h"

namespace cfm::record {

struct ExportOptions {
  format::OpenOptions open = {};
  WalkOptions walk = {};
  Selection selection = Selection::parse("all");
  std::string from = {}, until = {};  // WFDB time grammar
  std::string annotator = "atr";      // extension of the annotation file that goes along, where there is one
  bool skip_errors = false;
};

// All recordings that the inputs name, verified before they are written. Counts: records.
stream::Counts export_recordings(const std::vector<std::string>& inputs, const ExportOptions& options,
                                 Destination& destination);

// Frames [first, last) of `channels`; marks in frames of the recording and s, those outside are left out.
void export_recording(const format::Recording& recording, const std::vector<std::size_t>& channels, std::int64_t first,
                      std::int64_t last, const format::Marks& marks, Destination& destination);

// Rewrites streams, where they are, with an index: beside and renamed. kUsage without files, and for standard input.
void index_files(const std::vector<std::string>& paths, std::uint64_t max_frame);
// Streams (none: standard input) in the writer's form, their bytes what they are; kPartial where damage was skipped.
Status convert_streams(const std::vector<std::string>& paths, const stream::ReadOptions& options,
                       stream::FrameWriter& writer);

// How a stream's records are told beside their samples.
struct ExportStyle {
  // Extension of the annotation file that rows of an event go to; "": none. channel: the name of theirs, "" for all.
  std::function<std::string(const stream::Tensor& event, const std::string& channel)> annotator = annotator_of;
  double resolution = 0;  // Hz, of annotation files' own clock; 0: frames of the record
  bool labels = false;    // as comments of the header, as header_labels() reads them

  static std::string annotator_of(const stream::Tensor& event, const std::string& channel);
  static std::string annotator_named(std::string channel);  // in lower case, as --ann @lead looks for it
};

class ExportSink : public Sink {
 public:
  explicit ExportSink(Destination& destination, ExportStyle style = {});
  ~ExportSink() override;
  void begin(const stream::Json&) override {}
  void write(const Cut& cut) override;
  void pass(const stream::Frame&) override {}
  void end(const stream::Counts&, bool) override;

 private:
  struct Open;
  void finish();
  Destination& destination_;
  ExportStyle style_;
  std::unique_ptr<Open> open_;
};

}  // namespace cfm::record
