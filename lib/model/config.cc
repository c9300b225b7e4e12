#include "model/config.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "model/embedded.h"

namespace cfm::model {

namespace {

constexpr std::int64_t kLeastStftBins = 128;  // as many samples as the longest window of its loss has: 256

struct Choices {
  std::string_view key;
  std::vector<std::string_view> words;
};
const std::vector<Choices>& choices() {
  static const std::vector<Choices> table = {{"objective.kind", {"self_distillation"}},
                                             {"objective.spectrum_of", {"better", "own"}},
                                             {"objective.amplitude", {"amplitude", "log_power"}},
                                             {"objective.phase", {"angle", "cos_sin", "difference", "stft"}},
                                             {"optimiser.kind", {"adamw", "adam"}},
                                             {"schedule.precision", {"f32", "bf16"}}};
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

// The embedded files by name, as they are.
const std::map<std::string, Json>& files() {
  static const std::map<std::string, Json> all = [] {
    std::map<std::string, Json> made;
    for (const EmbeddedFile& file : embedded_models()) made.emplace(file.name, Json::parse(file.json));
    return made;
  }();
  return all;
}

// A registered model with every key of its family: the file without `base` has them all, others say what differs.
Json whole(const std::string& name) {
  const Json& file = files().at(name);
  if (!file.contains("base")) {
    Json document = file;
    document["profile"] = prepare::Profile::open(file["profile"].get<std::string>()).to_json();
    return document;
  }
  Json document = whole(file["base"].get<std::string>()), own = file;
  own.erase("base");
  overlay(document, own, "lib/model/models/" + name + ".json", "");
  return document;
}

const std::vector<Json>& documents() {
  static const std::vector<Json> all = [] {
    std::vector<Json> made;
    for (const auto& [name, file] : files()) made.push_back(whole(name));
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

// The model of a family that the others are told from, or nothing.
const Json* first_of(const Json& family) {
  for (const auto& [name, file] : files()) {
    if (file.value("family", Json()) == family) return registered(name);
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

// A number of the configuration by its path, which must lie in [low, high].
void require_range(const Json& document, const char* path, double low, double high) {
  const double value = document.at(Json::json_pointer(path)).get<double>();
  if (value >= low && value <= high) return;
  std::string key = path + 1;
  std::replace(key.begin(), key.end(), '/', '.');
  throw Error(Status::kUsage, "{} is {}; it goes from {} to {}", key, value, low, high);
}

// How a model with an objective is trained.
void require_sense(const Json& document, const QualityFmOptions& sizes) {
  constexpr double kMany = 1e9;
  for (const auto& [path, low, high] :
       std::initializer_list<std::tuple<const char*, double, double>>{{"/objective/student_temperature", 1e-6, kMany},
                                                                      {"/objective/teacher_temperature", 1e-6, kMany},
                                                                      {"/objective/centre_momentum", 0, 1},
                                                                      {"/objective/teacher_momentum", 0, 1},
                                                                      {"/objective/teacher_momentum_end", 0, 1},
                                                                      {"/objective/hidden", 0, 0.9},
                                                                      {"/objective/hidden_stretch", 1e-3, kMany},
                                                                      {"/optimiser/lr", 0, kMany},
                                                                      {"/optimiser/lr_batch", 1, kMany},
                                                                      {"/schedule/batch", 1, kMany},
                                                                      {"/schedule/micro_batch", 0, kMany},
                                                                      {"/schedule/epochs", 0, kMany},
                                                                      {"/schedule/warm_up", 0, 1},
                                                                      {"/schedule/validation", 0, 0.9}}) {
    require_range(document, path, low, high);
  }
  const std::string phase = document.at("objective").at("phase").get<std::string>();
  if (phase == "difference" && sizes.channels < 2) {
    throw Error(Status::kUsage, "objective.phase difference needs two channels, profile.channels names {}",
                sizes.channels);
  }
  if (phase == "stft" && sizes.bins < kLeastStftBins) {
    throw Error(Status::kUsage, "objective.phase stft needs architecture.bins of {} at least, it is {}", kLeastStftBins,
                sizes.bins);
  }
}

// A complete document of known keys to a configuration that holds together.
ModelConfig assemble(const Json& json) {
  ModelConfig config;
  config.name = json["name"].get<std::string>();
  config.family = json["family"].get<std::string>();
  config.description = json["description"].get<std::string>();
  config.source = json["source"].get<std::string>();
  config.notes = json["notes"];
  config.profile = prepare::Profile::from_json(json["profile"]);
  config.architecture = architecture_of(config.family, json["architecture"]);
  config.objective = json["objective"];
  config.optimiser = json["optimiser"];
  config.schedule = json["schedule"];
  config.augmentation = json["augmentation"];
  if (auto* sizes = std::get_if<QualityFmOptions>(&config.architecture)) {
    require_sense(json, *sizes);
    sizes->phase_values = config.objective.at("phase") == "angle" ? 1 : 2;
  }
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
  Json complete = *document;
  overlay(complete, own, where, "");
  try {
    return assemble(complete);
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
          {"source", source},
          {"notes", notes},
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
  Json complete = to_json();
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
    overlay(complete, Json{{key, std::move(value)}}, "--set " + assignment, "");
  }
  *this = assemble(complete);
}

std::vector<ModelSummary> named_models() {
  std::vector<ModelSummary> all;
  for (const Json& document : documents()) {
    all.push_back({document["name"].get<std::string>(), document["description"].get<std::string>()});
  }
  return all;
}

}  // namespace cfm::model
