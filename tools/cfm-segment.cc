// cfm-segment: recordings become a stream of segments; a stream is cut anew.
#include <algorithm>

#include "base/error.h"
#include "cli/program.h"
#include "dataset/labels.h"
#include "record/record_source.h"
#include "record/resegment.h"

namespace {

using namespace cfm;

struct Settings {
  record::CutOptions cut;
  std::string signals = "all", tail = "drop", units = "physical", subject = "record", annotator, labels;
  bool list_signals = false, verify = false, trust_data = false, header_labels = false;
};

void declare(cli::Program& program, Settings& s) {
  program.description(
      "INPUT is a WFDB record by its name (dir/100 or dir/100.hea), a folder (every record below it, in byte order), "
      "or a "
      "stream, which is cut anew: touching segments of a record are joined, events rebased, quality and predictions "
      "dropped. What an input is, is seen by looking at it. Samples stay as recorded: their own rate, integers, "
      "units.");
  program.description(
      "Times are seconds (143), minutes (2:14.875), a sample of the record (s12345), or e, the end. Where --from and "
      "--until are both given and less than 30 s apart, that is the length of the segment unless --length says "
      "otherwise.");
  program.example("cfm-segment icu/ --signals ecg,ppg --length 10 -o icu.cfm",
                  "ten-second segments of records that have both");
  program.example("cfm-segment icu/ --signals 'ecg:all,ppg?' --from 4:50 --until 5:00",
                  "the last ten seconds before an alarm");
  program.example("cfm-segment mitdb/100 --ann atr --to ndjson | jq -c .labels", "with reference beats and rhythms");
  program.example("cfm-segment icu.cfm --length 5 | cfm-quality", "a stream, cut anew");
  program.reads_streams("INPUT", "records, folders or streams (default: a stream on standard input)");
  program.writes_stream({"cfm", "ndjson", "csv"}).parallel().sharded();
  program
      .option("--signals", s.signals, "LIST",
              "kinds (ecg ppg abp resp), names (II), positions (#0), KIND:all, all; ? after what may be absent")
      .brief();
  program.flag("--list-signals", s.list_signals, "only list the signals of the input: name,kind,rate,count");
  program.option("--length", s.cut.length, "S", "seconds of a segment").shown_default("30").brief();
  program.option("--stride", s.cut.stride, "S", "seconds from one segment to the next").shown_default("the length");
  program.flag("--whole", s.cut.whole, "one segment a record");
  program.option("--from", s.cut.from, "TIME", "begin here").brief();
  program.option("--until", s.cut.until, "TIME", "end here").brief();
  program.option("--tail", s.tail, "WHAT", "drop or pad an incomplete last segment").choices({"drop", "pad"});
  program.option("--max-missing", s.cut.max_missing, "P", "leave a segment out when a channel lacks a larger fraction")
      .range(0, 1);
  program.option("--min-channels", s.cut.min_channels, "N", "leave a record out that has fewer of the channels")
      .range(1, 1e6);
  program.option("--labels", s.labels, "FILE[:KEY]", "CSV with a label a column, joined on KEY (record)").brief();
  program.flag("--header-labels", s.header_labels, "labels age, sex, dx, alarm of a header's comments");
  program.option("--ann", s.annotator, "EXT", "reference beats and rhythms of the annotation file of this extension");
  program.option("--subject", s.subject, "RULE", "record, dir, regex:PATTERN or csv:FILE (columns record, subject)");
  program.flag("--verify", s.verify, "verify checksums with --from and --until, too");
  program.flag("--trust-data", s.trust_data, "read records whose checksums or first values lie");
  program.option("--units", s.units, "WHAT", "physical or digital, for --to csv").choices({"physical", "digital"});
}

void check(const cli::Program& program, const Settings& s, bool is_stream) {
  if (s.verify && s.trust_data) throw Error(Status::kUsage, "--verify and --trust-data contradict each other");
  if (program.is_set("--units") && program.form() != "csv") throw Error(Status::kUsage, "--units is for --to csv");
  for (const char* flag : {"--verify", "--trust-data", "--header-labels", "--ann"}) {
    if (is_stream && program.is_set(flag))
      throw Error(Status::kUsage, "{}: for recordings; this input is a stream", flag);
  }
}

void run(cli::Program& program, Settings& s) {
  const auto& inputs = program.inputs();
  const auto streams = std::ranges::count_if(inputs, record::is_stream_input);
  const bool is_stream = streams == std::ssize(inputs);
  if (streams > 0 && !is_stream)
    throw Error(Status::kUsage, "some inputs are streams and some recordings; one kind at a time");
  check(program, s, is_stream);
  if (s.list_signals) {
    auto list = [&] {
      if (!is_stream) return record::list_signals(inputs);
      auto in = program.open_inlet();
      return record::list_signals(in);
    }();
    program.open_text().write(list.csv());
    return;
  }

  s.cut.tail = s.tail == "pad" ? record::Tail::kPad : record::Tail::kDrop;
  s.cut.max_frame = program.max_frame();
  s.cut.check();
  std::optional<dataset::LabelTable> labels;
  if (!s.labels.empty()) labels = dataset::LabelTable::read(s.labels);
  const auto selection = record::Selection::parse(s.signals);
  const auto subject = record::SubjectRule::parse(s.subject);
  const auto wanted = [&](const std::string& name, const std::string& who) {
    if (labels) labels->meet(name);
    return program.in_shard(who);
  };
  cli::Progress progress(program, 0, "segments");
  std::uint64_t done = 0;
  const auto dress = [&](stream::Segment& segment) {
    if (labels) labels->apply(segment);
    progress.update(++done);
  };
  const auto settle = [&] {
    if (labels) labels->report();
  };
  const auto open_sink = [&]() -> std::unique_ptr<record::Sink> {
    const auto units = s.units == "digital" ? record::Units::kDigital : record::Units::kPhysical;
    if (program.form() == "csv") return std::make_unique<record::TableSink>(program.open_text(), units);
    return std::make_unique<record::StreamSink>(program.open_outlet());
  };

  stream::Counts counts;
  if (is_stream) {
    auto in = program.open_inlet();
    const auto sink = open_sink();
    record::ResegmentOptions options{selection, s.cut, std::nullopt, wanted, program.is_set("--shard"), dress};
    if (program.is_set("--subject")) options.subject = subject;
    counts = record::resegment(in, *sink, options);
    settle();
  } else {
    const auto sink = open_sink();
    record::RecordSource source(inputs, {.selection = selection,
                                         .cut = s.cut,
                                         .subject = subject,
                                         .verify = s.verify,
                                         .trust_data = s.trust_data,
                                         .header_labels = s.header_labels,
                                         .annotator = s.annotator,
                                         .skip_errors = program.skip_errors(),
                                         .wanted = wanted,
                                         .may_be_empty = program.is_set("--shard"),
                                         .dress = dress,
                                         .settle = settle});
    counts = source.run(program.threads(), *sink);
  }
  program.finish(counts);
}

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-segment", "cut recordings into segments, or cut a stream anew");
  Settings settings;
  declare(program, settings);
  return program.run(argc, argv, [&] { run(program, settings); });
}
