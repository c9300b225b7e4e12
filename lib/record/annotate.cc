#include "record/annotate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>

#include "format/annotation.h"

namespace cfm::record {
namespace {

using stream::Json;

constexpr int kRhythmCode = 28;  // RHYTHM of ecgcodes.h

std::string trimmed(std::string text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void put_age(Json& labels, const std::string& text) {
  if (text.size() > 6) return;
  const double age = std::stod(text);
  labels["age"] = age == std::floor(age) ? Json(static_cast<int>(age)) : Json(age);
}

void put_sex(Json& labels, const std::string& text) {
  const std::string word = lower(text);
  if (word == "m" || word == "male") labels["sex"] = "M";
  if (word == "f" || word == "female") labels["sex"] = "F";
}

void put_dx(Json& labels, const std::string& list) {
  std::size_t from = 0;
  while (from <= list.size()) {
    const std::size_t comma = std::min(list.find_first_of(",;", from), list.size());
    const std::string item = trimmed(list.substr(from, comma - from));
    if (!item.empty() && lower(item) != "unknown") labels["dx"].push_back(item);
    from = comma + 1;
  }
}

}  // namespace

Json header_labels(std::span<const std::string> comments) {
  static const auto flags = std::regex::ECMAScript | std::regex::icase | std::regex::optimize;
  static const std::regex age(R"((?:^|[\s<])age>?\s*[:=]\s*(\d+(?:\.\d+)?))", flags);
  static const std::regex sex(R"((?:^|[\s<])(?:sex|gender)>?\s*[:=]\s*(\w+))", flags);
  static const std::regex dx(R"((?:^|[\s<])(?:dx|diagnos[ie]s)>?\s*[:=]\s*(.*)$)", flags);
  static const std::regex mit(R"(^(-?\d+)\s+([MF])\b)", flags);  // "69 M 1085 1629 x1"; -1: age not known
  static const std::regex alarm(R"(^\s*(true|false)\s+alarm\s*$)", flags);
  Json labels = Json::object();
  bool diagnoses_follow = false;
  for (std::size_t i = 0; i < comments.size(); ++i) {
    const std::string& line = comments[i];
    std::smatch match;
    if (diagnoses_follow) put_dx(labels, line);
    if (std::regex_search(line, match, age)) put_age(labels, match[1]);
    if (std::regex_search(line, match, sex)) put_sex(labels, match[1]);
    if (std::regex_search(line, match, dx)) {
      put_dx(labels, match[1]);
      diagnoses_follow = trimmed(match[1]).empty();
    }
    if (i == 0 && std::regex_search(line, match, mit)) {
      if (match[1].str().front() != '-') put_age(labels, match[1]);
      put_sex(labels, match[2]);
    }
    if (std::regex_match(line, match, alarm)) labels["alarm"] = lower(match[1]) == "true";
  }
  return labels;
}

Reference Reference::read(const std::string& path, double fs, std::int64_t frames) {
  const format::AnnotationFile file = format::read_annotations(path);
  const double factor = file.resolution > 0 ? fs / file.resolution : 1;
  Reference reference;
  reference.fs_ = fs;
  for (const format::Annotation& a : file.annotations) {
    const double frame = static_cast<double>(a.sample) * factor;
    if (format::is_beat(a.code)) reference.beats_.push_back({frame, a.code});
    if (a.code == kRhythmCode && a.aux.starts_with('(')) {
      if (!reference.rhythms_.empty()) reference.rhythms_.back().end = frame;
      reference.rhythms_.push_back({frame, static_cast<double>(frames), a.aux});
    }
  }
  return reference;
}

void Reference::add(stream::Segment& segment, std::int64_t first, std::int64_t frames) const {
  const stream::Tensor* of = nullptr;
  for (const stream::Tensor& tensor : segment.tensors) {
    if (tensor.is_signal() && (of == nullptr || (of->kind() != "ecg" && tensor.kind() == "ecg"))) of = &tensor;
  }
  if (of == nullptr) return;
  const std::string of_name = of->name;
  const double rate = of->fs() / fs_;
  const auto begin = static_cast<double>(first), end = static_cast<double>(first + frames);
  const auto of_frame = [](const auto& event, double frame) { return event.frame < frame; };

  std::vector<double> rows;
  for (auto beat = std::lower_bound(beats_.begin(), beats_.end(), begin, of_frame);
       beat != beats_.end() && beat->frame < end; ++beat) {
    rows.insert(rows.end(), {(beat->frame - begin) * rate, static_cast<double>(beat->code), -1.0});
  }
  const auto n = static_cast<std::int64_t>(rows.size() / 3);
  segment.put(
      stream::make_tensor("reference/beats", {n, 3}, std::move(rows),
                          Json{{"kind", "event"}, {"of", of_name}, {"columns", {"sample", "code", "channel"}}}));
  if (rhythms_.empty()) return;

  std::vector<double> spans;
  Json names = Json::array();
  for (const Rhythm& rhythm : rhythms_) {
    const double from = std::max(rhythm.frame, begin), to = std::min(rhythm.end, end);
    if (from >= to) continue;
    auto at = std::find(names.begin(), names.end(), Json(rhythm.name)) - names.begin();
    if (at == static_cast<std::ptrdiff_t>(names.size())) names.push_back(rhythm.name);
    spans.insert(spans.end(),
                 {(from - begin) * rate, (to - begin) * rate, double{kRhythmCode}, static_cast<double>(at)});
  }
  const auto m = static_cast<std::int64_t>(spans.size() / 4);
  auto tensor = stream::make_tensor("reference/rhythm", {m, 4}, std::move(spans),
                                    Json{{"kind", "event"},
                                         {"of", of_name},
                                         {"columns", {"sample", "end", "code", "aux"}},
                                         {"aux", std::move(names)}});
  if (const auto longest = longest_rhythm(tensor)) segment.header["labels"]["rhythm"] = *longest;
  segment.put(std::move(tensor));
}

std::optional<std::string> longest_rhythm(const stream::Tensor& rhythm) {
  const Json columns = rhythm.attributes.value("columns", Json::array());
  const Json aux = rhythm.attributes.value("aux", Json::array());
  const auto column = [&](const char* name) {
    return static_cast<std::size_t>(std::find(columns.begin(), columns.end(), Json(name)) - columns.begin());
  };
  const std::size_t width = columns.size(), from = column("sample"), to = column("end"), name = column("aux");
  if (from == width || to == width || name == width) return std::nullopt;
  std::map<std::size_t, double> lasts;
  const auto values = rhythm.values<double>();
  for (std::size_t row = 0; row + width <= values.size(); row += width) {
    lasts[static_cast<std::size_t>(values[row + name])] += values[row + to] - values[row + from];
  }
  const auto longest = std::ranges::max_element(lasts, {}, [](const auto& entry) { return entry.second; });
  if (longest == lasts.end() || longest->first >= aux.size()) return std::nullopt;
  const auto text = aux[longest->first].get<std::string>();
  return text.starts_with('(') ? text.substr(1) : text;
}

}  // namespace cfm::record
