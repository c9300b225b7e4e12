#include "prepare/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <iterator>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "prepare/embedded.h"

namespace cfm::prepare {
namespace {

using signal::Band;
using stream::Json;

template <typename T, std::size_t N>
using Names = std::array<std::pair<const char*, T>, N>;
constexpr Names<Missing, 2> kMissing = {{{"interpolate", Missing::kInterpolate}, {"zero", Missing::kZero}}};
constexpr Names<Scaling, 6> kScaling = {{{"robust", Scaling::kRobust},
                                         {"zscore", Scaling::kZscore},
                                         {"zscore_joint", Scaling::kZscoreJoint},
                                         {"minmax", Scaling::kMinmax},
                                         {"joint", Scaling::kJoint},
                                         {"none", Scaling::kNone}}};
constexpr Names<Crop, 2> kCrop = {{{"last", Crop::kLast}, {"first", Crop::kFirst}}};
constexpr Names<Pad, 2> kPad = {{{"front", Pad::kFront}, {"back", Pad::kBack}}};
constexpr Names<FilterAt, 2> kFilterAt = {{{"profile", FilterAt::kProfile}, {"source", FilterAt::kSource}}};
constexpr Names<Phase, 2> kPhase = {{{"zero", Phase::kZero}, {"causal", Phase::kCausal}}};
constexpr Names<Band, 4> kBand = {
    {{"low", Band::kLow}, {"high", Band::kHigh}, {"band", Band::kBand}, {"stop", Band::kStop}}};
constexpr Names<FilterKind, 5> kFilter = {{{"butterworth", FilterKind::kButterworth},
                                           {"chebyshev2", FilterKind::kChebyshev2},
                                           {"notch", FilterKind::kNotch},
                                           {"mean", FilterKind::kMean},
                                           {"minus_median", FilterKind::kMinusMedian}}};

// What is read, as messages name it: "profile mine: filters.ecg[0].hz".
template <typename... Args>
[[noreturn]] void refuse(const std::string& where, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(Status::kUsage, "{}{}", where, fmt::format(format, std::forward<Args>(args)...));
}

template <typename T, std::size_t N>
T value_named(const Names<T, N>& names, const Json& json, const std::string& where) {
  std::string known;
  for (const auto& [name, value] : names) {
    if (json.is_string() && json.get_ref<const std::string&>() == name) return value;
    known += known.empty() ? name : std::string(", ") + name;
  }
  refuse(where, " is {}; known are {}", json.dump(), known);
}

template <typename T, std::size_t N>
const char* name_of_value(const Names<T, N>& names, T wanted) {
  for (const auto& [name, value] : names) {
    if (value == wanted) return name;
  }
  throw Error(Status::kBug, "profile: a value without a name");
}

double number(const Json& json, const std::string& where) {
  if (!json.is_number()) refuse(where, " is {}, not a number", json.dump());
  return json.get<double>();
}

std::string text(const Json& json, const std::string& where) {
  if (!json.is_string()) refuse(where, " is {}, not a text", json.dump());
  return json.get<std::string>();
}

double positive(const Json& json, const std::string& where, const char* unit) {
  const double value = number(json, where);
  if (!(value > 0)) refuse(where, " is {}{}, not more than 0", value, unit);
  return value;
}

template <typename T>
ByKind<T> by_kind(const Json& json, const std::string& where, T otherwise,
                  const std::function<T(const Json&, const std::string&)>& read) {
  if (!json.is_object()) return read(json, where);
  ByKind<T> all(std::move(otherwise));
  for (const auto& [kind, value] : json.items()) {
    T made = read(value, where + "." + kind);
    if (kind == "*") {
      all.otherwise = std::move(made);
    } else {
      all.of[kind] = std::move(made);
    }
  }
  return all;
}

template <typename T, typename Write>
Json json_of(const ByKind<T>& all, Write&& write) {
  if (all.of.empty()) return write(all.otherwise);
  Json json = Json::object();
  for (const auto& [kind, value] : all.of) json[kind] = write(value);
  json["*"] = write(all.otherwise);
  return json;
}

bool has_two_edges(const FilterSpec& filter) { return filter.band == Band::kBand || filter.band == Band::kStop; }

void read_edges(const Json& json, const std::string& where, FilterSpec& filter) {
  if (!has_two_edges(filter) || filter.kind == FilterKind::kNotch) {
    filter.hz = positive(json, where, " Hz");
    return;
  }
  if (!json.is_array() || json.size() != 2) {
    refuse(where, " is {}, not the two edges of a band, [low, high]", json.dump());
  }
  filter.hz = positive(json[0], where + "[0]", " Hz");
  filter.hz_end = positive(json[1], where + "[1]", " Hz");
  if (!(filter.hz < filter.hz_end)) refuse(where, " is {}: the edges must rise", json.dump());
}

// The fields of a kind of filter, beside filter and phase, in the order in which they are read and written.
std::vector<std::string> fields_of(FilterKind kind) {
  switch (kind) {
    case FilterKind::kButterworth:
      return {"band", "order", "hz"};
    case FilterKind::kChebyshev2:
      return {"band", "order", "stop_db", "hz"};
    case FilterKind::kNotch:
      return {"hz", "q"};
    default:
      return {"seconds"};
  }
}

FilterSpec filter_of(const Json& json, const std::string& where) {
  if (!json.is_object()) refuse(where, " is {}, not an object", json.dump());
  if (!json.contains("filter")) refuse(where, ": there is no field filter, which names what it is");
  FilterSpec filter;
  filter.kind = value_named(kFilter, json["filter"], where + ".filter");
  std::vector<std::string> fields = fields_of(filter.kind);
  for (const std::string& field : fields) {
    if (!json.contains(field)) refuse(where, ": there is no field {}", field);
    const Json& value = json[field];
    const std::string place = where + "." + field;
    if (field == "band") {
      filter.band = value_named(kBand, value, place);
    } else if (field == "order") {
      if (!value.is_number_integer()) refuse(place, " is {}, not a whole number", value.dump());
      const auto order = value.get<std::int64_t>();
      if (order < 1 || order > 8) refuse(place, " is {}, not 1 to 8", order);
      filter.order = static_cast<int>(order);
    } else if (field == "hz") {
      read_edges(value, place, filter);
    } else if (field == "stop_db") {
      filter.stop_db = positive(value, place, " dB");
    } else if (field == "q") {
      filter.q = positive(value, place, "");
    } else {
      filter.seconds = positive(value, place, " s");
    }
  }
  if (json.contains("phase")) filter.phase = value_named(kPhase, json["phase"], where + ".phase");
  if (filter.kind == FilterKind::kMinusMedian && filter.phase == Phase::kCausal) {
    refuse(where, ".phase is \"causal\": a running median has no phase");
  }
  fields.insert(fields.begin(), "filter");
  fields.emplace_back("phase");
  for (const auto& [field, value] : json.items()) {
    if (std::ranges::find(fields, field) != fields.end()) continue;
    refuse(where, ": unknown field {}; of {} there are {}", field, name_of_value(kFilter, filter.kind),
           fmt::join(fields, ", "));
  }
  return filter;
}

Json json_of_filter(const FilterSpec& filter) {
  Json json{{"filter", name_of_value(kFilter, filter.kind)}};
  for (const std::string& field : fields_of(filter.kind)) {
    if (field == "band") {
      json[field] = name_of_value(kBand, filter.band);
    } else if (field == "order") {
      json[field] = filter.order;
    } else if (field == "hz") {
      const bool two = filter.kind != FilterKind::kNotch && has_two_edges(filter);
      json[field] = two ? Json{filter.hz, filter.hz_end} : Json(filter.hz);
    } else if (field == "stop_db") {
      json[field] = filter.stop_db;
    } else if (field == "q") {
      json[field] = filter.q;
    } else {
      json[field] = filter.seconds;
    }
  }
  json["phase"] = name_of_value(kPhase, filter.phase);
  return json;
}

std::vector<FilterSpec> filters_of(const Json& json, const std::string& where) {
  if (!json.is_array()) refuse(where, " is {}, not a list", json.dump());
  std::vector<FilterSpec> filters;
  for (std::size_t i = 0; i < json.size(); ++i) filters.push_back(filter_of(json[i], fmt::format("{}[{}]", where, i)));
  return filters;
}

Json json_of_filters(const std::vector<FilterSpec>& filters) {
  Json list = Json::array();
  for (const FilterSpec& filter : filters) list.push_back(json_of_filter(filter));
  return list;
}

std::vector<ChannelSpec> channels_of(const Json& json, const std::string& where) {
  if (!json.is_array()) refuse(where, " is {}, not a list", json.dump());
  std::vector<ChannelSpec> channels;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string place = fmt::format("{}[{}]", where, i);
    std::string name = text(json[i], place);
    const bool required = !name.ends_with('?');
    if (!required) name.pop_back();
    if (name.empty()) refuse(place, ": a channel without a name");
    if (std::ranges::any_of(channels, [&](const ChannelSpec& each) { return each.name == name; })) {
      refuse(place, ": {} stands there twice", name);
    }
    channels.push_back({std::move(name), required});
  }
  return channels;
}

void check(const Profile& profile, const std::string& where) {
  constexpr double kMostSamples = 1e8;
  if (!(profile.fs > 0) || !std::isfinite(profile.fs)) refuse(where, "fs is {} Hz, not more than 0", profile.fs);
  if (!(profile.seconds >= 0)) refuse(where, "seconds is {}, not more than 0", profile.seconds);
  const bool some = profile.fs * profile.seconds >= 1 && profile.fs * profile.seconds < kMostSamples;
  if (profile.seconds > 0 && !some) refuse(where, "{} s at {} Hz are no window", profile.seconds, profile.fs);
  if (profile.channels.empty()) refuse(where, "no channels");
  if (profile.filter_at == FilterAt::kSource) return;
  const auto below_half = [&](const std::string& list, const std::vector<FilterSpec>& filters) {
    for (std::size_t i = 0; i < filters.size(); ++i) {
      const double highest = std::max(filters[i].hz, filters[i].hz_end);
      if (highest < profile.fs / 2) continue;
      refuse(where, "{}[{}].hz: {} Hz is not below half of {} Hz, the rate at which it runs", list, i, highest,
             profile.fs);
    }
  };
  below_half(profile.filters.of.empty() ? "filters" : "filters.*", profile.filters.otherwise);
  for (const auto& [kind, filters] : profile.filters.of) below_half("filters." + kind, filters);
}

std::string edges(const FilterSpec& filter) {
  return has_two_edges(filter) ? fmt::format("{}-{}", filter.hz, filter.hz_end) : fmt::format("{}", filter.hz);
}

std::string words(const FilterSpec& filter) {
  std::string said;
  switch (filter.kind) {
    case FilterKind::kButterworth:
    case FilterKind::kChebyshev2:
      said = fmt::format("{} {} {} Hz order {}", name_of_value(kFilter, filter.kind), name_of_value(kBand, filter.band),
                         edges(filter), filter.order);
      break;
    case FilterKind::kNotch:
      said = fmt::format("notch {} Hz", filter.hz);
      break;
    case FilterKind::kMean:
      said = fmt::format("mean {} ms", filter.seconds * 1000);
      break;
    case FilterKind::kMinusMedian:
      said = fmt::format("minus median {} ms", filter.seconds * 1000);
      break;
  }
  return filter.phase == Phase::kCausal ? said + " causal" : said;
}

std::string words(const std::vector<FilterSpec>& filters) {
  std::string said;
  for (const FilterSpec& filter : filters) said += (said.empty() ? "" : ", ") + words(filter);
  return said.empty() ? "no filter" : said;
}
std::string words(Scaling scaling) { return scaling == Scaling::kNone ? "unscaled" : name_of_value(kScaling, scaling); }
std::string words(double clip) { return clip > 0 ? fmt::format("clipped at {}", clip) : ""; }

template <typename T>
std::string words(const ByKind<T>& all) {
  if (all.of.empty()) return words(all.otherwise);
  std::string said;
  for (const auto& [kind, value] : all.of) {
    if (const std::string here = words(value); !here.empty()) {
      said += fmt::format("{}{} {}", said.empty() ? "" : "; ", kind, here);
    }
  }
  const std::string rest = words(all.otherwise);
  if (rest.empty() || rest == "no filter") return said;
  return fmt::format("{}; else {}", said, rest);
}

// For people: the standard leads in a word.
std::string shortened(std::string signals) {
  for (const std::string& mark : {std::string("?"), std::string()}) {
    const std::string leads =
        fmt::format(
            "{}", fmt::join({"I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"}, mark + ",")) +
        mark;
    if (const auto at = signals.find(leads); at != std::string::npos)
      return signals.replace(at, leads.size(), "12 leads" + mark);
  }
  return signals;
}

}  // namespace

