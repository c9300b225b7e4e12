#include "train/fit.h"

#include <filesystem>

#include "base/error.h"
#include "base/hash.h"
#include "train/predict.h"

namespace cfm::train {
namespace {

torch::Tensor of_rows(const torch::Tensor& all, const Rows& rows) {
  const std::vector<std::int64_t> index(rows.begin(), rows.end());
  return all.index_select(0, torch::tensor(index));
}

// Logits of the rows by a network as it will be used, with what they should have been.
InnerScores inner_scores(Classifier& network, const Examples& examples, const Labelled& labelled, const Rows& rows) {
  const torch::NoGradGuard no_grad;
  network->eval();
  InnerScores inner;
  in_batches(rows, kEvaluationBatch, [&](const Rows& part) {
    const torch::Tensor logits = network(examples.make(part).views[0]).to(torch::kDouble).contiguous();
    const double* first = logits.const_data_ptr<double>();
    inner.logits.insert(inner.logits.end(), first, first + logits.numel());
    for (const std::size_t i : part) {
      inner.values.push_back(labelled.values[i]);
      inner.subjects.push_back(labelled.subjects[i]);
    }
  });
  return inner;
}

// What only resuming needs.
void forget(const RunFolder& folder) {
  std::error_code ignored;
  std::filesystem::remove(folder.best_file(), ignored);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() + "/state", ignored)) {
    if (entry.path().extension() == ".safetensors") std::filesystem::remove(entry.path(), ignored);
  }
}

}  // namespace

Fit::Fit(const FinetuneOptions& ask)
    : ask_(ask),
      data_(ask, ask.threads, ask.max_frame),
      recipe_(recipe_of({ask.mode, ask.epochs, ask.steps, ask.patience, ask.batch, ask.rate}, data_.start.config,
                        data_.parts.train.size())),
      examples_(data_.segments, data_.labelled, data_.targets, data_.start.config, ask.seed),
      loss_(data_.task, ask.loss, of_rows(data_.targets, data_.parts.train)),
      sampler_(data_.parts.train.size(), static_cast<std::size_t>(recipe_.batch), ask.seed, dataset::LastBatch::kPad) {
  const Split& parts = data_.parts;
  report_.task = data_.task;
  report_.note = data_.note;
  report_.train = {parts.train.size(), parts.train_subjects.size()};
  report_.validation = {parts.validation.size(), parts.validation_subjects.size()};
  report_.held_out = {parts.held_out.size(), parts.held_out_subjects.size()};
}

FinetuneReport Fit::run(bool resume) {
  const StopRequest stop;
  RunFolder folder(ask_.folder, resume       ? RunFolder::Start::kResume
                                : ask_.force ? RunFolder::Start::kForce
                                             : RunFolder::Start::kFresh);
  const std::string fingerprint = data_.fingerprint();
  if (!resume) {
    folder.set_request({{"request", ask_.FinetuneRequest::to_json()}, {"seeds", 1}, {"fingerprint", fingerprint}});
  } else if (folder.request().value("fingerprint", "") != fingerprint) {
    throw Error(Status::kUsage, "{}: the data or the model of this run are no longer what they were", ask_.folder);
  }
  torch::manual_seed(ask_.seed);
  Classifier network = data_.network();
  std::optional<FrozenFeatures> frozen;
  if (is_frozen(ask_.mode)) frozen.emplace(network, examples_, data_.parts.train, data_.parts.validation);
  const FrozenFeatures* features = frozen ? &*frozen : nullptr;
  const std::int64_t rank = ask_.rank.value_or(8);
  Supervised objective(network, ask_.mode, loss_, {.rank = rank, .alpha = 2.0 * static_cast<double>(rank)}, features);
  Adam adam(objective.trained().named_parameters(), {.layer_decay = ask_.layer_decay});
  Position at;
  if (resume && folder.has_state()) at = take_state(folder.load(), objective, adam);
  folder.rewind_metrics(at.step);

  LoopOptions loop = loop_options(folder);
  loop.validate = [&] { return validation(objective, features); };
  const auto make = [&](std::uint64_t step) { return batch(step, features); };
  report_.ending = at.enough ? Ending::kDone : train(objective, adam, make, folder, at, loop);
  report_.epochs = epoch_of(at.step);
  report_.best_epoch = epoch_of(at.best_step);
  report_.validation_loss = at.best_loss.value_or(0);
  if (report_.ending == Ending::kDone) finish(folder, loop.about);
  return report_;
}

Batch Fit::batch(std::uint64_t step, const FrozenFeatures* features) const {
  const dataset::Batch drawn = sampler_.at(step);
  Rows rows;
  for (std::size_t i = 0; i < drawn.real; ++i) rows.push_back(data_.parts.train[drawn.items[i]]);
  Batch made = features != nullptr ? features->make(rows) : examples_.make(rows, drawn.epoch, recipe_.augmentation);
  made.epoch = drawn.epoch;
  return made;
}

Validation Fit::validation(Supervised& objective, const FrozenFeatures* features) const {
  double sum = 0;
  in_batches(data_.judged(), kEvaluationBatch, [&](const Rows& part) {
    const Batch made = features != nullptr ? features->make(part) : examples_.make(part);
    sum += judged(objective, {made}, 0).front().second * static_cast<double>(part.size());
  });
  return {{"loss", sum / static_cast<double>(data_.judged().size())}};
}

LoopOptions Fit::loop_options(const RunFolder& folder) const {
  LoopOptions loop;
  const Json& schedule = data_.start.config.schedule;
  loop.steps = recipe_.steps.value_or(steps_an_epoch() * recipe_.epochs);
  loop.rate = {recipe_.rate, recipe_.rate / 100};
  loop.decay = {recipe_.weight_decay, recipe_.weight_decay};
  loop.clip = recipe_.clip;
  loop.micro_batch = schedule.value("micro_batch", std::int64_t{0});
  loop.bf16 = ask_.bf16.value_or(schedule.value("precision", "f32") == "bf16");
  loop.seed = ask_.seed;
  loop.checkpoint_every = ask_.checkpoint_every;
  loop.validate_every = steps_an_epoch();
  loop.patience = recipe_.patience;
  loop.best_file = folder.best_file();
  loop.progress = ask_.progress;
  loop.about.config = data_.start.config;
  loop.about.provenance = stream::make_head(data_.store.files().front()->heads().front(), ask_.provenance).at("prov");
  loop.about.folds = data_.parts.folds;
  if (!data_.untaught) loop.about.subjects_seen = data_.start.subjects_seen;
  loop.about.subjects_labelled = data_.start.subjects_labelled;
  for (const auto* who : {&data_.parts.train_subjects, &data_.parts.validation_subjects}) {
    for (const std::string& subject : *who) loop.about.subjects_labelled.insert(fnv1a64(subject));
  }
  return loop;
}

// The best epoch's weights, what is fitted on the inner split, and the model in its place.
void Fit::finish(const RunFolder& folder, model::Checkpoint result) {
  result.tensors = model::load_checkpoint(folder.best_file()).tensors;
  if (!data_.parts.validation.empty() && !data_.task.waveform) {
    Classifier network = data_.network();
    model::load_state(*network, result.tensors, "", folder.best_file());
    const std::string note = report_.task.fit(inner_scores(network, examples_, data_.labelled, data_.parts.validation));
    report_.note += (report_.note.empty() || note.empty() ? "" : "; ") + note;
  }
  result.extra[kTaskKey] = report_.task.to_json().dump();
  result.extra[kFitKey] = report_.to_json().dump();
  model::save_checkpoint(folder.model_file(), result);
  forget(folder);
}

}  // namespace cfm::train
