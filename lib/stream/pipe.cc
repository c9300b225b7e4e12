#include "stream/pipe.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <random>
#include <variant>

#include "base/error.h"
#include "base/parallel.h"
#include "stream/decode.h"
#include "stream/json_text.h"

namespace cfm::stream {
namespace {

constexpr std::uint64_t kLargestNumber = 1ULL << 53;  // of a JSON header

std::string now_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// Paths can hold patient identifiers: only the last component of each stays.
std::string base_name(const std::string& argument) {
  const std::size_t equals = argument.starts_with('-') ? argument.find('=') : std::string::npos;
  const std::size_t value = equals == std::string::npos ? 0 : equals + 1;
  std::string path = argument.substr(value);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos && path.size() > 1) path.erase(0, slash + 1);
  return argument.substr(0, value) + path;
}

// I/N of these is a fraction and no path.
bool takes_fraction(const std::string& flag) { return flag == "--fold" || flag == "--shard"; }

Json shown_arguments(const Provenance& provenance) {
  Json args = Json::array();
  for (std::size_t i = 0; i < provenance.args.size(); ++i) {
    const std::string& arg = provenance.args[i];
    if (!provenance.deid.empty()) {
      if (arg.size() > 1 && arg.starts_with('-')) args.push_back(arg.substr(0, arg.find('=')));
      continue;
    }
    const bool fraction =
        takes_fraction(arg.substr(0, arg.find('='))) || (i > 0 && takes_fraction(provenance.args[i - 1]));
    args.push_back(provenance.mode == Prov::kFull || fraction ? arg : base_name(arg));
  }
  return args;
}

std::uint64_t random_part_id() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

bool is_partial(const Frame& end) { return HeaderView(end.header).text("status") == "partial"; }

void add(Counts& to, const Counts& from) {
  to.read += from.read;
  to.written += from.written;
  to.damaged += from.damaged;
  to.partial += from.partial;
  for (const auto& [reason, n] : from.skipped) to.skipped[reason] += n;
}

}  // namespace

std::uint64_t Counts::total_skipped() const {
  std::uint64_t n = 0;
  for (const auto& [reason, count] : skipped) n += count;
  return n;
}

std::string Counts::line() const {
  std::string out = fmt::format("read {}, wrote {}", read, written);
  if (total_skipped() > 0) {
    out += fmt::format(", left out {} (", total_skipped());
    for (auto at = skipped.begin(); at != skipped.end(); ++at) {
      out += fmt::format("{}{} {}", at == skipped.begin() ? "" : ", ", at->first, at->second);
    }
    out += ')';
  }
  if (damaged > 0) out += fmt::format(", lost {} damaged {}", damaged, damaged == 1 ? "piece" : "pieces");
  return out;
}

Json make_head(const Json& incoming, const Provenance& provenance) {
  Json head = {{"type", "head"}, {"format", "cfm-stream"}, {"version", "1.0"}, {"prov", Json::array()}};
  if (incoming.is_object()) {
    for (const auto& [key, value] : incoming.items()) {
      if (key != "type" && key != "format" && key != "version") head[key] = value;
    }
  }
  if (!provenance.deid.empty()) head["deid"] = provenance.deid;
  Json& chain = head["prov"];
  if (!chain.is_array() || provenance.mode == Prov::kNone) chain = Json::array();
  if (!provenance.deid.empty()) {
    for (Json& earlier : chain) {
      if (earlier.is_object()) earlier.erase("args");
    }
  }
  if (provenance.mode == Prov::kNone) return head;
  const Json last = chain.empty() || !chain.back().is_object() ? Json() : chain.back().value("id", Json());
  Json entry = {{"id", std::to_string(chain.size() + 1)},
                {"prev", last},
                {"tool", provenance.tool},
                {"version", provenance.version},
                {"args", shown_arguments(provenance)}};
  if (provenance.seed) {
    entry["seed"] =
        *provenance.seed <= kLargestNumber ? Json(*provenance.seed) : Json(std::to_string(*provenance.seed));
  }
  if (!provenance.device.empty()) entry["device"] = provenance.device;
  entry["started"] = now_utc();
  chain.push_back(std::move(entry));
  return head;
}

