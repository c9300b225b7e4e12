// cfm-view: look at streams and recordings, check them, choose from them, draw them, convert them.
#include "base/log.h"
#include "cli/program.h"
#include "cli/recordings.h"
#include "dataset/labels.h"
#include "record/choose.h"
#include "record/export.h"
#include "record/look.h"
#include "record/plot_sink.h"
#include "record/record_source.h"
#include "record/training_curve.h"

namespace {

using namespace cfm;

struct Settings {
  cli::RecordingOptions recordings;
  std::optional<std::uint64_t> head, sample;
  bool check = false, index = false, curve = false;
  std::string from, until, where, ids, labels, plot, signals = "all";
};

void declare(cli::Program& program, Settings& s) {
  program.description(
      "Without a flag, prints what each stream or recording is in one screen: channels with rates and units, quality, "
      "labels, provenance, and whether it is whole. --head, --where, --ids, --sample, --from, --until and --labels "
      "make a stream of what they choose. --to converts: binary to text to binary gives the same bytes; recordings, "
      "and the touching segments of a stream, become files with the same digital samples. --curve draws what "
      "trainings have written, or are writing: folders of runs, or their metrics.ndjson, several to compare.");
  program.example("cfm-view icu.cfm", "what is in a stream");
  program.example("cfm-view --head 1 --to ndjson icu.cfm | jq .labels", "labels of the first segment");
  program.example("cfm-view --where 'quality.score > 0.8 && labels.rhythm == \"AFIB\"' icu.cfm -o af.cfm",
                  "the good segments with atrial fibrillation");
  program.example("cfm-view mitdb/100 --to edf -o 100.edf", "WFDB becomes EDF+");
  program.example("cfm-view mitdb/100 --ann atr --from 1:00 --until 1:10 --plot 100.png", "ten seconds on ECG paper");
  program.example("cfm-view --curve runs/q runs/r --plot both.png", "losses and rates of two trainings, one picture");
  program.reads_streams("FILE", "streams or recordings (default: a stream on standard input)");
  program.writes_stream({"cfm", "ndjson", "csv", "npy", "wfdb", "edf"}).parallel().seeded();
  program.option("--head", s.head, "N", "only the first N segments").at_least(1).brief();
  program.flag("--check", s.check, "only check: one line a stream or recording, status 4 when one is damaged").brief();
  program.flag("--index", s.index, "give files an index, where they are");
  program.option("--from", s.from, "TIME", "of a recording, from here; of a stream, segments that reach beyond it");
  program.option("--until", s.until, "TIME", "up to here");
  program.option("--where", s.where, "CONDITION", "segments whose header fulfils it: == != < > in =~ && || ! ( )")
      .brief();
  program.option("--ids", s.ids, "FILE", "segments, or records, named in FILE, one a line");
  program.option("--sample", s.sample, "N", "N segments, drawn by --seed").at_least(1);
  program.option("--labels", s.labels, "FILE[:KEY]", "join labels from a CSV, on KEY (record or id)");
  program.option("--signals", s.signals, "LIST", "channels of a recording, as in cfm-segment");
  program.option("--plot", s.plot, "FILE", "draw on ECG paper: FILE.png, .svg or .pdf; - draws in the terminal")
      .brief();
  const std::vector<std::string> of_streams = {"--check", "--index",  "--from", "--until",   "--head", "--sample",
                                               "--where", "--labels", "--ids",  "--signals", "--to"};
  program.flag("--curve", s.curve, "draw the training runs FILE…: folders, or metrics.ndjson").not_with(of_streams);
  s.recordings.declare(program);
}

void look(cli::Program& program, const Settings& s) {
  const auto show = [&](const record::Sight& seen) {
    if (!seen.damage.empty()) log::error("{}", seen.damage);
    if (seen.status != Status::kOk) program.set_status(seen.status);
    program.open_text().write(std::string_view(s.check ? seen.line : seen.text));
  };
  auto inputs = s.recordings.inputs(program);
  if (inputs.empty()) inputs.emplace_back("-");
  for (const std::string& input : inputs) {
    if (s.recordings.may_be_stream(input)) {
      show(record::look_at_stream(input, {.max_frame = program.max_frame(), .skip_damaged = program.skip_errors()}));
      continue;
    }
    record::RecordWalk walk(input, s.recordings.walk());
    while (const auto found = walk.next()) show(record::look_at_recording(*found, s.recordings.open(), s.check));
  }
}

stream::Counts choose(cli::Program& program, const Settings& s, record::Sink& sink) {
  std::optional<dataset::LabelTable> labels;
  record::Choice choice{.head = s.head, .sample = s.sample, .seed = program.seed(), .from = s.from, .until = s.until};
  if (program.is_set("--where")) choice.where.emplace(s.where);
  if (program.is_set("--ids")) choice.ids = record::read_ids(s.ids);
  if (program.is_set("--labels")) labels = dataset::LabelTable::read(s.labels);
  choice.dress = [&](stream::Segment& segment) {
    if (!labels) return;
    labels->meet(segment.record());
    labels->apply(segment);
  };
  stream::Inlet in = program.open_inlet();
  const stream::Counts counts = record::choose(in, sink, std::move(choice));
  if (labels) labels->report();
  return counts;
}

stream::Counts read(cli::Program& program, const Settings& s, record::Sink& sink, bool whole) {
  record::Refinement refine{.selection = record::Selection::parse(s.signals)};
  refine.cut = {.whole = whole, .from = s.from, .until = s.until, .tail = record::Tail::kKeep, .max_missing = 1};
  refine.cut.max_frame = program.max_frame();
  record::RecordSource source(s.recordings.inputs(program), s.recordings.to_source(program, std::move(refine)));
  return source.run(program.threads(), sink);
}

void run(cli::Program& program, const Settings& s) {
  program.one_at_a_time({"--check", "--index", "--plot", "--to"});
  program.one_at_a_time({"-o", "--index", s.plot == "-" ? "--index" : "--plot"});
  if (s.curve) {
    OutputFile* text = s.plot.empty() || s.plot == "-" ? &program.open_text() : nullptr;
    return record::draw_training(program.inputs(), s.plot, program.force(), text);
  }
  const bool filters = program.is_set("--where") || program.is_set("--ids") || program.is_set("--labels");
  const bool chooses = s.head || s.sample || filters;
  const bool cuts = !s.from.empty() || !s.until.empty(), converts = program.is_set("--to");
  if ((s.check || s.index) && (chooses || cuts)) throw Error(Status::kUsage, "--check, --index: of all, not of a part");
  if (s.check || (!chooses && !cuts && !converts && !s.index && s.plot.empty())) return look(program, s);
  if (s.index) return record::index_files(program.inputs(), program.max_frame());
  const bool is_stream = s.recordings.are_streams(program);
  if (is_stream) s.recordings.refuse_for_streams(program);
  if (is_stream && program.is_set("--signals")) throw Error(Status::kUsage, "--signals: cfm-segment cuts a stream so");
  if (!is_stream && chooses) throw Error(Status::kUsage, "--head, --where, --ids, --sample, --labels: for streams");
  if (!s.plot.empty()) {
    record::PlotSink sink({s.plot, s.from, s.until, program.force()}, s.plot == "-" ? &program.open_text() : nullptr);
    is_stream ? choose(program, s, sink) : read(program, s, sink, true);
    return sink.finish();
  }
  if (const auto form = record::export_form(program.form())) {
    const auto inputs = s.recordings.inputs(program);
    record::Destination files(*form, program.output_path(), program.force(), inputs);
    record::ExportSink sink(files);
    auto options = s.recordings.to_export(program);
    options.selection = record::Selection::parse(s.signals);
    options.from = s.from, options.until = s.until;
    return program.finish(is_stream ? choose(program, s, sink) : record::export_recordings(inputs, options, files));
  }
  if (is_stream && !chooses && !cuts && program.form() != "csv") {
    stream::FrameWriter writer = program.open_writer();
    const stream::ReadOptions how{.max_frame = program.max_frame(), .skip_damaged = program.skip_errors()};
    return program.set_status(record::convert_streams(program.inputs(), how, writer));
  }
  const auto sink = cli::open_sink(program);
  program.finish(is_stream ? choose(program, s, *sink) : read(program, s, *sink, program.form() != "csv"));
}

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-view", "look at streams and recordings, choose, draw, convert");
  Settings settings;
  declare(program, settings);
  return program.run(argc, argv, [&] { run(program, settings); });
}
