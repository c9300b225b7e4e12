#include "dataset/prepare.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/hash.h"
#include "signal/resample.h"

namespace cfm::dataset {
namespace {

using stream::ChannelRef;
using stream::Json;
using stream::Segment;
using stream::Tensor;

constexpr double kQuartilesOfNormal = 1.349;  // IQR of a normal distribution in standard deviations
constexpr double kLeastSpread = 0.1;  // of the SD: below it the middle half is flat and says nothing of the rest

template <typename T, std::size_t N>
using Names = std::array<std::pair<const char*, T>, N>;
constexpr Names<Missing, 2> kMissing = {{{"interpolate", Missing::kInterpolate}, {"zero", Missing::kZero}}};
constexpr Names<Scaling, 4> kScaling = {
    {{"robust", Scaling::kRobust}, {"zscore", Scaling::kZscore}, {"joint", Scaling::kJoint}, {"none", Scaling::kNone}}};
constexpr Names<Crop, 2> kCrop = {{{"last", Crop::kLast}, {"first", Crop::kFirst}}};
constexpr Names<Pad, 2> kPad = {{{"front", Pad::kFront}, {"back", Pad::kBack}}};

template <typename T, std::size_t N>
T value_named(const Names<T, N>& names, const Json& json, const std::string& field) {
  std::string known;
  for (const auto& [name, value] : names) {
    if (json.is_string() && json.get<std::string>() == name) return value;
    known += known.empty() ? name : std::string(", ") + name;
  }
  throw Error(Status::kUsage, "profile: {} is {}; known are {}", field, json.dump(), known);
}

template <typename T, std::size_t N>
const char* name_of_value(const Names<T, N>& names, T wanted) {
  for (const auto& [name, value] : names) {
    if (value == wanted) return name;
  }
  throw Error(Status::kBug, "profile: a value without a name");
}

double number(const Json& json, const std::string& field) {
  if (!json.is_number()) throw Error(Status::kUsage, "profile: {} is {}, not a number", field, json.dump());
  return json.get<double>();
}

std::string text(const Json& json, const std::string& field) {
  if (!json.is_string()) throw Error(Status::kUsage, "profile: {} is {}, not a text", field, json.dump());
  return json.get<std::string>();
}

std::optional<ChannelRef> find_channel(const Segment& segment, const std::string& name) {
  if (auto found = stream::preferred_channel(segment, name)) return found;
  for (std::size_t t = 0; t < segment.tensors.size(); ++t) {
    const Tensor& tensor = segment.tensors[t];
    if (!tensor.is_signal() || tensor.kind() == "waveform") continue;
    const std::vector<std::string> names = tensor.names();
    for (std::size_t c = 0; c < names.size(); ++c) {
      if (::strcasecmp(names[c].c_str(), name.c_str()) == 0) return ChannelRef{t, c};
    }
  }
  return std::nullopt;
}

std::string channels_there(const Segment& segment) {
  std::string all;
  for (const Tensor& tensor : segment.tensors) {
    if (!tensor.is_signal() || tensor.kind() == "waveform") continue;
    for (const std::string& name : tensor.names())
      all += fmt::format("{}{} ({})", all.empty() ? "" : ", ", name, tensor.kind());
  }
  return all.empty() ? "no signal" : all;
}

// The chosen channels in the order of the profile; nothing where an optional one is absent.
std::vector<std::optional<ChannelRef>> choose(const Segment& segment, const Profile& profile) {
  std::vector<std::optional<ChannelRef>> chosen;
  for (const ChannelSpec& spec : profile.channels) {
    chosen.push_back(find_channel(segment, spec.name));
    if (chosen.back() || !spec.required) continue;
    std::string needs;
    for (const ChannelSpec& each : profile.channels) {
      if (each.required) needs += (needs.empty() ? "" : ", ") + each.name;
    }
    throw Error(Status::kIncompatible, "{}: there is no {}; profile {} needs {}, the segment has {}", segment.id(),
                spec.name, profile.name, needs, channels_there(segment));
  }
  return chosen;
}

// True when the tensor already went through this profile; status 3 when through another.
bool prepared_before(const Segment& segment, const Tensor& tensor, const Profile& profile) {
  const auto attribute = tensor.attributes.find("profile");
  if (attribute == tensor.attributes.end() || attribute->is_null()) return false;
  if (attribute->is_object() && attribute->value("hash", Json()) == Json(hex16(profile.hash()))) return true;
  throw Error(Status::kIncompatible,
              "{}: {} was already prepared as {}, which is not {} ({}); segment it again without --profile",
              segment.id(), tensor.name, attribute->dump(), profile.name, hex16(profile.hash()));
}

bool is_constant(std::span<const float> x) {
  float first = std::numeric_limits<float>::quiet_NaN();
  for (const float value : x) {
    if (!std::isfinite(value)) continue;
    if (std::isnan(first)) first = value;
    if (value != first) return false;
  }
  return true;  // of no finite value, too
}

void fill_gaps(std::span<float> x) {
  std::size_t before = x.size();  // last finite sample
  for (std::size_t i = 0; i <= x.size(); ++i) {
    if (i < x.size() && !std::isfinite(x[i])) continue;
    const std::size_t gap = before == x.size() ? 0 : before + 1;
    for (std::size_t j = gap; j < i; ++j) {
      if (before == x.size()) {
        x[j] = i < x.size() ? x[i] : 0.0F;
      } else if (i == x.size()) {
        x[j] = x[before];
      } else {
        const auto part = static_cast<float>(j - before) / static_cast<float>(i - before);
        x[j] = x[before] + part * (x[i] - x[before]);
      }
    }
    before = i;
  }
}

// Linear interpolation between order statistics (Hyndman and Fan 1996, type 7).
double quantile(std::vector<float>& x, double q) {
  const double place = q * static_cast<double>(x.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(place);
  std::nth_element(x.begin(), x.begin() + below, x.end());
  const double low = x[static_cast<std::size_t>(below)];
  if (below + 1 == static_cast<std::ptrdiff_t>(x.size())) return low;
  const double high = *std::min_element(x.begin() + below + 1, x.end());
  return low + (place - static_cast<double>(below)) * (high - low);
}

struct Scale {
  double centre = 0, factor = 1;
};

Scale scale_of(std::span<const float> x, Scaling scaling) {
  double mean = 0, square = 0;
  for (const float value : x) mean += value;
  mean /= static_cast<double>(x.size());
  for (const float value : x) square += (value - mean) * (value - mean);
  const double sd = std::sqrt(square / static_cast<double>(x.size()));
  if (sd == 0) return {mean, 0};
  if (scaling == Scaling::kZscore) return {mean, 1 / sd};
  std::vector<float> sorted(x.begin(), x.end());
  const double median = quantile(sorted, 0.5);
  const double spread = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / kQuartilesOfNormal;
  return {median, 1 / std::max(spread, kLeastSpread * sd)};
}

// A channel at the profile's rate, and where it lies in the window.
struct Piece {
  std::vector<float> values;
  std::vector<std::uint8_t> absent;  // for Missing::kZero: 1 where the recording had nothing; empty: nowhere
  std::size_t place = 0;             // first sample in the window
  bool live = false;                 // false: constant or wholly missing
  bool prepared = false;
};

// begin: seconds after the segment's start at which the window begins.
Piece piece_of(const Segment& segment, const Tensor& tensor, std::size_t channel, const Profile& profile,
               double begin) {
  constexpr double kRounding = 1e-6;  // samples
  Piece piece;
  piece.prepared = prepared_before(segment, tensor, profile);
  std::vector<float> x = stream::physical(segment, tensor, channel);
  const double fs = tensor.fs(), lead = (begin - tensor.t0()) * fs;
  const std::size_t from = lead <= 0 ? 0 : std::min(x.size(), static_cast<std::size_t>(std::ceil(lead - kRounding)));
  const double until = std::max(0.0, std::floor(lead + profile.seconds * fs + kRounding));
  const std::size_t to =
      std::clamp(until < static_cast<double>(x.size()) ? static_cast<std::size_t>(until) : x.size(), from, x.size());
  x = std::vector<float>(x.begin() + static_cast<std::ptrdiff_t>(from), x.begin() + static_cast<std::ptrdiff_t>(to));
  const double offset = (static_cast<double>(from) - lead) / fs * profile.fs;
  piece.place = std::min(profile.samples(), static_cast<std::size_t>(std::max(0L, std::lround(offset))));
  piece.live = !is_constant(x);
  if (!piece.live) return piece;
  if (profile.missing == Missing::kZero) {
    const std::size_t n = signal::resampled_size(x.size(), fs, profile.fs);
    piece.absent.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
      const auto source = static_cast<std::size_t>(std::lround(static_cast<double>(i) * fs / profile.fs));
      piece.absent[i] = std::isfinite(x[std::min(source, x.size() - 1)]) ? 0 : 1;
    }
  }
  fill_gaps(x);
  piece.values = fs == profile.fs ? std::move(x) : signal::resample(x, fs, profile.fs);
  piece.values.resize(std::min(piece.values.size(), profile.samples() - piece.place));
  piece.live = !piece.values.empty();
  return piece;
}

void scale_pieces(std::vector<Piece>& pieces, const Profile& profile) {
  Scale joint;
  if (profile.scaling == Scaling::kJoint) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const Piece& piece : pieces) {
      for (const float x : piece.values) low = std::min<double>(low, x), high = std::max<double>(high, x);
    }
    joint = {(low + high) / 2, high > low ? 2 / (high - low) : 0};
  }
  for (Piece& piece : pieces) {
    if (!piece.live || piece.prepared) continue;
    const Scale scale = profile.scaling == Scaling::kJoint  ? joint
                        : profile.scaling == Scaling::kNone ? Scale{}
                                                            : scale_of(piece.values, profile.scaling);
    for (std::size_t i = 0; i < piece.values.size(); ++i) {
      double x = (piece.values[i] - scale.centre) * scale.factor;
      if (profile.clip > 0) x = std::clamp(x, -profile.clip, profile.clip);
      if (i < piece.absent.size() && piece.absent[i] != 0) x = 0;
      piece.values[i] = static_cast<float>(x);
    }
  }
}

}  // namespace

