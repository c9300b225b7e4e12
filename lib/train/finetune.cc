#include "train/finetune.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "dataset/loader.h"
#include "dataset/sampler.h"
#include "train/batches.h"
#include "train/predict.h"
#include "train/split.h"

namespace cfm::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kEvaluationBatch = 32;  // segments

// How a model is trained on labels.
struct Recipe {
  std::int64_t epochs = 20, patience = 5;
  std::int64_t batch = 128;  // at most
  double rate = 1e-4;        // at the start; a hundredth of it at the end
  double weight_decay = 0.04;
  double clip = 0;
  std::optional<dataset::AugmentOptions> augmentation{};
};

Recipe recipe_of(const FinetuneOptions& ask, const model::ModelConfig& config, std::size_t segments) {
  Recipe recipe;
  if (ask.mode == Mode::kFull && !config.has_objective()) {
    recipe.epochs = std::llround(config.schedule.at("epochs").get<double>());
    recipe.patience = config.schedule.at("patience").get<std::int64_t>();
    recipe.batch = config.schedule.at("batch").get<std::int64_t>();
    recipe.rate = config.optimiser.at("lr").get<double>();
    recipe.weight_decay = config.optimiser.at("weight_decay").get<double>();
    recipe.clip = config.optimiser.at("clip").get<double>();
    recipe.augmentation = augmentation_of(config);
  } else {
    if (ask.mode == Mode::kLinear) recipe.rate = 1e-2;
    while (recipe.batch > 8 && static_cast<std::int64_t>(segments) < 8 * recipe.batch) recipe.batch /= 2;
  }
  recipe.epochs = ask.epochs.value_or(recipe.epochs);
  recipe.patience = ask.patience.value_or(recipe.patience);
  recipe.batch = ask.batch.value_or(recipe.batch);
  recipe.rate = ask.rate.value_or(recipe.rate);
  if (recipe.epochs < 1) throw Error(Status::kUsage, "--epochs {}: at least 1 is needed", recipe.epochs);
  if (recipe.batch < 1) throw Error(Status::kUsage, "--batch {}: at least 1 is needed", recipe.batch);
  return recipe;
}

torch::Tensor select(const torch::Tensor& all, const Rows& rows) {
  const std::vector<std::int64_t> index(rows.begin(), rows.end());
  return all.index_select(0, torch::tensor(index));
}

// The network and what feeds it: prepared segments, or in linear mode their standardised features, computed once.
class Fit {
 public:
  Fit(const Labelled& labelled, const LabelTask& task, const PreparedSegments& segments,
      const model::ModelConfig& config, Classifier network, const FinetuneOptions& ask)
      : labelled_(labelled),
        segments_(segments),
        channels_(config.channels()),
        fs_(config.profile.fs),
        seed_(ask.seed),
        network_(std::move(network)),
        linear_(ask.mode == Mode::kLinear),
        targets_(targets(labelled.values, task)) {}

