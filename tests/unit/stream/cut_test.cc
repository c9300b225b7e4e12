// Of a stream that was cut or flipped at any byte no filter makes one that looks whole; --on-error skip saves all else.
#include "base/log.h"
#include "stream/convert.h"
#include "stream_support.h"

using namespace cfm;
using namespace cfm::test;
using stream::Json, stream::Segment;

namespace {

enum class Filter { kRelay, kConvert };

struct Outcome {
  Status status = Status::kOk;
  stream::Counts counts;
  std::string bytes;  // what is left of the output
};

Outcome filtered(const std::string& bytes, Filter filter, bool skip, int threads = 1) {
  Outcome outcome;
  outcome.bytes = written({}, [&](OutputFile& file, const stream::WriteOptions& write_options) {
    outcome.status = status_of([&] {
      const Feed feed(bytes, Way::kPipe);
      const stream::ReadOptions options{.skip_damaged = skip};
      if (filter == Filter::kConvert) {
        auto in = stream::FrameReader::open(feed.path(), options);
        stream::FrameWriter out(file, write_options);
        return stream::convert(in, out);
      }
      stream::Inlet in({feed.path()}, options);
      stream::Outlet out(
          file, write_options,
          {.tool = "cfm-test", .version = "0", .args = {}, .seed = {}, .device = {}, .mode = stream::Prov::kNone});
      outcome.counts = stream::relay(in, out, threads, [](Segment&) -> std::optional<std::string> { return {}; });
    });
  });
  return outcome;
}

struct Place {
  char type = 0;
  std::size_t begin = 0, end = 0;  // bytes
};

std::vector<Place> places(const std::string& bytes) {
  std::vector<Place> all;
  for (const auto& frame : read_all(bytes).frames) {
    if (!all.empty()) all.back().end = frame.offset;
    all.push_back({frame.type, frame.offset, bytes.size()});
  }
  return all;
}

// Segments that a span of bytes leaves alone.
template <typename Whole>
std::size_t whole_segments(const std::vector<Place>& all, const Whole& whole) {
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const Place& p) { return p.type == 'S' && whole(p); }));
}

// The output is a stream that says it is partial, of `segments` segments.
bool partial_of(const std::string& bytes, std::size_t segments) {
  std::size_t found = 0;
  bool partial = true;
  for (const auto& frame : read_all(bytes).frames) {
    found += frame.type == 'S' ? 1 : 0;
    if (frame.type == 'E') partial = partial && Json::parse(frame.header)["status"] == "partial";
  }
  return partial && found == segments;
}

std::string flipped(std::string bytes, std::size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
  return bytes;
}

}  // namespace

TEST_CASE("a filter makes nothing whole of a stream that was cut or flipped, wherever") {
  const std::string bytes = counting_stream(3, 8);
  std::size_t wrong = 0;
  for (const Filter filter : {Filter::kRelay, Filter::kConvert}) {
    CHECK(read_status(filtered(bytes, filter, false).bytes) == Status::kOk);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (const std::string& bad : {bytes.substr(0, i), flipped(bytes, i)}) {
        const Outcome outcome = filtered(bad, filter, false);
        if (outcome.status != Status::kMalformed && outcome.status != Status::kIncompatible) ++wrong;
        if (read_status(outcome.bytes) == Status::kOk) ++wrong;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("skip_damaged saves every whole segment of a stream that was cut or flipped, wherever") {
  const std::string bytes = counting_stream(3, 8);
  const auto all = places(bytes);
  const std::size_t head = all[0].end;
  log::configure({.program = "test_stream", .level = log::Level::kError});  // each loss would be a line
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t uncut = whole_segments(all, [&](const Place& p) { return p.end <= i; });
    const std::size_t others = whole_segments(all, [&](const Place& p) { return i < p.begin || i >= p.end; });
    for (const Filter filter : {Filter::kRelay, Filter::kConvert}) {
      for (const bool cut : {true, false}) {
        const Outcome outcome = filtered(cut ? bytes.substr(0, i) : flipped(bytes, i), filter, true);
        const std::size_t due = cut ? uncut : others;
        if (i < head) {  // there is no part without its head
          wrong += outcome.status == Status::kMalformed && read_status(outcome.bytes) != Status::kOk ? 0 : 1;
          continue;
        }
        const bool counted =
            filter == Filter::kConvert || (outcome.counts.read == due && outcome.counts.written == due);
        wrong += outcome.status == Status::kOk && counted && partial_of(outcome.bytes, due) ? 0 : 1;
      }
    }
  }
  log::configure({});
  CHECK(wrong == 0);
}

TEST_CASE("a text twin that was cut anywhere is not made whole") {
  const std::string text = converted(counting_stream(2, 4), stream::Form::kText);
  std::size_t wrong = 0;
  for (std::size_t n = 0; n + 1 < text.size(); ++n) {
    const Outcome outcome = filtered(text.substr(0, n), Filter::kRelay, false);
    wrong += outcome.status == Status::kMalformed && read_status(outcome.bytes) != Status::kOk ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("archives of archives are one stream; batches and threads change no byte of it") {
  const std::string one = counting_stream(2, 8), many = counting_stream(2000, 8);
  const std::string pair = one + many, nest = pair + pair + one;
  const Outcome alone = filtered(nest, Filter::kRelay, false);
  CHECK(alone.status == Status::kOk);
  CHECK(alone.counts.written == 2 * 2002 + 2);
  CHECK((filtered(nest, Filter::kConvert, false).bytes == nest));
  for (const int threads : {2, 5}) CHECK((filtered(nest, Filter::kRelay, false, threads).bytes == alone.bytes));
  // Damage behind many segments of a batch: all that was whole before it has left, and nothing behind it.
  const auto all = places(many);
  const Outcome late = filtered(flipped(many, all[1500].begin + 70), Filter::kRelay, false, 3);
  CHECK(late.status == Status::kMalformed);
  CHECK((late.bytes == many.substr(0, all[1500].begin)));
}
