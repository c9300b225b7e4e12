#include "record/prepared.h"

#include <algorithm>
#include <limits>

#include "base/csv.h"
#include "base/error.h"
#include "base/hash.h"
#include "record/track.h"

namespace cfm::record {
namespace {

using prepare::Prepared;
using stream::ChannelRef;
using stream::Json;
using stream::Segment;
using stream::Tensor;

bool is_same(const ChannelRef& a, const ChannelRef& b) { return a.tensor == b.tensor && a.channel == b.channel; }

// The rows of one kind, which become one tensor.
struct Kind {
  std::string name;
  std::vector<std::size_t> rows;  // of the prepared matrix
};

std::vector<Kind> kinds_of(const Segment& segment, const Prepared& made) {
  std::vector<Kind> kinds;
  for (std::size_t row = 0; row < made.from.size(); ++row) {
    if (!made.from[row]) continue;
    const auto before = std::span(made.from).first(row);
    if (std::ranges::any_of(before, [&](const auto& other) { return other && is_same(*other, *made.from[row]); })) {
      continue;
    }
    const std::string name = segment.tensors[made.from[row]->tensor].kind();
    auto kind = std::ranges::find(kinds, name, &Kind::name);
    if (kind == kinds.end()) kind = kinds.insert(kinds.end(), Kind{name, {}});
    kind->rows.push_back(row);
  }
  return kinds;
}

Tensor tensor_of(const Segment& segment, const Prepared& made, const Kind& kind, const prepare::Profile& profile) {
  const bool scaled = profile.scaling.for_kind(kind.name) != prepare::Scaling::kNone;
  Json names = Json::array(), units = Json::array(), scale = Json::array(), offset = Json::array();
  std::vector<float> values;
  for (const std::size_t row : kind.rows) {
    const Tensor& from = segment.tensors[made.from[row]->tensor];
    const std::size_t channel = made.from[row]->channel;
    const auto from_units = from.units();
    names.push_back(from.names().at(channel));
    units.push_back(!scaled && channel < from_units.size() ? from_units[channel] : "NU");
    scale.push_back(1);
    offset.push_back(0);
    const auto begin = made.values.begin() + static_cast<std::ptrdiff_t>(row * made.samples);
    values.insert(values.end(), begin, begin + static_cast<std::ptrdiff_t>(made.samples));
  }
  Json attributes{{"kind", kind.name}, {"fs", json_number(profile.fs)}};
  if (made.begin != 0) attributes["t0"] = json_number(made.begin);
  attributes.update({{"names", names}, {"units", units}, {"scale", scale}, {"offset", offset}});
  attributes["profile"] = {{"name", profile.name}, {"hash", hex16(profile.hash())}};
  return stream::make_tensor(kind.name, {std::ssize(kind.rows), static_cast<std::int64_t>(made.samples)},
                             std::move(values), std::move(attributes));
}

// Events that count the samples of tensor `old` of the segment, counting those of the tensor made of `kind`.
void move_events(Segment& segment, std::size_t old, const Prepared& made, const Kind& kind, const Tensor& to) {
  const Tensor& from = segment.tensors[old];
  std::vector<std::size_t> channels;  // of `from`, in the places they have in `to`
  for (const std::size_t row : kind.rows) {
    const ChannelRef& ref = *made.from[row];
    channels.push_back(ref.tensor == old ? ref.channel : std::numeric_limits<std::size_t>::max());
  }
  const double base = (from.t0() - made.begin) * to.fs(), rate = to.fs() / from.fs();
  for (Tensor& tensor : segment.tensors) {
    if (!is_event(tensor) || tensor.attributes.value("of", std::string()) != from.name) continue;
    EventTrack track(tensor, 0);
    track.append(tensor, base, rate, std::numeric_limits<double>::lowest(), channels);
    tensor = track.window({0, static_cast<std::int64_t>(to.samples()), 0}, to.name);
  }
}

}  // namespace

void prepare_cut(Cut& cut, const prepare::Preparer& preparer) {
  Segment& segment = cut.segment;
  const Prepared made = preparer.run(segment);
  std::vector<std::size_t> old;
  bool all_went = true;
  for (const auto& ref : made.from) {
    if (!ref || std::ranges::find(old, ref->tensor) != old.end()) continue;
    old.push_back(ref->tensor);
    all_went = preparer.went_through(segment, segment.tensors[ref->tensor]) && all_went;
  }
  if (old.empty()) {
    throw Error(Status::kIncompatible, "{}: has none of the channels of profile {}, which are {}", segment.id(),
                preparer.profile().name, preparer.profile().signals());
  }
  if (all_went) return;
  std::vector<Tensor> tensors;
  for (const Kind& kind : kinds_of(segment, made)) {
    Tensor tensor = tensor_of(segment, made, kind, preparer.profile());
    const Tensor* taken = segment.find(tensor.name);
    if (taken != nullptr &&
        std::ranges::find(old, static_cast<std::size_t>(taken - segment.tensors.data())) == old.end())
      tensor.name += "@" + csv_number(preparer.profile().fs);
    for (const std::size_t t : old) {
      if (segment.tensors[t].kind() == kind.name) move_events(segment, t, made, kind, tensor);
    }
    tensors.push_back(std::move(tensor));
  }
  std::vector<std::string> gone;
  for (const std::size_t t : old) {
    gone.push_back(segment.tensors[t].name);
    const Json mask = segment.tensors[t].attributes.value("mask", Json());
    if (mask.is_string()) gone.push_back(mask.get<std::string>());
  }
  // Where the other channels of the cut are afterwards, by name.
  std::vector<std::pair<std::string, std::size_t>> others;
  for (const ChannelRef& ref : cut.order) {
    if (std::ranges::find(old, ref.tensor) == old.end())
      others.emplace_back(segment.tensors[ref.tensor].name, ref.channel);
  }
  std::erase_if(segment.tensors, [&](const Tensor& t) { return std::ranges::find(gone, t.name) != gone.end(); });
  segment.tensors.insert(segment.tensors.begin(), std::make_move_iterator(tensors.begin()),
                         std::make_move_iterator(tensors.end()));
  cut.order.clear();
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    for (std::size_t c = 0; c < segment.tensors[t].channels(); ++c) cut.order.push_back({t, c});
  }
  for (const auto& [name, channel] : others) {
    cut.order.push_back({static_cast<std::size_t>(segment.find(name) - segment.tensors.data()), channel});
  }
}

void take_length(CutOptions& options, const prepare::Profile& profile) {
  if (options.length || options.stride || options.whole) return;
  if (profile.seconds == 0) {
    options.whole = true;
  } else {
    options.usual_length = profile.seconds;
  }
}

}  // namespace cfm::record
