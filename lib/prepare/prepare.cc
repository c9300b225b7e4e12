#include "prepare/prepare.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "base/error.h"
#include "base/hash.h"
#include "prepare/channels.h"
#include "prepare/scale.h"
#include "signal/gaps.h"
#include "signal/resample.h"

namespace cfm::prepare {
namespace {

using stream::ChannelRef;
using stream::Json;
using stream::Segment;
using stream::Tensor;

bool is_constant(std::span<const float> x) {
  float first = std::numeric_limits<float>::quiet_NaN();
  for (const float value : x) {
    if (!std::isfinite(value)) continue;
    if (std::isnan(first)) first = value;
    if (value != first) return false;
  }
  return true;  // of no finite value, too
}

// 1 where a sample of the other rate is next to one that the recording lacks.
std::vector<std::uint8_t> absent_at(std::span<const float> x, double fs, double fs_out) {
  std::vector<std::uint8_t> absent(signal::resampled_size(x.size(), fs, fs_out));
  for (std::size_t i = 0; i < absent.size(); ++i) {
    const auto source = static_cast<std::size_t>(std::lround(static_cast<double>(i) * fs / fs_out));
    absent[i] = std::isfinite(x[std::min(source, x.size() - 1)]) ? 0 : 1;
  }
  return absent;
}

}  // namespace

// The chosen channels of one tensor: one kind, one rate, one place in time.
struct Preparer::Group {
  const Tensor* tensor;
  std::vector<std::size_t> wanted;                // rows of the profile
  std::vector<std::size_t> rows;                  // those that are live, as `values` holds them
  std::vector<float> values;                      // [rows.size(), n] at the profile's rate
  std::size_t n = 0, count = 0;                   // samples of a row, and how many of them the window has room for
  std::size_t place = 0;                          // where in the window they begin
  std::vector<std::vector<std::uint8_t>> absent;  // for Missing::kZero, a row: 1 where the recording had nothing
  bool prepared = false;