  void freeze(const Rows& train) {
    for (torch::Tensor& parameter : network_->encoder->parameters()) parameter.set_requires_grad(false);
    network_->eval();
    const torch::NoGradGuard no_grad;
    Rows all(labelled_.rows.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::vector<torch::Tensor> parts;
    for (std::size_t first = 0; first < all.size(); first += kEvaluationBatch) {
      const std::size_t last = std::min(all.size(), first + kEvaluationBatch);
      parts.push_back(network_->features(signals(
          Rows(all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(last)))));
    }
    features_ = torch::cat(parts);
    const torch::Tensor fitted = select(features_, train);
    mean_ = fitted.mean(0);
    sd_ = fitted.std(0, false) + 1e-6;
    features_ = (features_ - mean_) / sd_;
  }

  // The head of standardised features as one of features as they are.
  void fold_scaling_into_head() {
    const torch::NoGradGuard no_grad;
    network_->head->weight.div_(sd_);
    network_->head->bias.sub_(network_->head->weight.matmul(mean_));
  }

  torch::Tensor input(const Rows& rows) const { return linear_ ? select(features_, rows) : signals(rows); }
  torch::Tensor augmented(const Rows& rows, std::uint64_t epoch, const dataset::AugmentOptions& options) const {
    torch::Tensor batch = signals(rows);
    const auto size = static_cast<std::size_t>(batch[0].numel());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      dataset::augment(
          {batch.mutable_data_ptr<float>() + i * size, size}, static_cast<std::size_t>(channels_), fs_, options,
          {.seed = seed_, .epoch = epoch, .sample = segments_.get(labelled_.rows[rows[i]])->id, .view = 0});
    }
    return batch;
  }
  torch::Tensor logits(const torch::Tensor& input) { return linear_ ? network_->head(input) : network_(input); }
  torch::Tensor target(const Rows& rows) const { return select(targets_, rows); }
  torch::nn::Module& trained() { return linear_ ? static_cast<torch::nn::Module&>(*network_->head) : *network_; }
  Classifier& network() { return network_; }
  std::vector<std::string> ids(const Rows& rows) const {
    std::vector<std::string> names;
    for (const std::size_t i : rows) names.push_back(segments_.get(labelled_.rows[i])->id);
    return names;
  }

  // Logits of many segments in evaluation mode, [rows, outputs].
  torch::Tensor evaluate(const Rows& rows) {
    const torch::NoGradGuard no_grad;
    network_->eval();
    std::vector<torch::Tensor> parts;
    for (std::size_t first = 0; first < rows.size(); first += kEvaluationBatch) {
      const std::size_t last = std::min(rows.size(), first + kEvaluationBatch);
      parts.push_back(logits(input(
          Rows(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.begin() + static_cast<std::ptrdiff_t>(last)))));
    }
    return torch::cat(parts);
  }

 private:
  torch::Tensor signals(const Rows& rows) const {
    std::vector<torch::Tensor> parts;
    for (const std::size_t i : rows) {
      const auto segment = segments_.get(labelled_.rows[i]);
      const auto samples = static_cast<std::int64_t>(segment->values.size()) / channels_;
      parts.push_back(torch::from_blob(const_cast<float*>(segment->values.data()), {channels_, samples}).clone());
    }
    return torch::stack(parts);
  }

  const Labelled& labelled_;
  const PreparedSegments& segments_;
  std::int64_t channels_;
  double fs_;
  std::uint64_t seed_;
  Classifier network_;
  bool linear_;
  torch::Tensor targets_, features_, mean_, sd_;
};

InnerScores inner_scores(Fit& fit, const Labelled& labelled, const Rows& rows) {
  InnerScores inner;
  const torch::Tensor logits = fit.evaluate(rows).to(torch::kDouble).contiguous();
  inner.logits.assign(logits.const_data_ptr<double>(), logits.const_data_ptr<double>() + logits.numel());
  for (const std::size_t i : rows) {
    inner.values.push_back(labelled.values[i]);
    inner.subjects.push_back(labelled.subjects[i]);
  }
  return inner;
}

