// A model, pre-trained or not, and labels → a model of a task.
#include "base/log.h"
#include "cli/program.h"
#include "model/device.h"
#include "train/finetune.h"

using namespace cfm;

int main(int argc, char** argv) {
  cli::Program program("cfm-finetune", "fit a model to a label, by subjects");
  train::FinetuneOptions ask;
  std::string mode = "full", init = "pretrained", loss = "entropy", weights = "none";
  std::string fold, task;
  program.description(
      "MODEL is a pre-trained one (-m) or one that starts from random weights (--model NAME, as cfm-pretrain "
      "--list-models names them: resnet1d is the control on raw signals beside a foundation model). What is learnt "
      "follows from the label: two distinct values are binary (positive is 1, true, or the later in byte order), more "
      "than two numbers a regression, lists several labels at once, all else classes; --task says it otherwise. "
      "Ordinal is grades in the order of their values. Where no segment has such a label, NAME is a kind of signal, as "
      "in abp: the target is then the recorded waveform, which must not be an input of the model.");
  program.description(
      "--mode says what is trained. linear: a head on the mean of the encoder's tokens, the encoder frozen. attentive: "
      "a head on what a learnt query, with several heads, makes of the tokens; the encoder frozen. lora: the head, and "
      "in every linear layer and convolution of the encoder an adapter of low rank (--rank), which ends up merged into "
      "the weights: the result is a model like any other. full: everything. A waveform is told by a linear head on "
      "each token, some 60 samples a second.");
  program.description(
      "Subjects are split, never segments: those of --fold are untouched; of the others 20 % choose the epoch, then "
      "the calibration of the scores (binary and each of several labels: Platt's line; classes and grades: a "
      "temperature), then the thresholds on calibrated scores, and tell how confidence is distributed. Fewer than 10 "
      "such subjects, or fewer than 2 of a class: scores stay uncalibrated, which is said. Folds are stratified, a "
      "function of --seed, or official ones (--folds-by), and stored in the model, so that cfm-predict --fold scores "
      "exactly those whose labels it has not seen.");
  program.description(
      "DIR holds model.safetensors, metrics.ndjson (a line a step) and state/ (what --resume needs, until the model is "
      "complete); with --seeds a folder seed-K each. SIGTERM, SIGUSR1 and SIGINT finish the step, write a checkpoint "
      "and end with status 75. A resumed run ends with the same weights as one that was never interrupted, at equal "
      "threads.");
  program.reads_inputs("DATA", "streams (.cfm files, not pipes)", false)
      .writes_text()
      .parallel()
      .seeded()
      .on_device()
      .in_precision();
  program.option("-m,--from", ask.model, "MODEL", "run folder, or a safetensors file with its configuration").brief();
  program
      .option("--model", ask.configuration, "NAME", "train this model, or FILE.json, from random weights instead of -m")
      .brief();
  program.option("--set", ask.set, "KEY=VALUE", "a field of the configuration, as in optimiser.lr=3e-4");
  program
      .option("--label", ask.label, "NAME", "what to learn: a name in the segments' labels, or a kind of signal (abp)")
      .brief();
  program.option("--task", task, "KIND", "what the label is; default: as its values are")
      .choices({"binary", "multiclass", "multilabel", "ordinal", "regression", "waveform"})
      .brief();
  program.option("--mode", mode, "MODE", "what is trained: the head alone, the head and adapters, everything")
      .choices({"linear", "attentive", "lora", "full"})
      .brief();
  program.option("--rank", ask.rank, "N", "of the adapters of --mode lora").at_least(1).shown_default("8");
  program.option("--fold", fold, "I/N", "train on the other folds of N").brief();
  program.option("--folds-by", ask.folds_by, "FILE|LABEL",
                 "official folds: a CSV with columns subject and fold, or a label; I counts its sorted values");
  program.option("--positive", ask.positive, "VALUE", "the value of a binary label that is positive");
  program.option("--init", init, "HOW", "random: the same model untaught, as a control")
      .choices({"pretrained", "random"});
  program
      .option("--loss", loss, "NAME", "entropy, or asymmetric: for rare labels, of two classes or of several at once")
      .choices({"entropy", "asymmetric"});
  program.option("--class-weights", weights, "HOW", "balanced: classes count alike, however many segments they have")
      .choices({"none", "balanced"});
  program.option("--epochs", ask.epochs, "N", "at most")
      .at_least(1)
      .shown_default("20; of resnet1d its configuration's")
      .brief();
  program.option("--steps", ask.steps, "N", "that many steps at most, in place of epochs")
      .at_least(1)
      .not_with({"--epochs"})
      .brief();
  program.option("--patience", ask.patience, "N", "stop after N epochs without a better validation loss")
      .at_least(1)
      .shown_default("5; of resnet1d its configuration's");
  program.option("--batch", ask.batch, "N", "segments a batch")
      .range(1, 65536)
      .shown_default("128, less for few segments");
  program.option("--rate", ask.rate, "X", "learning rate")
      .at_least(0)
      .shown_default("full 1e-4, lora and attentive 1e-3, linear 1e-2; of resnet1d its configuration's");
  program.option("--layer-decay", ask.layer_decay, "X", "full: rate of each layer as a share of that of the next")
      .range(0, 1);
  program.option("--seeds", ask.seeds, "N", "that many fits, with seeds from --seed on, in DIR/seed-K").at_least(1);
  program.flag("--resume", ask.resume, "go on with the run in -o DIR; starts one where nothing is saved yet")
      .not_with({"--force"})
      .brief();
  program.option("--checkpoint-every", ask.checkpoint_every, "N", "save what resuming needs every N steps").at_least(0);
  program.example("cfm-finetune -m runs/q --label true_alarm --fold 0/5 vt.cfm -o runs/vt0",
                  "train without the first of five folds");
  program.example("cfm-finetune --model resnet1d --label true_alarm --fold 0/5 vt.cfm -o runs/resnet0",
                  "the control: a convolutional network trained on the same subjects");
  program.example("cfm-finetune -m runs/q --label abp --fold 0/5 icu.cfm -o runs/abp0",
                  "predict the arterial pressure wave from the model's channels");
  program.example("cfm-finetune --resume -o runs/vt0", "go on after an interruption");
  program.example("cfm-predict -m runs/vt0 --fold 0/5 vt.cfm | cfm-eval", "and score that fold");
  return program.run(argc, argv, [&] {
    model::use_device(program.device(), program.threads());
    ask.data = program.inputs();
    ask.folder = program.output_path();
    ask.mode = train::mode_named(mode);
    ask.random_start = init == "random";
    ask.waveform = task == "waveform";
    if (!task.empty() && !ask.waveform) ask.kind = dataset::label_kind_named(task);
    ask.loss = {train::loss_named(loss), train::class_weights_named(weights)};
    if (program.precision() != "auto") ask.bf16 = program.precision() == "bf16";
    if (!fold.empty()) ask.fold = dataset::parse_fold(fold);
    ask.seed = program.seed();
    ask.force = program.force();
    ask.threads = program.threads();
    ask.max_frame = program.max_frame();
    ask.provenance = program.provenance();
    std::optional<cli::Progress> bar;
    ask.progress = [&](std::int64_t done, std::int64_t total, const std::string& note) {
      if (!bar || done == 1) bar.emplace(program, static_cast<std::uint64_t>(total), "steps");
      bar->update(static_cast<std::uint64_t>(done), note);
    };
    const train::FinetuneReport report = train::finetune(ask);
    bar.reset();
    if (report.ending == train::Ending::kInterrupted) {
      log::warn("interrupted in epoch {}; cfm-finetune --resume -o {} goes on", report.epochs, ask.folder);
      program.set_status(Status::kInterrupted);
      return;
    }
    log::info("{}", report.line());
  });
}
