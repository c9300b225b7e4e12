#include "record/annotate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>

#include "base/text.h"
#include "format/annotation.h"
#include "format/names.h"

namespace cfm::record {
namespace {

using stream::Json;

// RHYTHM, WFON, WFOFF and the peaks PWAVE, NORMAL, TWAVE of ecgcodes.h
constexpr int kRhythmCode = 28, kWaveOn = 39, kWaveOff = 40, kPPeak = 24, kNormal = 1, kTPeak = 27;

// 0 P, 1 QRS, 2 T for a peak, -1 for an onset or offset, else kNoWave.
constexpr int kNoWave = -2;
int wave_of(int code) {
  switch (code) {
    case kPPeak:
      return 0;
    case kNormal:
      return 1;
    case kTPeak:
      return 2;
    case kWaveOn:
    case kWaveOff:
      return -1;
    default:
      return kNoWave;
  }
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
    const std::string item(trimmed(std::string_view(list).substr(from, comma - from)));
    if (!item.empty() && lower(item) != "unknown") labels["dx"].push_back(item);
    from = comma + 1;
  }
}

// "label qt: 391.25"
void put_label(Json& labels, const std::string& name, const std::string& text) {
  Json value = Json::parse(text, nullptr, false);
  labels[name] = value.is_number() || value.is_boolean() ? std::move(value) : Json(text);
}

}  // namespace

std::vector<std::string> label_comments(const Json& labels) {
  std::vector<std::string> comments;
  for (const auto& [name, value] : labels.items()) {
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    if (value.is_structured() || value.is_null() || text.find_first_of("\r\n") != std::string::npos) continue;
    comments.push_back("label " + name + ": " + text);
  }
  return comments;
}

Json header_labels(std::span<const std::string> comments) {
  static const auto flags = std::regex::ECMAScript | std::regex::icase | std::regex::optimize;
  static const std::regex age(R"((?:^|[\s<])age>?\s*[:=]\s*(\d+(?:\.\d+)?))", flags);
  static const std::regex sex(R"((?:^|[\s<])(?:sex|gender)>?\s*[:=]\s*(\w+))", flags);
  static const std::regex dx(R"((?:^|[\s<])(?:dx|diagnos[ie]s)>?\s*[:=]\s*(.*)$)", flags);
  static const std::regex mit(R"(^(-?\d+)\s+([MF])\b)", flags);  // "69 M 1085 1629 x1"; -1: age not known
  static const std::regex label(R"(^\s*label ([a-z][a-z0-9_]*): (.*\S)\s*$)", std::regex::optimize);
  static const std::regex alarm(R"(^\s*(true|false)\s+alarm\s*$)", flags);
  Json labels = Json::object();
  bool diagnoses_follow = false;
  for (std::size_t i = 0; i < comments.size(); ++i) {
    const std::string& line = comments[i];
    std::smatch match;
    if (std::regex_match(line, match, label)) {
      put_label(labels, match[1], match[2]);
      continue;
    }
    if (diagnoses_follow) put_dx(labels, line);
    if (std::regex_search(line, match, age)) put_age(labels, match[1]);
    if (std::regex_search(line, match, sex)) put_sex(labels, match[1]);
    if (std::regex_search(line, match, dx)) {
      put_dx(labels, match[1]);
      diagnoses_follow = trimmed(match[1].str()).empty();
    }
    if (i == 0 && std::regex_search(line, match, mit)) {
      if (match[1].str().front() != '-') put_age(labels, match[1]);
      put_sex(labels, match[2]);
    }
    if (std::regex_match(line, match, alarm)) labels["alarm"] = lower(match[1]) == "true";
  }
  return labels;
}

void Reference::read(const std::string& path, const std::string& lead) {
  const format::AnnotationFile file = format::read_annotations(path);
  const double factor = file.resolution > 0 ? fs_ / file.resolution : 1;
  const bool has_waves = std::ranges::any_of(
      file.annotations, [](const format::Annotation& a) { return a.code == kWaveOn || a.code == kWaveOff; });
  std::size_t opened = waves_.size();  // marks of the wave at hand, whose kind its peak will tell
  for (const format::Annotation& a : file.annotations) {
    const double frame = static_cast<double>(a.sample) * factor;
    const bool beat = format::is_beat(a.code);
    const Event event{frame, a.code, a.num, a.sub, lead, 0, a.aux};
    if (beat && lead.empty()) beats_.push_back(event);
    const int wave = has_waves ? wave_of(a.code) : kNoWave;
    if (wave != kNoWave) {
      if (a.code == kWaveOn) opened = waves_.size();
      waves_.push_back(event);
      if (wave >= 0) {
        for (std::size_t i = opened; i < waves_.size(); ++i) waves_[i].num = wave;
      } else if (a.code == kWaveOff && opened + 1 < waves_.size()) {
        waves_.back().num = waves_[opened].num;
      }
    } else if (a.code == kRhythmCode && a.aux.starts_with('(')) {
      if (!rhythms_.empty()) rhythms_.back().end = frame;
      rhythms_.push_back({frame, static_cast<double>(frames_), a.aux});
    } else if (!beat) {
      notes_.push_back(event);
    }
  }
  has_file_ = has_file_ || lead.empty();
  for (auto* events : {&beats_, &waves_, &notes_}) std::ranges::stable_sort(*events, {}, &Event::frame);
}

