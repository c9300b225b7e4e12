#include "train/loop.h"

#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "dataset/loader.h"
#include "model/precision.h"

namespace cfm::train {
namespace {

constexpr const char* kOptimiserPrefix = "optimiser.";
constexpr const char* kProgressKey = "cfm.progress";

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double peak_megabytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void add(std::vector<std::pair<std::string, double>>& sums, const NamedScalars& values, double weight) {
  if (sums.empty()) {
    for (const auto& [name, value] : values) sums.emplace_back(name, 0.0);
  }
  for (std::size_t i = 0; i < values.size(); ++i) sums[i].second += weight * values[i].second.item<double>();
}

[[noreturn]] void stop_for_numbers(const RunFolder& run, std::int64_t step, const Batch& batch, const Json& row) {
  const std::string file = run.path() + "/state/failed_batch.json";
  write_file(file, Json{{"step", step}, {"metrics", row}, {"segments", batch.ids}}.dump(1) + "\n");
  throw Error(Status::kUsage,
              "{}: the loss or its gradient is not a finite number at step {}; the segments of that batch are in {}; a "
              "smaller rate (optimiser.lr) or gradient clipping (optimiser.clip) may help",
              run.path(), step, file);
}

// Where a saved run stood, and how many updates its optimiser had made.
std::pair<Position, std::int64_t> saved_progress(const model::Checkpoint& checkpoint) {
  const auto text = checkpoint.extra.find(kProgressKey);
  const Json progress = text == checkpoint.extra.end() ? Json() : Json::parse(text->second, nullptr, false);
  Position at;
  try {
    at.step = progress.at("step").get<std::int64_t>();
    at.segments = progress.at("segments").get<std::int64_t>();
    at.seconds = progress.at("seconds").get<double>();
    if (!progress.at("best_loss").is_null()) at.best_loss = progress.at("best_loss").get<double>();
    at.best_step = progress.at("best_step").get<std::int64_t>();
    at.validations = progress.at("validations").get<std::int64_t>();
    at.since_best = progress.at("since_best").get<std::int64_t>();
    at.enough = progress.at("enough").get<bool>();
    return {at, progress.at("updates").get<std::int64_t>()};
  } catch (const Json::exception&) {
    throw Error(Status::kIncompatible, "{}: not the state of a run: {} is missing", checkpoint.path, kProgressKey);
  }
}

// Judges what was put aside and keeps the best; returns whether it is the best so far.
bool validate(const LoopOptions& options, Position& at, Json& row) {
  const Validation values = options.validate();
  for (const auto& [name, value] : values) row["validation_" + name] = value;
  const double loss = values.front().second;
  ++at.validations;
  const bool better = !at.best_loss || loss < *at.best_loss;
  if (better) {
    at.best_loss = loss;
    at.best_step = at.step;
    at.since_best = 0;
  } else {
    ++at.since_best;
  }
  at.enough = options.patience > 0 && at.since_best >= options.patience;
  return better;
}

}  // namespace

std::uint64_t seed_of_step(std::uint64_t seed, std::int64_t step) {
  Random random(seed, "train/step", std::to_string(step));
  const std::uint64_t high = random.bits();
  return high << 32 | random.bits();
}

StepValues gradients(Objective& objective, const Batch& batch, std::int64_t micro_batch, bool bf16,
                     std::uint64_t seed) {
  const std::int64_t items = batch.size(), piece = micro_batch > 0 ? std::min(micro_batch, items) : items;
  StepValues values;
  for (std::int64_t first = 0; first < items; first += piece) {
    const std::int64_t last = std::min(items, first + piece);
    const double weight = static_cast<double>(last - first) / static_cast<double>(items);
    torch::manual_seed(seed + static_cast<std::uint64_t>(first));
    Terms terms;
    {
      const model::Autocast autocast(bf16);
      terms = objective.forward(piece == items ? batch : batch.part(first, last));
    }
    (piece == items ? terms.total : terms.total * weight).backward();
    values.loss += weight * terms.total.item<double>();
    add(values.losses, terms.losses, weight);
    add(values.watched, terms.watched, weight);
  }
  return values;
}

void put_state(model::Checkpoint& checkpoint, const Objective& objective, const Adam& adam, const Position& at) {
  checkpoint.tensors = objective.state();
  for (const auto& [name, tensor] : adam.moments()) checkpoint.tensors[kOptimiserPrefix + name] = tensor;
  const Json progress = {{"step", at.step},
                         {"segments", at.segments},
                         {"seconds", at.seconds},
                         {"updates", adam.steps()},
                         {"best_loss", at.best_loss ? Json(*at.best_loss) : Json()},
                         {"best_step", at.best_step},
                         {"validations", at.validations},
                         {"since_best", at.since_best},
                         {"enough", at.enough}};
  checkpoint.extra[kProgressKey] = progress.dump();
}

Position progress_of(const model::Checkpoint& checkpoint) { return saved_progress(checkpoint).first; }

Position take_state(const model::Checkpoint& checkpoint, Objective& objective, Adam& adam) {
  const auto [at, updates] = saved_progress(checkpoint);
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
  const auto result = [&] {
    model::Checkpoint checkpoint = options.about;
    checkpoint.tensors = objective.result();
    return checkpoint;
  };
  const auto save = [&] {
    model::save_checkpoint(run.model_file(), result());
    model::Checkpoint state = options.about;
    put_state(state, objective, adam, at);
    run.save(state, at.step, options.keep);
  };
  dataset::Loader<Batch> loader(options.loader_threads, make_batch, static_cast<std::uint64_t>(at.step),
                                static_cast<std::uint64_t>(options.steps));
  std::set<std::string> warned;
  auto lap = Clock::now();
  while (!at.enough) {
    const auto began = Clock::now();
    const double waited = loader.waited();
    const auto batch = loader.next();
    if (!batch) break;
    const double rate = options.rate.at(at.step, options.steps), decay = options.decay.at(at.step, options.steps);

    adam.zero_grad();
    const StepValues values =
        gradients(objective, *batch, options.micro_batch, options.bf16, seed_of_step(options.seed, at.step));
    const double norm = adam.clip(options.clip);
    const bool finite = std::isfinite(norm) && std::isfinite(values.loss);
    if (finite) {
      adam.step(rate, decay);
      objective.after_step(at.step, options.steps);
      ++at.step;
    }

    const double took = seconds_since(began), segments = static_cast<double>(batch->ids.size());
    at.segments += static_cast<std::int64_t>(batch->ids.size());
    at.seconds += seconds_since(lap);
    lap = Clock::now();
    Json row = {{"step", finite ? at.step : at.step + 1},
                {"epoch", batch->epoch},
                {"segments", at.segments},
                {"time", at.seconds},
                {"loss", values.loss}};
    for (const auto& [name, value] : values.losses) row["loss_" + name] = value;
    row.update({{"rate", rate},
                {"grad_norm", norm},
                {"segments_per_s", segments / took},
                {"wait", (loader.waited() - waited) / took},
                {"memory_mb", peak_megabytes()}});
    for (const auto& [name, value] : values.watched) row[name] = value;
    if (!finite) stop_for_numbers(run, at.step + 1, *batch, row);
    const std::string warning = objective.warning({values.watched.begin(), values.watched.end()});
    if (!warning.empty() && warned.insert(warning.substr(0, warning.find(':'))).second) {
      log::warn("{}: step {}: {}", run.path(), at.step, warning);
    }
    const bool judge = options.validate && (at.step == options.steps ||
                                            (options.validate_every > 0 && at.step % options.validate_every == 0));
    if (judge && validate(options, at, row) && !options.best_file.empty()) {
      model::save_checkpoint(options.best_file, result());
    }
    run.metric(row);
    if (options.progress) {
      options.progress(at.step, options.steps,
                       fmt::format("loss {:.4f}, {:.0f} segments/s", values.loss, segments / took));
    }

    const bool done = at.step == options.steps || at.enough, stop = StopRequest::requested() && !done;
    const bool due = options.checkpoint_every > 0 && at.step % options.checkpoint_every == 0;
    if (done || stop || due) save();
    if (stop) return Ending::kInterrupted;
  }
  return Ending::kDone;
}

}  // namespace cfm::train
