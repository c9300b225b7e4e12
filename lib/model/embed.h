// Segments in, embeddings out: batches that a model's encoder turns into numbers for whoever comes after it.
//
//   Embedder embedder(load_checkpoint("runs/q"), {.pool = Pool::kMean, .batch = 16});
//   embedder.embed(segments);                       // each gets a tensor `embedding`, F32 [d]
//
// Attributes of the tensor: kind, model, pool, layer where another than the last was asked for, and `seen` where the
// subject was in the model's training: "labels" or "pretraining".
// The encoder is the teacher's where there is one. Rows do not depend on each other: a batch is padded with zeros, and
// the same place in a batch of the same size gives the same bits at equal threads. Segments that lack a channel of the
// model: Error status 3 naming both sides.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/checkpoint.h"
#include "model/pooling.h"
#include "stream/segment.h"

namespace cfm::model {

// Mean over the tokens; token 0; mean and SD over the tokens after each other, [2·d] (statistics pooling: Snyder et
// al., X-vectors, ICASSP 2018); what the query of a model fine-tuned with an attentive head makes of them (pooling.h),
// the control's mean; all tokens, [n, d].
enum class Pool { kMean, kCls, kStatistics, kAttentive, kNone };
Pool pool_named(const std::string& name);

struct EmbedOptions {
  Pool pool = Pool::kMean;
  std::optional<std::int64_t> layer{};  // after which, 0: the tokens before the first; the encoder's result otherwise
  bool bf16 = false;                    // precision.h
  bool control = false;                 // add `embedding_random`: the same encoder with random weights
  std::uint64_t seed = 0;               // of these weights
  int threads = 1;
  std::size_t batch = 16;       // segments
  bool only_embedding = false;  // drop all other tensors
};

// Status 2: a layer that the model does not have, the query of another; 3: an attentive pool of a model without one.
class Embedder {
 public:
  Embedder(const Checkpoint& checkpoint, const EmbedOptions& options);
  // Segments for the places first … of one batch; first + segments.size() <= batch. Not thread-safe.
  void embed(std::span<stream::Segment> segments, std::size_t first = 0);

 private:
  torch::Tensor run(Encoder& encoder, AttentivePool query, const torch::Tensor& batch) const;

  prepare::Preparer preparer_;
  std::string model_name_;
  std::set<std::uint64_t> seen_, labelled_;
  std::int64_t samples_;
  EmbedOptions options_;
  Encoder encoder_{nullptr}, random_{nullptr};
  AttentivePool query_{nullptr};
};

}  // namespace cfm::model
