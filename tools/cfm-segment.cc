// cfm-segment: recordings become a stream of segments; a stream is cut anew.
#include "base/error.h"
#include "cli/program.h"
#include "cli/recordings.h"
#include "dataset/labels.h"
#include "record/prepared.h"
#include "record/pseudonym.h"
#include "record/record_source.h"
#include "record/resegment.h"

namespace {

using namespace cfm;

struct Settings {
  cli::RecordingOptions recordings;
  record::CutOptions cut;
  std::string signals = "all", tail = "drop", units = "physical", rows, subject = "record", labels, raw, key_file,
              profile;
  bool list_signals = false, list_profiles = false, header_labels = false;
};

void declare(cli::Program& program, Settings& s) {
  program.description(
      "INPUT is a WFDB record by its name (dir/100 or dir/100.hea), an EDF, BDF, WAV, FLAC, AU, MAT, CSV or NPY file, "
      "a "
      "folder (every record below it, in byte order), a stream, which is cut anew (touching segments of a record are "
      "joined, events rebased, quality and predictions dropped), or with --raw - and the samples of a device. What an "
      "input is, is seen by looking at it. Without --profile samples stay as recorded: their own rate and integers; by "
      "the scale ECG is in mV, pressure in mmHg.");
  program.description(
      "Times are seconds (143), minutes (2:14.875), a sample of the record (s12345), or e, the end. Where --from and "
      "--until are both given and less than 30 s apart, that is the length of the segment unless --length says "
      "otherwise.");
  program.example("cfm-segment icu/ --signals ecg,ppg --length 10 -o icu.cfm",
                  "ten-second segments of records that have both");
  program.example("cfm-segment icu/ --signals 'ecg:all,ppg?' --from 4:50 --until 5:00", "ten seconds before an alarm");
  program.example("cfm-segment mitdb/100 --ann atr --to ndjson | jq -c .labels", "with reference beats and rhythms");
  program.example("monitor | cfm-segment - --raw f32 --fs 250 --channels II,PLETH | cfm-quality",
                  "a device at the bed");
  program.example("cfm-segment icu.cfm --length 5 | cfm-quality", "a stream, cut anew");
  program.reads_streams("INPUT", "recordings, folders or streams (default: a stream on standard input)");
  program.writes_stream({"cfm", "ndjson", "csv"}).parallel().sharded();
  program
      .option("--signals", s.signals, "LIST",
              "kinds (ecg ppg abp resp), names (II), positions (#0), KIND:all, all; ? after what may be absent")
      .brief();
  program.flag("--list-signals", s.list_signals, "only list the signals of the input: name,kind,rate,count");
  program
      .option("--profile", s.profile, "NAME|FILE",
              "prepare each segment alone: channels, rate, filters and scaling of this profile, whose length and "
              "--signals are the defaults; other signals that --signals names stay as recorded")
      .brief();
  program.flag("--list-profiles", s.list_profiles, "only list the profiles there are: what each does and its source");
  program.option("--length", s.cut.length, "S", "seconds of a segment").shown_default("30, or the profile's").brief();
  program.option("--stride", s.cut.stride, "S", "seconds from one segment to the next").shown_default("the length");
  program.flag("--whole", s.cut.whole, "one segment a record");
  program.option("--from", s.cut.from, "TIME", "begin here").brief();
  program.option("--until", s.cut.until, "TIME", "end here").brief();
  program.option("--tail", s.tail, "WHAT", "drop or pad an incomplete last segment").choices({"drop", "pad"});
  program.option("--max-missing", s.cut.max_missing, "P", "leave a segment out when a channel lacks a larger fraction")
      .range(0, 1);
  program.option("--min-channels", s.cut.min_channels, "N", "leave a record out that has fewer of the channels")
      .range(1, 1e6);
  s.recordings.declare(program);
  program.option("--raw", s.raw, "TYPE", "interleaved little-endian samples: needs --fs and --channels")
      .choices({"f32", "i16"});
  program.option("--labels", s.labels, "FILE[:KEY]", "CSV with a label a column, joined on KEY (record or id)").brief();
  program.flag("--header-labels", s.header_labels, "labels age, sex, dx, alarm of a header's comments");
  program.option("--subject", s.subject, "RULE", "record, dir, regex:PATTERN or csv:FILE (columns record, subject)");
  program.option("--pseudonym", s.key_file, "KEYFILE",
                 "names become hashes keyed with this file, dates shift by subject, remarks are dropped");
  program.option("--units", s.units, "WHAT", "physical or digital, for --to csv").choices({"physical", "digital"});
  program
      .option("--rows", s.rows, "WHAT", "for --to csv of several rates: a row a frame (means), or of the highest rate")
      .choices({"frame", "highest"});
}

void check(const cli::Program& program, const Settings& s, bool is_stream) {
  for (const char* flag : {"--units", "--rows"}) {
    if (program.is_set(flag) && program.form() != "csv") throw Error(Status::kUsage, "{} is for --to csv", flag);
  }
  if (is_stream) s.recordings.refuse_for_streams(program);
  if (s.list_signals && !s.raw.empty()) throw Error(Status::kUsage, "--list-signals: --channels names those of --raw");
  if (s.header_labels && (is_stream || !s.raw.empty())) {
    throw Error(Status::kUsage, "--header-labels: for recordings that have a header");
  }
}

void run(cli::Program& program, Settings& s) {
  if (s.list_profiles) return program.open_text().write(prepare::profile_table());
  const bool is_raw = !s.raw.empty(), is_stream = !is_raw && s.recordings.are_streams(program);
  check(program, s, is_stream);
  if (s.list_signals) return program.open_text().write(s.recordings.list_signals(program).csv());
  std::optional<prepare::Preparer> preparer;
  if (!s.profile.empty()) {
    preparer.emplace(prepare::Profile::open(s.profile));
    record::take_length(s.cut, preparer->profile());
    if (!program.is_set("--signals")) s.signals = preparer->profile().signals();
  }
  s.cut.tail = s.tail == "pad" ? record::Tail::kPad : record::Tail::kDrop;
  s.cut.max_frame = program.max_frame();
  s.cut.check();
  std::optional<dataset::LabelTable> labels;
  if (!s.labels.empty()) labels = dataset::LabelTable::read(s.labels);
  std::optional<record::Pseudonymiser> pseudonymiser;
  if (!s.key_file.empty()) {
    pseudonymiser.emplace(s.key_file);
    program.deidentify(record::Pseudonymiser::kMethod);
  }
  record::Refinement refine{.selection = record::Selection::parse(s.signals), .cut = s.cut};
  refine.wanted = [&](const std::string& name, const std::string& who) {
    if (labels) labels->meet(name);
    return program.in_shard(who);
  };
  if (preparer) refine.prepare = [&](record::Cut& cut) { record::prepare_cut(cut, *preparer); };
  cli::Progress progress(program, 0, "segments");
  refine.dress = [&, done = std::uint64_t{0}](stream::Segment& segment) mutable {
    if (labels) labels->apply(segment);
    if (pseudonymiser) pseudonymiser->apply(segment);
    progress.update(++done);
  };
  refine.settle = [&] {
    if (labels) labels->report();
  };
  refine.may_be_empty = program.is_set("--shard");
  if (is_stream) {
    auto in = program.open_inlet();
    if (program.is_set("--subject")) refine.subject = record::SubjectRule::parse(s.subject);
    program.finish(record::resegment(in, *cli::open_sink(program, s.units, s.rows), refine));
  } else if (is_raw) {
    program.finish(s.recordings.read_raw(program, s.raw, refine, *cli::open_sink(program, s.units, s.rows)));
  } else {
    refine.subject = record::SubjectRule::parse(s.subject);
    auto options = s.recordings.to_source(program, std::move(refine));
    options.header_labels = s.header_labels;
    record::RecordSource source(s.recordings.inputs(program), std::move(options));
    program.finish(source.run(program.threads(), *cli::open_sink(program, s.units, s.rows)));
  }
}

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-segment", "cut recordings into segments, or cut a stream anew");
  Settings settings;
  declare(program, settings);
  return program.run(argc, argv, [&] { run(program, settings); });
}