Outlet::Outlet(OutputFile& file, const WriteOptions& options, Provenance provenance)
    : writer_(file, options), provenance_(std::move(provenance)) {}

void Outlet::begin(const Json& incoming) {
  Frame frame{.type = 'H', .header = dump_json(make_head(incoming, provenance_)), .payload = {}};
  frame.part_id = provenance_.mode == Prov::kNone ? derived_part_id(frame.header) : random_part_id();
  writer_.write(frame);
  open_ = true;
}

void Outlet::write(const Segment& segment) {
  writer_.write(segment);
  ++written_;
}

void Outlet::write(ReadySegment segment) {
  writer_.write(std::move(segment));
  ++written_;
}

void Outlet::pass(const Frame& frame) {
  if (frame.type != 'x') writer_.write(frame);
}

void Outlet::end(const Counts& counts, bool partial) {
  Json note = {{"type", "note"}, {"tool", provenance_.tool}, {"read", counts.read}, {"written", counts.written}};
  note["skipped"] = Json::object();
  for (const auto& [reason, n] : counts.skipped) note["skipped"][reason] = n;
  if (counts.damaged > 0) note["damaged"] = counts.damaged;
  writer_.write(Frame{.type = 'n', .header = dump_json(note), .payload = {}});
  writer_.end_part({{"status", partial ? "partial" : "ok"}, {"skipped", counts.total_skipped()}}, true);
  open_ = false;
}

Inlet::Inlet(std::vector<std::string> paths, ReadOptions options) : paths_(std::move(paths)), options_(options) {
  if (paths_.empty()) paths_.emplace_back("-");
}

bool Inlet::next(Frame& frame) {
  for (;;) {
    if (!reader_) {
      if (at_ == paths_.size()) return false;
      reader_ = std::make_unique<FrameReader>(FrameReader::open(paths_[at_], options_));
    }
    if (reader_->next(frame)) return true;
    lost_ += reader_->lost_pieces();
    reader_.reset();
    ++at_;
  }
}

bool Inlet::ready() const { return !reader_ || reader_->ready(); }
std::uint64_t Inlet::lost_pieces() const { return lost_ + (reader_ ? reader_->lost_pieces() : 0); }
const std::string& Inlet::name() const { return reader_ ? reader_->name() : paths_[std::min(at_, paths_.size() - 1)]; }

namespace {

// Frames that travel together: small segments cost less than handing them to a thread.
struct Batch {
  std::vector<Frame> frames;
};

// What they have become.
struct Worked {
  struct Item {
    std::variant<Frame, ReadySegment> what;
    std::optional<std::string> reason;  // a segment that is left out
  };
  std::vector<Item> items;
  std::exception_ptr error;  // of what followed the items
  std::chrono::steady_clock::duration time{};
};

// Frames of a part up to its end; a head that comes too early (the end was lost) waits for its turn.
// How many frames make a batch: about a millisecond of work, so that nobody waits for it.
class BatchSize {
 public:
  std::size_t frames() const { return frames_; }
  void learn(const Worked& worked) {
    constexpr auto kShort = std::chrono::microseconds(500), kLong = std::chrono::microseconds(2000);
    constexpr std::size_t kMost = 256;
    if (worked.time < kShort && worked.items.size() == frames_) frames_ = std::min(kMost, 2 * frames_);
    if (worked.time > kLong) frames_ = std::max<std::size_t>(1, frames_ / 2);
  }

 private:
  std::size_t frames_ = 1;
};

// Batches of a part; what goes wrong behind the first frame of one is said with the next.
class Batches {
 public:
  Batches(Parts& parts, const BatchSize& size) : parts_(parts), size_(size) {}

