#include "train/finetune.h"

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "train/fit.h"
#include "train/predict.h"

namespace cfm::train {
namespace {

struct SavedRun {
  FinetuneRequest request;
  int seeds = 1;
};

// What DIR/state/run.json holds; nothing where there is none.
std::optional<SavedRun> saved_run(const std::string& folder) {
  const std::string file = folder + "/state/run.json";
  if (!is_regular_file(file)) return std::nullopt;
  const Json json = Json::parse(map_file(file).text(), nullptr, false);
  if (!json.is_object() || !json.contains("request") || !json.contains("seeds")) {
    throw Error(Status::kUsage, "{}: not that of a run of cfm-finetune", file);
  }
  return SavedRun{FinetuneRequest::from_json(json["request"], folder), json["seeds"].get<int>()};
}

// The report of a run that has its model already.
std::optional<FinetuneReport> completed(const std::string& folder) {
  const std::string file = model::checkpoint_file(folder);
  if (!is_regular_file(file)) return std::nullopt;
  const model::Checkpoint done = model::load_checkpoint(file);
  const auto fit = done.extra.find(kFitKey);
  if (fit == done.extra.end()) return std::nullopt;
  return FinetuneReport::from_json(Json::parse(fit->second), task_of(done));
}

FinetuneReport fit_one(const FinetuneOptions& ask, const std::function<void()>& before_writing = {}) {
  const bool known = ask.resume && saved_run(ask.folder);
  if (known) {
    if (const auto report = completed(ask.folder)) {
      log::info("{} is complete", ask.folder);
      return *report;
    }
  }
  Fit fit(ask);
  if (before_writing) before_writing();
  return fit.run(known);
}

FinetuneReport fit_seeds(const FinetuneOptions& ask) {
  std::optional<RunFolder> folder;
  const auto open = [&](RunFolder::Start start) {
    if (folder) return;
    folder.emplace(ask.folder, start);
    if (start == RunFolder::Start::kResume) return;
    folder->set_request({{"request", ask.FinetuneRequest::to_json()}, {"seeds", ask.seeds}});
  };
  if (ask.resume) open(RunFolder::Start::kResume);
  std::vector<double> losses;
  FinetuneReport last;
  for (int k = 0; k < ask.seeds; ++k) {
    FinetuneOptions one = ask;
    one.seeds = 1;
    one.seed = ask.seed + static_cast<std::uint64_t>(k);
    one.folder = fmt::format("{}/seed-{}", ask.folder, one.seed);
    last = fit_one(one, [&] { open(ask.force ? RunFolder::Start::kForce : RunFolder::Start::kFresh); });
    if (last.ending == Ending::kInterrupted) return last;
    log::info("seed {}: {}", one.seed, last.line());
    losses.push_back(last.validation_loss);
  }
  last.seed_losses = losses;
  return last;
}

}  // namespace

FinetuneReport finetune(const FinetuneOptions& options) {
  FinetuneOptions ask = options;
  FinetuneRequest& request = ask;
  if (ask.folder.empty()) throw Error(Status::kUsage, "-o DIR says where the model goes");
  if (ask.seeds < 1) throw Error(Status::kUsage, "--seeds {}: at least 1 is needed", ask.seeds);
  const bool alone = request == FinetuneRequest{} && ask.seeds == 1;
  if (!(ask.resume && alone)) request.settle();
  if (ask.resume) {
    const auto saved = saved_run(ask.folder);
    if (!saved && alone) {
      throw Error(Status::kUsage, "{} holds no run to resume; -m, --label and data start one", ask.folder);
    }
    if (saved && !alone && !(saved->request == request && saved->seeds == ask.seeds)) {
      throw Error(Status::kUsage, "{} holds a run of other options; --resume needs -o alone", ask.folder);
    }
    if (!saved) log::info("{} holds nothing to resume: starting afresh", ask.folder);
    ask.resume = saved.has_value();
    if (saved) {
      request = saved->request;
      ask.seeds = saved->seeds;
    }
  }
  return ask.seeds == 1 ? fit_one(ask) : fit_seeds(ask);
}

}  // namespace cfm::train
