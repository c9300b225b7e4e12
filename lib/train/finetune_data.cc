#include "train/finetune_data.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/hash.h"
#include "train/label_loss.h"
#include "train/waveform.h"

namespace cfm::train {
namespace {

using Signals = std::vector<std::vector<float>>;  // of each labelled segment, NaN where nothing was recorded

model::Checkpoint start_of(const FinetuneRequest& request) {
  model::Checkpoint start;
  if (request.configuration.empty()) {
    start = model::load_checkpoint(request.model);
  } else {
    start.config = model::ModelConfig::open(request.configuration);
  }
  start.config.set(request.set);
  return start;
}

// Mean and SD of all samples of the training segments.
void set_scale(LabelTask& task, const Signals& signals, const Rows& train) {
  double n = 0, sum = 0, squares = 0;
  const auto each = [&](const auto& work) {
    for (const std::size_t row : train) {
      for (const float x : signals[row]) {
        if (std::isfinite(x)) work(static_cast<double>(x));
      }
    }
  };
  each([&](double x) { n += 1, sum += x; });
  task.mean = sum / n;
  each([&](double x) { squares += (x - task.mean) * (x - task.mean); });
  task.sd = std::sqrt(squares / n);
}

torch::Tensor targets_of(const Signals& signals, const LabelTask& task) {
  torch::Tensor all = torch::empty({static_cast<std::int64_t>(signals.size()), task.waveform->samples});
  float* place = all.mutable_data_ptr<float>();
  for (const std::vector<float>& one : signals) place = std::copy(one.begin(), one.end(), place);
  return (all - task.mean) / task.sd;
}

std::uint32_t digest_of(const torch::Tensor& tensor) {
  const torch::Tensor held = tensor.contiguous();
  return crc32c(std::span(static_cast<const std::byte*>(held.const_data_ptr()), held.nbytes()));
}

}  // namespace

FinetuneData::FinetuneData(const FinetuneRequest& request, int threads, std::uint64_t max_frame)
    : start(start_of(request)),
      untaught(request.random_start || request.model.empty()),
      store(request.data, max_frame),
      segments(store, start.config.profile),
      seed_(request.seed) {
  Signals signals;
  if (!request.waveform) labelled = read_labels(store, request.label, request.folds_by, threads);
  if (request.waveform || (labelled.rows.empty() && has_signal(store, request.label))) {
    if (request.mode == Mode::kAttentive) {
      throw Error(Status::kUsage, "--mode attentive: a waveform is told by each token alone, there is nothing to pool");
    }
    LabelledWaveforms waves = read_waveforms(store, request.label, start.config.profile, request.folds_by, threads);
    labelled = std::move(waves.labelled);
    signals = std::move(waves.samples);
    task.label = request.label;
    task.kind = TaskKind::kNumber;
    task.waveform = waves.waveform;
    if (waves.without > 0) note = fmt::format("{} segments without {} left out", waves.without, request.label);
  } else {
    task = LabelTask::infer(request.label, labelled.values, {.positive = request.positive, .kind = request.kind});
  }
  task.mode = name_of(request.mode);
  if (request.random_start || (untaught && start.config.has_objective())) task.init = "random";

  parts = split(labelled, task,
                {.fold = request.fold,
                 .folds_by = request.folds_by,
                 .folds_file = request.folds_file,
                 .validation = request.validation,
                 .seed = request.seed});
  if (parts.train.empty()) {
    throw Error(Status::kUsage, "no subject with the label {} is left to train on", request.label);
  }
  std::vector<Json> values;  // of those who are trained on: the scale of numbers and the start of cuts are theirs
  for (const std::size_t i : parts.train) values.push_back(labelled.values[i]);
  if (task.kind == TaskKind::kNumber) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    if (*low == *high) throw Error(Status::kUsage, "every training subject has the same {}", request.label);
    task.waveform ? set_scale(task, signals, parts.train) : task.set_scale(values);
  } else if (task.kind == TaskKind::kOrdinal) {
    grades_.assign(task.classes.size(), 0);
    for (const Json& value : values) grades_[*task.class_of(value)] += 1;
  }
  targets = task.waveform ? targets_of(signals, task) : train::targets(labelled.values, task);
  segments.get(labelled.rows.front());  // a channel that is missing is found before --force removes anything
}

Classifier FinetuneData::network() const {
  Classifier made(untaught ? model::random_encoder(start.config, seed_) : model::load_encoder(start), start.config,
                  task);
  if (!grades_.empty()) made->head->start_from(grades_);
  return made;
}

std::string FinetuneData::fingerprint() const {
  std::string text = start.config.to_json().dump();
  for (const auto& [name, tensor] : start.tensors) text += fmt::format("{} {:x};", name, digest_of(tensor));
  for (std::size_t i = 0; i < labelled.rows.size(); ++i) {
    text += fmt::format("{} {} {};", labelled.ids[i], labelled.subjects[i], labelled.values[i].dump());
  }
  return hex16(fnv1a64(text));
}

}  // namespace cfm::train
