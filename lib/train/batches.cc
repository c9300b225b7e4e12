#include "train/batches.h"

#include <cstring>

#include "base/error.h"
#include "base/parallel.h"

namespace cfm::train {

PreparedSegments::PreparedSegments(const dataset::Store& store, const prepare::Profile& profile, std::uint64_t limit)
    : store_(store), preparer_(profile), limit_(limit), kept_(store.size()) {}

std::shared_ptr<const PreparedSegment> PreparedSegments::get(std::size_t row) const {
  {
    const std::lock_guard lock(mutex_);
    if (kept_[row]) return kept_[row];
  }
  const stream::Segment segment = store_.segment(row);
  auto made = std::make_shared<const PreparedSegment>(PreparedSegment{segment.id(), preparer_.matrix(segment)});
  const std::uint64_t bytes = made->values.size() * sizeof(float);
  const std::lock_guard lock(mutex_);
  if (!kept_[row] && held_ + bytes <= limit_) {
    kept_[row] = made;
    held_ += bytes;
  }
  return made;
}

Fitness fitness(const dataset::Store& store, const prepare::Profile& profile, int threads) {
  std::vector<std::string> reasons(store.size());
  parallel_for(threads, store.size(), [&](std::size_t row) {
    if (store.rows().klass[row] == stream::kNoClass) {
      reasons[row] = "no_grade";
    } else if (auto reason = prepare::unfit_for_pretraining(store.segment(row), profile)) {
      reasons[row] = *reason;
    }
  });
  Fitness result;
  bool any = false, lacks_channel = store.size() > 0;
  for (const std::string& reason : reasons) {
    result.fit.push_back(reason.empty() ? 1 : 0);
    any = any || reason.empty();
    lacks_channel = lacks_channel && reason.starts_with("no_") && reason != "no_grade";
    if (!reason.empty()) ++result.left_out[reason];
  }
  // The message of the preparation names what is needed and what there is.
  if (lacks_channel && !any) prepare::prepared(store.segment(0), profile);
  return result;
}

PairBatches::PairBatches(const PreparedSegments& segments, const dataset::PairSampler& pairs,
                         const model::ModelConfig& config, const dataset::AugmentOptions& augmentation,
                         std::size_t batch, std::uint64_t seed)
    : segments_(segments),
      pairs_(pairs),
      channels_(config.channels()),
      samples_(static_cast<std::int64_t>(config.profile.samples())),
      fs_(config.profile.fs),
      augmentation_(augmentation),
      batch_(batch),
      seed_(seed) {
  if (batch == 0) throw Error(Status::kUsage, "a batch needs at least one pair");
}

Batch PairBatches::make(std::uint64_t step) const {
  Batch batch;
  const auto items = static_cast<std::int64_t>(batch_);
  batch.views = {torch::empty({items, channels_, samples_}), torch::empty({items, channels_, samples_})};
  batch.ids.resize(2 * batch_);
  batch.epoch = step * batch_ / pairs_.size();
  const auto size = static_cast<std::size_t>(channels_ * samples_);
  for (std::size_t i = 0; i < batch_; ++i) {
    const std::uint64_t number = step * batch_ + i, epoch = number / pairs_.size(), k = number % pairs_.size();
    const dataset::Pair pair = pairs_.pair(epoch, k);
    for (int view = 0; view < 2; ++view) {
      const auto segment = segments_.get(view == 0 ? pair.better : pair.worse);
      const std::span values(batch.views[static_cast<std::size_t>(view)].mutable_data_ptr<float>() + i * size, size);
      std::copy(segment->values.begin(), segment->values.end(), values.begin());
      // A segment can lead several pairs of an epoch; each use has its own draws.
      const std::string sample = fmt::format("{}#{}", segment->id, k);
      dataset::augment(values, static_cast<std::size_t>(channels_), fs_, augmentation_,
                       {.seed = seed_, .epoch = epoch, .sample = sample, .view = view});
      batch.ids[static_cast<std::size_t>(view) * batch_ + i] = segment->id;
    }
  }
  return batch;
}

dataset::AugmentOptions augmentation_of(const model::ModelConfig& config) {
  const model::Json& a = config.augmentation;
  const auto number = [&](const char* key) { return a.at(key).get<double>(); };
  return {.noise = number("noise"),
          .noise_p = number("noise_p"),
          .gain_low = number("gain_low"),
          .gain_high = number("gain_high"),
          .gain_p = number("gain_p"),
          .offset = number("offset"),
          .offset_p = number("offset_p"),
          .blank_low = number("blank_low"),
          .blank_high = number("blank_high"),
          .blank_p = number("blank_p")};
}

dataset::AugmentOptions no_augmentation() { return {.noise_p = 0, .gain_p = 0, .offset_p = 0, .blank_p = 0}; }

}  // namespace cfm::train
