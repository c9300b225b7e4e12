// Segments → predictions by a fine-tuned model.
#include "base/csv.h"
#include "cli/program.h"
#include "model/batch_relay.h"
#include "model/device.h"
#include "train/predict.h"

using namespace cfm;
using stream::Segment;

namespace {

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (const std::string& cell : cells) line += (line.empty() ? "" : ",") + csv_cell(cell);
  return line + "\n";
}

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-predict", "predict a label by a fine-tuned model");
  std::string model, fold;
  bool allow_seen = false;
  std::optional<double> abstain;
  std::int64_t batch = 16;
  program.description(
      "Each segment gets `predictions`: the value and, calibrated, its score, or a score a class; thresholds; a "
      "confidence (binary: how far the score is from the threshold, in log odds; several labels: the mean of that; "
      "classes and grades: the largest probability). Of several classes the value is the most probable, of grades "
      "the median one. A number comes alone, in the label's unit. A waveform comes as a tensor predicted/NAME beside "
      "the "
      "recorded one, in its unit; the table has its mean.");
  program.description(
      "A subject whose labels the model was fitted on is not scored unnoticed: --fold scores that fold's subjects and "
      "leaves out the others, with those who had no label and so no fold (they are counted), --allow-seen scores and "
      "marks them, and otherwise they are status 2. Another fold than the one "
      "the model was trained without is status 2. Subjects that were in the pre-training only are marked, too.");
  program.reads_streams().writes_stream({"cfm", "ndjson", "csv"}).parallel().on_device().in_precision();
  program.option("-m,--model", model, "MODEL", "folder or safetensors file of cfm-finetune").required().brief();
  program.option("--fold", fold, "I/N", "only the subjects of the fold that the model has not been fitted on").brief();
  program.flag("--allow-seen", allow_seen, "score subjects it was fitted on, too, and mark them").brief();
  program
      .option("--abstain", abstain, "RATE",
              "mark the least confident: those below this share of the subjects that chose the thresholds")
      .brief();
  program.option("--batch", batch, "N", "segments worked on together").range(1, 65536);
  program.example("cfm-predict -m runs/vt0 --fold 0/5 vt.cfm | cfm-eval", "score a fold");
  program.example("cfm-predict -m runs/vt0 --fold 0/5 --abstain 0.2 vt.cfm -o p.cfm",
                  "and mark the fifth it is least sure of");
  program.example("cfm-predict -m runs/vt0 --to csv new.cfm > new.csv", "a table of new patients");
  return program.run(argc, argv, [&] {
    model::use_device(program.device(), program.threads());
    train::PredictOptions options{.allow_seen = allow_seen,
                                  .abstain = abstain,
                                  .batch = static_cast<std::size_t>(batch),
                                  .bf16 = program.precision() == "bf16",
                                  .threads = program.threads()};
    if (!fold.empty()) options.fold = dataset::parse_fold(fold);
    train::Predictor predictor(model, options);
    const auto work = [&](std::span<Segment> segments, std::size_t first) { predictor.predict(segments, first); };
    const auto left_out = [&](const Segment& segment) { return predictor.left_out(segment); };
    stream::Inlet in = program.open_inlet();
    if (program.form() != "csv") {
      stream::Outlet out = program.open_outlet();
      program.finish(model::relay_batches(in, out, options.batch, work, left_out));
      return;
    }
    OutputFile& out = program.open_output();
    out.write(csv_line(predictor.columns()));
    const auto consume = [&](Segment& segment) { out.write(csv_line(predictor.row(segment))); };
    program.finish(model::drain_batches(in, options.batch, work, consume, left_out));
  });
}