  std::span<float> row(std::size_t r) { return std::span(values).subspan(r * n, count); }
};

const FilterChain& Preparer::chain(const std::string& kind, double fs, const std::string& who) const {
  const std::lock_guard lock(mutex_);
  auto& made = chains_[{kind, fs}];
  if (!made) {
    const bool own = profile_.filters.of.contains(kind);
    const std::string list = own ? "." + kind : profile_.filters.of.empty() ? "" : ".*";
    made = std::make_unique<const FilterChain>(profile_.filters.for_kind(kind), fs,
                                               fmt::format("{}: profile {}: filters{}", who, profile_.name, list));
  }
  return *made;
}

const signal::SegmentResampler& Preparer::resampler(double fs) const {
  const std::lock_guard lock(mutex_);
  return resamplers_.try_emplace(fs, fs, profile_.fs).first->second;
}

bool Preparer::went_through(const Segment& segment, const Tensor& tensor) const {
  const auto attribute = tensor.attributes.find("profile");
  if (attribute == tensor.attributes.end() || attribute->is_null()) return false;
  if (attribute->is_object() && attribute->value("hash", Json()) == Json(hex16(hash_))) return true;
  throw Error(Status::kIncompatible,
              "{}: {} was already prepared as {}, which is not {} ({}); segment it again without --profile",
              segment.id(), tensor.name, attribute->dump(), profile_.name, hex16(hash_));
}

void Preparer::fill(const Segment& segment, const Prepared& made, Group& group) const {
  constexpr double kRounding = 1e-6;  // samples
  const Tensor& tensor = *group.tensor;
  group.prepared = went_through(segment, tensor);
  const double fs = tensor.fs(), lead = (made.begin - tensor.t0()) * fs;
  const double lasts = static_cast<double>(made.samples) / profile_.fs;
  const std::size_t there = tensor.samples();
  const std::size_t from = lead <= 0 ? 0 : std::min(there, static_cast<std::size_t>(std::ceil(lead - kRounding)));
  const double until =
      profile_.seconds > 0 ? std::max(0.0, std::floor(lead + lasts * fs + kRounding)) : static_cast<double>(there);
  const std::size_t to =
      std::clamp(until < static_cast<double>(there) ? static_cast<std::size_t>(until) : there, from, there);
  const double offset = (static_cast<double>(from) - lead) / fs * profile_.fs;
  group.place = std::min(made.samples, static_cast<std::size_t>(std::max(0L, std::lround(offset))));
  for (const std::size_t row : group.wanted) {
    const std::vector<float> whole = stream::physical(segment, tensor, made.from[row]->channel);
    const auto x = std::span(whole).subspan(from, to - from);
    if (is_constant(x)) continue;
    if (profile_.missing == Missing::kZero) group.absent.push_back(absent_at(x, fs, profile_.fs));
    group.values.insert(group.values.end(), x.begin(), x.end());
    signal::bridge_gaps(std::span(group.values).last(x.size()));
    group.rows.push_back(row);
  }
  if (group.rows.empty()) return;
  const std::string kind = tensor.kind();
  const bool filters = !group.prepared, at_source = profile_.filter_at == FilterAt::kSource;
  if (filters && at_source) chain(kind, fs, segment.id()).run(group.values, group.rows.size());
  group.n = to - from;
  if (fs != profile_.fs) {
    const signal::SegmentResampler& to_profile = resampler(fs);
    const std::size_t n = signal::resampled_size(group.n, fs, profile_.fs);
    std::vector<float> at_source(group.rows.size() * n);
    at_source.swap(group.values);
    for (std::size_t r = 0; r < group.rows.size(); ++r) {
      to_profile.run(std::span(at_source).subspan(r * group.n, group.n), std::span(group.values).subspan(r * n, n));
    }
    group.n = n;
  }
  group.count = std::min(group.n, made.samples - group.place);
  if (group.count == 0) group.rows.clear();
  if (filters && !at_source) chain(kind, profile_.fs, segment.id()).run(group.values, group.rows.size());
}

void Preparer::scale(std::vector<Group>& groups) const {
  std::map<Scaling, std::vector<std::span<const float>>> together;
  for (Group& group : groups) {
    const Scaling scaling = profile_.scaling.for_kind(group.tensor->kind());
    if (!is_joint(scaling) || group.prepared) continue;
    for (std::size_t r = 0; r < group.rows.size(); ++r) together[scaling].push_back(group.row(r));
  }
  std::map<Scaling, Scale> joint;
  for (const auto& [scaling, rows] : together) joint[scaling] = joint_scale(rows, scaling);
  for (Group& group : groups) {
    if (group.prepared) continue;
    const std::string kind = group.tensor->kind();
    const Scaling scaling = profile_.scaling.for_kind(kind);
    const double clip = profile_.clip.for_kind(kind), limit = clip > 0 ? clip : std::numeric_limits<double>::infinity();
    for (std::size_t r = 0; r < group.rows.size(); ++r) {
      const Scale scale = is_joint(scaling) ? joint[scaling] : scale_of(group.row(r), scaling);
      for (float& x : group.row(r)) {
        x = static_cast<float>(std::clamp((x - scale.centre) * scale.factor, -limit, limit));
      }
      if (group.absent.empty()) continue;
      for (std::size_t i = 0; i < group.count; ++i) {
        if (i < group.absent[r].size() && group.absent[r][i] != 0) group.row(r)[i] = 0;
      }
    }
  }
}

Prepared Preparer::run(const Segment& segment) const {
  Prepared made;
  made.from = choose(segment, profile_);
  made.live.resize(made.from.size());
  std::vector<Group> groups;
  double first = std::numeric_limits<double>::infinity(), last = -first;  // seconds after the segment's start
  for (std::size_t row = 0; row < made.from.size(); ++row) {
    if (!made.from[row]) continue;
    const Tensor& tensor = segment.tensors[made.from[row]->tensor];
    auto group = std::ranges::find(groups, &tensor, &Group::tensor);
    if (group == groups.end()) {
      group = groups.insert(groups.end(), Group{&tensor});
      first = std::min(first, tensor.t0());
      last = std::max(last, tensor.t0() + static_cast<double>(tensor.samples()) / tensor.fs());
    }
    group->wanted.push_back(row);
  }
  const bool whole = profile_.seconds == 0;
  const double lasts = whole ? last - first : profile_.seconds;
  const bool longer = last - first >= lasts;
  const bool from_end = longer ? profile_.crop == Crop::kLast : profile_.pad == Pad::kFront;
  if (!groups.empty()) {
    made.begin = from_end && !whole ? last - lasts : first;
    made.samples = static_cast<std::size_t>(std::llround(lasts * profile_.fs));
  }
  if (!whole) made.samples = profile_.samples();
  for (Group& group : groups) fill(segment, made, group);
  scale(groups);
  made.values.resize(made.from.size() * made.samples);
  for (Group& group : groups) {
    for (std::size_t r = 0; r < group.rows.size(); ++r) {
      const auto to = made.values.begin() + static_cast<std::ptrdiff_t>(group.rows[r] * made.samples + group.place);
      std::ranges::copy(group.row(r), to);
      made.live[group.rows[r]] = 1;
    }
  }
  return made;
}

std::vector<float> prepared(const Segment& segment, const Profile& profile, std::vector<std::uint8_t>* present) {
  Prepared made = Preparer(profile).run(segment);
  if (present != nullptr) *present = std::move(made.live);
  return std::move(made.values);
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
    if (static_cast<double>(finite) < (1 - max_missing) * static_cast<double>(x.size()) || finite == 0) {
      return "missing";
    }
    if (is_constant(x)) return "constant";
  }
  return std::nullopt;
}

}  // namespace cfm::prepare
