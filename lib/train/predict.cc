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

ClassifierImpl::ClassifierImpl(model::Encoder the_encoder, std::int64_t d, std::int64_t outputs) {
  encoder = register_module("encoder", std::move(the_encoder));
  head = register_module("head", torch::nn::Linear(d, outputs));
}

torch::Tensor ClassifierImpl::features(const torch::Tensor& x) { return encoder->forward(x).mean(1); }

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
  network_ = Classifier(model::load_encoder(checkpoint_), checkpoint_.config.architecture.d,
                        static_cast<std::int64_t>(task_.outputs()));
  model::load_state(*network_->head, checkpoint_.tensors, "head.", checkpoint_.path);
  network_->eval();
}

bool Predictor::seen(const stream::Segment& segment) const {
  return checkpoint_.subjects_labelled.contains(fnv1a64(segment.subject_or_record()));
}

std::optional<std::string> Predictor::left_out(const stream::Segment& segment) const {
  if (!seen(segment) || options_.allow_seen) return std::nullopt;
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
  const std::size_t size = static_cast<std::size_t>(config.architecture.channels * samples);
  torch::Tensor batch =
      torch::zeros({static_cast<std::int64_t>(options_.batch), config.architecture.channels, samples});
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::vector<float> values = preparer.matrix(segments[i]);
    std::copy(values.begin(), values.end(), batch.mutable_data_ptr<float>() + (first + i) * size);
  }
  const torch::Tensor logits = network_(batch).to(torch::kDouble);
  const torch::Tensor scores = task_.kind == TaskKind::kClasses  ? torch::softmax(logits, -1)
                               : task_.kind == TaskKind::kBinary ? torch::sigmoid(logits)
                                                                 : logits * task_.sd + task_.mean;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const double* row = scores.const_data_ptr<double>() + (first + i) * task_.outputs();
    Json made = Json::object();
    if (task_.kind == TaskKind::kNumber) {
      made["value"] = row[0];
    } else if (task_.kind == TaskKind::kBinary) {
      made = {{"value", task_.classes[row[0] >= task_.threshold ? 1 : 0]},
              {"score", row[0]},
              {"threshold", task_.threshold},
              {"positive", task_.classes[1]}};
    } else {
      const auto best = static_cast<std::size_t>(std::max_element(row, row + task_.outputs()) - row);
      made = {{"value", task_.classes[best]}, {"score", row[best]}, {"scores", Json::object()}};
      for (std::size_t c = 0; c < task_.classes.size(); ++c) made["scores"][label_text(task_.classes[c])] = row[c];
    }
    made["model"] = name_;
    if (options_.fold) made["fold"] = options_.fold->fold;
    if (seen(segments[i])) made["seen"] = true;
    Json& predictions = segments[i].header["predictions"];
    if (!predictions.is_object()) predictions = Json::object();
    predictions[task_.label] = std::move(made);
  }
}

std::vector<std::string> Predictor::columns() const {
  std::vector<std::string> names = {"id", "record", "subject", "start", "label", "truth", "prediction", "score"};
  if (task_.kind == TaskKind::kClasses) {
    for (const Json& value : task_.classes) names.push_back("score_" + label_text(value));
  }
  return names;
}

std::vector<std::string> Predictor::row(const stream::Segment& segment) const {
  const Json& made = segment.header.at("predictions").at(task_.label);
  const Json truth = segment.label(task_.label);
  std::vector<std::string> cells = {segment.id(),
                                    segment.record(),
                                    segment.subject(),
                                    csv_number(segment.start()),
                                    task_.label,
                                    truth.is_null() ? "" : label_text(truth),
                                    label_text(made.at("value")),
                                    made.contains("score") ? csv_number(made["score"].get<double>()) : ""};
  if (task_.kind == TaskKind::kClasses) {
    for (const Json& value : task_.classes) {
      cells.push_back(csv_number(made.at("scores").at(label_text(value)).get<double>()));
    }
  }
  return cells;
}

}  // namespace cfm::train