std::size_t Profile::samples() const { return static_cast<std::size_t>(std::llround(fs * seconds)); }

Profile Profile::from_json(const Json& json) {
  if (!json.is_object()) throw Error(Status::kUsage, "profile: {} is not an object", json.dump());
  Profile profile;
  for (const auto& [field, value] : json.items()) {
    if (field == "name") {
      profile.name = text(value, field);
    } else if (field == "fs") {
      profile.fs = number(value, field);
    } else if (field == "seconds") {
      profile.seconds = number(value, field);
    } else if (field == "channels") {
      if (!value.is_array()) throw Error(Status::kUsage, "profile: channels is {}, not a list", value.dump());
      for (const Json& entry : value) {
        std::string name = text(entry, "a channel");
        const bool required = !name.ends_with('?');
        if (!required) name.pop_back();
        if (name.empty()) throw Error(Status::kUsage, "profile: a channel without a name");
        profile.channels.push_back({std::move(name), required});
      }
    } else if (field == "missing") {
      profile.missing = value_named(kMissing, value, field);
    } else if (field == "scaling") {
      profile.scaling = value_named(kScaling, value, field);
    } else if (field == "clip") {
      profile.clip = number(value, field);
    } else if (field == "crop") {
      profile.crop = value_named(kCrop, value, field);
    } else if (field == "pad") {
      profile.pad = value_named(kPad, value, field);
    } else {
      throw Error(Status::kUsage,
                  "profile: unknown field {}; known are name, fs, seconds, channels, missing, scaling, clip, crop, pad",
                  field);
    }
  }
  constexpr double kMostSamples = 1e8;
  if (!(profile.fs > 0) || !(profile.seconds > 0) || !(profile.fs * profile.seconds >= 1) ||
      !(profile.fs * profile.seconds < kMostSamples)) {
    throw Error(Status::kUsage, "profile: {} s at {} Hz are no window", profile.seconds, profile.fs);
  }
  if (!(profile.clip >= 0)) throw Error(Status::kUsage, "profile: clip is {}, not 0 or more", profile.clip);
  if (profile.channels.empty()) throw Error(Status::kUsage, "profile: no channels");
  return profile;
}

