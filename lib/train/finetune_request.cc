#include "train/finetune_request.h"

#include "base/error.h"
#include "base/file.h"

namespace cfm::train {
namespace {

template <typename T>
Json optional(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

template <typename T>
void take(const Json& json, const char* key, std::optional<T>& value) {
  if (!json.at(key).is_null()) value = json.at(key).get<T>();
}

}  // namespace

void FinetuneRequest::settle() {
  if (label.empty()) throw Error(Status::kUsage, "--label is needed: what to learn");
  if (model.empty() == configuration.empty()) {
    throw Error(Status::kUsage, "-m MODEL adapts a model, --model NAME trains one from random weights: one of them");
  }
  if (is_directory(configuration) || configuration.ends_with(".safetensors")) {
    throw Error(Status::kUsage, "--model {}: that has weights; -m adapts it", configuration);
  }
  const std::string how = name_of(mode);
  if (rank && mode != Mode::kLora) throw Error(Status::kUsage, "--rank {}: --mode {} has no adapters", *rank, how);
  if (rank && *rank < 1) throw Error(Status::kUsage, "--rank {}: at least 1 is needed", *rank);
  if (layer_decay != 1 && mode != Mode::kFull) {
    throw Error(Status::kUsage, "--layer-decay {:g}: --mode {} does not train the encoder's layers", layer_decay, how);
  }
  if (!(layer_decay > 0 && layer_decay <= 1)) {
    throw Error(Status::kUsage, "--layer-decay {:g}: above 0, at most 1", layer_decay);
  }
  if (waveform && (kind || positive)) throw Error(Status::kUsage, "a waveform has no kind of values");
  for (std::string& path : data) path = absolute_path(path);
  if (!model.empty()) model = absolute_path(model);
  if (is_regular_file(configuration)) configuration = absolute_path(configuration);
  if (is_regular_file(folds_by)) folds_file = absolute_path(folds_by);
}

Json FinetuneRequest::to_json() const {
  return {{"model", model},
          {"configuration", configuration},
          {"set", set},
          {"label", label},
          {"data", data},
          {"mode", name_of(mode)},
          {"positive", optional(positive)},
          {"kind", kind ? Json(dataset::name_of(*kind)) : Json()},
          {"waveform", waveform},
          {"fold", fold ? Json{fold->fold, fold->n} : Json()},
          {"folds_by", folds_by},
          {"folds_file", folds_file},
          {"random_start", random_start},
          {"loss", loss.kind == LossKind::kAsymmetric ? "asymmetric" : "entropy"},
          {"class_weights", loss.weights == ClassWeights::kBalanced ? "balanced" : "none"},
          {"rank", optional(rank)},
          {"layer_decay", layer_decay},
          {"epochs", optional(epochs)},
          {"steps", optional(steps)},
          {"patience", optional(patience)},
          {"batch", optional(batch)},
          {"rate", optional(rate)},
          {"bf16", optional(bf16)},
          {"validation", validation},
          {"seed", seed}};
}

FinetuneRequest FinetuneRequest::from_json(const Json& json, const std::string& where) {
  try {
    FinetuneRequest request;
    request.model = json.at("model").get<std::string>();
    request.configuration = json.at("configuration").get<std::string>();
    request.set = json.at("set").get<std::vector<std::string>>();
    request.label = json.at("label").get<std::string>();
    request.data = json.at("data").get<std::vector<std::string>>();
    request.mode = mode_named(json.at("mode").get<std::string>());
    take(json, "positive", request.positive);
    if (!json.at("kind").is_null()) request.kind = dataset::label_kind_named(json.at("kind").get<std::string>());
    request.waveform = json.at("waveform").get<bool>();
    if (!json.at("fold").is_null()) {
      request.fold = dataset::FoldChoice{json.at("fold").at(0).get<int>(), json.at("fold").at(1).get<int>()};
    }
    request.folds_by = json.at("folds_by").get<std::string>();
    request.folds_file = json.at("folds_file").get<std::string>();
    request.random_start = json.at("random_start").get<bool>();
    request.loss = {loss_named(json.at("loss").get<std::string>()),
                    class_weights_named(json.at("class_weights").get<std::string>())};
    take(json, "rank", request.rank);
    request.layer_decay = json.at("layer_decay").get<double>();
    take(json, "epochs", request.epochs);
    take(json, "steps", request.steps);
    take(json, "patience", request.patience);
    take(json, "batch", request.batch);
    take(json, "rate", request.rate);
    take(json, "bf16", request.bf16);
    request.validation = json.at("validation").get<double>();
    request.seed = json.at("seed").get<std::uint64_t>();
    return request;
  } catch (const Json::exception& error) {
    throw Error(Status::kMalformed, "{}/state/run.json: {}", where, error.what());
  } catch (const Error& error) {
    throw Error(Status::kMalformed, "{}/state/run.json: {}", where, error.what());
  }
}

}  // namespace cfm::train
