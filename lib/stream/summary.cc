#include "stream/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/hash.h"
#include "stream/json_text.h"

namespace cfm::stream {
namespace {

constexpr std::size_t kMostValues = 8;  // of a label, before it is summed up

std::string duration(double seconds) {
  const auto s = static_cast<long long>(seconds + 0.5);
  if (s >= 86400) return fmt::format("{} d {:02}:{:02} h", s / 86400, s / 3600 % 24, s / 60 % 60);
  return fmt::format("{}:{:02}:{:02} h", s / 3600, s / 60 % 60, s % 60);
}

std::string size(std::uint64_t bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.{}f} {}", value, unit == 0 ? 0 : 1, kUnits[unit]);
}

std::string row(const std::string& name, const std::string& text) { return fmt::format("{:<12}{}\n", name, text); }

}  // namespace

void Summary::add(const Frame& frame) {
  ++frames_;
  payload_bytes_ += frame.payload.size();
  if (frame.type == 'S') return add_segment(decode_segment(frame));
  const Json header = parse_json(frame.header);
  if (frame.type == 'H') {
    if (++parts_ > 1 || !header.contains("prov")) return;
    for (const Json& entry : header["prov"]) {
      std::string line = entry.value("tool", "?") + " " + entry.value("version", "");
      for (const Json& arg : entry.value("args", Json::array()))
        line += " " + (arg.is_string() ? arg.get<std::string>() : arg.dump());
      chain_.push_back(line);
    }
  } else if (frame.type == 'n') {
    std::vector<std::string> reasons;
    const Json skipped = header.value("skipped", Json::object());
    for (const auto& [reason, count] : skipped.items()) reasons.push_back(fmt::format("{} {}", reason, count.dump()));
    notes_.push_back(fmt::format("{}: read {}, wrote {}{}", header.value("tool", "?"),
                                 header.value("read", Json(0)).dump(), header.value("written", Json(0)).dump(),
                                 reasons.empty() ? "" : fmt::format(", left out {}", fmt::join(reasons, ", "))));
  } else if (frame.type == 'E' && header.value("status", "ok") != "ok") {
    ++partial_;
  }
}

void Summary::add_segment(const Segment& segment) {
  ++segments_;
  records_.insert(fnv1a64(segment.record()));
  subjects_.insert(fnv1a64(segment.subject_or_record()));
  double longest = 0;
  for (const Tensor& tensor : segment.tensors) {
    if (!tensor.is_signal() || tensor.kind() == "waveform") {
      if (tensor.kind() != "mask") ++tensors_[fmt::format("{} ({})", tensor.name, tensor.kind())];
      continue;
    }
    const double seconds = static_cast<double>(tensor.samples()) / tensor.fs();
    longest = std::max(longest, seconds);
    const auto names = tensor.names(), units = tensor.units();
    for (std::size_t c = 0; c < tensor.channels(); ++c) {
      Channel& channel = channels_[fmt::format("{} {}, {} Hz, {}, {}", tensor.kind(), c < names.size() ? names[c] : "?",
                                               tensor.fs(), c < units.size() ? units[c] : "?", name_of(tensor.dtype))];
      ++channel.segments;
      channel.seconds += seconds;
    }
  }
  seconds_ += longest;
  if (const auto score = segment.score()) {
    score_sum_ += *score;
    ++classes_[segment.header["quality"].value("class", "none")];
  }
  const Json labels = segment.header.value("labels", Json::object());
  for (const auto& [name, value] : labels.items()) {
    if (value.is_number()) {
      const double number = value.get<double>();
      const auto [at, fresh] = numbers_.try_emplace(name, number, number);
      if (!fresh) at->second = {std::min(at->second.first, number), std::max(at->second.second, number)};
    }
    auto& counts = labels_[name];
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (counts.contains(text) || counts.size() <= kMostValues) ++counts[text];
  }
  const Json predictions = segment.header.value("predictions", Json::object());
  for (const auto& [name, value] : predictions.items()) predictions_.insert(name);
}

std::string Summary::text(const std::string& name, const std::string& form, const std::string& cut) const {
  std::string out = row(
      name, form + (cut.empty() ? partial_ > 0 ? ", whole, but partial: something was left out as damaged" : ", whole"
                                : ", NOT WHOLE"));
  if (!cut.empty()) out += row("damage", cut);
  out += row("parts", fmt::format("{}, {} frames, {} of payload", parts_, frames_, size(payload_bytes_)));
  out += row("segments", fmt::format("{} of {} records and {} subjects, {}", segments_, records_.size(),
                                     subjects_.size(), duration(seconds_)));
  for (const auto& [channel, count] : channels_)
    out += row("channel", fmt::format("{}: {} segments, {}", channel, count.segments, duration(count.seconds)));
  for (const auto& [tensor, count] : tensors_) out += row("tensor", fmt::format("{}: {} segments", tensor, count));
  if (!classes_.empty()) {
    std::uint64_t graded = 0;
    std::vector<std::string> parts;
    for (const auto& [klass, count] : classes_) graded += count;
    for (const std::string_view klass : kQualityClasses) {
      const auto at = classes_.find(std::string(klass));
      if (at != classes_.end()) parts.push_back(fmt::format("{} {}", klass, at->second));
    }
    out += row("quality",
               fmt::format("{}; mean score {:.2f}", fmt::join(parts, ", "), score_sum_ / static_cast<double>(graded)));
  }
  for (const auto& [label, counts] : labels_) {
    std::vector<std::string> values;
    for (const auto& [value, count] : counts) values.push_back(fmt::format("{} × {}", value, count));
    const auto number = numbers_.find(label);
    if (counts.size() <= kMostValues)
      out += row("label", fmt::format("{}: {}", label, fmt::join(values, ", ")));
    else if (number != numbers_.end())
      out += row("label", fmt::format("{}: {} to {}", label, number->second.first, number->second.second));
    else
      out += row("label", fmt::format("{}: more than {} values", label, kMostValues));
  }
  if (!predictions_.empty()) out += row("predicted", fmt::format("{}", fmt::join(predictions_, ", ")));
  for (const std::string& entry : chain_) out += row("made by", entry);
  for (const std::string& note : notes_) out += row("note", note);
  return out;
}

}  // namespace cfm::stream
