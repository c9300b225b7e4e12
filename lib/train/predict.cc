#include "train/predict.h"

#include <algorithm>
#include <filesystem>

#include "base/csv.h"
#include "base/error.h"
#include "base/hash.h"
#include "prepare/prepare.h"

namespace cfm::train {
namespace {

// "vt0" of runs/vt0, of runs/vt0/ and of runs/vt0/model.safetensors; else the file's name without suffix.
std::string name_of_model(const std::string& file) {
  const std::filesystem::path path(file);
  if (path.filename() == "model.safetensors") {
    return std::filesystem::absolute(path).parent_path().lexically_normal().filename().string();
  }
  return path.stem().string();
}

LabelTask task_of(const model::Checkpoint& checkpoint) {
  const auto text = checkpoint.extra.find(kTaskKey);
  if (text == checkpoint.extra.end()) {
    throw Error(Status::kIncompatible, "{}: has no task; cfm-finetune gives it one", checkpoint.path);
  }
  return LabelTask::from_json(Json::parse(text->second, nullptr, false), checkpoint.path);
}

}  // namespace

Predictor::Predictor(const std::string& model, const PredictOptions& options)
    : checkpoint_(model::load_checkpoint(model)), task_(task_of(checkpoint_)), options_(options) {
  name_ = name_of_model(checkpoint_.path);
  if (options_.batch == 0) throw Error(Status::kUsage, "--batch: at least 1 is needed");
  if (options_.fold) {
    const Json& folds = checkpoint_.folds;
    if (!folds.is_object() || !folds.contains("fold") || !folds.contains("n")) {
      throw Error(Status::kUsage, "{} was fitted without --fold: it has seen all of its subjects", name_);
    }
    if (folds["fold"] != options_.fold->fold || folds["n"] != options_.fold->n) {
      throw Error(Status::kUsage, "--fold {}/{}: {} was trained for fold {}/{}", options_.fold->fold, options_.fold->n,
                  name_, folds["fold"].dump(), folds["n"].dump());
    }
  }
  if (options_.abstain) least_confidence_ = task_.confidence_at(*options_.abstain, name_);
  network_ = Classifier(model::load_encoder(checkpoint_), task_);
  model::load_state(*network_->head, checkpoint_.tensors, "head.", checkpoint_.path);
  network_->eval();
}

const char* Predictor::seen(const stream::Segment& segment) const {
  const std::uint64_t who = fnv1a64(segment.subject_or_record());
  return checkpoint_.subjects_labelled.contains(who) ? "labels"
         : checkpoint_.subjects_seen.contains(who)   ? "pretraining"
                                                     : "";
}

std::optional<std::string> Predictor::left_out(const stream::Segment& segment) const {
  if (options_.allow_seen || std::string_view(seen(segment)) != "labels") return std::nullopt;
  if (options_.fold) return "other_fold";
  throw Error(Status::kUsage,
              "{}: {} was fitted on labels of subject {}; --fold I/N scores the others, --allow-seen marks such rows",
              segment.id(), name_, segment.subject_or_record());
}

void Predictor::predict(std::span<stream::Segment> segments, std::size_t first) {
  const torch::InferenceMode inference;
  const model::ModelConfig& config = checkpoint_.config;
  const prepare::Preparer preparer(config.profile);
  const auto samples = static_cast<std::int64_t>(config.profile.samples());
  const auto size = static_cast<std::size_t>(config.channels() * samples);
  torch::Tensor batch = torch::zeros({static_cast<std::int64_t>(options_.batch), config.channels(), samples});
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::vector<float> values = preparer.matrix(segments[i]);
    std::copy(values.begin(), values.end(), batch.mutable_data_ptr<float>() + (first + i) * size);
  }
  const torch::Tensor logits = network_(batch).to(torch::kDouble).contiguous();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const double* row = logits.const_data_ptr<double>() + (first + i) * task_.logits();
    Json made = task_.predict({row, task_.logits()});
    if (options_.abstain) {
      made["abstain"] = *options_.abstain > 0 && made.at("confidence").get<double>() < least_confidence_;
    }
    made["model"] = name_;
    made["family"] = config.family;
    made["mode"] = task_.mode;
    if (!task_.init.empty()) made["init"] = task_.init;
    if (options_.fold) {
      made["fold"] = options_.fold->fold;
      made["folds"] = options_.fold->n;
    }
    if (const std::string how = seen(segments[i]); !how.empty()) made["seen"] = how;
    Json& predictions = segments[i].header["predictions"];
    if (!predictions.is_object()) predictions = Json::object();
    predictions[task_.label] = std::move(made);
  }
}

std::vector<std::string> Predictor::columns() const {
  std::vector<std::string> names = {"id", "record", "subject", "start", "label", "truth", "prediction", "score"};
  if (task_.outputs() > 1) {
    for (const Json& value : task_.classes) names.push_back("score_" + label_text(value));
  }
  names.insert(names.end(), {"threshold", "fold", "seen", "confidence", "abstain"});
  return names;
}

std::vector<std::string> Predictor::row(const stream::Segment& segment) const {
  const Json& made = segment.header.at("predictions").at(task_.label);
  const auto cell = [&](const char* key) { return label_text(made.value(key, Json())); };
  std::vector<std::string> cells = {segment.id(),      segment.record(),
                                    segment.subject(), csv_number(segment.start()),
                                    task_.label,       label_text(segment.label(task_.label)),
                                    cell("value"),     cell("score")};
  if (task_.outputs() > 1) {
    for (const Json& value : task_.classes) cells.push_back(label_text(made.at("scores").at(label_text(value))));
  }
  for (const char* key : {"threshold", "fold", "seen", "confidence", "abstain"}) cells.push_back(cell(key));
  return cells;
}

}  // namespace cfm::train
