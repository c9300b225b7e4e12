#include "model/batch_relay.h"

#include <utility>
#include <variant>
#include <vector>

#include "stream/json_text.h"

namespace cfm::model {

using stream::Counts;
using stream::Frame;
using stream::Json;
using stream::Segment;

namespace {

struct Sink {
  std::function<void(const Json& head)> begin;
  std::function<void(Segment&)> segment;
  std::function<void(const Frame&)> ancillary;
  std::function<void(const Counts& part, bool partial)> end;
};

Counts run(stream::Inlet& in, std::size_t batch, const BatchWork& work, const LeftOut& left_out, const Sink& sink) {
  Counts total, part;
  std::vector<Segment> segments;                        // of the batch at hand, from place `first` on
  std::vector<std::variant<std::size_t, Frame>> order;  // what waits to be written: segments and frames between them
  std::size_t first = 0;
  const auto flush = [&] {
    if (!segments.empty()) work(segments, first);
    for (const auto& item : order) {
      if (const auto* frame = std::get_if<Frame>(&item)) {
        sink.ancillary(*frame);
      } else {
        sink.segment(segments[std::get<std::size_t>(item)]);
        ++part.written, ++total.written;
      }
    }
    first = (first + segments.size()) % batch;
    segments.clear();
    order.clear();
  };
  std::uint64_t lost = in.lost_pieces();
  bool open = false;
  const auto end_part = [&](bool partial) {
    flush();
    part.damaged = in.lost_pieces() - std::exchange(lost, in.lost_pieces());
    part.partial = partial ? 1 : 0;
    total.damaged += part.damaged;
    total.partial += part.partial;
    sink.end(part, partial || part.damaged > 0);
    part = {};
    open = false;
  };
  for (;;) {
    if (!order.empty() && !in.ready()) flush();
    Frame frame;
    if (!in.next(frame)) break;
    switch (frame.type) {
      case 'H':
        if (open) end_part(true);  // its end was lost
        sink.begin(stream::parse_json(frame.header));
        open = true;
        break;
      case 'S': {
        Segment segment = decode_segment(frame);
        ++part.read, ++total.read;
        if (const auto reason = left_out ? left_out(segment) : std::nullopt) {
          ++part.skipped[*reason], ++total.skipped[*reason];
          break;
        }
        segments.push_back(std::move(segment));
        order.emplace_back(segments.size() - 1);
        if (first + segments.size() == batch) flush();
        break;
      }
      case 'E':
        end_part(stream::parse_json(frame.header).value("status", "") == "partial");
        break;
      case 'x':
        break;
      default:
        order.emplace_back(std::move(frame));
    }
  }
  if (open) end_part(true);
  total.damaged += in.lost_pieces() - lost;
  return total;
}

}  // namespace

Counts relay_batches(stream::Inlet& in, stream::Outlet& out, std::size_t batch, const BatchWork& work,
                     const LeftOut& left_out) {
  return run(in, batch, work, left_out,
             {.begin = [&](const Json& head) { out.begin(head); },
              .segment = [&](Segment& segment) { out.write(segment); },
              .ancillary = [&](const Frame& frame) { out.pass(frame); },
              .end = [&](const Counts& part, bool partial) { out.end(part, partial); }});
}

Counts drain_batches(stream::Inlet& in, std::size_t batch, const BatchWork& work,
                     const std::function<void(Segment&)>& consume, const LeftOut& left_out) {
  return run(in, batch, work, left_out,
             {.begin = [](const Json&) {},
              .segment = consume,
              .ancillary = [](const Frame&) {},
              .end = [](const Counts&, bool) {}});
}

}  // namespace cfm::model
