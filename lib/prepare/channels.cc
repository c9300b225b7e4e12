#include "prepare/channels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"

namespace cfm::prepare {
namespace {

using stream::ChannelRef;
using stream::Segment;
using stream::Tensor;

// "ECG lead II" → "ii"
std::string plain(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (std::string_view(" _-./,").find(c) == std::string_view::npos) {
      text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  for (const std::string_view prefix : {"ecg", "lead"}) {
    if (text.starts_with(prefix) && text.size() > prefix.size()) text.erase(0, prefix.size());
  }
  return text;
}

std::string channels_there(const Segment& segment) {
  std::string all;
  for (const Tensor& tensor : segment.tensors) {
    if (!tensor.is_signal() || tensor.kind() == "waveform") continue;
    for (const std::string& name : tensor.names()) {
      all += fmt::format("{}{} ({})", all.empty() ? "" : ", ", name, tensor.kind());
    }
  }
  return all.empty() ? "no signal" : all;
}

struct Named {
  std::string plain;
  ChannelRef ref;
};

std::vector<Named> channels_by_name(const Segment& segment) {
  std::vector<Named> all;
  for (std::size_t t = 0; t < segment.tensors.size(); ++t) {
    const Tensor& tensor = segment.tensors[t];
    if (!tensor.is_signal() || tensor.kind() == "waveform") continue;
    const std::vector<std::string> names = tensor.names();
    for (std::size_t c = 0; c < names.size(); ++c) all.push_back({plain(names[c]), {t, c}});
  }
  return all;
}

std::optional<ChannelRef> find_channel(const Segment& segment, const std::vector<Named>& all, const std::string& name) {
  if (auto found = stream::preferred_channel(segment, name)) return found;
  const auto at = std::ranges::find(all, plain(name), &Named::plain);
  return at == all.end() ? std::nullopt : std::optional(at->ref);
}

}  // namespace

std::optional<ChannelRef> find_channel(const Segment& segment, const std::string& name) {
  return find_channel(segment, channels_by_name(segment), name);
}

std::vector<std::optional<ChannelRef>> choose(const Segment& segment, const Profile& profile) {
  const std::vector<Named> all = channels_by_name(segment);
  std::vector<std::optional<ChannelRef>> chosen;
  for (const ChannelSpec& spec : profile.channels) {
    chosen.push_back(find_channel(segment, all, spec.name));
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

}  // namespace cfm::prepare