// Epochs of AdamW with the best one kept. Returns false when it was asked to stop.
bool fit_epochs(Fit& fit, const Recipe& recipe, const LabelTask& task, const Split& parts, const FinetuneOptions& ask,
                RunFolder& run, FinetuneReport& report) {
  const dataset::BatchSampler sampler(parts.train.size(), static_cast<std::size_t>(recipe.batch), ask.seed,
                                      dataset::LastBatch::kPad);
  const auto per_epoch = static_cast<std::int64_t>(sampler.batches_per_epoch());
  const std::int64_t steps = per_epoch * recipe.epochs;
  const Cosine rate{recipe.rate, recipe.rate / 100};
  Adam adam(fit.trained().named_parameters(), {});
  const auto rows_of = [&](std::uint64_t step) {
    const dataset::Batch items = sampler.at(step);
    Rows rows;
    for (std::size_t i = 0; i < items.real; ++i) rows.push_back(parts.train[items.items[i]]);
    return rows;
  };
  struct Made {
    Rows rows;
    torch::Tensor input;
  };
  dataset::Loader<Made> loader(
      1,
      [&](std::uint64_t step) {
        const Rows rows = rows_of(step);
        const std::uint64_t epoch = step / static_cast<std::uint64_t>(per_epoch);
        return Made{rows, recipe.augmentation ? fit.augmented(rows, epoch, *recipe.augmentation) : fit.input(rows)};
      },
      0, static_cast<std::uint64_t>(steps));
  model::State best;
  const auto began = Clock::now();
  auto before = began;
  double waited = 0;
  std::int64_t segments = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    const auto made = loader.next();
    const double wait = loader.waited() - waited;
    waited = loader.waited();
    const std::int64_t epoch = step / per_epoch;
    torch::manual_seed(seed_of_step(ask.seed, step));
    if (ask.mode == Mode::kFull) fit.network()->train();
    const torch::Tensor loss = loss_of(fit.logits(made->input), fit.target(made->rows), task);
    adam.zero_grad();
    loss.backward();
    const double norm = adam.clip(recipe.clip);
    segments += static_cast<std::int64_t>(made->rows.size());
    const std::chrono::duration<double> took = Clock::now() - before, total = Clock::now() - began;
    before = Clock::now();
    Json row = {{"step", step + 1},
                {"epoch", epoch},
                {"segments", segments},
                {"time", total.count()},
                {"loss", loss.item<double>()},
                {"rate", rate.at(step, steps)},
                {"grad_norm", norm},
                {"segments_per_s", static_cast<double>(made->rows.size()) / took.count()},
                {"wait", wait / took.count()}};
    if (!std::isfinite(norm) || !std::isfinite(loss.item<double>())) {
      stop_for_numbers(run, step + 1, {.views = {}, .ids = fit.ids(made->rows), .epoch = 0}, row);
    }
    adam.step(rate.at(step, steps), recipe.weight_decay);

    bool enough = false;
    if ((step + 1) % per_epoch == 0) {
      report.epochs = epoch + 1;
      const Rows& judged = parts.validation.empty() ? parts.train : parts.validation;
      const double validation = loss_of(fit.evaluate(judged), fit.target(judged), task).item<double>();
      row["validation_loss"] = validation;
      if (best.empty() || validation < report.validation_loss) {
        report.validation_loss = validation;
        report.best_epoch = epoch + 1;
        best = model::state_of(fit.trained());
      }
      enough = report.epochs - report.best_epoch >= recipe.patience;
    }
    run.metric(row);
    if (ask.progress) ask.progress(step + 1, steps, fmt::format("loss {:.4f}", loss.item<double>()));
    if (StopRequest::requested() && step + 1 < steps) return false;
    if (enough) break;
  }
  model::load_state(fit.trained(), best, "", "the best epoch");
  return true;
}

}  // namespace

Mode mode_named(const std::string& name) {
  if (name == "linear") return Mode::kLinear;
  if (name == "full") return Mode::kFull;
  throw Error(Status::kUsage, "--mode {}: there are linear, full", name);
}

std::string FinetuneReport::line() const {
  return fmt::format(
      "{}: {} segments of {} subjects to train, {} of {} to choose, {} of {} held out; epoch {} of {}, validation loss "
      "{:.4f}{}",
      task.label, train_segments, train_subjects, validation_segments, validation_subjects, held_out_segments,
      held_out_subjects, best_epoch, epochs, validation_loss, note.empty() ? "" : "; " + note);
}