Json Profile::to_json() const {
  Json list = Json::array();
  for (const ChannelSpec& spec : channels) list.push_back(spec.name + (spec.required ? "" : "?"));
  return Json{{"name", name},
              {"fs", fs},
              {"seconds", seconds},
              {"channels", list},
              {"missing", name_of_value(kMissing, missing)},
              {"scaling", name_of_value(kScaling, scaling)},
              {"clip", clip},
              {"crop", name_of_value(kCrop, crop)},
              {"pad", name_of_value(kPad, pad)}};
}

std::uint64_t Profile::hash() const { return fnv1a64(to_json().dump()); }

Profile Profile::qualityfm() {
  Profile profile;
  profile.name = "qualityfm";
  profile.channels = {{"ppg", true}, {"ecg", true}};
  profile.clip = 20;
  return profile;
}

std::vector<float> prepare(const Segment& segment, const Profile& profile, std::vector<std::uint8_t>* present) {
  const std::vector<std::optional<ChannelRef>> chosen = choose(segment, profile);
  double first = std::numeric_limits<double>::infinity(), last = -first;  // seconds after the segment's start
  for (const auto& ref : chosen) {
    if (!ref) continue;
    const Tensor& tensor = segment.tensors[ref->tensor];
    first = std::min(first, tensor.t0());
    last = std::max(last, tensor.t0() + static_cast<double>(tensor.samples()) / tensor.fs());
  }
  const bool longer = last - first >= profile.seconds;
  const bool from_end = longer ? profile.crop == Crop::kLast : profile.pad == Pad::kFront;
  const double begin = from_end ? last - profile.seconds : first;
  std::vector<Piece> pieces;
  for (const auto& ref : chosen) {
    pieces.push_back(ref ? piece_of(segment, segment.tensors[ref->tensor], ref->channel, profile, begin) : Piece{});
  }
  scale_pieces(pieces, profile);
  std::vector<float> out(profile.channels.size() * profile.samples(), 0.0F);
  for (std::size_t c = 0; c < pieces.size(); ++c) {
    const std::size_t at = c * profile.samples() + pieces[c].place;
    std::copy(pieces[c].values.begin(), pieces[c].values.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
  }
  if (present != nullptr) {
    present->clear();
    for (const Piece& piece : pieces) present->push_back(piece.live ? 1 : 0);
  }
  return out;
}

std::optional<std::string> unfit_for_pretraining(const Segment& segment, const Profile& profile, double max_missing) {
  for (const ChannelSpec& spec : profile.channels) {
    const auto ref = find_channel(segment, spec.name);
    if (!ref) {
      if (spec.required) return "no_" + spec.name;
      continue;
    }
    const std::vector<float> x = stream::physical(segment, segment.tensors[ref->tensor], ref->channel);
    const auto finite = std::count_if(x.begin(), x.end(), [](float value) { return std::isfinite(value); });
    if (static_cast<double>(finite) < (1 - max_missing) * static_cast<double>(x.size()) || finite == 0)
      return "missing";
    if (is_constant(x)) return "constant";
  }
  return std::nullopt;
}

}  // namespace cfm::dataset
