// cfm-eval: figures with intervals over subjects, beside their controls.
#include "cli/program.h"
#include "eval/evaluate.h"
#include "eval/score_marks.h"
#include "record/time_grammar.h"

namespace {

using namespace cfm;

// Adds a stream to what is gathered; returns the pieces that were lost to --on-error skip.
std::uint64_t read_stream(const std::string& path, const cli::Program& program, eval::Gathered& gathered) {
  stream::Inlet in({path}, {.max_frame = program.max_frame(), .skip_damaged = program.skip_errors()});
  for (stream::Frame frame; in.next(frame);) gathered.add(frame, path == "-" ? "standard input" : path);
  return in.lost_pieces();
}

// What is scored against reference marks; none of it: predictions or embeddings.
struct Marks {
  bool files = false, beats = false, fiducials = false, pulses = false;
  std::string from = {}, until = {};
  eval::AnnotatedOptions options = {};

  bool any() const { return files || beats || fiducials || pulses; }
  eval::MarkMode mode() const {
    return beats ? eval::MarkMode::kBeats : pulses ? eval::MarkMode::kPulses : eval::MarkMode::kFiducials;
  }
  void check(const cli::Program& program) {
    program.one_at_a_time({"--ann", "--beats", "--fiducials", "--pulses", "--quality", "--probe"});
    const auto only_for = [&](std::initializer_list<const char*> flags, bool fits, const char* what) {
      for (const char* flag : flags)
        if (!fits && program.is_set(flag)) throw Error(Status::kUsage, "{} is for {}", flag, what);
    };
    only_for({"--label", "--positive", "--folds"}, !any() && !program.is_set("--quality"), "predictions and --probe");
    only_for({"--from", "--until", "--match-window"}, files || beats, "--ann and --beats");
    only_for({"--ref-ext", "--test-ext"}, files, "--ann");
    if (files && program.inputs().size() != 2)
      throw Error(Status::kUsage, "--ann needs REF and TEST, folders or records: {} given", program.inputs().size());
    options.match.from = moment(from);
    options.match.until = moment(until);
  }

