#include "train/plan.h"

#include <chrono>

#include "train/loop.h"
#include "train/pretrain.h"

namespace cfm::train {

namespace {

constexpr std::int64_t kTimedPairs = 8;

}  // namespace

std::uint64_t memory_estimate(const model::ModelConfig& config, std::int64_t parameters, std::int64_t batch,
                              std::size_t segments) {
  const model::QualityFmOptions& a = config.qualityfm();
  const auto samples = static_cast<std::int64_t>(config.profile.samples());
  const std::int64_t micro = config.schedule.at("micro_batch").get<std::int64_t>();
  const std::int64_t at_once = micro > 0 ? std::min(micro, batch) : batch;
  const bool recompute = config.schedule.at("recompute").get<bool>();
  // Floats an item: about four copies of each map of the tokeniser, about thirty of each token in a layer, three where
  // they are computed again; encoder and decoder alike. Whole batches: three of two views, ahead and at work.
  std::int64_t floats = 0, length = samples;
  const std::int64_t widths[] = {a.d / 100, a.d / 10, a.d};
  for (std::size_t i = 0; i < 3; ++i) {
    length = (length + a.strides[i] - 1) / a.strides[i];
    floats += 4 * widths[i] * length;
  }
  floats += (recompute ? 3 * a.layers + 30 : 30 * a.layers) * (a.tokens + a.channels) * a.d;
  const std::int64_t weights = 9 * parameters / 2;  // student, gradient, two moments, the teacher's encoder
  const std::int64_t prepared = (static_cast<std::int64_t>(segments) + 6 * batch) * a.channels * samples;
  return static_cast<std::uint64_t>(4 * (weights + at_once * floats + prepared));
}

double seconds_per_step(const model::ModelConfig& config, std::int64_t batch) {
  const auto objective = make_objective(config, 0);
  Adam adam(objective->trained().named_parameters(), adam_options(config));
  const std::int64_t pairs = std::min(batch, kTimedPairs);
  const auto samples = static_cast<std::int64_t>(config.profile.samples());
  Batch made;
  for (int view = 0; view < 2; ++view) made.views.push_back(torch::randn({pairs, config.channels(), samples}));
  const bool bf16 = config.schedule.at("precision") == "bf16";
  double computing = 0, moving = 0;
  for (int turn = 0; turn < 2; ++turn) {  // the first one warms up
    const auto start = std::chrono::steady_clock::now();
    adam.zero_grad();
    gradients(*objective, made, 0, bf16, 0);
    const auto between = std::chrono::steady_clock::now();
    adam.step(0, 0);
    objective->after_step(turn, 2);
    computing = std::chrono::duration<double>(between - start).count();
    moving = std::chrono::duration<double>(std::chrono::steady_clock::now() - between).count();
  }
  return computing * static_cast<double>(batch) / static_cast<double>(pairs) + moving;
}

}  // namespace cfm::train
