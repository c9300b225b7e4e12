// cfm-eval: figures with intervals over subjects, beside their controls.
#include "cli/program.h"
#include "eval/evaluate.h"
#include "eval/score_marks.h"
#include "eval/waveform_figures.h"
#include "record/time_grammar.h"
#include "report/page.h"

using namespace cfm;

static std::optional<eval::Moment> moment(const std::string& text) {
  const auto parse = [text](double fs, std::int64_t n) { return record::parse_time(text, fs, n); };
  return text.empty() ? std::nullopt : std::optional(eval::Moment{text, parse});
}

int main(int argc, char** argv) {
  cli::Program program("cfm-eval", "score predictions, embeddings, beats, waves, pulses or quality, over subjects");
  eval::EvaluateOptions ask;
  eval::AnnotatedOptions marks;
  bool files = false, beats = false, waves = false, pulses = false, waveform = false;
  std::string question, from, until, task, learner = "linear", report, title;
  std::vector<std::string> against;
  program.description(
      "Reads what the stream holds: predictions are scored against labels; with --probe a probe of the embedding is "
      "fitted and scored out of fold, all choices made over subjects and never on those that are scored. Beside it "
      "stand its controls on the same folds: the majority or mean, the same encoder with random weights (cfm-embed "
      "--control), hand-crafted features of the waveform, and whatever --against brings.");
  program.description(
      "Two values of a label are binary (positive: 1, true, the later in byte order), lists are several labels at "
      "once, numbers a regression, all else classes. Intervals are 95 % percentiles of 2000 draws over subjects; fewer "
      "than 10 have none. A table (record, subject, label, truth, score; if there id, start, prediction, threshold, "
      "fold, seen, confidence, abstain, score_CLASS) does as well as a stream.");
  program.description(
      "--ann, --beats, --fiducials and --pulses score marks against reference marks: beats as bxb does (ANSI/AAMI "
      "EC57, 150 ms), --ann from files, --beats from a stream; waves lead by lead and of all leads together; pulses, "
      "or "
      "else beats with one lag a record. --quality scores quality.score by a label: auroc is the chance that a segment "
      "of the class BAD has the lower score; a condition on a number (snr<10) also asks whether it is a probability. "
      "--waveform scores waves predicted/NAME by the recorded ones: sample by sample, in pressures and in heart rate.");
  program.example("cfm-embed --control -m runs/q vt.cfm | cfm-eval --probe true_alarm --report vt.html",
                  "probe an embedding beside its controls; a page for people");
  program.example("cfm-eval a.cfm --against b.cfm --by sex", "is a better than b, and for whom does it fail?");
  program.example("cfm-eval --ann mitdb out --to text", "annotation files out/100.cfa … against mitdb/100.atr …");
  program.example("cfm-synth --subjects 40 | cfm-quality | cfm-eval --quality 'snr<10'",
                  "calibration of the score where the SNR is known");
  program.reads_streams("FILE", "streams or tables to read (default: standard input)").inputs_also_by("--ann");
  program.writes_text({"json", "csv", "text"});
  const std::vector<std::string> questions = {"--ann", "--beats", "--fiducials", "--pulses", "--quality"};
  program.option("--probe", ask.probe, "LABEL", "fit a probe of this label and score it out of fold")
      .not_with(questions)
      .brief();
  program.option("--on", ask.on, "TENSOR", "what is probed: a tensor, or features measured from the waveform")
      .only_with({"--probe"});
  program.option("--probe-by", learner, "HOW", "linear (logistic, softmax, ridge), attentive (over tokens), forest")
      .choices({"linear", "attentive", "forest"})
      .only_with({"--probe"});
  program
      .option("--fractions", ask.fractions, "P", "probe with P percent of the training subjects' labels, too (1,10,50)")
      .only_with({"--probe"});
  program.option("--folds", ask.folds, "N", "folds over subjects of --probe; fewer where a class has fewer subjects")
      .range(2, 1000)
      .only_with({"--probe"});
  program.option("--label", ask.labels, "LABEL", "score the predictions of these labels only").not_with({"--probe"});
  program.option("--task", task, "KIND", "what the label is, where its values don't tell")
      .choices({"binary", "multiclass", "regression", "multilabel", "ordinal"})
      .not_with(questions);
  program.option("--positive", ask.label.positive, "VALUE", "the value of a binary label that counts as positive")
      .not_with(questions);
  program.option("--against", against, "FILE", "compare with the predictions, or the embeddings, in FILE, paired")
      .not_with(questions)
      .brief();
  program.option("--by", ask.by, "LABEL", "the same figures for each value of LABEL (quality: the class of it)")
      .not_with(questions)
      .brief();
  program.flag("--features", ask.features, "measure hand-crafted features as a control of the predictions of all folds")
      .not_with({"--probe"});
  program.option("--calibrate", ask.calibrate, "S", "numbers: take each record's offset from its first S seconds")
      .at_least(0)
      .not_with(questions);
  program.flag("--allow-seen", ask.allow_seen, "score subjects with whose labels the model was fitted, and mark it")
      .not_with(questions);
  program.option("--report", report, "FILE", "write a page for people (HTML, one file, no network)").brief();
  program.option("--title", title, "TEXT", "of that page").only_with({"--report"});
  program.flag("--ann", files, "score annotation files of TEST, the second FILE, against those of REF, the first");
  program.flag("--beats", beats, "score beats of the stream against its reference beats").not_with({"--ann"});
  program.flag("--fiducials", waves, "score waves of the stream against its reference waves")
      .not_with({"--ann", "--beats"});
  program.flag("--pulses", pulses, "score pulses of the stream against its reference pulses, or its beats")
      .not_with({"--ann", "--beats", "--fiducials"});
  program
      .option("--quality", question, "LABEL=BAD[:GOOD]",
              "score quality.score by a label: BAD (values, apart by commas) against GOOD or all others; LABEL<NUMBER")
      .not_with({"--ann", "--beats", "--fiducials", "--pulses"});
  program.flag("--waveform", waveform, "score predicted waveforms (predicted/NAME) against the recorded ones")
      .not_with({"--probe", "--label", "--by", "--features", "--calibrate", "--task", "--positive", "--ann", "--beats",
                 "--fiducials", "--pulses", "--quality"});
  program.option("--ref-ext", marks.reference_suffix, "EXT", "annotator of REF").only_with({"--ann"});
  program.option("--test-ext", marks.test_suffix, "EXT", "annotator of TEST").only_with({"--ann"});
  program.option("--match-window", marks.match.window, "S", "largest distance of a beat to its reference")
      .range(0, 10)
      .only_with({"--ann", "--beats"});
  program.option("--from", from, "TIME", "leave out beats before TIME: seconds, 5:00 or s12345")
      .shown_default("5:00 with --ann, 0 with --beats")
      .only_with({"--ann", "--beats"});
  program.option("--until", until, "TIME", "leave out beats after TIME")
      .shown_default("the end")
      .only_with({"--ann", "--beats"});
  program.seeded().parallel();
  return program.run(argc, argv, [&] {
    const auto inputs = program.inputs().empty() ? std::vector<std::string>{"-"} : program.inputs();
    if (files && inputs.size() != 2)
      throw Error(Status::kUsage, "--ann needs REF and TEST, folders or records: {} given", program.inputs().size());
    marks.match.from = moment(from);
    marks.match.until = moment(until);
    const eval::MarkOptions draws{.seed = program.seed(), .threads = program.threads()};
    const stream::ReadOptions reading{.max_frame = program.max_frame(), .skip_damaged = program.skip_errors()};
    OutputFile& out = program.open_output();
    std::optional<OutputFile> page;
    if (!report.empty()) page.emplace(OutputFile::create(report, program.force()));
    stream::Counts counts;
    eval::Results results;
    if (files) {
      results = eval::score_files(inputs[0], inputs[1], marks, draws);
    } else if (beats || waves || pulses) {
      const auto mode = beats ? eval::MarkMode::kBeats : pulses ? eval::MarkMode::kPulses : eval::MarkMode::kFiducials;
      results = eval::score_events(inputs, mode, marks.match, draws, reading, counts.damaged);
    } else if (!question.empty()) {
      results = eval::score_quality(inputs, question, draws, reading, counts.damaged);
    } else if (waveform) {
      results = eval::score_waveforms(inputs, against, {draws, ask.allow_seen}, reading, counts.damaged);
    } else {
      ask.learner = eval::learner_named(learner);
      if (!task.empty()) ask.label.kind = dataset::label_kind_named(task);
      ask.report = page.has_value();
      ask.seed = program.seed();
      ask.threads = program.threads();
      results = eval::evaluate(inputs, against, ask, reading, counts.damaged);
    }
    if (page) {
      page->write(report::page(
          results, {.title = title, .command = program.command_line(), .version = program.provenance().version}));
      page->commit();
    }
    const std::string form = !program.is_set("--to") && out.is_terminal() ? "text" : program.form();
    out.write(form == "text" ? results.to_text() : form == "csv" ? results.to_csv() : results.to_json());
    counts.read = results.read;
    if (counts.damaged > 0) program.finish(counts);
  });
}
