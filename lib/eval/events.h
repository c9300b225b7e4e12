// Events of a stream, gathered record by record on the record's clock, however its segments were cut.
//
//   EventLog log({"beats", "reference/beats"});
//   for (Frame frame; in.next(frame);) log.add(frame, "icu.cfm");
//   for (const EventRecord& record : log.records()) use(record.events.at("beats"), record.stretches);
//
// Segments that touch or overlap are one stretch; what an overlap holds counts once. Any order of segments. Throws
// kUsage (a segment twice; an event counted in a tensor that is not there), kMalformed (an event without its columns).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "eval/gathered.h"

namespace cfm::eval {

struct Event {
  double frame = 0;  // of the record's clock, from its start
  int code = 0, num = 0, sub = 0;
  std::string lead = {};  // name of the channel; "": all
};

// Frames that the stream holds, without a gap.
struct Stretch {
  double begin = 0, end = 0;
};

struct EventRecord {
  std::string record, subject;  // subject: or record
  double rate = 0;              // Hz, of the clock
  std::size_t segments = 0;
  std::vector<Stretch> stretches;                         // ascending
  std::map<std::string, std::vector<Event>> events;       // of a tensor, ascending; no entry where no segment has it
  std::map<std::string, std::vector<std::string>> leads;  // channels of the tensor whose samples an event counts
};

class EventLog : public Gathered {
 public:
  // The names of the tensors to keep.
  explicit EventLog(std::set<std::string> wanted) : wanted_(std::move(wanted)) {}

  using Gathered::add;
  void add(const stream::Segment& segment, const std::string& source) override;

  std::vector<EventRecord> records() const;  // in byte order of their names
  // Names of all event tensors that were there, wanted or not.
  const std::set<std::string>& names() const { return names_; }

 private:
  struct Piece {
    double begin, end;  // frames
    std::map<std::string, std::vector<Event>> events;
  };
  struct Pieces {
    std::string subject;
    double rate;
    std::map<std::string, std::vector<std::string>> leads;
    std::vector<Piece> pieces;
  };

  std::set<std::string> wanted_;
  std::map<std::string, Pieces> records_;
  std::set<std::string> names_;
};

// The events within [begin, end).
std::span<const Event> events_within(const std::vector<Event>& events, double begin, double end);

// The leads of events, each once: those of the standard twelve in their order, then others in byte order; "" first.
std::vector<std::string> leads_of(std::span<const Event> events);
// Those that any record has events of in a tensor.
std::set<std::string> leads_with(std::span<const EventRecord> records, const std::string& tensor);
// Which leads of a record are to be compared, out of those that any record has events of (`found`): "" for all leads
// together where that is among them, else those that the record has; {""} where it has none of them.
std::vector<std::string> leads_to_compare(const EventRecord& record, const std::string& tensor,
                                          const std::set<std::string>& found);
// Whether a lead comes before another in that order.
bool lead_before(const std::string& a, const std::string& b);

}  // namespace cfm::eval