FinetuneReport finetune(const FinetuneOptions& ask) {
  if (ask.folder.empty()) throw Error(Status::kUsage, "-o DIR says where the model goes");
  if (ask.data.empty() || std::find(ask.data.begin(), ask.data.end(), "-") != ask.data.end()) {
    throw Error(Status::kUsage, "training reads its data in random order: name .cfm files, not a pipe");
  }
  if (ask.model.empty() == ask.configuration.empty()) {
    throw Error(Status::kUsage, "-m MODEL adapts a model, --model NAME trains one from random weights: one of them");
  }
  if (is_directory(ask.configuration) || ask.configuration.ends_with(".safetensors")) {
    throw Error(Status::kUsage, "--model {}: that has weights; -m adapts it", ask.configuration);
  }
  model::Checkpoint start;
  if (ask.configuration.empty()) {
    start = model::load_checkpoint(ask.model);
  } else {
    start.config = model::ModelConfig::open(ask.configuration);
  }
  start.config.set(ask.set);
  const bool untaught = ask.random_start || ask.model.empty();
  const dataset::Store store(ask.data, ask.max_frame);
  const Labelled labelled = read_labels(store, ask.label, ask.folds_by, ask.threads);
  FinetuneReport report;
  report.task = LabelTask::infer(ask.label, labelled.values, {.positive = ask.positive, .kind = ask.kind});
  report.task.mode = ask.mode == Mode::kLinear ? "linear" : "full";
  if (ask.random_start || (untaught && start.config.has_objective())) report.task.init = "random";
  const Split parts =
      split(labelled, report.task,
            {.fold = ask.fold, .folds_by = ask.folds_by, .validation = ask.validation, .seed = ask.seed});
  const auto count = [](const Rows& rows, const std::set<std::string>& who, std::size_t& n, std::size_t& subjects) {
    n = rows.size();
    subjects = who.size();
  };
  count(parts.train, parts.train_subjects, report.train_segments, report.train_subjects);
  count(parts.validation, parts.validation_subjects, report.validation_segments, report.validation_subjects);
  count(parts.held_out, parts.held_out_subjects, report.held_out_segments, report.held_out_subjects);
  if (parts.train.empty()) throw Error(Status::kUsage, "no subject with the label {} is left to train on", ask.label);
  std::vector<Json> values;  // of those who are trained on: the scale of numbers and the start of cuts are theirs
  for (const std::size_t i : parts.train) values.push_back(labelled.values[i]);
  if (report.task.kind == TaskKind::kNumber) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    if (*low == *high) throw Error(Status::kUsage, "every training subject has the same {}", ask.label);
    report.task.set_scale(values);
  }
  const Recipe recipe = recipe_of(ask, start.config, parts.train.size());

  const PreparedSegments segments(store, start.config.profile);
  segments.get(labelled.rows.front());  // a channel that is missing is found before --force removes anything
  const model::Encoder encoder = untaught ? model::random_encoder(start.config, ask.seed) : model::load_encoder(start);
  const StopRequest stop;
  RunFolder run(ask.folder, ask.force ? RunFolder::Start::kForce : RunFolder::Start::kFresh);
  torch::manual_seed(ask.seed);
  Classifier network(encoder, report.task);
  if (report.task.kind == TaskKind::kOrdinal) {
    std::vector<double> counts(report.task.classes.size(), 0);
    for (const Json& value : values) counts[*report.task.class_of(value)] += 1;
    network->head->start_from(counts);
  }
  Fit fit(labelled, report.task, segments, start.config, network, ask);
  if (ask.mode == Mode::kLinear) fit.freeze(parts.train);
  if (!fit_epochs(fit, recipe, report.task, parts, ask, run, report)) {
    report.ending = Ending::kInterrupted;
    return report;
  }
  if (!parts.validation.empty()) report.note = report.task.fit(inner_scores(fit, labelled, parts.validation));
  if (ask.mode == Mode::kLinear) fit.fold_scaling_into_head();

  model::Checkpoint result;
  result.config = start.config;
  result.provenance = stream::make_head(store.files().front()->heads().front(), ask.provenance).at("prov");
  result.folds = parts.folds;
  if (!untaught) result.subjects_seen = start.subjects_seen;
  result.subjects_labelled = start.subjects_labelled;
  for (const auto* who : {&parts.train_subjects, &parts.validation_subjects}) {
    for (const std::string& subject : *who) result.subjects_labelled.insert(fnv1a64(subject));
  }
  result.extra[kTaskKey] = report.task.to_json().dump();
  result.tensors = model::state_of(*fit.network());
  model::save_checkpoint(run.model_file(), result);
  return report;
}

}  // namespace cfm::train
