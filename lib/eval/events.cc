#include "eval/events.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string_view>
#include <tuple>

#include "base/error.h"

namespace cfm::eval {
namespace {

using stream::Json;
using stream::Segment;
using stream::Tensor;

constexpr double kTouching = 0.5;  // frames between the end of a segment and the start of the next
constexpr std::array<std::string_view, 12> kStandardLeads = {"i",  "ii", "iii", "avr", "avl", "avf",
                                                             "v1", "v2", "v3",  "v4",  "v5",  "v6"};

// The clock of a segment's record.
struct Clock {
  double rate, begin;  // Hz, frame of the segment's start
};

Clock clock_of(const Segment& segment) {
  const auto at = segment.header.find("clock");
  if (at != segment.header.end() && at->is_object() && at->value("fs", 0.0) > 0)
    return {at->value("fs", 0.0), at->value("sample", 0.0)};
  double rate = 0;
  for (const Tensor& tensor : segment.tensors)
    if (tensor.is_signal()) rate = std::max(rate, tensor.fs());
  return {rate, segment.start() * rate};
}

// Column of each row, or `fallback` where the event has no such column.
class Columns {
 public:
  Columns(const Segment& segment, const Tensor& tensor) : values_(tensor.values<double>()) {
    names_ = tensor.attributes.value("columns", Json::array());
    width_ = names_.size();
    if (tensor.shape.size() != 2 || tensor.shape[1] != static_cast<std::int64_t>(width_) || find("sample") == width_ ||
        find("code") == width_)
      throw Error(Status::kMalformed, "segment '{}': event '{}' needs two dimensions and the columns sample and code",
                  segment.id(), tensor.name);
  }

  std::size_t rows() const { return width_ == 0 ? 0 : values_.size() / width_; }
  std::size_t find(const char* name) const {
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), Json(name)) - names_.begin());
  }
  double at(std::size_t row, std::size_t column, double fallback) const {
    return column < width_ ? values_[row * width_ + column] : fallback;
  }

 private:
  std::span<const double> values_;
  Json names_;
  std::size_t width_ = 0;
};

std::vector<Event> events_of(const Segment& segment, const Tensor& tensor, const Clock& clock) {
  const std::string of = tensor.attributes.value("of", "");
  const Tensor* signal = segment.find(of);
  if (signal == nullptr || !signal->is_signal())
    throw Error(Status::kUsage, "segment '{}': '{}' counts samples of '{}', which is not there", segment.id(),
                tensor.name, of);
  const Columns columns(segment, tensor);
  const std::size_t sample = columns.find("sample"), code = columns.find("code"), channel = columns.find("channel"),
                    num = columns.find("num"), sub = columns.find("sub");
  const std::vector<std::string> names = signal->names();
  const double factor = clock.rate / signal->fs(), origin = clock.begin + signal->t0() * clock.rate;
  std::vector<Event> events;
  for (std::size_t row = 0; row < columns.rows(); ++row) {
    const auto c = static_cast<std::int64_t>(columns.at(row, channel, -1));
    if (c >= std::ssize(names))
      throw Error(Status::kMalformed, "segment '{}': '{}' speaks of channel {} of '{}', which has {}", segment.id(),
                  tensor.name, c, of, names.size());
    events.push_back({.frame = origin + columns.at(row, sample, 0) * factor,
                      .code = static_cast<int>(columns.at(row, code, 0)),
                      .num = static_cast<int>(columns.at(row, num, 0)),
                      .sub = static_cast<int>(columns.at(row, sub, 0)),
                      .lead = c < 0 ? "" : names[static_cast<std::size_t>(c)]});
  }
  return events;
}

double end_of(const Segment& segment, const Clock& clock) {
  double seconds = 0;
  for (const Tensor& tensor : segment.tensors) {
    if (tensor.is_signal())
      seconds = std::max(seconds, tensor.t0() + static_cast<double>(tensor.samples()) / tensor.fs());
  }
  return clock.begin + seconds * clock.rate;
}

std::size_t rank(const std::string& lead) {
  std::string lower = lead;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower.empty()) return 0;
  return static_cast<std::size_t>(std::ranges::find(kStandardLeads, lower) - kStandardLeads.begin()) + 1;
}

}  // namespace

