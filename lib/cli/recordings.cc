#include "cli/recordings.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "record/choose.h"
#include "record/raw.h"
#include "record/record_source.h"
#include "record/resegment.h"

namespace cfm::cli {

void RecordingOptions::declare(Program& program) {
  program.option("--records", records_, "FILE", "read the recordings named in FILE, one a line (- is standard input)");
  program.inputs_also_by("--records");
  program.option("--include", include_, "GLOB",
                 "files of folders that are recordings, too: '*.csv', '*.mat', '*.npy'; may be given several times");
  program.option("--fs", fs_, "HZ", "rate of samples whose file says none (NPY, MAT, CSV without time, --raw)");
  program.option("--channels", channels_, "LIST",
                 "names of channels whose file has none, NAME[:[STEP]UNIT],… (II,PLETH:NU,ABP:0.1mmHg)");
  program.option("--variable", variable_, "NAME", "of a MAT file: the matrix NAME, or NAME.FIELD of a struct");
  program.option(
      "--ann", annotator_, "EXT",
      "reference beats, waves, rhythms and notes of the annotation file of this extension; @lead: each lead's "
      "own (.ii, .v5)");
  program.flag("--verify", verify_, "verify checksums where only a part is read, too");
  program.flag("--trust-data", trust_data_, "read records whose checksums or first values lie");
}

std::vector<std::string> RecordingOptions::inputs(const Program& program) const {
  std::vector<std::string> all = program.inputs();
  if (records_.empty()) return all;
  if (!listed_) listed_ = record::read_list(records_);
  all.insert(all.end(), listed_->begin(), listed_->end());
  if (all.empty()) throw Error(Status::kUsage, "--records {}: names no recording", records_);
  return all;
}

bool RecordingOptions::are_streams(const Program& program) const {
  const std::vector<std::string> all = inputs(program);
  const auto streams = std::ranges::count_if(all, record::is_stream_input);
  if (streams > 0 && streams < std::ssize(all)) {
    throw Error(Status::kUsage, "some inputs are streams and some recordings; one kind at a time");
  }
  return streams == std::ssize(all);
}

void RecordingOptions::refuse_for_streams(const Program& program) const {
  for (const char* flag :
       {"--records", "--include", "--fs", "--channels", "--variable", "--ann", "--verify", "--trust-data"}) {
    if (program.is_set(flag)) throw Error(Status::kUsage, "{}: for recordings; this input is a stream", flag);
  }
}

format::OpenOptions RecordingOptions::open() const {
  if (trust_data_ && verify_) throw Error(Status::kUsage, "--verify and --trust-data contradict each other");
  if (fs_ && !(*fs_ > 0)) throw Error(Status::kUsage, "--fs {}: a rate is more than 0 Hz", *fs_);
  format::OpenOptions options{.trust_data = trust_data_, .fs = fs_, .variable = variable_};
  if (!channels_.empty()) options.channels = record::parse_channels(channels_);
  return options;
}

bool RecordingOptions::may_be_stream(const std::string& input) {
  try {
    return record::is_stream_input(input);
  } catch (const Error& error) {
    if (error.status() == Status::kIo) throw;
    return true;
  }
}

record::ExportOptions RecordingOptions::to_export(const Program& program) const {
  record::ExportOptions options{.open = open(), .walk = walk(), .skip_errors = program.skip_errors()};
  if (!annotator_.empty()) options.annotator = annotator_;
  return options;
}

record::SourceOptions RecordingOptions::to_source(const Program& program, record::Refinement refine) const {
  return {.refine = std::move(refine),
          .verify = verify_,
          .open = open(),
          .walk = walk(),
          .annotator = annotator_,
          .skip_errors = program.skip_errors()};
}

record::SignalList RecordingOptions::list_signals(const Program& program) const {
  if (!are_streams(program)) return record::list_signals(inputs(program), open(), walk());
  stream::Inlet in = program.open_inlet();
  return record::list_signals(in);
}

stream::Counts RecordingOptions::read_raw(const Program& program, const std::string& type,
                                          const record::Refinement& refine, record::Sink& sink) const {
  const auto& given = program.inputs();
  if (!fs_ || channels_.empty()) {
    throw Error(Status::kUsage, "--raw {}: --fs and --channels must say what the samples are", type);
  }
  if (given.size() > 1) throw Error(Status::kUsage, "--raw {}: one input at a time", type);
  for (const char* flag : {"--records", "--include", "--variable", "--ann", "--verify", "--trust-data"}) {
    if (program.is_set(flag)) throw Error(Status::kUsage, "{}: not for --raw", flag);
  }
  InputFile input = InputFile::open(given.empty() ? "-" : given.front());
  const format::OpenOptions options = open();
  return record::read_raw(input,
                          {.type = type == "f32" ? record::RawType::kF32 : record::RawType::kI16,
                           .fs = *options.fs,
                           .channels = options.channels},
                          refine, sink);
}

std::unique_ptr<record::Sink> open_sink(Program& program, std::string_view units, std::string_view rows) {
  if (program.form() != "csv") return std::make_unique<record::StreamSink>(program.open_outlet());
  return std::make_unique<record::TableSink>(program.open_text(),
                                             units == "digital" ? record::Units::kDigital : record::Units::kPhysical,
                                             rows.empty()        ? record::Rows::kSample
                                             : rows == "highest" ? record::Rows::kHighest
                                                                 : record::Rows::kFrame);
}

}  // namespace cfm::cli
