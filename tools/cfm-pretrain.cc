// Streams of graded segments → a foundation model in a run folder.
#include "cli/program.h"
#include "model/device.h"
#include "train/pretrain.h"

using namespace cfm;

namespace {

std::string pairs_text(const dataset::PairCounts& counts) {
  return fmt::format("{} of {} records, {} subjects", counts.pairs, counts.records, counts.subjects);
}

std::string plan_text(const train::Plan& plan) {
  std::string text =
      fmt::format("model       {}\nparameters  {:.2f} M\nsegments    {} graded, {} with a partner\n", plan.config.name,
                  static_cast<double>(plan.parameters) / 1e6, plan.pairs.graded, plan.pairs.used);
  for (const auto& [reason, n] : plan.left_out) text += fmt::format("left out    {} {}\n", n, reason);
  text += fmt::format("pairs       {}\n", pairs_text(plan.pairs));
  if (plan.validation.pairs > 0) text += fmt::format("put aside   {}\n", pairs_text(plan.validation));
  const double minutes = plan.seconds / 60;
  return text + fmt::format(
                    "batch       {} pairs\nsteps       {} ({:.2f} epochs)\nmemory      about {:.1f} GB\n"
                    "time        about {:.1f} {} on this machine\n",
                    plan.batch, plan.steps, plan.epochs, static_cast<double>(plan.memory) / 1e9,
                    minutes < 90 ? minutes : minutes / 60, minutes < 90 ? "minutes" : "hours");
}

}  // namespace

int main(int argc, char** argv) {
  cli::Program program("cfm-pretrain", "train a foundation model on segments of any quality");
  train::PretrainOptions ask;
  bool list_models = false, print_model = false, dry_run = false;
  program.description(
      "A model is data: --print-model shows its configuration, --set changes any field of it, a file of the same form "
      "stands for a name. Segments must be graded (cfm-quality): pairs of the same record and of different quality "
      "are what is learnt from. Each epoch leads once with every segment that has a partner; a batch may be larger "
      "than an epoch. Of 20 subjects and more the configuration's share (schedule.validation) is put aside: their "
      "pairs are judged with every checkpoint and tell the best one.");
  program.description(
      "DIR holds model.safetensors (for cfm-embed, cfm-finetune), best.safetensors (the same of the best validation), "
      "metrics.ndjson (a line a step; cfm-view --curve draws it) and state/ (what --resume needs). SIGTERM, SIGUSR1 "
      "and SIGINT finish the step, write a checkpoint and end with status 75; a second SIGINT "
      "stops at once. A resumed run ends with the same weights as one that was never interrupted, at equal threads.");
  program.reads_inputs("DATA", "streams (.cfm files, not pipes)", false).writes_text().parallel().seeded().on_device();
  program.option("--model", ask.model, "NAME", "a model of --list-models, or FILE.json").brief();
  program.option("--set", ask.set, "KEY=VALUE", "a field of the configuration, as in optimiser.lr=3e-4").brief();
  program.option("--steps", ask.steps, "N", "train for N batches").at_least(1).brief();
  program.option("--epochs", ask.epochs, "X", "train for X epochs (default: the configuration's)").at_least(0).brief();
  program
      .option("--hours", ask.hours, "X", "train for as many batches as fit in X hours, which a few tell at the start")
      .at_least(0)
      .brief();
  program.option("--batch", ask.batch, "N", "pairs a batch (default: the configuration's)").at_least(1).brief();
  program.flag("--resume", ask.resume, "go on with the run in -o DIR; starts one where nothing is saved yet").brief();
  program.flag("--extend", ask.extend, "with --resume: --steps, --epochs or --hours (more) set a new horizon");
  program.option("--checkpoint-every", ask.checkpoint_every, "N", "save what resuming needs every N steps")
      .at_least(0)
      .shown_default("100");
  program.option("--keep", ask.keep, "N", "of these the newest N").at_least(1);
  program.flag("--list-models", list_models, "names and what they are");
  program.flag("--print-model", print_model, "the whole configuration as JSON");
  program.flag("--dry-run", dry_run, "parameters, pairs, memory and time, without training");
  program.example("cfm-pretrain --model qualityfm-base icu.cfm -o runs/q --epochs 1",
                  "a foundation model of one's own");
  program.example("cfm-pretrain --resume -o runs/q", "go on after an interruption");
  program.example("cfm-pretrain --model qualityfm-base --set schedule.batch=64 --dry-run icu.cfm",
                  "what would it take?");
  return program.run(argc, argv, [&] {
    model::use_device(program.device(), program.threads());
    if (list_models) {
      for (const auto& model : model::named_models()) {
        program.print(fmt::format("{:<26} {}\n", model.name, model.description));
      }
      return;
    }
    if (print_model) {
      model::ModelConfig config = model::ModelConfig::open(ask.model.value_or("qualityfm-base"));
      config.set(ask.set);
      program.print(config.to_json().dump(2) + "\n");
      return;
    }
    ask.data = program.inputs();
    ask.folder = program.output_path();
    ask.force = program.force();
    ask.threads = program.threads();
    ask.max_frame = program.max_frame();
    ask.provenance = program.provenance();
    if (program.is_set("--seed")) ask.seed = program.seed();
    if (dry_run) {
      program.print(plan_text(train::plan_pretraining(ask)));
      return;
    }
    std::optional<cli::Progress> bar;
    ask.progress = [&](std::int64_t done, std::int64_t total, const std::string& note) {
      if (!bar) bar.emplace(program, static_cast<std::uint64_t>(total), "steps");
      bar->update(static_cast<std::uint64_t>(done), note);
    };
    if (train::pretrain(ask) == train::Ending::kInterrupted) program.set_status(Status::kInterrupted);
  });
}
