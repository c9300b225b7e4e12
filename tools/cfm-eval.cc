// cfm-eval: figures with intervals over subjects, beside their controls.
#include "base/csv.h"
#include "cli/program.h"
#include "eval/evaluate.h"

namespace {

using namespace cfm;

CsvTable read_table(const std::string& path) {
  if (path != "-") return read_csv(path);
  InputFile in = InputFile::open(path);
  std::string text;
  std::vector<std::byte> piece(1 << 16);
  while (const std::size_t n = in.read(piece)) text.append(reinterpret_cast<const char*>(piece.data()), n);
  return parse_csv(text, "standard input");
}

// Adds a stream to the evidence; returns the pieces that were lost to --on-error skip.
std::uint64_t read_stream(const std::string& path, const cli::Program& program, eval::Evidence& evidence) {
  stream::Inlet in({path}, {.max_frame = program.max_frame(), .skip_damaged = program.skip_errors()});
  for (stream::Frame frame; in.next(frame);) evidence.add(frame, path == "-" ? "standard input" : path);
  return in.lost_pieces();
}

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-eval", "score predictions or embeddings, with intervals over subjects and controls");
  eval::EvaluateOptions options;
  program.description(
      "Reads what the stream holds. Predictions are scored against labels. With --probe, a linear probe on the tensor "
      "'embedding' is fitted and scored out of fold: folds, penalty and thresholds are chosen over subjects, and never "
      "on "
      "those that are scored. Beside it stand its controls on the same folds: the majority class (or the mean), and "
      "the same "
      "encoder with random weights where cfm-embed --control has written it.");
  program.description(
      "A label with two values is binary, and positive is 1, true, or the later in byte order; more values are "
      "classes, or a "
      "regression where all are numbers. Intervals are 95 % percentiles of 2000 draws over subjects; with fewer than "
      "10 "
      "subjects there are none.");
  program.description(
      "A table with the columns record, subject, label, truth and score does as well as a stream; id, prediction, "
      "threshold, "
      "fold, seen and score_CLASS are used where they are. The result is text on a terminal and JSON otherwise.");
  program.example("cfm-embed --control -m runs/qualityfm vt.cfm | cfm-eval --probe true_alarm",
                  "probe an embedding beside the same encoder with random weights");
  program.example("cfm-predict -m runs/vt0 --fold 0/5 vt.cfm | cfm-eval --to csv -o scores.csv",
                  "score the predictions of a fold, as a table");
  program.reads_streams("FILE", "streams or tables to read (default: standard input)");
  program.writes_text({"json", "csv", "text"});
  program.option("--probe", options.probe, "LABEL", "fit a linear probe on the embedding and score it out of fold")
      .brief();
  program.option("--label", options.labels, "LABEL", "score the predictions of these labels only");
  program.option("--positive", options.positive, "VALUE", "the value of a binary label that counts as positive");
  program
      .option("--folds", options.folds, "N", "folds over subjects of --probe; fewer where a class has fewer subjects")
      .range(2, 1000);
  program.seeded().parallel();
  return program.run(argc, argv, [&] {
    if (!options.probe.empty() && !options.labels.empty())
      throw Error(Status::kUsage, "--label chooses among predictions, --probe names its own label: give one of them");
    options.seed = program.seed();
    options.threads = program.threads();

    eval::Evidence evidence(!options.probe.empty());
    std::vector<std::string> inputs = program.inputs();
    if (inputs.empty()) inputs = {"-"};
    stream::Counts counts;
    for (const std::string& path : inputs) {
      if (eval::is_stream(path))
        counts.damaged += read_stream(path, program, evidence);
      else
        evidence.add(read_table(path));
    }
    counts.read = evidence.read();
    const eval::Results results = eval::evaluate(evidence, options);

    OutputFile& out = program.open_output();
    const bool as_text = program.form() == "text" || (!program.is_set("--to") && out.is_terminal());
    out.write(as_text ? results.to_text() : program.form() == "csv" ? results.to_csv() : results.to_json());
    if (counts.damaged > 0) program.finish(counts);
  });
}
