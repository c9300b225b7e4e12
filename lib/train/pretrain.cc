#include "train/pretrain.h"

#include <cmath>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/random.h"
#include "train/plan.h"

namespace cfm::train {
namespace {

constexpr std::uint64_t kLeastSubjects = 20;   // with pairs, from which some are put aside
constexpr std::size_t kValidationPairs = 256;  // at most
constexpr std::int64_t kValidationBatch = 32;  // pairs

// What is settled before the first step, and stays so when the run resumes.
struct Request {
  model::ModelConfig config;
  std::vector<std::string> data;  // absolute paths
  std::uint64_t seed = 0;
  std::int64_t batch = 0, steps = 0, checkpoint_every = 100;
  std::string fingerprint;  // of the segments, in order
  Json provenance = Json::array();

  Json to_json() const {
    return {{"config", config.to_json()},
            {"data", data},
            {"seed", seed},
            {"batch", batch},
            {"steps", steps},
            {"checkpoint_every", checkpoint_every},
            {"fingerprint", fingerprint},
            {"provenance", provenance}};
  }
  static Request from_json(const Json& json, const std::string& where) {
    try {
      return {model::ModelConfig::from_json(json.at("config"), where),
              json.at("data").get<std::vector<std::string>>(),
              json.at("seed").get<std::uint64_t>(),
              json.at("batch").get<std::int64_t>(),
              json.at("steps").get<std::int64_t>(),
              json.at("checkpoint_every").get<std::int64_t>(),
              json.at("fingerprint").get<std::string>(),
              json.at("provenance")};
    } catch (const Json::exception& error) {
      throw Error(Status::kMalformed, "{}/state/run.json: {}", where, error.what());
    }
  }
};

// The data a run trains on: opened, what of it is fit, and who is put aside.
struct Data {
  dataset::Store store;
  Fitness fitness_;
  std::optional<dataset::PairSampler> pairs, validation;

  Data(const std::vector<std::string>& paths, const model::ModelConfig& config, std::uint64_t seed, int threads,
       std::uint64_t max_frame)
      : store(paths, max_frame), fitness_(fitness(store, config.profile, threads)) {
    const dataset::PairOptions options{.max_apart = config.objective.at("max_apart").get<double>()};
    pairs.emplace(store.rows(), seed, options, fitness_.fit);
    const double share = config.schedule.at("validation").get<double>();
    if (share <= 0 || pairs->counts().subjects < kLeastSubjects) return;
    std::vector<std::uint8_t> trained = fitness_.fit, aside = fitness_.fit;
    for (std::size_t i = 0; i < store.size(); ++i) {
      const bool out = Random(seed, "pretrain/validation", hex16(store.who(i))).uniform() < share;
      (out ? trained : aside)[i] = 0;
    }
    try {
      validation.emplace(store.rows(), seed, options, aside);
    } catch (const Error&) {
      return;  // nobody, or nobody with a pair, was drawn
    }
    pairs.emplace(store.rows(), seed, options, trained);
  }

