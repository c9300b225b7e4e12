#include "train/finetune.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/parallel.h"
#include "dataset/loader.h"
#include "dataset/sampler.h"
#include "train/batches.h"
#include "train/predict.h"

namespace cfm::train {
namespace {

using Clock = std::chrono::steady_clock;
using Rows = std::vector<std::size_t>;

constexpr std::int64_t kEvaluationBatch = 32;  // segments
constexpr std::size_t kStrataOfNumbers = 5;    // quantile bins that stand for classes when a number is stratified

// Segments that have the label.
struct Labelled {
  Rows rows;                          // of the store
  std::vector<std::string> subjects;  // of each
  std::vector<Json> values;
};

Labelled read_labels(const dataset::Store& store, const std::string& label, int threads) {
  std::vector<std::string> subjects(store.size());
  std::vector<Json> values(store.size());
  parallel_for(threads, store.size(), [&](std::size_t i) {
    const stream::Segment segment = store.segment(i);
    subjects[i] = segment.subject_or_record();
    values[i] = segment.label(label);
  });
  Labelled labelled;
  for (std::size_t i = 0; i < store.size(); ++i) {
    if (values[i].is_null() || (values[i].is_string() && values[i].get_ref<const std::string&>().empty())) continue;
    labelled.rows.push_back(i);
    labelled.subjects.push_back(subjects[i]);
    labelled.values.push_back(values[i]);
  }
  return labelled;
}

// Subject and stratum of each segment: its class, or the quantile of its number.
std::vector<std::pair<std::string, std::string>> strata(const Labelled& labelled, const LabelTask& task) {
  std::vector<double> sorted;
  if (task.kind == TaskKind::kNumber) {
    for (const Json& value : labelled.values) sorted.push_back(value.get<double>());
    std::sort(sorted.begin(), sorted.end());
  }
  std::vector<std::pair<std::string, std::string>> result;
  for (std::size_t i = 0; i < labelled.rows.size(); ++i) {
    std::string stratum = label_text(labelled.values[i]);
    if (task.kind == TaskKind::kNumber) {
      const auto rank =
          std::lower_bound(sorted.begin(), sorted.end(), labelled.values[i].get<double>()) - sorted.begin();
      stratum = std::to_string(static_cast<std::size_t>(rank) * kStrataOfNumbers / sorted.size());
    }
    result.emplace_back(labelled.subjects[i], stratum);
  }
  return result;
}

// Who is for what: indices into Labelled.
struct Split {
  Rows train, validation, held_out;
  std::set<std::string> train_subjects, validation_subjects, held_out_subjects;
  Json folds = nullptr;
};

Split split(const Labelled& labelled, const LabelTask& task, const FinetuneOptions& ask) {
  const auto pairs = strata(labelled, task);
  Split result;
  std::vector<std::pair<std::string, std::string>> fitted;
  if (ask.fold) {
    const dataset::Folds folds = dataset::make_folds(pairs, ask.fold->n, ask.seed);
    result.folds = {{"fold", ask.fold->fold},
                    {"n", ask.fold->n},
                    {"seed", ask.seed},
                    {"label", ask.label},
                    {"subjects", std::vector<Json>(static_cast<std::size_t>(ask.fold->n), Json::array())}};
    for (const auto& [subject, fold] : folds.fold_of) {
      result.folds["subjects"][static_cast<std::size_t>(fold)].push_back(hex16(fnv1a64(subject)));
      if (fold == ask.fold->fold) result.held_out_subjects.insert(subject);
    }
  }
  for (const auto& pair : pairs) {
    if (!result.held_out_subjects.contains(pair.first)) fitted.push_back(pair);
  }
  const dataset::Strata who = dataset::strata_of(fitted);
  const std::vector<bool> inner = dataset::inner_split(who.subjects, who.strata, ask.validation, ask.seed);
  for (std::size_t i = 0; i < who.subjects.size(); ++i) {
    (inner[i] ? result.validation_subjects : result.train_subjects).insert(who.subjects[i]);
  }
  for (std::size_t i = 0; i < labelled.rows.size(); ++i) {
    const std::string& subject = labelled.subjects[i];
    (result.held_out_subjects.contains(subject)     ? result.held_out
     : result.validation_subjects.contains(subject) ? result.validation
                                                    : result.train)
        .push_back(i);
  }
  return result;
}

// Targets of all labelled segments: class numbers (int64), or float [N, 1] for two classes and numbers.
torch::Tensor targets(const Labelled& labelled, const LabelTask& task) {
  const auto n = static_cast<std::int64_t>(labelled.rows.size());
  torch::Tensor all = task.kind == TaskKind::kClasses ? torch::empty({n}, torch::kLong) : torch::empty({n, 1});
  for (std::int64_t i = 0; i < n; ++i) {
    const Json& value = labelled.values[static_cast<std::size_t>(i)];
    if (task.kind == TaskKind::kNumber) {
      all[i][0] = (value.get<double>() - task.mean) / task.sd;
    } else {
      all[i] = static_cast<std::int64_t>(*task.class_of(value));
    }
  }
  return all;
}

torch::Tensor loss_of(const torch::Tensor& logits, const torch::Tensor& target, const LabelTask& task) {
  namespace F = torch::nn::functional;
  if (task.kind == TaskKind::kBinary) return F::binary_cross_entropy_with_logits(logits, target);
  if (task.kind == TaskKind::kClasses) return F::cross_entropy(logits, target);
  return F::mse_loss(logits, target);
}

torch::Tensor select(const torch::Tensor& all, const Rows& rows) {
  const std::vector<std::int64_t> index(rows.begin(), rows.end());
  return all.index_select(0, torch::tensor(index));
}

// The network and what feeds it: prepared segments, or in linear mode their standardised features, computed once.
class Fit {
 public:
  Fit(const Labelled& labelled, const LabelTask& task, const PreparedSegments& segments, Classifier network,
      const FinetuneOptions& ask)
      : labelled_(labelled),
        task_(task),
        segments_(segments),
        network_(std::move(network)),
        linear_(ask.mode == Mode::kLinear),
        targets_(targets(labelled, task)) {}

