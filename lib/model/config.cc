#include "model/config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace cfm::model {

namespace {

// Every key there is in a family, with the default of its kind. Published values are those of arXiv 2509.06516;
// teacher_momentum is 0.7 there, where the teacher forgets within ten steps.
constexpr const char* kBase = R"({
  "name": "qualityfm-base", "family": "qualityfm", "description": "QualityFM, PPG and ECG, 2 layers, 9.58 M parameters",
  "profile": {},
  "architecture": {"channels": 2, "d": 512, "layers": 2, "heads": 4, "ffn": 256, "window": 8, "tokens": 18, "bins": 512,
                   "strides": [5, 10, 10], "decoder_strides": [5, 10, 10], "dropout": 0.1},
  "objective": {"kind": "self_distillation", "distillation_weight": 1.0, "amplitude_weight": 0.1, "phase_weight": 0.1,
                "spectrum_of": "better", "phase_of_bin_zero": false, "student_temperature": 0.1,
                "teacher_temperature": 0.04, "centre_momentum": 0.9, "teacher_momentum": 0.996,
                "teacher_momentum_end": 1.0, "max_apart": 270.0},
  "optimiser": {"kind": "adamw", "lr": 1e-4, "lr_end": 1e-6, "lr_batch": 256, "weight_decay": 0.04,
                "weight_decay_end": 0.4, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "clip": 0.0},
  "schedule": {"batch": 512, "epochs": 1.0, "warm_up": 0.0},
  "augmentation": {"noise": 0.01, "noise_p": 0.5, "gain_low": 0.9, "gain_high": 1.1, "gain_p": 0.5, "offset": 0.1,
                   "offset_p": 0.3, "blank_low": 1.5, "blank_high": 3.0, "blank_p": 0.3}
})";

// The others, by what differs.
constexpr const char* kOthers = R"([
  {"name": "qualityfm-large", "description": "QualityFM, PPG and ECG, 21 layers, 70.59 M parameters",
   "architecture": {"layers": 21, "heads": 4, "ffn": 512}},
  {"name": "qualityfm-huge", "description": "QualityFM, PPG and ECG, 50 layers, 319.55 M parameters",
   "architecture": {"layers": 50, "heads": 8, "ffn": 2048}},
  {"name": "qualityfm-ecg-base", "description": "QualityFM of one channel: ECG, 2 layers",
   "profile": {"name": "qualityfm-ecg", "channels": ["ecg"]},
   "architecture": {"channels": 1, "decoder_strides": [5, 10, 11]}}
])";

// Trained on labels from random weights. As many parameters as the encoder of qualityfm-base (4.26 M).
constexpr const char* kResNet = R"({
  "name": "resnet1d", "family": "resnet1d",
  "description": "raw-signal ResNet-1D, PPG and ECG, 4.26 M parameters: the control that cfm-finetune trains from nothing",
  "profile": {},
  "architecture": {"channels": 2, "stem": 64, "stem_stride": 5, "widths": [64, 128, 192, 304],
                   "strides": [3, 3, 3, 3], "kernel": 17, "dropout": 0.2},
  "objective": {},
  "optimiser": {"lr": 1e-3, "weight_decay": 0.01, "clip": 1.0},
  "schedule": {"batch": 16, "epochs": 30.0, "patience": 8},
  "augmentation": {"noise": 0.01, "noise_p": 0.5, "gain_low": 0.9, "gain_high": 1.1, "gain_p": 0.5, "offset": 0.1,
                   "offset_p": 0.3, "blank_low": 1.5, "blank_high": 3.0, "blank_p": 0.3}
})";

constexpr const char* kOtherResNets = R"([
  {"name": "resnet1d-ecg", "description": "raw-signal ResNet-1D of one channel: ECG",
   "profile": {"name": "qualityfm-ecg", "channels": ["ecg"]}, "architecture": {"channels": 1}}
])";

struct Choices {
  std::string_view key;
  std::vector<std::string_view> words;
};
const std::vector<Choices>& choices() {
  static const std::vector<Choices> table = {{"objective.kind", {"self_distillation"}},
                                             {"objective.spectrum_of", {"better", "own"}},
                                             {"optimiser.kind", {"adamw", "adam"}}};
  return table;
}

