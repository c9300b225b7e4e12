// A model, pre-trained or not, and labels → a model of a task.
#include "base/log.h"
#include "cli/program.h"
#include "train/device.h"
#include "train/finetune.h"

using namespace cfm;

int main(int argc, char** argv) {
  cli::Program program("cfm-finetune", "fit a model to a label, by subjects");
  train::FinetuneOptions ask;
  std::string device = "auto", mode = "full", init = "pretrained", fold, task;
  program.description(
      "MODEL is a pre-trained one (-m) or one that starts from random weights (--model NAME, as cfm-pretrain "
      "--list-models names them: resnet1d is the control on raw signals beside a foundation model). What is learnt "
      "follows from the label: two distinct values are binary (positive is 1, true, or the later in byte order), more "
      "than two numbers a regression, lists several labels at once, all else classes; --task says it otherwise. "
      "Ordinal is grades in the order of their values.");
  program.description(
      "Subjects are split, never segments: those of --fold are untouched; of the others 20 % choose the epoch, then "
      "the calibration of the scores (binary and each of several labels: Platt's line; classes and grades: a "
      "temperature), then the thresholds on calibrated scores, and tell how confidence is distributed. Fewer than 10 "
      "such subjects, or fewer than 2 of a class: scores stay uncalibrated, which is said. Folds are stratified, a "
      "function of --seed, or official ones (--folds-by), and stored in the model, so that cfm-predict --fold scores "
      "exactly those whose labels it has not seen.");
  program.description(
      "The model has a linear head on the mean of the encoder's tokens. When interrupted nothing is kept (status 75).");
  program.reads_inputs("DATA", "streams (.cfm files, not pipes)", false).writes_text().parallel().seeded();
  program.option("-m,--from", ask.model, "MODEL", "run folder, or a safetensors file with its configuration").brief();
  program
      .option("--model", ask.configuration, "NAME", "train this model, or FILE.json, from random weights instead of -m")
      .brief();
  program.option("--set", ask.set, "KEY=VALUE", "a field of the configuration, as in optimiser.lr=3e-4");
  program.option("--label", ask.label, "NAME", "what to learn: a name in the segments' labels").required().brief();
  program.option("--task", task, "KIND", "what the label is; default: as its values are")
      .choices({"binary", "multiclass", "multilabel", "ordinal", "regression"})
      .brief();
  program.option("--mode", mode, "MODE", "linear: the encoder is frozen; full: everything is trained")
      .choices({"linear", "full"})
      .brief();
  program.option("--fold", fold, "I/N", "train on the other folds of N").brief();
  program.option("--folds-by", ask.folds_by, "FILE|LABEL",
                 "official folds: a CSV with columns subject and fold, or a label; I counts its sorted values");
  program.option("--positive", ask.positive, "VALUE", "the value of a binary label that is positive");
  program.option("--init", init, "HOW", "random: the same model untaught, as a control")
      .choices({"pretrained", "random"});
  program.option("--epochs", ask.epochs, "N", "at most")
      .at_least(1)
      .shown_default("20; of resnet1d its configuration's")
      .brief();
  program.option("--patience", ask.patience, "N", "stop after N epochs without a better validation loss")
      .at_least(1)
      .shown_default("5; of resnet1d its configuration's");
  program.option("--batch", ask.batch, "N", "segments a batch")
      .range(1, 65536)
      .shown_default("128, less for few segments");
  program.option("--rate", ask.rate, "X", "learning rate")
      .at_least(0)
      .shown_default("full 1e-4, linear 1e-2; of resnet1d its configuration's");
  program.option("--device", device, "DEVICE", "auto or cpu");
  program.example("cfm-finetune -m runs/q --label true_alarm --fold 0/5 vt.cfm -o runs/vt0",
                  "train without the first of five folds");
  program.example("cfm-finetune --model resnet1d --label true_alarm --fold 0/5 vt.cfm -o runs/resnet0",
                  "the control: a convolutional network trained on the same subjects");
  program.example("cfm-predict -m runs/vt0 --fold 0/5 vt.cfm | cfm-eval", "and score that fold");
  return program.run(argc, argv, [&] {
    train::use_device(device, program.threads());
    ask.data = program.inputs();
    ask.folder = program.output_path();
    ask.mode = train::mode_named(mode);
    ask.random_start = init == "random";
    if (!task.empty()) ask.kind = dataset::label_kind_named(task);
    if (!fold.empty()) ask.fold = dataset::parse_fold(fold);
    ask.seed = program.seed();
    ask.force = program.force();
    ask.threads = program.threads();
    ask.max_frame = program.max_frame();
    ask.provenance = program.provenance();
    std::optional<cli::Progress> bar;
    ask.progress = [&](std::int64_t done, std::int64_t total, const std::string& note) {
      if (!bar) bar.emplace(program, static_cast<std::uint64_t>(total), "steps");
      bar->update(static_cast<std::uint64_t>(done), note);
    };
    const train::FinetuneReport report = train::finetune(ask);
    bar.reset();
    if (report.ending == train::Ending::kInterrupted) {
      log::warn("interrupted in epoch {}; nothing is kept, the same command with --force starts again",
                report.epochs + 1);
      program.set_status(Status::kInterrupted);
      return;
    }
    log::info("{}", report.line());
  });
}