void EventLog::add(const Segment& segment, const std::string& source) {
  count_once(segment.id(), fmt::format("segment '{}' is there twice", segment.id()), source);
  const Clock clock = clock_of(segment);
  Pieces& record =
      records_.try_emplace(segment.record(), Pieces{segment.subject_or_record(), clock.rate, {}, {}}).first->second;
  if (clock.rate != record.rate)
    throw Error(Status::kUsage, "segment '{}': its clock has {:g} Hz, that of the record's other segments {:g}",
                segment.id(), clock.rate, record.rate);
  Piece piece{clock.begin, end_of(segment, clock), {}};
  for (const Tensor& tensor : segment.tensors) {
    if (tensor.kind() != "event") continue;
    names_.insert(tensor.name);
    if (!wanted_.contains(tensor.name)) continue;
    piece.events[tensor.name] = events_of(segment, tensor, clock);
    record.leads.try_emplace(tensor.name, segment.find(tensor.attributes.value("of", ""))->names());
  }
  record.pieces.push_back(std::move(piece));
}

std::vector<EventRecord> EventLog::records() const {
  std::vector<EventRecord> all;
  for (const auto& [name, gathered] : records_) {
    EventRecord record{.record = name,
                       .subject = gathered.subject,
                       .rate = gathered.rate,
                       .segments = gathered.pieces.size(),
                       .stretches = {},
                       .events = {},
                       .leads = gathered.leads};
    std::vector<const Piece*> pieces;
    for (const Piece& piece : gathered.pieces) pieces.push_back(&piece);
    std::ranges::stable_sort(pieces, {}, &Piece::begin);
    for (const Piece* piece : pieces) {
      const bool overlaps = !record.stretches.empty() && piece->begin < record.stretches.back().end - kTouching;
      const double known = overlaps ? record.stretches.back().end : -HUGE_VAL;
      if (record.stretches.empty() || piece->begin > record.stretches.back().end + kTouching)
        record.stretches.push_back({piece->begin, piece->end});
      else
        record.stretches.back().end = std::max(record.stretches.back().end, piece->end);
      for (const auto& [tensor, events] : piece->events) {
        std::vector<Event>& list = record.events[tensor];
        std::ranges::copy_if(events, std::back_inserter(list), [&](const Event& e) { return e.frame >= known; });
      }
    }
    for (auto& [tensor, events] : record.events) std::ranges::stable_sort(events, {}, &Event::frame);
    all.push_back(std::move(record));
  }
  return all;
}

std::span<const Event> events_within(const std::vector<Event>& events, double begin, double end) {
  const auto first = std::ranges::lower_bound(events, begin, {}, &Event::frame);
  return {first, std::ranges::lower_bound(first, events.end(), end, {}, &Event::frame)};
}

std::set<std::string> leads_with(std::span<const EventRecord> records, const std::string& tensor) {
  std::set<std::string> leads;
  for (const EventRecord& record : records) {
    const auto at = record.events.find(tensor);
    if (at == record.events.end()) continue;
    for (const Event& event : at->second) leads.insert(event.lead);
  }
  return leads;
}

std::vector<std::string> leads_to_compare(const EventRecord& record, const std::string& tensor,
                                          const std::set<std::string>& found) {
  std::vector<std::string> leads;
  if (!found.contains(""))
    std::ranges::copy_if(record.leads.at(tensor), std::back_inserter(leads),
                         [&](const std::string& lead) { return found.contains(lead); });
  if (leads.empty()) leads.emplace_back();
  return leads;
}

bool lead_before(const std::string& a, const std::string& b) { return std::tuple(rank(a), a) < std::tuple(rank(b), b); }

std::vector<std::string> leads_of(std::span<const Event> events) {
  const auto before = [](const std::string& a, const std::string& b) { return lead_before(a, b); };
  std::set<std::string, decltype(before)> leads(before);
  for (const Event& event : events) leads.insert(event.lead);
  return {leads.begin(), leads.end()};
}

}  // namespace cfm::eval
