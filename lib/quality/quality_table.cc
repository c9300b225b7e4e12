#include "quality/quality_table.h"

#include <cmath>

#include "base/csv.h"
#include "stream/frame.h"

namespace cfm::quality {
namespace {

using stream::Json;

std::string text(const Json& object, std::string_view key) {
  const auto at = object.find(key);
  return at == object.end() || !at->is_string() ? "" : at->get<std::string>();
}

std::string joined(const Json& object, std::string_view key) {
  std::string all;
  const Json reasons = object.value(key, Json::array());
  for (const Json& reason : reasons) all += (all.empty() ? "" : " ") + reason.get<std::string>();
  return all;
}

std::string counts(const std::map<std::string, int>& of, std::string_view name) {
  const auto at = of.find(std::string(name));
  return fmt::format("{:>12}", at == of.end() ? 0 : at->second);
}

}  // namespace

std::string quality_header(std::span<const std::string> indices) {
  std::string header = "id,record,subject,start,channel,kind,score,class,reasons";
  for (const std::string& name : indices) header += "," + name;
  return header + "\n";
}

std::string quality_rows(const stream::Segment& segment, std::span<const std::string> indices) {
  const auto at = segment.header.find("quality");
  if (at == segment.header.end()) return "";
  std::string out;
  const auto row = [&](const std::string& channel, const Json& graded) {
    out += csv_cell(segment.id()) + "," + csv_cell(segment.record()) + "," + csv_cell(segment.subject()) + "," +
           csv_number(segment.start()) + "," + csv_cell(channel) + "," + csv_cell(text(graded, "kind")) + "," +
           csv_number(graded.value("score", std::nan(""))) + "," + csv_cell(text(graded, "class")) + "," +
           csv_cell(joined(graded, "reasons"));
    const Json values = graded.value("indices", Json::object());
    for (const std::string& name : indices) {
      const auto value = values.find(name);
      out += "," + (value != values.end() && value->is_number() ? csv_number(value->get<double>()) : std::string());
    }
    out += "\n";
  };
  row("*", *at);
  const Json channels = at->value("per_channel", Json::object());
  for (const auto& [name, graded] : channels.items()) row(name, graded);
  return out;
}

void QualitySummary::add(const stream::Segment& segment) {
  const auto at = segment.header.find("quality");
  if (at == segment.header.end()) return;
  const std::lock_guard lock(mutex_);
  const auto count = [&](const std::string& kind, const Json& graded) {
    ++classes_[kind][text(graded, "class")];
    const Json reasons = graded.value("reasons", Json::array());
    for (const Json& reason : reasons) ++reasons_[kind][reason.get<std::string>()];
  };
  count("*", *at);
  const Json channels = at->value("per_channel", Json::object());
  for (const Json& graded : channels) count(text(graded, "kind"), graded);
}

std::string QualitySummary::table() const {
  const auto named = [](const std::string& kind) { return fmt::format("\n{:8}", kind == "*" ? "segment" : kind); };
  std::string out = fmt::format("{:8}", "kind");
  for (const auto name : stream::kQualityClasses) out += fmt::format("{:>12}", name);
  for (const auto& [kind, of] : classes_) {
    out += named(kind);
    for (const auto name : stream::kQualityClasses) out += counts(of, name);
  }
  std::map<std::string, int> given;
  for (const auto& [kind, of] : reasons_)
    for (const auto& [reason, n] : of) given[reason] += n;
  if (given.empty()) return out + "\n";
  out += fmt::format("\n{:8}", "reasons");
  for (const auto& [reason, n] : given) out += fmt::format("{:>12}", reason);
  for (const auto& [kind, of] : reasons_) {
    out += named(kind);
    for (const auto& [reason, n] : given) out += counts(of, reason);
  }
  return out + "\n";
}

}  // namespace cfm::quality
