#include "record/choose.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <queue>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "record/selection.h"
#include "record/time_grammar.h"
#include "stream/json_text.h"

namespace cfm::record {
namespace {

using stream::Json;
using stream::Segment;

Cut whole(Segment segment) {
  Cut cut;
  labels_of(segment, cut.order);
  cut.segment = std::move(segment);
  return cut;
}

// Whether a segment has a sample within the times asked for.
bool overlaps(const Segment& segment, const CutOptions& times) {
  if (times.from.empty() && times.until.empty()) return true;
  double fs = 0, seconds = 0;
  for (const stream::Tensor& tensor : segment.tensors) {
    if (!tensor.is_signal()) continue;
    fs = std::max(fs, tensor.fs());
    seconds = std::max(seconds, tensor.t0() + static_cast<double>(tensor.samples()) / tensor.fs());
  }
  const Json clock = segment.header.value("clock", Json());
  if (clock.is_object() && clock.contains("fs") && clock["fs"].is_number()) fs = clock["fs"].get<double>();
  if (!(fs > 0)) return false;
  const double begin = segment.start() * fs, end = begin + seconds * fs;
  const Grid grid = grid_of(times, fs, kUnknownLength);
  return (times.from.empty() || end > static_cast<double>(grid.first)) && begin < static_cast<double>(grid.limit);
}

// A draw without replacement: the segments of the smallest keys, each a function of (seed, id).
class Lottery {
 public:
  Lottery(std::uint64_t n, std::uint64_t seed) : n_(n), seed_(seed) {}

  void enter(std::size_t part, Segment segment) {
    const double key = Random(seed_, "sample", segment.id()).uniform();
    if (n_ == 0 || (drawn_.size() == n_ && key >= drawn_.top().key)) return;
    if (drawn_.size() == n_) drawn_.pop();
    drawn_.push({key, part, count_++, std::move(segment)});
  }
  // In the order in which they came; empties it.
  std::vector<std::pair<std::size_t, Segment>> result() {
    std::vector<Ticket> tickets;
    for (; !drawn_.empty(); drawn_.pop()) tickets.push_back(drawn_.top());
    std::ranges::sort(tickets, {}, &Ticket::number);
    std::vector<std::pair<std::size_t, Segment>> out;
    for (Ticket& ticket : tickets) out.emplace_back(ticket.part, std::move(ticket.segment));
    return out;
  }

 private:
  struct Ticket {
    double key;
    std::size_t part;
    std::uint64_t number;
    Segment segment;
    bool operator<(const Ticket& other) const { return key < other.key; }
  };
  std::uint64_t n_, seed_, count_ = 0;
  std::priority_queue<Ticket> drawn_;
};

struct Part {
  Json head;
  std::vector<stream::Frame> others;  // ancillary frames
  stream::Counts counts;
  bool partial = true;
};

}  // namespace

std::vector<std::string> read_list(const std::string& path) {
  const Bytes list = map_file(path);
  std::vector<std::string> lines;
  std::string_view rest = list.text();
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trimmed(rest.substr(0, end));
    if (!line.empty()) lines.emplace_back(line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

std::set<std::string, std::less<>> read_ids(const std::string& path) {
  std::set<std::string, std::less<>> ids;
  for (const std::string& line : read_list(path)) {
    const std::string_view id = trimmed(std::string_view(line).substr(0, line.find(',')));
    if (!id.empty()) ids.emplace(id);
  }
  if (ids.empty()) throw Error(Status::kUsage, "{}: names nothing", path);
  return ids;
}

stream::Counts choose(stream::Inlet& in, Sink& sink, Choice choice) {
  const CutOptions times{.whole = true, .from = choice.from, .until = choice.until};
  times.check();
  // Where that needs no rate, wrong times are told before the output begins.
  constexpr double kTicks = 1e6;  // a second
  if (choice.from.starts_with('s') == choice.until.starts_with('s')) grid_of(times, kTicks, kUnknownLength);
  stream::Counts total;
  std::set<std::string, std::less<>> met;
  const auto refusal = [&](Segment& segment) -> std::string {
    if (choice.dress) choice.dress(segment);
    if (choice.ids) {
      const auto at =
          choice.ids->contains(segment.id()) ? choice.ids->find(segment.id()) : choice.ids->find(segment.record());
      if (at == choice.ids->end()) return "ids";
      met.insert(*at);
    }
    if (!overlaps(segment, times)) return "time";
    if (choice.where && !choice.where->holds(segment.header)) return "where";
    return {};
  };
  Lottery lottery(choice.sample.value_or(0), choice.seed);
  std::vector<Part> parts;  // with a sample: all, else the one at hand
  std::uint64_t lost = 0, passed = 0;
  const auto finish = [&](Part& part) {
    total.read += part.counts.read;
    total.written += part.counts.written;
    total.partial += part.partial ? 1 : 0;
    total.damaged += part.counts.damaged;
    for (const auto& [reason, n] : part.counts.skipped) total.skipped[reason] += n;
    sink.end(part.counts, part.partial || part.counts.damaged > 0);
  };
  bool open = false;
  const auto close = [&](bool partial) {
    Part& part = parts.back();
    part.partial = partial;
    part.counts.damaged = in.lost_pieces() - lost;
    lost = in.lost_pieces();
    open = false;
    if (!choice.sample) finish(part);
  };
  const bool endless = !choice.head;
  for (stream::Frame frame; (endless || passed < *choice.head) && in.next(frame);) {
    if (frame.type == 'H') {
      if (open) close(true);  // its end was lost
      if (!choice.sample) parts.clear();
      parts.push_back({.head = stream::parse_json(frame.header)});
      if (!choice.sample) sink.begin(parts.back().head);
      open = true;
    } else if (frame.type == 'E') {
      close(stream::parse_json(frame.header).value("status", "") == "partial");
    } else if (frame.type == 'S') {
      Segment segment = stream::decode_segment(frame);
      Part& part = parts.back();
      ++part.counts.read;
      const std::string reason = refusal(segment);
      if (!reason.empty()) {
        ++part.counts.skipped[reason];
        continue;
      }
      ++passed;
      if (choice.sample) {
        ++part.counts.skipped["sample"];  // until it is drawn
        lottery.enter(parts.size() - 1, std::move(segment));
      } else {
        sink.write(whole(std::move(segment)));
        ++part.counts.written;
      }
    } else if (frame.type != 'x') {
      if (choice.sample) {
        parts.back().others.push_back(std::move(frame));
        frame = {};
      } else {
        sink.pass(frame);
      }
    }
  }
  if (open) close(endless || passed < *choice.head);
  if (choice.sample) {
    auto drawn = lottery.result();
    auto next = drawn.begin();
    for (std::size_t p = 0; p < parts.size(); ++p) {
      sink.begin(parts[p].head);
      for (; next != drawn.end() && next->first == p; ++next) {
        sink.write(whole(std::move(next->second)));
        ++parts[p].counts.written;
        if (--parts[p].counts.skipped["sample"] == 0) parts[p].counts.skipped.erase("sample");
      }
      for (const stream::Frame& frame : parts[p].others) sink.pass(frame);
      finish(parts[p]);
    }
  }
  if (choice.ids) {
    for (const std::string& id : *choice.ids) {
      if (endless && !met.contains(id)) log::warn("--ids: {} is not in the stream", in_quotes(id));
    }
  }
  if (choice.where && total.read > 0) {
    const auto absent = choice.where->never_seen();
    if (!absent.empty()) log::warn("--where: no segment has {}", fmt::join(absent, ", "));
  }
  return total;
}

}  // namespace cfm::record