void Reference::add_notes(std::span<const format::Note> notes) {
  for (const format::Note& note : notes)
    notes_.push_back({note.onset * fs_, format::kNoteCode, 0, 0, {}, note.duration, note.text});
  std::ranges::stable_sort(notes_, {}, &Event::frame);
}

// Frames of a segment, and the tensor in whose samples they are told.
class Reference::Window {
 public:
  Window(stream::Segment& segment, const stream::Tensor& of, double fs, std::int64_t first, std::int64_t frames)
      : begin(static_cast<double>(first)),
        end(static_cast<double>(first + frames)),
        segment_(segment),
        of_(of.name),
        names_(of.names()),
        rate_(of.fs() / fs) {}

  const double begin, end;

  double sample(double frame) const { return (frame - begin) * rate_; }
  // -1: all; nothing: not in this segment.
  std::optional<double> channel(const std::string& lead) const {
    if (lead.empty()) return -1;
    for (std::size_t c = 0; c < names_.size(); ++c) {
      if (format::same_name(lead, names_[c])) return static_cast<double>(c);
    }
    return std::nullopt;
  }
  stream::Tensor& put(const char* name, Json columns, std::vector<double> rows, Json aux = nullptr) const {
    const auto width = static_cast<std::int64_t>(columns.size());
    const auto n = std::ssize(rows) / width;
    Json attributes{{"kind", "event"}, {"of", of_}, {"columns", std::move(columns)}};
    if (!aux.is_null()) attributes["aux"] = std::move(aux);
    segment_.put(stream::make_tensor(name, {n, width}, std::move(rows), std::move(attributes)));
    return *segment_.find(name);
  }
  Json& header() const { return segment_.header; }

 private:
  stream::Segment& segment_;
  std::string of_;
  std::vector<std::string> names_;
  double rate_;
};

namespace {

// Index of a text in a list that grows by it where it is new.
double index_in(Json& list, const std::string& text) {
  const auto at = std::find(list.begin(), list.end(), Json(text)) - list.begin();
  if (at == std::ssize(list)) list.push_back(text);
  return static_cast<double>(at);
}

// Events in [begin, end), which are sorted.
template <typename Event>
std::span<const Event> between(const std::vector<Event>& events, double begin, double end) {
  const auto first = std::ranges::lower_bound(events, begin, {}, &Event::frame);
  return {first, std::ranges::lower_bound(first, events.end(), end, {}, &Event::frame)};
}

}  // namespace

void Reference::put_beats(const Window& window) const {
  std::vector<double> rows;
  for (const Event& beat : between(beats_, window.begin, window.end)) {
    rows.insert(rows.end(), {window.sample(beat.frame), static_cast<double>(beat.code), -1.0});
  }
  window.put("reference/beats", {"sample", "code", "channel"}, std::move(rows));
}

void Reference::put_waves(const Window& window) const {
  std::vector<double> rows;
  for (const Event& mark : between(waves_, window.begin, window.end)) {
    const auto channel = window.channel(mark.lead);
    if (!channel) continue;
    rows.insert(rows.end(),
                {window.sample(mark.frame), static_cast<double>(mark.code), *channel, static_cast<double>(mark.num)});
  }
  window.put("reference/waves", {"sample", "code", "channel", "num"}, std::move(rows));
}

void Reference::put_rhythms(const Window& window) const {
  std::vector<double> spans;
  Json names = Json::array();
  for (const Rhythm& rhythm : rhythms_) {
    const double from = std::max(rhythm.frame, window.begin), to = std::min(rhythm.end, window.end);
    if (from >= to) continue;
    spans.insert(spans.end(),
                 {window.sample(from), window.sample(to), double{kRhythmCode}, index_in(names, rhythm.name)});
  }
  const auto& tensor =
      window.put("reference/rhythm", {"sample", "end", "code", "aux"}, std::move(spans), std::move(names));
  if (const auto longest = longest_rhythm(tensor)) window.header()["labels"]["rhythm"] = *longest;
}

void Reference::put_notes(const Window& window) const {
  std::vector<double> rows;
  Json texts = Json::array();
  for (const Event& note : notes_) {
    if (note.frame >= window.end) break;
    const bool there = note.frame >= window.begin || note.frame + note.seconds * fs_ > window.begin;
    const auto channel = window.channel(note.lead);
    if (!there || !channel) continue;
    rows.insert(rows.end(),
                {window.sample(note.frame), static_cast<double>(note.code), *channel, static_cast<double>(note.num),
                 static_cast<double>(note.sub), note.seconds, index_in(texts, note.text)});
  }
  if (rows.empty()) return;
  window.put("reference/notes", {"sample", "code", "channel", "num", "sub", "seconds", "aux"}, std::move(rows),
             std::move(texts));
}

void Reference::add(stream::Segment& segment, std::int64_t first, std::int64_t frames) const {
  const stream::Tensor* of = nullptr;
  for (const stream::Tensor& tensor : segment.tensors) {
    if (tensor.is_signal() && (of == nullptr || (of->kind() != "ecg" && tensor.kind() == "ecg"))) of = &tensor;
  }
  if (of == nullptr) return;
  const Window window(segment, *of, fs_, first, frames);
  if (has_file_) put_beats(window);
  if (!waves_.empty()) put_waves(window);
  if (!rhythms_.empty()) put_rhythms(window);
  put_notes(window);
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
