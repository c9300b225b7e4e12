#include "train/predict.h"

#include <algorithm>
#include <filesystem>

#include "base/csv.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "model/precision.h"
#include "train/waveform.h"

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

}  // namespace

LabelTask task_of(const model::Checkpoint& checkpoint) {
  const auto text = checkpoint.extra.find(kTaskKey);
  if (text == checkpoint.extra.end()) {
    throw Error(Status::kIncompatible, "{}: has no task; cfm-finetune gives it one", checkpoint.path);
  }
  return LabelTask::from_json(Json::parse(text->second, nullptr, false), checkpoint.path);
}

Predictor::Predictor(const std::string& model, const PredictOptions& options)
    : checkpoint_(model::load_checkpoint(model)),
      task_(task_of(checkpoint_)),
      options_(options),
      preparer_(checkpoint_.config.profile) {
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
    const Json subjects = folds.value("subjects", Json());
    if (!subjects.is_array() || subjects.size() != static_cast<std::size_t>(options_.fold->n)) {
      throw Error(Status::kIncompatible, "{}: its folds name no subjects", checkpoint_.path);
    }
    for (const Json& subject : subjects[static_cast<std::size_t>(options_.fold->fold)]) {
      of_fold_.insert(subject.is_string() ? subject.get<std::string>() : "");
    }
  }
  if (options_.abstain) least_confidence_ = task_.confidence_at(*options_.abstain, name_);
  network_ = Classifier(model::load_encoder(checkpoint_), checkpoint_.config, task_);
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
  if (options_.allow_seen) return std::nullopt;
  const bool labelled = std::string_view(seen(segment)) == "labels";
  if (options_.fold && labelled) return "other_fold";
  // Nobody's label, nobody's fold: it would come out of every one of them.
  if (options_.fold && !of_fold_.contains(hex16(fnv1a64(segment.subject_or_record())))) return "no_fold";
  if (!labelled) return std::nullopt;
  throw Error(Status::kUsage,
              "{}: {} was fitted on labels of subject {}; --fold I/N scores the others, --allow-seen marks such rows",
              segment.id(), name_, segment.subject_or_record());
}

Json Predictor::about(const stream::Segment& segment) const {
  Json made = {{"model", name_}, {"family", checkpoint_.config.family}, {"mode", task_.mode}};
  if (!task_.init.empty()) made["init"] = task_.init;
  if (options_.fold) {
    made["fold"] = options_.fold->fold;
    made["folds"] = options_.fold->n;
  }
  if (const std::string how = seen(segment); !how.empty()) made["seen"] = how;
  return made;
}

void Predictor::put(stream::Segment& segment, std::span<const double> logits) const {
  Json made = task_.predict(logits);
  if (options_.abstain) {
    made["abstain"] = *options_.abstain > 0 && made.at("confidence").get<double>() < least_confidence_;
  }
  made.update(about(segment));
  Json& predictions = segment.header["predictions"];
  if (!predictions.is_object()) predictions = Json::object();
  predictions[task_.label] = std::move(made);
}

void Predictor::predict(std::span<stream::Segment> segments, std::size_t first) {
  const torch::InferenceMode inference;
  const auto samples = static_cast<std::int64_t>(checkpoint_.config.profile.samples());
  torch::Tensor batch =
      torch::zeros({static_cast<std::int64_t>(options_.batch), checkpoint_.config.channels(), samples});
  const auto size = static_cast<std::size_t>(batch[0].numel());
  float* place = batch.mutable_data_ptr<float>() + first * size;
  std::vector<prepare::Prepared> inputs(segments.size());
  parallel_for(options_.threads, segments.size(), [&](std::size_t i) {
    inputs[i] = preparer_.run(segments[i]);
    std::ranges::copy(inputs[i].values, place + i * size);
  });
  const torch::Tensor logits = [&] {
    const model::Autocast precision(options_.bf16);
    return network_(batch).to(torch::kDouble).contiguous();
  }();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::span row(logits.const_data_ptr<double>() + (first + i) * task_.logits(), task_.logits());
    if (task_.waveform) {
      stream::Tensor wave = predicted_waveform(task_, row, inputs[i], segments[i]);
      wave.attributes.update(about(segments[i]));
      segments[i].put(std::move(wave));
    } else {
      put(segments[i], row);
    }
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
  Json made;
  if (task_.waveform) {
    const stream::Tensor* wave = segment.find(waveform_name(task_));
    made = wave->attributes;
    made["value"] = mean_of(wave->values<float>());
  } else {
    made = segment.header.at("predictions").at(task_.label);
  }
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