  void freeze(const Rows& train) {
    for (torch::Tensor& parameter : network_->encoder->parameters()) parameter.set_requires_grad(false);
    network_->eval();
    const torch::NoGradGuard no_grad;
    Rows all(labelled_.rows.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::vector<torch::Tensor> parts;
    for (std::size_t first = 0; first < all.size(); first += kEvaluationBatch) {
      const std::size_t last = std::min(all.size(), first + kEvaluationBatch);
      parts.push_back(network_->features(signals(
          Rows(all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(last)))));
    }
    features_ = torch::cat(parts);
    const torch::Tensor fitted = select(features_, train);
    mean_ = fitted.mean(0);
    sd_ = fitted.std(0, false) + 1e-6;
    features_ = (features_ - mean_) / sd_;
  }

  // The head of standardised features as one of features as they are.
  void fold_scaling_into_head() {
    const torch::NoGradGuard no_grad;
    network_->head->weight.div_(sd_);
    network_->head->bias.sub_(network_->head->weight.matmul(mean_));
  }

  torch::Tensor input(const Rows& rows) const { return linear_ ? select(features_, rows) : signals(rows); }
  torch::Tensor logits(const torch::Tensor& input) { return linear_ ? network_->head(input) : network_(input); }
  torch::Tensor target(const Rows& rows) const { return select(targets_, rows); }
  torch::nn::Module& trained() { return linear_ ? static_cast<torch::nn::Module&>(*network_->head) : *network_; }
  Classifier& network() { return network_; }
  std::vector<std::string> ids(const Rows& rows) const {
    std::vector<std::string> names;
    for (const std::size_t i : rows) names.push_back(segments_.get(labelled_.rows[i])->id);
    return names;
  }

  // Logits of many segments in evaluation mode, [rows, outputs].
  torch::Tensor evaluate(const Rows& rows) {
    const torch::NoGradGuard no_grad;
    network_->eval();
    std::vector<torch::Tensor> parts;
    for (std::size_t first = 0; first < rows.size(); first += kEvaluationBatch) {
      const std::size_t last = std::min(rows.size(), first + kEvaluationBatch);
      parts.push_back(logits(input(
          Rows(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.begin() + static_cast<std::ptrdiff_t>(last)))));
    }
    return torch::cat(parts);
  }

 private:
  torch::Tensor signals(const Rows& rows) const {
    std::vector<torch::Tensor> parts;
    const std::int64_t channels = network_->encoder->tokeniser->conv[0]->options.in_channels();
    for (const std::size_t i : rows) {
      const auto segment = segments_.get(labelled_.rows[i]);
      const auto samples = static_cast<std::int64_t>(segment->values.size()) / channels;
      parts.push_back(torch::from_blob(const_cast<float*>(segment->values.data()), {channels, samples}).clone());
    }
    return torch::stack(parts);
  }

  const Labelled& labelled_;
  const LabelTask& task_;
  const PreparedSegments& segments_;
  Classifier network_;
  bool linear_;
  torch::Tensor targets_, features_, mean_, sd_;
};

std::int64_t batch_size(const FinetuneOptions& ask, std::size_t segments) {
  if (ask.batch < 0) throw Error(Status::kUsage, "--batch {}: at least 1 is needed", ask.batch);
  if (ask.batch > 0) return ask.batch;
  std::int64_t batch = 128;
  while (batch > 8 && static_cast<std::int64_t>(segments) < 8 * batch) batch /= 2;
  return batch;
}

double threshold_of(const torch::Tensor& logits, const torch::Tensor& target) {
  const torch::Tensor scores = torch::sigmoid(logits.to(torch::kDouble)).flatten().contiguous();
  std::vector<int> positive;
  for (std::int64_t i = 0; i < target.numel(); ++i)
    positive.push_back(target.flatten()[i].item<float>() > 0.5F ? 1 : 0);
  return best_threshold({scores.const_data_ptr<double>(), static_cast<std::size_t>(scores.numel())}, positive);
}

// Epochs of AdamW with the best one kept. Returns false when it was asked to stop.
bool fit_epochs(Fit& fit, const LabelTask& task, const Split& parts, const FinetuneOptions& ask, RunFolder& run,
                FinetuneReport& report) {
  const auto batch = static_cast<std::size_t>(batch_size(ask, parts.train.size()));
  const dataset::BatchSampler sampler(parts.train.size(), batch, ask.seed, dataset::LastBatch::kPad);
  const auto per_epoch = static_cast<std::int64_t>(sampler.batches_per_epoch());
  const std::int64_t steps = per_epoch * ask.epochs;
  const double start_rate = ask.rate > 0 ? ask.rate : ask.mode == Mode::kFull ? 1e-4 : 1e-2;
  const Cosine rate{start_rate, start_rate / 100};
  Adam adam(fit.trained().named_parameters(), {});
  const auto rows_of = [&](std::uint64_t step) {
    const dataset::Batch items = sampler.at(step);
    Rows rows;
    for (std::size_t i = 0; i < items.real; ++i) rows.push_back(parts.train[items.items[i]]);
    return rows;
  };
  struct Made {
    Rows rows;
    torch::Tensor input;
  };
  dataset::Loader<Made> loader(
      1,
      [&](std::uint64_t step) {
        return Made{rows_of(step), fit.input(rows_of(step))};
      },
      0, static_cast<std::uint64_t>(steps));
  model::State best;
  const auto began = Clock::now();
  auto before = began;
  double waited = 0;
  std::int64_t segments = 0;
  for (std::int64_t step = 0; step < steps; ++step) {
    const auto made = loader.next();
    const double wait = loader.waited() - waited;
    waited = loader.waited();
    const std::int64_t epoch = step / per_epoch;
    torch::manual_seed(seed_of_step(ask.seed, step));
    if (ask.mode == Mode::kFull) fit.network()->train();
    const torch::Tensor loss = loss_of(fit.logits(made->input), fit.target(made->rows), task);
    adam.zero_grad();
    loss.backward();
    const double norm = adam.clip(0);
    segments += static_cast<std::int64_t>(made->rows.size());
    const std::chrono::duration<double> took = Clock::now() - before, total = Clock::now() - began;
    before = Clock::now();
    Json row = {{"step", step + 1},
                {"epoch", epoch},
                {"segments", segments},
                {"time", total.count()},
                {"loss", loss.item<double>()},
                {"rate", rate.at(step, steps)},
                {"grad_norm", norm},
                {"segments_per_s", static_cast<double>(made->rows.size()) / took.count()},
                {"wait", wait / took.count()}};
    if (!std::isfinite(norm) || !std::isfinite(loss.item<double>())) {
      stop_for_numbers(run, step + 1, {.views = {}, .ids = fit.ids(made->rows), .epoch = 0}, row);
    }
    adam.step(rate.at(step, steps), ask.weight_decay);

    bool enough = false;
    if ((step + 1) % per_epoch == 0) {
      report.epochs = epoch + 1;
      const Rows& judged = parts.validation.empty() ? parts.train : parts.validation;
      const double validation = loss_of(fit.evaluate(judged), fit.target(judged), task).item<double>();
      row["validation_loss"] = validation;
      if (best.empty() || validation < report.validation_loss) {
        report.validation_loss = validation;
        report.best_epoch = epoch + 1;
        best = model::state_of(fit.trained());
      }
      enough = report.epochs - report.best_epoch >= ask.patience;
    }
    run.metric(row);
    if (ask.progress) ask.progress(step + 1, steps, fmt::format("loss {:.4f}", loss.item<double>()));
    if (StopRequest::requested() && step + 1 < steps) return false;
    if (enough) break;
  }
  model::load_state(fit.trained(), best, "", "the best epoch");
  return true;
}

}  // namespace

Mode mode_named(const std::string& name) {
  if (name == "linear") return Mode::kLinear;
  if (name == "full") return Mode::kFull;
  throw Error(Status::kUsage, "--mode {}: there are linear, full", name);
}

FinetuneReport finetune(const FinetuneOptions& ask) {
  if (ask.folder.empty()) throw Error(Status::kUsage, "-o DIR says where the model goes");
  if (ask.data.empty() || std::find(ask.data.begin(), ask.data.end(), "-") != ask.data.end()) {
    throw Error(Status::kUsage, "training reads its data in random order: name .cfm files, not a pipe");
  }
  if (ask.epochs < 1) throw Error(Status::kUsage, "--epochs {}: at least 1 is needed", ask.epochs);
  const model::Checkpoint start = model::load_checkpoint(ask.model);
  const dataset::Store store(ask.data, ask.max_frame);
  const Labelled labelled = read_labels(store, ask.label, ask.threads);
  FinetuneReport report;
  report.task = LabelTask::infer(ask.label, labelled.values, ask.positive);
  report.task.mode = ask.mode == Mode::kLinear ? "linear" : "full";
  const Split parts = split(labelled, report.task, ask);
  const auto count = [](const Rows& rows, const std::set<std::string>& who, std::size_t& n, std::size_t& subjects) {
    n = rows.size();
    subjects = who.size();
  };
  count(parts.train, parts.train_subjects, report.train_segments, report.train_subjects);
  count(parts.validation, parts.validation_subjects, report.validation_segments, report.validation_subjects);
  count(parts.held_out, parts.held_out_subjects, report.held_out_segments, report.held_out_subjects);
  if (parts.train.empty()) throw Error(Status::kUsage, "no subject with the label {} is left to train on", ask.label);
  if (report.task.kind == TaskKind::kNumber) {  // the scale is fitted without the fold's own subjects
    std::vector<Json> values;
    for (const std::size_t i : parts.train) values.push_back(labelled.values[i]);
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    if (*low == *high) throw Error(Status::kUsage, "every training subject has the same {}", ask.label);
    report.task.set_scale(values);
  }

  const PreparedSegments segments(store, start.config.profile);
  segments.get(labelled.rows.front());  // a channel that is missing is found before --force removes anything
  const StopRequest stop;
  RunFolder run(ask.folder, ask.force ? RunFolder::Start::kForce : RunFolder::Start::kFresh);
  model::Encoder encoder =
      ask.random_start ? model::random_encoder(start.config, ask.seed) : model::load_encoder(start);
  torch::manual_seed(ask.seed);
  Classifier network(encoder, start.config.architecture.d, static_cast<std::int64_t>(report.task.outputs()));
  Fit fit(labelled, report.task, segments, network, ask);
  if (ask.mode == Mode::kLinear) fit.freeze(parts.train);
  if (!fit_epochs(fit, report.task, parts, ask, run, report)) {
    report.ending = Ending::kInterrupted;
    return report;
  }
  if (report.task.kind == TaskKind::kBinary && !parts.validation.empty()) {
    report.task.threshold = threshold_of(fit.evaluate(parts.validation), fit.target(parts.validation));
  }
  if (ask.mode == Mode::kLinear) fit.fold_scaling_into_head();

  model::Checkpoint result;
  result.config = start.config;
  result.provenance = stream::make_head(store.files().front()->heads().front(), ask.provenance).at("prov");
  result.folds = parts.folds;
  if (!ask.random_start) result.subjects_seen = start.subjects_seen;
  result.subjects_labelled = start.subjects_labelled;
  for (const auto* who : {&parts.train_subjects, &parts.validation_subjects}) {
    for (const std::string& subject : *who) result.subjects_labelled.insert(fnv1a64(subject));
  }
  result.extra[kTaskKey] = report.task.to_json().dump();
  result.tensors = model::state_of(*fit.network());
  model::save_checkpoint(run.model_file(), result);
  return report;
}

}  // namespace cfm::train