std::size_t Profile::samples() const { return static_cast<std::size_t>(std::llround(fs * seconds)); }

std::string Profile::signals() const {
  std::string list;
  for (const ChannelSpec& spec : channels) {
    list += (list.empty() ? "" : ",") + spec.name + (spec.required ? "" : "?");
  }
  return list;
}

std::string Profile::summary() const {
  std::string said = words(filters);
  if (filter_at == FilterAt::kSource) said += ", at the recording's rate";
  said += "; " + words(scaling);
  if (const std::string limit = words(clip); !limit.empty()) said += "; " + limit;
  return said;
}

Profile Profile::from_json(const Json& json) {
  if (!json.is_object()) throw Error(Status::kUsage, "profile: {} is not an object", json.dump());
  Profile profile;
  std::string where = "profile: ";
  if (json.contains("name")) {
    profile.name = text(json["name"], where + "name");
    where = "profile " + profile.name + ": ";
  }
  for (const auto& [field, value] : json.items()) {
    const std::string place = where + field;
    if (field == "name") continue;
    if (field == "fs") {
      profile.fs = number(value, place);
    } else if (field == "seconds") {
      profile.seconds = value.is_null() ? 0 : positive(value, place, " s");
    } else if (field == "channels") {
      profile.channels = channels_of(value, place);
    } else if (field == "missing") {
      profile.missing = value_named(kMissing, value, place);
    } else if (field == "scaling") {
      profile.scaling = by_kind<Scaling>(value, place, Scaling::kRobust, [](const Json& v, const std::string& at) {
        return value_named(kScaling, v, at);
      });
    } else if (field == "clip") {
      profile.clip = by_kind<double>(value, place, 0.0, [](const Json& v, const std::string& at) {
        const double limit = number(v, at);
        if (!(limit >= 0)) refuse(at, " is {}, not 0 or more", limit);
        return limit;
      });
    } else if (field == "crop") {
      profile.crop = value_named(kCrop, value, place);
    } else if (field == "pad") {
      profile.pad = value_named(kPad, value, place);
    } else if (field == "filter_at") {
      profile.filter_at = value_named(kFilterAt, value, place);
    } else if (field == "filters") {
      profile.filters = by_kind<std::vector<FilterSpec>>(value, place, {}, filters_of);
    } else if (field == "source") {
      profile.source = text(value, place);
    } else if (field == "published") {
      profile.published = text(value, place);
    } else if (field == "defaults") {
      profile.defaults = text(value, place);
    } else {
      refuse(where,
             "unknown field {}; known are name, fs, seconds, channels, missing, scaling, clip, crop, pad, filter_at, "
             "filters, source, published, defaults",
             field);
    }
  }
  check(profile, where);
  return profile;
}