  std::optional<Batch> next() {
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    if (over_) return std::nullopt;
    constexpr std::size_t kMostBytes = 256u << 10;  // of payload
    Batch batch;
    std::size_t bytes = 0;
    try {
      do {
        auto frame = parts_.next();
        if (!frame) {
          over_ = true;
          break;
        }
        bytes += frame->payload.size();
        batch.frames.push_back(std::move(*frame));
      } while (batch.frames.size() < size_.frames() && bytes < kMostBytes && parts_.ready());
    } catch (...) {
      if (batch.frames.empty()) throw;
      failure_ = std::current_exception();
    }
    return batch.frames.empty() ? std::nullopt : std::optional(std::move(batch));
  }
  bool ready() const { return over_ || failure_ || parts_.ready(); }

 private:
  Parts& parts_;
  const BatchSize& size_;
  bool over_ = false;
  std::exception_ptr failure_;
};

}  // namespace

std::optional<Frame> Parts::head() {
  if (waiting_) return std::exchange(waiting_, std::nullopt);
  Frame frame;
  return in_.next(frame) ? std::optional(std::move(frame)) : std::nullopt;
}

std::optional<Frame> Parts::next() {
  Frame frame;
  partial_ = true;
  if (!in_.next(frame)) return std::nullopt;
  if (frame.type == 'H') {
    waiting_ = std::move(frame);
    return std::nullopt;
  }
  if (frame.type == 'E') {
    partial_ = is_partial(frame);
    return std::nullopt;
  }
  return frame;
}

Counts relay(Inlet& in, Outlet& out, int threads, const std::function<std::optional<std::string>(Segment&)>& work) {
  Counts total;
  Parts parts(in);
  BatchSize size;
  std::uint64_t lost = in.lost_pieces();
  const auto one = [&](Frame& frame) -> Worked::Item {
    if (frame.type != 'S') return {std::move(frame), std::nullopt};
    Segment segment = decode_checked(frame);
    std::optional<std::string> reason = work(segment);
    if (reason) return {ReadySegment(), std::move(reason)};
    Worked::Item item{out.ready(segment), std::nullopt};
    discard(segment.header);
    for (Tensor& tensor : segment.tensors) discard(tensor.attributes);
    return item;
  };
  while (auto head = parts.head()) {
    out.begin(parse_json(head->header));
    Counts counts;
    Batches batches(parts, size);
    ordered_parallel<Batch, Worked>(
        threads, [&] { return batches.next(); },
        [&](Batch batch) {
          Worked worked;
          const auto begin = std::chrono::steady_clock::now();
          try {
            for (Frame& frame : batch.frames) worked.items.push_back(one(frame));
          } catch (...) {
            worked.error = std::current_exception();
          }
          worked.time = std::chrono::steady_clock::now() - begin;
          return worked;
        },
        [&](Worked worked) {
          size.learn(worked);
          const Gathering together(out);
          for (auto& [what, reason] : worked.items) {
            if (const Frame* frame = std::get_if<Frame>(&what)) {
              out.pass(*frame);
              continue;
            }
            ++counts.read;
            if (reason) {
              ++counts.skipped[*reason];
            } else {
              out.write(std::get<ReadySegment>(std::move(what)));
              ++counts.written;
            }
          }
          out.flush();
          if (worked.error) std::rethrow_exception(worked.error);
        },
        [&] { return batches.ready(); });
    counts.damaged = in.lost_pieces() - std::exchange(lost, in.lost_pieces());
    counts.partial = parts.partial() ? 1 : 0;
    out.end(counts, parts.partial() || counts.damaged > 0);
    add(total, counts);
  }
  total.damaged += in.lost_pieces() - lost;
  return total;
}

Counts drain(Inlet& in, const std::function<std::optional<std::string>(Segment&)>& consume) {
  Counts total;
  Parts parts(in);
  const std::uint64_t lost = in.lost_pieces();
  while (parts.head()) {
    while (const auto frame = parts.next()) {
      if (frame->type != 'S') continue;
      Segment segment = decode_checked(*frame);
      ++total.read;
      if (const auto reason = consume(segment))
        ++total.skipped[*reason];
      else
        ++total.written;
    }
    total.partial += parts.partial() ? 1 : 0;
  }
  total.damaged = in.lost_pieces() - lost;
  return total;
}

}  // namespace cfm::stream