std::string keys_of(const Json& object) {
  std::string text;
  for (const auto& [key, value] : object.items()) text += (text.empty() ? "" : " ") + key;
  return text.empty() ? "none" : text;
}

bool same_kind(const Json& value, const Json& standard) {
  if (standard.is_number_float()) return value.is_number();
  if (standard.is_number_integer()) return value.is_number_integer();
  return value.type() == standard.type();
}

const char* kind_name(const Json& standard) {
  return standard.is_number_float() ? "number" : standard.is_number_integer() ? "integer" : standard.type_name();
}

// Puts the values of `from` over those of `to`, which holds every key there is.
void overlay(Json& to, const Json& from, const std::string& where, const std::string& path) {
  if (!from.is_object()) throw Error(Status::kUsage, "{}: {} must be a JSON object", where, path.empty() ? "it" : path);
  for (const auto& [key, value] : from.items()) {
    const std::string full = path.empty() ? key : path + "." + key;
    const auto at = to.find(key);
    if (at == to.end()) throw Error(Status::kUsage, "{}: unknown key {}; there are: {}", where, full, keys_of(to));
    if (full == "profile" && value.is_object()) {
      at->update(value);  // prepare/profile.h knows its fields, some of which have several forms
      continue;
    }
    if (at->is_object()) {
      overlay(*at, value, where, full);
      continue;
    }
    if (!same_kind(value, *at)) {
      throw Error(Status::kUsage, "{}: {} must be of kind {}, not {}", where, full, kind_name(*at), value.dump());
    }
    if (full == "family" && value != *at) {
      throw Error(Status::kUsage, "{}: family {} on a base of {}; the families are {}", where, value.dump(), at->dump(),
                  fmt::join(families(), ", "));
    }
    for (const auto& [choice, words] : choices()) {
      if (choice == full && std::find(words.begin(), words.end(), value.get_ref<const std::string&>()) == words.end()) {
        throw Error(Status::kUsage, "{}: {} is one of {}, not {}", where, full, fmt::join(words, ", "), value.dump());
      }
    }
    if (at->is_number_float()) {
      *at = value.get<double>();
    } else {
      *at = value;
    }
  }
}

const std::vector<Json>& documents() {
  static const std::vector<Json> all = [] {
    std::vector<Json> made;
    for (const auto& [family, others] : {std::pair(kBase, kOthers), std::pair(kResNet, kOtherResNets)}) {
      Json base = Json::parse(family);
      base["profile"] = prepare::Profile::qualityfm().to_json();
      made.push_back(base);
      for (const Json& difference : Json::parse(others)) {
        made.push_back(base);
        overlay(made.back(), difference, "registered models", "");
      }
    }
    return made;
  }();
  return all;
}

const Json* registered(const std::string& name) {
  for (const Json& document : documents()) {
    if (document["name"] == name) return &document;
  }
  return nullptr;
}

// The first model of a family, or nothing.
const Json* first_of(const Json& family) {
  for (const Json& document : documents()) {
    if (document["family"] == family) return &document;
  }
  return nullptr;
}

void require_fit(const QualityFmOptions& a, std::int64_t samples) {
  if (tokens_after(samples, a.strides) != a.tokens) {
    throw Error(Status::kUsage, "architecture.strides make {} tokens of {} samples, architecture.tokens is {}",
                tokens_after(samples, a.strides), samples, a.tokens);
  }
  if (a.bins > samples / 2 + 1) {
    throw Error(Status::kUsage, "architecture.bins is {}, the spectrum of {} samples has {}", a.bins, samples,
                samples / 2 + 1);
  }
}

void require_fit(const ResNet1dOptions&, std::int64_t samples) {
  if (samples < 1) throw Error(Status::kUsage, "profile.seconds: a model of one length is needed");
}