  std::string fingerprint() const {
    std::string rows;
    for (std::size_t i = 0; i < store.size(); ++i) {
      rows += fmt::format("{:x} {} {};", store.rows().record[i], store.rows().start[i], store.rows().klass[i]);
    }
    return hex16(fnv1a64(rows));
  }
  std::set<std::uint64_t> subjects() const {
    std::set<std::uint64_t> all;
    for (std::size_t i = 0; i < store.size(); ++i) {
      if (fitness_.fit[i] != 0) all.insert(store.who(i));
    }
    return all;
  }
};

model::ModelConfig config_of(const PretrainOptions& ask) {
  if (!ask.model)
    throw Error(Status::kUsage, "--model NAME or FILE.json says what to train; --list-models shows names");
  model::ModelConfig config = model::ModelConfig::open(*ask.model);
  config.set(ask.set);
  if (!config.has_objective()) {
    throw Error(Status::kUsage, "{} has no pre-training objective; cfm-finetune --model {} trains it on a label",
                config.name, *ask.model);
  }
  return config;
}

std::vector<std::string> absolute(std::vector<std::string> paths) {
  for (std::string& path : paths) path = absolute_path(path);
  return paths;
}

std::int64_t steps_of(const PretrainOptions& ask, const model::ModelConfig& config, std::int64_t batch,
                      std::size_t pairs, std::int64_t done = 0) {
  if (ask.steps.has_value() + ask.epochs.has_value() + ask.hours.has_value() > 1) {
    throw Error(Status::kUsage, "--steps, --epochs and --hours: one of them");
  }
  double steps = 0;
  if (ask.steps) {
    steps = static_cast<double>(*ask.steps);
  } else if (ask.hours) {
    steps = static_cast<double>(done) + std::floor(*ask.hours * 3600 / seconds_per_step(config, batch));
  } else {
    const double epochs = ask.epochs ? *ask.epochs : config.schedule.at("epochs").get<double>();
    steps = std::ceil(epochs * static_cast<double>(pairs) / static_cast<double>(batch));
  }
  if (steps < 1) throw Error(Status::kUsage, "{} steps: at least 1 is needed", steps);
  return static_cast<std::int64_t>(steps);
}

std::int64_t batch_of(const PretrainOptions& ask, const model::ModelConfig& config) {
  const std::int64_t batch = ask.batch ? *ask.batch : config.schedule.at("batch").get<std::int64_t>();
  if (batch < 1) throw Error(Status::kUsage, "a batch of {}: at least 1 is needed", batch);
  return batch;
}

void require_same(bool same, const char* flag, const std::string& folder) {
  if (!same) throw Error(Status::kUsage, "{} contradicts the run in {}; --resume needs -o alone", flag, folder);
}

// The request of a saved run, after what was given beside --resume has been held against it.
Request resumed(const PretrainOptions& ask, const RunFolder& run) {
  Request request = Request::from_json(run.request(), ask.folder);
  if (ask.model || !ask.set.empty()) {
    model::ModelConfig config = ask.model ? model::ModelConfig::open(*ask.model) : request.config;
    config.set(ask.set);
    require_same(config.to_json() == request.config.to_json(), "--model or --set", ask.folder);
  }
  if (!ask.data.empty()) require_same(absolute(ask.data) == request.data, "the list of data", ask.folder);
  if (ask.seed) require_same(*ask.seed == request.seed, "--seed", ask.folder);
  if (ask.batch) require_same(*ask.batch == request.batch, "--batch", ask.folder);
  return request;
}

// Pairs of those who were put aside, as they are; none where nobody was.
std::vector<Batch> validation_batches(const PreparedSegments& segments, const Data& data, const Request& request) {
  std::vector<Batch> made;
  if (!data.validation) return made;
  const std::size_t pairs = std::min(kValidationPairs, data.validation->size());
  const auto size = static_cast<std::int64_t>(pairs);
  const PairBatches all(segments, *data.validation, request.config, no_augmentation(), pairs, request.seed);
  const Batch whole = all.make(0);
  for (std::int64_t first = 0; first < size; first += kValidationBatch) {
    made.push_back(whole.part(first, std::min(size, first + kValidationBatch)));
  }
  return made;
}

}  // namespace

AdamOptions adam_options(const model::ModelConfig& config) {
  const Json& o = config.optimiser;
  return {o.at("beta1").get<double>(), o.at("beta2").get<double>(), o.at("eps").get<double>(),
          o.at("kind").get<std::string>() == "adamw" ? Decay::kDecoupled : Decay::kL2};
}

Cosine rate_schedule(const model::ModelConfig& config, std::int64_t batch, std::int64_t steps) {
  const Json& o = config.optimiser;
  const double scale = static_cast<double>(batch) / o.at("lr_batch").get<double>();
  const double warm_up = config.schedule.at("warm_up").get<double>() * static_cast<double>(steps);
  return {o.at("lr").get<double>() * scale, o.at("lr_end").get<double>(), std::llround(warm_up)};
}

Cosine decay_schedule(const model::ModelConfig& config) {
  const Json& o = config.optimiser;
  return {o.at("weight_decay").get<double>(), o.at("weight_decay_end").get<double>()};
}

namespace {

// The loop of this run, but for what is judged.
LoopOptions loop_options(const PretrainOptions& ask, const Request& request, const Data& data, const RunFolder& run) {
  LoopOptions loop{.steps = request.steps,
                   .rate = rate_schedule(request.config, request.batch, request.steps),
                   .decay = decay_schedule(request.config),
                   .clip = request.config.optimiser.at("clip").get<double>(),
                   .micro_batch = request.config.schedule.at("micro_batch").get<std::int64_t>(),
                   .bf16 = request.config.schedule.at("precision") == "bf16",
                   .seed = request.seed,
                   .loader_threads = ask.threads,
                   .checkpoint_every = ask.checkpoint_every.value_or(request.checkpoint_every),
                   .keep = ask.keep,
                   .validate_every = request.checkpoint_every,
                   .best_file = run.best_file(),
                   .progress = ask.progress,
                   .about = {}};
  loop.about.config = request.config;
  loop.about.provenance = request.provenance;
  loop.about.subjects_seen = data.subjects();
  return loop;
}

}  // namespace

Plan plan_pretraining(const PretrainOptions& ask) {
  Plan plan;
  plan.config = config_of(ask);
  const Data data(absolute(ask.data), plan.config, ask.seed.value_or(0), ask.threads, ask.max_frame);
  plan.batch = batch_of(ask, plan.config);
  plan.steps = steps_of(ask, plan.config, plan.batch, data.pairs->size());
  plan.epochs = static_cast<double>(plan.steps * plan.batch) / static_cast<double>(data.pairs->size());
  plan.parameters = model::parameter_count(*model::QualityFM(plan.config.qualityfm()));
  plan.pairs = data.pairs->counts();
  plan.left_out = data.fitness_.left_out;
  if (data.validation) plan.validation = data.validation->counts();
  plan.memory = memory_estimate(plan.config, plan.parameters, plan.batch, data.pairs->size());
  plan.seconds = seconds_per_step(plan.config, plan.batch) * static_cast<double>(plan.steps);
  return plan;
}

Ending pretrain(const PretrainOptions& ask) {
  if (ask.folder.empty()) throw Error(Status::kUsage, "-o DIR says where the run goes");
  if (ask.resume && !std::filesystem::exists(ask.folder + "/state/run.json") && !ask.model) {
    throw Error(Status::kUsage, "{} holds no run to resume; --model and data start one", ask.folder);
  }
  Request request;
  std::optional<Data> opened;
  std::optional<model::Checkpoint> state;  // of the run that is resumed
  const auto open = [&] { opened.emplace(request.data, request.config, request.seed, ask.threads, ask.max_frame); };
  const auto start = [&] {
    request.config = config_of(ask);
    request.data = absolute(ask.data);
    request.seed = ask.seed.value_or(0);
    request.batch = batch_of(ask, request.config);
    request.checkpoint_every = ask.checkpoint_every.value_or(request.checkpoint_every);
    open();
    request.steps = steps_of(ask, request.config, request.batch, opened->pairs->size());
    request.fingerprint = opened->fingerprint();
    request.provenance = stream::make_head(opened->store.files().front()->heads().front(), ask.provenance).at("prov");
  };
  if (!ask.resume) start();  // mistakes are found before --force removes anything
  const StopRequest stop;
  RunFolder run(ask.folder, ask.resume  ? RunFolder::Start::kResume
                            : ask.force ? RunFolder::Start::kForce
                                        : RunFolder::Start::kFresh);
  const bool known = ask.resume && run.has_request();
  if (known) {
    request = resumed(ask, run);
    open();
    if (request.fingerprint != opened->fingerprint()) {
      throw Error(Status::kUsage, "{}: the data of this run are no longer what they were", ask.folder);
    }
    if (run.has_state()) state = run.load();
    if (ask.steps || ask.epochs || ask.hours) {
      const std::int64_t done = state ? progress_of(*state).step : 0;
      const std::int64_t steps = steps_of(ask, request.config, request.batch, opened->pairs->size(), done);
      require_same(ask.extend || steps == request.steps, "--steps, --epochs or --hours without --extend", ask.folder);
      request.steps = steps;
    }
  } else if (ask.resume) {
    log::info("{} holds nothing to resume: starting afresh", ask.folder);
    start();
  }
  run.set_request(request.to_json());
  const Data& data = *opened;

  const PreparedSegments segments(data.store, request.config.profile);
  const PairBatches batches(segments, *data.pairs, request.config, augmentation_of(request.config),
                            static_cast<std::size_t>(request.batch), request.seed);
  const std::vector<Batch> aside = validation_batches(segments, data, request);
  const auto objective = make_objective(request.config, request.seed);
  Adam adam(objective->trained().named_parameters(), adam_options(request.config));
  Position at;
  if (state) at = take_state(*state, *objective, adam);
  state.reset();
  run.rewind_metrics(at.step);
  if (at.step >= request.steps) {
    log::info("{} is complete: {} of {} steps", ask.folder, at.step, request.steps);
    return Ending::kDone;
  }
  LoopOptions loop = loop_options(ask, request, data, run);
  if (!aside.empty()) loop.validate = [&] { return judged(*objective, aside, request.seed); };
  log::info("{}: {:.2f} M parameters, {} segments of {} subjects make {} pairs; steps {} to {}, {} pairs each",
            request.config.name, static_cast<double>(model::parameter_count(objective->trained())) / 1e6,
            data.pairs->counts().used, data.pairs->counts().subjects, data.pairs->counts().pairs, at.step + 1,
            request.steps, request.batch);
  return train(
      *objective, adam, [&](std::uint64_t step) { return batches.make(step); }, run, at, loop);
}

}  // namespace cfm::train
