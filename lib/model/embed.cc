#include "model/embed.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "model/precision.h"

namespace cfm::model {

using stream::Segment;
using torch::Tensor;

namespace {

constexpr const char* kQueryPrefix = "head.pool.";

constexpr std::array<std::pair<Pool, const char*>, 5> kPools = {{{Pool::kMean, "mean"},
                                                                 {Pool::kCls, "cls"},
                                                                 {Pool::kStatistics, "statistics"},
                                                                 {Pool::kAttentive, "attentive"},
                                                                 {Pool::kNone, "none"}}};

const char* name_of(Pool pool) {
  return std::find_if(kPools.begin(), kPools.end(), [&](const auto& one) { return one.first == pool; })->second;
}

Tensor pooled(const Tensor& tokens, Pool pool) {
  switch (pool) {
    case Pool::kCls:
      return tokens.select(1, 0);
    case Pool::kStatistics:
      return torch::cat({tokens.mean(1), tokens.std(1, false)}, -1);
    case Pool::kNone:
      return tokens;
    case Pool::kMean:
    case Pool::kAttentive:  // of a model that has learnt no query
      break;
  }
  return tokens.mean(1);
}

AttentivePool query_of(const Checkpoint& checkpoint, std::int64_t width) {
  if (!checkpoint.tensors.contains(std::string(kQueryPrefix) + "query")) {
    throw Error(Status::kIncompatible, "{}: no attentive pool; cfm-finetune --mode attentive teaches one",
                checkpoint.path);
  }
  AttentivePool query(width);
  load_state(*query, checkpoint.tensors, kQueryPrefix, checkpoint.path);
  query->eval();
  return query;
}

stream::Tensor embedding_tensor(const std::string& name, const Tensor& row, const Json& attributes) {
  const std::span values(row.const_data_ptr<float>(), static_cast<std::size_t>(row.numel()));
  return stream::make_tensor(name, row.sizes().vec(), std::vector<float>(values.begin(), values.end()), attributes);
}

}  // namespace

Pool pool_named(const std::string& name) {
  for (const auto& [pool, text] : kPools) {
    if (name == text) return pool;
  }
  throw Error(Status::kUsage, "--pool {}: mean, cls, statistics, attentive or none", name);
}

Embedder::Embedder(const Checkpoint& checkpoint, const EmbedOptions& options)
    : preparer_(checkpoint.config.profile),
      model_name_(checkpoint.config.name),
      seen_(checkpoint.subjects_seen),
      labelled_(checkpoint.subjects_labelled),
      samples_(static_cast<std::int64_t>(checkpoint.config.profile.samples())),
      options_(options),
      encoder_(load_encoder(checkpoint)) {
  torch::set_num_threads(options.threads);
  const std::int64_t depth = encoder_->depth();
  if (options.layer && (*options.layer < 0 || *options.layer > depth)) {
    throw Error(Status::kUsage, "--layer {}: {} has 0 to {}", *options.layer, model_name_, depth);
  }
  if (options.pool == Pool::kAttentive) {
    if (options.layer) throw Error(Status::kUsage, "--layer: the query of --pool attentive was learnt on the last one");
    query_ = query_of(checkpoint, encoder_->width());
  }
  if (options.control) random_ = random_encoder(checkpoint.config, options.seed);
}

Tensor Embedder::run(Encoder& encoder, AttentivePool query, const Tensor& batch) const {
  const Autocast precision(options_.bf16);
  const Tensor tokens = options_.layer ? encoder->after_layer(batch, *options_.layer) : encoder->forward(batch);
  return (query ? query(tokens) : pooled(tokens, options_.pool)).to(torch::kFloat).contiguous();
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
  Json common = {{"kind", "embedding"}, {"model", model_name_}, {"pool", name_of(options_.pool)}};
  if (options_.layer) common["layer"] = *options_.layer;
  const Tensor learned = run(encoder_, query_, batch);
  const Tensor random = options_.control ? run(random_, nullptr, batch) : Tensor();
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
