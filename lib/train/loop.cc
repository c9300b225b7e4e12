#include "train/loop.h"

#include <chrono>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "dataset/loader.h"

namespace cfm::train {
namespace {

constexpr const char* kOptimiserPrefix = "optimiser.";
constexpr const char* kProgressKey = "cfm.progress";

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Json metrics_row(const Terms& terms, const Position& at, const Batch& batch) {
  Json row = {{"step", at.step + 1}, {"epoch", batch.epoch}, {"segments", at.segments}, {"time", at.seconds}};
  row["loss"] = terms.total.item<double>();
  for (const auto& [name, value] : terms.losses) row["loss_" + name] = value.item<double>();
  return row;
}

}  // namespace

std::uint64_t seed_of_step(std::uint64_t seed, std::int64_t step) {
  Random random(seed, "train/step", std::to_string(step));
  const std::uint64_t high = random.bits();
  return high << 32 | random.bits();
}

void stop_for_numbers(const RunFolder& run, std::int64_t step, const Batch& batch, const Json& row) {
  const std::string file = run.path() + "/state/failed_batch.json";
  write_file(file, Json{{"step", step}, {"metrics", row}, {"segments", batch.ids}}.dump(1) + "\n");
  throw Error(Status::kUsage,
              "{}: the loss or its gradient is not a finite number at step {}; the segments of that batch are in {}; a "
              "smaller rate (--set schedule.…) or gradient clipping (--set optimiser.…) may help",
              run.path(), step, file);
}

void put_state(model::Checkpoint& checkpoint, const Objective& objective, const Adam& adam, const Position& at) {
  checkpoint.tensors = objective.state();
  for (const auto& [name, tensor] : adam.moments()) checkpoint.tensors[kOptimiserPrefix + name] = tensor;
  const Json progress = {
      {"step", at.step}, {"segments", at.segments}, {"seconds", at.seconds}, {"updates", adam.steps()}};
  checkpoint.extra[kProgressKey] = progress.dump();
}

Position take_state(const model::Checkpoint& checkpoint, Objective& objective, Adam& adam) {
  const auto text = checkpoint.extra.find(kProgressKey);
  const Json progress = text == checkpoint.extra.end() ? Json() : Json::parse(text->second, nullptr, false);
  Position at;
  std::int64_t updates = 0;
  try {
    at = {progress.at("step").get<std::int64_t>(), progress.at("segments").get<std::int64_t>(),
          progress.at("seconds").get<double>()};
    updates = progress.at("updates").get<std::int64_t>();
  } catch (const Json::exception&) {
    throw Error(Status::kIncompatible, "{}: not the state of a run: {} is missing", checkpoint.path, kProgressKey);
  }
  model::State moments;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (name.starts_with(kOptimiserPrefix)) moments[name.substr(std::strlen(kOptimiserPrefix))] = tensor;
  }
  adam.load(moments, updates);
  objective.load(checkpoint.tensors, checkpoint.path);
  return at;
}

Ending train(Objective& objective, Adam& adam, const MakeBatch& make_batch, RunFolder& run, Position& at,
             const LoopOptions& options) {
  const auto save = [&] {
    model::Checkpoint checkpoint = options.about;
    checkpoint.tensors = objective.result();
    model::save_checkpoint(run.model_file(), checkpoint);
    put_state(checkpoint, objective, adam, at);
    run.save(checkpoint);
  };
  dataset::Loader<Batch> loader(options.loader_threads, make_batch, static_cast<std::uint64_t>(at.step),
                                static_cast<std::uint64_t>(options.steps));
  auto started = Clock::now();
  double waited = 0;
  while (const auto batch = loader.next()) {
    const double wait = loader.waited() - waited;
    waited = loader.waited();
    const double rate = options.rate.at(at.step, options.steps);
    const double decay = options.decay.at(at.step, options.steps);
    torch::manual_seed(seed_of_step(options.seed, at.step));

    const Terms terms = objective.forward(*batch);
    adam.zero_grad();
    terms.total.backward();
    const double norm = adam.clip(options.clip);
    if (!std::isfinite(norm) || !std::isfinite(terms.total.item<double>())) {
      stop_for_numbers(run, at.step + 1, *batch, metrics_row(terms, at, *batch));
    }
    adam.step(rate, decay);
    objective.after_step(at.step, options.steps);

    const double took = seconds_since(started);
    started = Clock::now();
    const double segments = static_cast<double>(batch->ids.size());
    at.segments += static_cast<std::int64_t>(batch->ids.size());
    at.seconds += took;
    Json row = metrics_row(terms, at, *batch);
    row.update({{"rate", rate}, {"grad_norm", norm}, {"segments_per_s", segments / took}, {"wait", wait / took}});
    for (const auto& [name, value] : terms.watched) row[name] = value.item<double>();
    run.metric(row);
    ++at.step;
    if (options.progress) {
      options.progress(at.step, options.steps,
                       fmt::format("loss {:.4f}, {:.0f} segments/s", row["loss"].get<double>(), segments / took));
    }

    if (StopRequest::requested() && at.step < options.steps) {
      save();
      return Ending::kInterrupted;
    }
    const bool due = options.checkpoint_every > 0 && at.step % options.checkpoint_every == 0;
    if (due || at.step == options.steps) save();
  }
  return Ending::kDone;
}

}  // namespace cfm::train
