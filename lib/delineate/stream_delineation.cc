#include "delineate/stream_delineation.h"

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "stream/json_text.h"

namespace cfm::delineate {
namespace {

using stream::Frame;
using stream::Segment;

constexpr std::size_t kMostBytes = std::size_t{3} << 20;  // of a record that is one job

std::size_t bytes_of(const Segment& segment) {
  std::size_t bytes = 0;
  for (const stream::Tensor& tensor : segment.tensors) bytes += tensor.data.size();
  return bytes;
}

// Segments of one record, and the ancillary frames among them.
struct Job {
  std::vector<Segment> segments;
  std::vector<std::pair<std::size_t, Frame>> frames;  // each with how many of the segments stand before it
  bool whole = false;                                 // all segments that stand together
  bool empty() const { return segments.empty() && frames.empty(); }
};

struct Done {
  std::vector<Delineated> segments;
  std::array<std::size_t, kReasons> arrivals{};
  Job rest;  // what must be done in order
};

// The jobs of a part.
class Gatherer {
 public:
  explicit Gatherer(stream::Parts& parts) : parts_(parts) {}

  std::optional<Job> next() {
    Job job;
    std::size_t bytes = 0;
    for (;;) {
      if (!job.empty() && (bytes > kMostBytes || (!segment_ && !ended_ && !parts_.ready()))) {
        begun_ |= !job.segments.empty();
        return job;
      }
      if (!segment_ && !ended_) {
        auto frame = parts_.next();
        if (!frame) {
          ended_ = true;
        } else if (frame->type == 'S') {
          segment_ = stream::decode_segment(*frame);
        } else {
          bytes += frame->payload.size();
          job.frames.emplace_back(job.segments.size(), std::move(*frame));
          continue;
        }
      }
      if (!segment_ || (!job.segments.empty() && segment_->record() != job.segments.back().record())) {
        if (job.empty()) return std::nullopt;
        job.whole = !begun_ && !job.segments.empty();
        return job;
      }
      // The rest of a record that went ahead in pieces is no whole one.
      if (segment_->record() != record_) begun_ = false;
      record_ = segment_->record();
      bytes += bytes_of(*segment_);
      job.segments.push_back(std::move(*segment_));
      segment_.reset();
    }
  }

 private:
  stream::Parts& parts_;
  std::optional<Segment> segment_;
  std::string record_;
  bool begun_ = false, ended_ = false;
};

// Ancillary frames keep their places among the segments, of which some wait for those after them.
class Places {
 public:
  Places(const Outputs& outputs, stream::Counts& counts) : outputs_(outputs), counts_(counts) {}

  void pass(Frame frame, std::size_t after) {
    waiting_.emplace_back(after, std::move(frame));
    pass_due();
  }
  void write(const Delineated& done) {
    ++counts_.written;
    outputs_.write(done);
    pass_due();
  }

 private:
  void pass_due() {
    for (; !waiting_.empty() && waiting_.front().first <= counts_.written; waiting_.pop_front()) {
      if (outputs_.pass) outputs_.pass(waiting_.front().second);
    }
  }

  const Outputs& outputs_;
  stream::Counts& counts_;
  std::deque<std::pair<std::size_t, Frame>> waiting_;
};

void add(std::array<std::size_t, kReasons>& all, const std::array<std::size_t, kReasons>& some) {
  for (std::size_t k = 0; k < kReasons; ++k) all[k] += some[k];
}

}  // namespace

stream::Counts delineate_stream(stream::Inlet& in, const DelineateOptions& options, int threads, const Outputs& outputs,
                                std::array<std::size_t, kReasons>& arrivals) {
  stream::Counts total;
  stream::Parts parts(in);
  std::uint64_t lost = in.lost_pieces();
  while (auto head = parts.head()) {
    if (outputs.begin) outputs.begin(stream::parse_json(head->header));
    stream::Counts counts;
    Places places(outputs, counts);
    const auto write = [&](const Delineated& done) { places.write(done); };
    Delineator in_order(options, write);
    Gatherer jobs(parts);
    ordered_parallel<Job, Done>(
        threads, [&] { return jobs.next(); },
        [&](Job job) {
          Done done;
          if (job.whole) {
            Delineator delineator(options, [&](Delineated d) { done.segments.push_back(std::move(d)); });
            for (Segment& segment : job.segments) delineator.push(std::move(segment));
            delineator.flush();
            done.arrivals = delineator.arrivals();
            job.segments.clear();
          }
          done.rest = std::move(job);
          return done;
        },
        [&](Done done) {
          if (done.rest.whole) in_order.flush();
          for (auto& [after, frame] : done.rest.frames) places.pass(std::move(frame), counts.read + after);
          counts.read += done.segments.size() + done.rest.segments.size();
          for (const Delineated& d : done.segments) write(d);
          add(arrivals, done.arrivals);
          for (Segment& segment : done.rest.segments) in_order.push(std::move(segment));
        },
        [&] { return parts.ready(); });
    in_order.flush();
    add(arrivals, in_order.arrivals());
    counts.damaged = in.lost_pieces() - lost;
    lost = in.lost_pieces();
    if (outputs.end) outputs.end(counts, parts.partial() || counts.damaged > 0);
    total.read += counts.read;
    total.written += counts.written;
    total.damaged += counts.damaged;
    total.partial += parts.partial() ? 1 : 0;
  }
  return total;
}

}  // namespace cfm::delineate
