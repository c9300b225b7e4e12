#include "model/embed.h"

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "base/parallel.h"

namespace cfm::model {

using stream::Segment;
using torch::Tensor;

Pool pool_named(const std::string& name) {
  if (name == "mean") return Pool::kMean;
  if (name == "cls") return Pool::kCls;
  if (name == "statistics") return Pool::kStatistics;
  if (name == "none") return Pool::kNone;
  throw Error(Status::kUsage, "--pool {}: mean, cls, statistics or none", name);
}

namespace {

const char* name_of(Pool pool) {
  return pool == Pool::kMean ? "mean" : pool == Pool::kCls ? "cls" : pool == Pool::kStatistics ? "statistics" : "none";
}

Tensor pooled(const Tensor& tokens, Pool pool) {
  if (pool == Pool::kMean) return tokens.mean(1);
  if (pool == Pool::kCls) return tokens.select(1, 0);
  if (pool == Pool::kStatistics) return torch::cat({tokens.mean(1), tokens.std(1, false)}, -1);
  return tokens;
}

stream::Tensor embedding_tensor(const std::string& name, const Tensor& row, const Json& attributes) {
  const std::span values(row.const_data_ptr<float>(), static_cast<std::size_t>(row.numel()));
  return stream::make_tensor(name, row.sizes().vec(), std::vector<float>(values.begin(), values.end()), attributes);
}

}  // namespace

Embedder::Embedder(const Checkpoint& checkpoint, const EmbedOptions& options)
    : preparer_(checkpoint.config.profile),
      model_name_(checkpoint.config.name),
      seen_(checkpoint.subjects_seen),
      labelled_(checkpoint.subjects_labelled),
      samples_(static_cast<std::int64_t>(checkpoint.config.profile.samples())),
      options_(options),
      encoder_(load_encoder(checkpoint)) {
  torch::set_num_threads(options.threads);
  if (options.control) random_ = random_encoder(checkpoint.config, options.seed);
}

Tensor Embedder::run(Encoder& encoder, const Tensor& batch) {
  return pooled(encoder->forward(batch), options_.pool).to(torch::kFloat).contiguous();
}

void Embedder::embed(std::span<Segment> segments, std::size_t first) {
  if (segments.empty()) return;
  const c10::InferenceMode inference;
  const auto channels = static_cast<std::int64_t>(preparer_.profile().channels.size());
  const auto size = static_cast<std::size_t>(channels * samples_);
  Tensor batch = torch::zeros({static_cast<std::int64_t>(options_.batch), channels, samples_});
  float* place = batch.mutable_data_ptr<float>() + first * size;
  parallel_for(options_.threads, segments.size(), [&](std::size_t i) {
    try {
      const std::vector<float> values = preparer_.matrix(segments[i]);
      std::copy(values.begin(), values.end(), place + i * size);
    } catch (const Error& error) {
      throw Error(error.status(), "model {}: {}", model_name_, error.what());
    }
  });
  const Json common = {{"kind", "embedding"}, {"model", model_name_}, {"pool", name_of(options_.pool)}};
  const Tensor learned = run(encoder_, batch);
  const Tensor random = options_.control ? run(random_, batch) : Tensor();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    Segment& segment = segments[i];
    if (options_.only_embedding) segment.tensors.clear();
    const auto row = static_cast<std::int64_t>(first + i);
    const std::uint64_t who = fnv1a64(segment.subject_or_record());
    Json attributes = common;
    if (labelled_.contains(who)) {
      attributes["seen"] = "labels";
    } else if (seen_.contains(who)) {
      attributes["seen"] = "pretraining";
    }
    segment.put(embedding_tensor("embedding", learned[row], attributes));
    if (!options_.control) continue;
    Json control = common;
    control["control"] = "random";
    segment.put(embedding_tensor("embedding_random", random[row], control));
  }
}

}  // namespace cfm::model