Json Profile::to_json() const {
  Json list = Json::array();
  for (const ChannelSpec& spec : channels) list.push_back(spec.name + (spec.required ? "" : "?"));
  Json json{{"name", name},
            {"fs", fs},
            {"seconds", seconds > 0 ? Json(seconds) : Json(nullptr)},
            {"channels", list},
            {"missing", name_of_value(kMissing, missing)},
            {"scaling", json_of(scaling, [](Scaling s) { return Json(name_of_value(kScaling, s)); })},
            {"clip", json_of(clip, [](double limit) { return Json(limit); })},
            {"crop", name_of_value(kCrop, crop)},
            {"pad", name_of_value(kPad, pad)}};
  if (!filters.of.empty() || !filters.otherwise.empty()) {
    json["filter_at"] = name_of_value(kFilterAt, filter_at);
    json["filters"] = json_of(filters, json_of_filters);
  }
  return json;
}

std::uint64_t Profile::hash() const { return fnv1a64(to_json().dump()); }

Profile Profile::open(const std::string& name_or_file) {
  for (const Profile& profile : shipped_profiles()) {
    if (profile.name == name_or_file) return profile;
  }
  if (!is_regular_file(name_or_file)) {
    std::vector<std::string> names;
    for (const Profile& profile : shipped_profiles()) names.push_back(profile.name);
    throw Error(Status::kUsage, "{}: no such profile or file; there are {}", name_or_file, fmt::join(names, ", "));
  }
  const Json json = Json::parse(map_file(name_or_file).text(), nullptr, false);
  if (json.is_discarded()) throw Error(Status::kUsage, "{}: not JSON", name_or_file);
  try {
    return from_json(json);
  } catch (const Error& error) {
    throw Error(error.status(), "{}: {}", name_or_file, error.what());
  }
}

const std::vector<Profile>& shipped_profiles() {
  static const std::vector<Profile> all = [] {
    std::vector<Profile> made;
    for (const EmbeddedFile& file : embedded_profiles()) made.push_back(Profile::from_json(Json::parse(file.json)));
    std::ranges::sort(made, {}, &Profile::name);
    return made;
  }();
  return all;
}

std::string profile_table() {
  std::vector<std::array<std::string, 6>> rows = {{"name", "rate", "seconds", "channels", "what it does", "source"}};
  for (const Profile& profile : shipped_profiles()) {
    rows.push_back({profile.name, fmt::format("{} Hz", profile.fs),
                    profile.seconds > 0 ? fmt::format("{}", profile.seconds) : "all", shortened(profile.signals()),
                    profile.summary(), profile.source.substr(0, profile.source.find(';'))});
  }
  std::array<std::size_t, 6> widths{};
  for (const auto& row : rows) {
    for (std::size_t c = 0; c + 1 < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string table;
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      fmt::format_to(std::back_inserter(table), "{:<{}}{}", row[c], widths[c], c + 1 < row.size() ? "  " : "\n");
    }
  }
  return table;
}

}  // namespace cfm::prepare