 private:
  static std::optional<eval::Moment> moment(const std::string& text) {
    if (text.empty()) return std::nullopt;
    return eval::Moment{text, [text](double fs, std::int64_t n) { return record::parse_time(text, fs, n); }};
  }
};

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-eval", "score predictions, embeddings, beats, waves, pulses or quality, over subjects");
  eval::EvaluateOptions options;
  Marks marks;
  std::string question;
  program.description(
      "Reads what the stream holds. Predictions are scored against labels. With --probe, a linear probe on the tensor "
      "'embedding' is fitted and scored out of fold: folds, penalty and thresholds are chosen over subjects, and never "
      "on those that are scored. Beside it stand its controls on the same folds: the majority class (or the mean), and "
      "the same encoder with random weights where cfm-embed --control has written it.");
  program.description(
      "A label with two values is binary, and positive is 1, true, or the later in byte order; more values are "
      "classes, or a regression where all are numbers. Intervals are 95 % percentiles of 2000 draws over subjects; "
      "with fewer than 10 subjects there are none.");
  program.description(
      "A table with the columns record, subject, label, truth and score does as well as a stream; id, prediction, "
      "threshold, fold, seen and score_CLASS are used if there. The result is text on a terminal and JSON otherwise.");
  program.example("cfm-embed --control -m runs/qualityfm vt.cfm | cfm-eval --probe true_alarm",
                  "probe an embedding beside the same encoder with random weights");
  program.description(
      "--ann, --beats, --fiducials and --pulses score marks against reference marks instead. Beats are compared as bxb "
      "of the WFDB package does, count for count (ANSI/AAMI EC57): pairs within 150 ms, beats of ventricular flutter "
      "and unreadable stretches as it treats them. --ann REF TEST takes annotation files, of two folders with the same "
      "records or of one record, from 5:00 on; --beats takes beats and reference/beats of a stream, from its beginning "
      "on. Gross figures pool all beats, averages are of records; errors are ms, test - reference.");
  program.description(
      "--fiducials takes waves and reference/waves, lead by lead and of all leads together; a mark outside the stretch "
      "that the reference marks is not false. --pulses takes pulses and reference/pulses, or else the beats of the ECG "
      "with one lag a record.");
  program.description(
      "--quality takes quality.score and a label: auroc is the chance that a segment of the class BAD has a lower "
      "score "
      "than one of GOOD, so 0.5 is a score that does not see the difference. A condition on a number (snr<10) also "
      "asks "
      "whether the score is the probability of its opposite: ece, brier, a row a tenth, and Spearman's correlation.");
  program.example("cfm-synth --subjects 40 | cfm-quality | cfm-eval --quality 'snr<10'",
                  "calibration of the score where the SNR is known");
  program.example("cfm-predict -m runs/vt0 --fold 0/5 vt.cfm | cfm-eval --to csv -o scores.csv",
                  "score the predictions of a fold, as a table");
  program.example("cfm-eval --ann mitdb out --to text", "annotation files out/100.cfa … against mitdb/100.atr …");
  program.example("cfm-segment ludb --whole --signals ecg:all --ann @lead | cfm-delineate | cfm-eval --fiducials",
                  "onsets, peaks and offsets of all leads");
  program.reads_streams("FILE", "streams or tables to read (default: standard input)").inputs_also_by("--ann");
  program.writes_text({"json", "csv", "text"});
  program.option("--probe", options.probe, "LABEL", "fit a linear probe on the embedding and score it out of fold")
      .brief();
  program.option("--label", options.labels, "LABEL", "score the predictions of these labels only");
  program.option("--positive", options.positive, "VALUE", "the value of a binary label that counts as positive");
  program
      .option("--folds", options.folds, "N", "folds over subjects of --probe; fewer where a class has fewer subjects")
      .range(2, 1000);
  program.flag("--ann", marks.files,
               "score annotation files of TEST, the second FILE, against those of REF, the first");
  program.flag("--beats", marks.beats, "score beats of the stream against its reference beats");
  program.flag("--fiducials", marks.fiducials, "score waves of the stream against its reference waves");
  program.flag("--pulses", marks.pulses, "score pulses of the stream against its reference pulses, or its beats");
  program.option("--ref-ext", marks.options.reference_suffix, "EXT", "annotator of REF");
  program.option("--test-ext", marks.options.test_suffix, "EXT", "annotator of TEST");
  program.option("--match-window", marks.options.match.window, "S", "largest distance of a beat to its reference")
      .range(0, 10);
  program.option("--from", marks.from, "TIME", "leave out beats before TIME: seconds, 5:00 or s12345")
      .shown_default("5:00 with --ann, 0 with --beats");
  program.option("--until", marks.until, "TIME", "leave out beats after TIME").shown_default("the end");
  program.option(
      "--quality", question, "LABEL=BAD[:GOOD]",
      "score quality.score by a label: BAD (values, apart by commas) against GOOD or all others; LABEL<NUMBER");
  program.seeded().parallel();
  return program.run(argc, argv, [&] {
    program.one_at_a_time({"--label", "--probe"});
    options.seed = program.seed();
    options.threads = program.threads();
    marks.check(program);
    const eval::MarkOptions draws{.seed = program.seed(), .threads = program.threads()};
    eval::Evidence evidence(!options.probe.empty());
    eval::EventLog events(eval::events_for(marks.mode()));
    std::optional<eval::QualityLog> grades;
    if (!question.empty()) grades.emplace(eval::QualityQuestion::of(question));
    eval::Gathered* log = grades ? &*grades : marks.any() ? static_cast<eval::Gathered*>(&events) : &evidence;
    const auto inputs = program.inputs().empty() ? std::vector<std::string>{"-"} : program.inputs();
    stream::Counts counts;
    for (const std::string& path : marks.files ? std::vector<std::string>() : inputs) {
      if (log != &evidence || eval::is_stream(path))
        counts.damaged += read_stream(path, program, *log);
      else
        evidence.add(eval::read_table(path));
    }
    counts.read = log->read();
    const eval::Results results = marks.files   ? eval::score_files(inputs[0], inputs[1], marks.options, draws)
                                  : marks.any() ? eval::score_events(events, marks.mode(), marks.options.match, draws)
                                  : grades      ? eval::score_quality(*grades, draws)
                                                : eval::evaluate(evidence, options);

    OutputFile& out = program.open_output();
    const bool as_text = program.form() == "text" || (!program.is_set("--to") && out.is_terminal());
    out.write(as_text ? results.to_text() : program.form() == "csv" ? results.to_csv() : results.to_json());
    if (counts.damaged > 0) program.finish(counts);
  });
}
