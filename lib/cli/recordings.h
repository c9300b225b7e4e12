// The options of programs that read recordings: which they are and how they are opened. One definition for all.
//
//   cli::RecordingOptions recordings;
//   recordings.declare(program);
//   …
//   record::RecordSource source(recordings.inputs(program), recordings.to_source(program, refine));
//
// Throws kUsage for options that contradict each other, and for one of these where the input is a stream.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/program.h"
#include "format/recording.h"
#include "record/export.h"
#include "record/record_source.h"
#include "record/refinement.h"
#include "record/sink.h"
#include "record/walk.h"

namespace cfm::cli {

class RecordingOptions {
 public:
  void declare(Program& program);

  // What the command line names, and --records.
  std::vector<std::string> inputs(const Program& program) const;
  // Whether all of inputs() are streams; kUsage when only some are.
  bool are_streams(const Program& program) const;
  void refuse_for_streams(const Program& program) const;

  format::OpenOptions open() const;
  record::WalkOptions walk() const { return {include_}; }

  // For looking at whatever there is: also what is no sound file of any kind counts as a stream.
  static bool may_be_stream(const std::string& input);

  record::ExportOptions to_export(const Program& program) const;
  record::SourceOptions to_source(const Program& program, record::Refinement refine) const;

  // The signals of all inputs.
  record::SignalList list_signals(const Program& program) const;
  // Samples of a device, "f32" or "i16", on standard input (or of the one input there is), cut into segments.
  stream::Counts read_raw(const Program& program, const std::string& type, const record::Refinement& refine,
                          record::Sink& sink) const;

 private:
  mutable std::optional<std::vector<std::string>> listed_ = {};  // by --records, read once: it may be a pipe
  std::string records_, channels_, variable_, annotator_;
  std::vector<std::string> include_;
  std::optional<double> fs_;
  bool trust_data_ = false, verify_ = false;
};

// Where segments go by --to: a table for csv, else a stream. units: physical or digital; rows: "", frame or highest.
std::unique_ptr<record::Sink> open_sink(Program& program, std::string_view units = "physical",
                                        std::string_view rows = "");

}  // namespace cfm::cli
