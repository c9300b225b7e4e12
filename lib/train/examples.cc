#include "train/examples.h"

#include <algorithm>

namespace cfm::train {
void in_batches(const Rows& rows, std::size_t size, const std::function<void(const Rows& part)>& work) {
  for (std::size_t first = 0; first < rows.size(); first += size) {
    const std::size_t last = std::min(rows.size(), first + size);
    work(Rows(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.begin() + static_cast<std::ptrdiff_t>(last)));
  }
}

Examples::Examples(const PreparedSegments& segments, const Labelled& labelled, torch::Tensor targets,
                   const model::ModelConfig& config, std::uint64_t seed)
    : segments_(segments),
      labelled_(labelled),
      targets_(std::move(targets)),
      channels_(config.channels()),
      samples_(static_cast<std::int64_t>(config.profile.samples())),
      fs_(config.profile.fs),
      seed_(seed) {}

Batch Examples::labels(const Rows& rows) const {
  Batch batch;
  const std::vector<std::int64_t> index(rows.begin(), rows.end());
  batch.target = targets_.index_select(0, torch::tensor(index));
  for (const std::size_t row : rows) batch.ids.push_back(labelled_.ids[row]);
  return batch;
}

Batch Examples::make(const Rows& rows, std::uint64_t epoch,
                     const std::optional<dataset::AugmentOptions>& augmentation) const {
  Batch batch = labels(rows);
  batch.epoch = epoch;
  batch.views.push_back(torch::empty({static_cast<std::int64_t>(rows.size()), channels_, samples_}));
  const auto size = static_cast<std::size_t>(channels_ * samples_);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto segment = segments_.get(labelled_.rows[rows[i]]);
    const std::span values(batch.views[0].mutable_data_ptr<float>() + i * size, size);
    std::copy(segment->values.begin(), segment->values.end(), values.begin());
    if (!augmentation) continue;
    dataset::augment(values, static_cast<std::size_t>(channels_), fs_, *augmentation,
                     {.seed = seed_, .epoch = epoch, .sample = segment->id, .view = 0});
  }
  return batch;
}

FrozenFeatures::FrozenFeatures(Classifier network, const Examples& examples, const Rows& train, const Rows& validation,
                               std::uint64_t limit)
    : network_(std::move(network)), examples_(examples) {
  const torch::NoGradGuard no_grad;
  network_->eval();
  torch::Tensor sum, squares;
  double count = 0;
  in_batches(train, kEvaluationBatch, [&](const Rows& part) {
    const torch::Tensor features = computed(part), flat = features.flatten(0, -2).to(torch::kDouble);
    sum = sum.defined() ? sum + flat.sum(0) : flat.sum(0);
    squares = squares.defined() ? squares + flat.square().sum(0) : flat.square().sum(0);
    count += static_cast<double>(flat.size(0));
    keep(features, part, limit);
  });
  mean_ = (sum / count).to(torch::kFloat);
  sd_ = ((squares / count - (sum / count).square()).clamp_min(0).sqrt() + 1e-6).to(torch::kFloat);
  in_batches(validation, kEvaluationBatch, [&](const Rows& part) {
    if (held_ <= limit) keep(computed(part), part, limit);
  });
  if (held_ > limit) kept_.clear();
  for (auto& [row, features] : kept_) features = (features - mean_) / sd_;
}

torch::Tensor FrozenFeatures::computed(const Rows& rows) const {
  return network_->features(examples_.make(rows).views[0]);
}

void FrozenFeatures::keep(const torch::Tensor& features, const Rows& rows, std::uint64_t limit) {
  for (std::size_t i = 0; i < rows.size() && held_ <= limit; ++i) {
    kept_[rows[i]] = features[static_cast<std::int64_t>(i)].clone();
    held_ += kept_[rows[i]].nbytes();
  }
}

Batch FrozenFeatures::make(const Rows& rows) const {
  const torch::NoGradGuard no_grad;
  Batch batch = examples_.labels(rows);
  if (kept_.empty()) {
    batch.views.push_back((computed(rows) - mean_) / sd_);
    return batch;
  }
  std::vector<torch::Tensor> parts;
  for (const std::size_t row : rows) parts.push_back(kept_.at(row));
  batch.views.push_back(torch::stack(parts));
  return batch;
}

}  // namespace cfm::train
