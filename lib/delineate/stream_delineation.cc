#include "delineate/stream_delineation.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "stream/json_text.h"

namespace cfm::delineate {
namespace {

using stream::Frame;
using stream::Segment;

constexpr std::size_t kMostBytes = std::size_t{64} << 20;  // of a record that is one job

std::size_t bytes_of(const Segment& segment) {
  std::size_t bytes = 0;
  for (const stream::Tensor& tensor : segment.tensors) bytes += tensor.data.size();
  return bytes;
}

// Segments of one record, or one ancillary frame.
struct Job {
  std::vector<Segment> segments;
  std::optional<Frame> frame;
  bool whole = false;  // all segments that stand together
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
      if (!job.segments.empty() && (bytes > kMostBytes || (!segment_ && !frame_ && !ended_ && !parts_.ready()))) {
        begun_ = true;
        return job;
      }
      take();
      if (segment_ && (job.segments.empty() || segment_->record() == job.segments.back().record())) {
        // The rest of a record that went ahead in pieces is no whole one.
        if (job.segments.empty() && segment_->record() != record_) begun_ = false;
        record_ = segment_->record();
        bytes += bytes_of(*segment_);
        job.segments.push_back(std::move(*segment_));
        segment_.reset();
        continue;
      }
      if (!job.segments.empty()) {
        job.whole = !begun_;
        return job;
      }
      if (!frame_) return std::nullopt;
      job.frame = std::exchange(frame_, std::nullopt);
      return job;
    }
  }

 private:
  void take() {
    if (segment_ || frame_ || ended_) return;
    auto frame = parts_.next();
    if (!frame) {
      ended_ = true;
    } else if (frame->type == 'S') {
      segment_ = stream::decode_segment(*frame);
    } else {
      frame_ = std::move(frame);
    }
  }

  stream::Parts& parts_;
  std::optional<Segment> segment_;
  std::optional<Frame> frame_;
  std::string record_;
  bool begun_ = false, ended_ = false;
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
    const auto write = [&](const Delineated& done) {
      ++counts.written;
      outputs.write(done);
    };
    Delineator in_order(options, write);
    Gatherer jobs(parts);
    ordered_parallel<Job, Done>(
        threads, [&] { return jobs.next(); },
        [&](Job job) {
          Done done;
          if (!job.whole) {
            done.rest = std::move(job);
            return done;
          }
          Delineator delineator(options, [&](Delineated d) { done.segments.push_back(std::move(d)); });
          for (Segment& segment : job.segments) delineator.push(std::move(segment));
          delineator.flush();
          done.arrivals = delineator.arrivals();
          return done;
        },
        [&](Done done) {
          if (done.rest.frame) {
            if (outputs.pass) outputs.pass(*done.rest.frame);
            return;
          }
          if (done.rest.segments.empty()) in_order.flush();
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