// A complete document of known keys to a configuration that holds together.
ModelConfig assemble(const Json& json) {
  ModelConfig config;
  config.name = json["name"].get<std::string>();
  config.family = json["family"].get<std::string>();
  config.description = json["description"].get<std::string>();
  config.profile = prepare::Profile::from_json(json["profile"]);
  config.architecture = architecture_of(config.family, json["architecture"]);
  config.objective = json["objective"];
  config.optimiser = json["optimiser"];
  config.schedule = json["schedule"];
  config.augmentation = json["augmentation"];
  std::visit(
      [&](const auto& sizes) {
        if (sizes.channels != config.channels()) {
          throw Error(Status::kUsage, "architecture.channels is {} and profile.channels names {}", sizes.channels,
                      config.channels());
        }
        require_fit(sizes, static_cast<std::int64_t>(config.profile.samples()));
      },
      config.architecture);
  return config;
}

}  // namespace

ModelConfig ModelConfig::from_json(const Json& json, const std::string& where) {
  if (!json.is_object()) throw Error(Status::kUsage, "{}: a model's configuration is a JSON object", where);
  Json own = json, base = "qualityfm-base";
  if (const auto at = own.find("family"); at != own.end()) {
    if (const Json* first = first_of(*at)) base = first->at("name");
  }
  if (const auto at = own.find("base"); at != own.end()) {
    base = *at;
    own.erase("base");
  }
  const Json* document = base.is_string() ? registered(base.get<std::string>()) : nullptr;
  if (document == nullptr) throw Error(Status::kUsage, "{}: base names no model: {}", where, base.dump());
  Json whole = *document;
  overlay(whole, own, where, "");
  try {
    return assemble(whole);
  } catch (const Error& error) {
    throw Error(error.status(), "{}: {}", where, error.what());
  }
}

ModelConfig ModelConfig::open(const std::string& name_or_file) {
  if (const Json* document = registered(name_or_file)) return assemble(*document);
  if (!is_regular_file(name_or_file)) {
    std::vector<std::string> names;
    for (const ModelSummary& model : named_models()) names.push_back(model.name);
    throw Error(Status::kUsage, "{}: no such model or file; there are {}", name_or_file, fmt::join(names, ", "));
  }
  const Bytes file = map_file(name_or_file);
  const Json json = Json::parse(file.text(), nullptr, false);
  if (json.is_discarded()) throw Error(Status::kUsage, "{}: not JSON", name_or_file);
  return from_json(json, name_or_file);
}

Json ModelConfig::to_json() const {
  return {{"name", name},
          {"family", family},
          {"description", description},
          {"profile", profile.to_json()},
          {"architecture", model::to_json(architecture)},
          {"objective", objective},
          {"optimiser", optimiser},
          {"schedule", schedule},
          {"augmentation", augmentation}};
}

const QualityFmOptions& ModelConfig::qualityfm() const {
  if (const auto* sizes = std::get_if<QualityFmOptions>(&architecture)) return *sizes;
  throw Error(Status::kUsage, "{} is a {}, a qualityfm is needed", name, family);
}

void ModelConfig::set(const std::vector<std::string>& assignments) {
  Json whole = to_json();
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw Error(Status::kUsage, "--set {}: KEY=VALUE is needed, as in schedule.batch=64", assignment);
    }
    if (as_utf8(assignment) != assignment) throw Error(Status::kUsage, "--set {}: no UTF-8", in_quotes(assignment));
    const std::string text = assignment.substr(equals + 1);
    Json value = Json::parse(text, nullptr, false);
    if (value.is_discarded()) value = text;
    // a.b=v is the document {"a": {"b": v}}.
    std::string key = assignment.substr(0, equals);
    for (std::size_t dot; (dot = key.rfind('.')) != std::string::npos; key.resize(dot)) {
      value = Json{{key.substr(dot + 1), std::move(value)}};
    }
    overlay(whole, Json{{key, std::move(value)}}, "--set " + assignment, "");
  }
  *this = assemble(whole);
}

std::vector<ModelSummary> named_models() {
  std::vector<ModelSummary> all;
  for (const Json& document : documents()) {
    all.push_back({document["name"].get<std::string>(), document["description"].get<std::string>()});
  }
  return all;
}

}  // namespace cfm::model
