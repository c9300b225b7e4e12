#include "record/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "base/csv.h"
#include "base/error.h"
#include "format/names.h"

namespace cfm::record {
namespace {

bool is_kind(std::string_view text) {
  if (text == "other") return true;
  return std::ranges::any_of(format::alias_table(), [&](const format::Alias& alias) { return alias.kind == text; });
}

std::vector<std::size_t> of_kind(std::string_view kind, std::span<const ChannelLabel> channels) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    if (channels[i].kind == kind) found.push_back(i);
  }
  return found;
}

std::vector<std::size_t> of_name(std::string_view name, std::span<const ChannelLabel> channels) {
  for (std::size_t i = 0; i < channels.size(); ++i) {
    if (channels[i].name == name) return {i};
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    if (format::same_name(name, channels[i].name, channels[i].unit)) return {i};
  }
  return {};
}

std::size_t preferred(const std::vector<std::size_t>& found, std::span<const ChannelLabel> channels) {
  for (const std::string_view lead : {"II", "MLII"}) {
    for (const std::size_t i : found) {
      if (channels[i].kind == "ecg" && format::canonical_name(channels[i].name, channels[i].unit) == lead) return i;
    }
  }
  return found.front();
}

}  // namespace

std::vector<ChannelLabel> labels_of(const format::Recording& recording) {
  std::vector<ChannelLabel> labels;
  for (const format::Channel& channel : recording.channels()) {
    labels.push_back({channel.name, channel.unit, channel.kind, channel.fs});
  }
  return labels;
}

std::vector<ChannelLabel> labels_of(const stream::Segment& segment, std::vector<stream::ChannelRef>& where) {
  std::vector<ChannelLabel> labels;
  for (std::size_t t = 0; t < segment.tensors.size(); ++t) {
    const stream::Tensor& tensor = segment.tensors[t];
    if (!tensor.is_signal() || tensor.kind() == "waveform") continue;
    const auto names = tensor.names(), units = tensor.units();
    for (std::size_t c = 0; c < tensor.channels(); ++c) {
      labels.push_back({names.at(c), c < units.size() ? units[c] : "", tensor.kind(), tensor.fs()});
      where.push_back({t, c});
    }
  }
  return labels;
}

Selection Selection::parse(std::string_view text) {
  Selection selection;
  selection.text_ = text;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    std::string_view word = rest.substr(0, comma);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    Item item;
    item.optional = word.ends_with('?');
    if (item.optional) word.remove_suffix(1);
    item.every = word.ends_with(":all");
    if (item.every) word.remove_suffix(4);
    if (word.empty()) throw Error(Status::kUsage, "signals '{}': an empty item; write ecg,ppg or II,PLETH or #0", text);
    if (word.starts_with('#')) {
      const auto [end, error] = std::from_chars(word.data() + 1, word.data() + word.size(), item.position);
      if (error != std::errc() || end != word.data() + word.size() || item.position < 0) {
        throw Error(Status::kUsage, "signals '{}': '{}' is no position; the first is #0", text, word);
      }
    }
    item.text = word;
    selection.items_.push_back(std::move(item));
    if (comma == std::string_view::npos) return selection;
    rest.remove_prefix(comma + 1);
  }
}

std::vector<std::size_t> Selection::matches(const Item& item, std::span<const ChannelLabel> channels) {
  if (item.position >= 0) {
    const auto at = static_cast<std::size_t>(item.position);
    return at < channels.size() ? std::vector{at} : std::vector<std::size_t>{};
  }
  if (item.text == "all") {
    std::vector<std::size_t> every(channels.size());
    for (std::size_t i = 0; i < every.size(); ++i) every[i] = i;
    return every;
  }
  std::vector<std::size_t> found;
  if (!is_kind(item.text) && !item.every) found = of_name(item.text, channels);
  if (!found.empty()) return found;
  found = of_kind(item.text, channels);
  if (!item.every && found.size() > 1) return {preferred(found, channels)};
  return found;
}

Selection::Choice Selection::choose(std::span<const ChannelLabel> channels) const {
  Choice choice;
  for (const Item& item : items_) {
    const auto found = matches(item, channels);
    if (found.empty() && !item.optional) {
      choice.channels.clear();
      choice.reason = item.text == "all" ? "no_signals" : "no_" + item.text;
      return choice;
    }
    for (const std::size_t i : found) {
      if (std::ranges::find(choice.channels, i) == choice.channels.end()) choice.channels.push_back(i);
    }
  }
  if (choice.channels.empty()) choice.reason = "no_signals";
  return choice;
}

void SignalList::add(const std::string& record, std::span<const ChannelLabel> channels) {
  for (const ChannelLabel& label : channels) {
    auto row = std::ranges::find_if(rows_, [&](const Row& r) {
      return r.label.name == label.name && r.label.kind == label.kind && r.label.fs == label.fs;
    });
    if (row == rows_.end()) row = rows_.insert(rows_.end(), Row{label, 0, {}});
    if (row->records == 0 || row->last != record) ++row->records;
    row->last = record;
  }
}

std::string SignalList::csv() const {
  std::string out = "name,kind,rate,count\n";
  for (const Row& row : rows_) {
    out += fmt::format("{},{},{},{}\n", csv_cell(row.label.name), csv_cell(row.label.kind), csv_number(row.label.fs),
                       row.records);
  }
  return out;
}

std::string SignalList::summary() const {
  std::string out;
  std::set<std::string> seen;
  for (const Row& row : rows_) {
    const std::string text = fmt::format("{} ({})", row.label.name, row.label.kind);
    if (seen.insert(text).second) out += (out.empty() ? "" : ", ") + text;
  }
  return out.empty() ? "none" : out;
}

}  // namespace cfm::record
