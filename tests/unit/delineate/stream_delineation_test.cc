// Streams: the same bytes with any number of threads and from any kind of input, parts, ancillary frames, damage.
#include "delineate/stream_delineation.h"

#include "delineator_streams.h"
#include "stream/json_text.h"
#include "stream/stream_support.h"

using namespace cfm;
using namespace cfm::delineate;
using namespace cfm::test;
using stream::Json, stream::Segment;

namespace {

constexpr stream::Prov kNoProv = stream::Prov::kNone;

stream::Provenance plain() {
  return {.tool = "cfm-test", .version = "0", .args = {}, .seed = {}, .device = {}, .mode = kNoProv};
}

stream::Frame remark(int number) {
  stream::Frame frame;
  frame.type = 'm';
  frame.header = fmt::format(R"({{"type":"metrics","number":{}}})", number);
  return frame;
}

// A part of these segments; before number k stands a remark, if `remarks` says so.
std::string part(const std::vector<Segment>& segments, const std::vector<std::size_t>& remarks = {},
                 bool partial = false) {
  return written({.index = false}, [&](OutputFile& file, const stream::WriteOptions& o) {
    stream::Outlet out(file, o, plain());
    out.begin(nullptr);
    stream::Counts counts;
    for (std::size_t k = 0; k <= segments.size(); ++k) {
      if (std::ranges::find(remarks, k) != remarks.end()) out.pass(remark(static_cast<int>(k)));
      if (k == segments.size()) break;
      out.write(segments[k]);
      ++counts.read;
      ++counts.written;
    }
    out.end(counts, partial);
  });
}

struct Passed {
  std::string bytes, rows;
  stream::Counts counts;
  std::array<std::size_t, kReasons> arrivals{};
};

Passed passed(const std::string& bytes, int threads, Way way = Way::kFile, const stream::ReadOptions& read = {}) {
  Passed result;
  result.bytes = written({.index = false}, [&](OutputFile& file, const stream::WriteOptions& o) {
    const Feed feed(bytes, way);
    stream::Inlet in({feed.path()}, read);
    stream::Outlet out(file, o, plain());
    result.counts = delineate_stream(in, {}, threads,
                                     {.begin = [&](const Json& head) { out.begin(head); },
                                      .write =
                                          [&](const Delineated& done) {
                                            out.write(done.segment);
                                            for (const BeatRow& row : done.rows)
                                              result.rows += row_line(done.segment, row) + "\n";
                                          },
                                      .pass = [&](const stream::Frame& frame) { out.pass(frame); },
                                      .end = [&](const stream::Counts& c, bool p) { out.end(c, p); }},
                                     result.arrivals);
  });
  return result;
}

std::vector<Segment> records(int n, double seconds = 30, double length = 10) {
  std::vector<Segment> all;
  for (int r = 0; r < n; ++r) {
    const Patient patient{
        .seconds = seconds, .leads = 1 + r % 2, .rate = 60.0 + 7 * r, .record = "r" + std::to_string(r)};
    for (Segment& s : cut(patient, length)) all.push_back(std::move(s));
  }
  return all;
}

// What stands in a stream, in order: ids of segments, remarks.
std::vector<std::string> order(const std::string& bytes) {
  std::vector<std::string> out;
  for (const stream::Frame& frame : read_all(bytes).frames) {
    const Json header = Json::parse(frame.header);
    if (frame.type == 'S') out.push_back(header["id"].get<std::string>());
    if (frame.type == 'm') out.push_back("m" + std::to_string(header["number"].get<int>()));
    if (frame.type == 'H' || frame.type == 'E') out.emplace_back(1, frame.type);
  }
  return out;
}

}  // namespace

TEST_CASE("the same bytes with any number of threads, from files and pipes") {
  const std::string bytes = part(records(6)) + part(records(2, 20));
  const Passed one = passed(bytes, 1);
  CHECK(one.counts.read == 22);
  CHECK(one.counts.written == 22);
  CHECK(one.arrivals[0] > 200);
  CHECK(order(one.bytes) == order(bytes));
  for (const int threads : {1, 2, 4}) {
    for (const Way way : kWays) {
      const Passed other = passed(bytes, threads, way);
      CHECK(other.bytes == one.bytes);
      CHECK(other.rows == one.rows);
      CHECK(other.arrivals == one.arrivals);
      CHECK(other.counts.line() == one.counts.line());
    }
  }
}

TEST_CASE("a record again in another part starts anew") {
  const std::string bytes = part(records(1));
  const Passed once = passed(bytes, 2), twice = passed(bytes + bytes, 2);
  CHECK(!once.rows.empty());
  CHECK(twice.rows == once.rows + once.rows);
  CHECK(twice.counts.read == 6);
  CHECK(passed(bytes, 2, Way::kFile).bytes == once.bytes);
}

TEST_CASE("ancillary frames keep their places and cut no signal") {
  const std::vector<Segment> segments = records(3);
  const Passed bare = passed(part(segments), 1);
  const std::string bytes = part(segments, {0, 1, 2, 5, 6, 9});
  for (const int threads : {1, 3}) {
    for (const Way way : kWays) {
      const Passed with = passed(bytes, threads, way);
      CHECK(with.rows == bare.rows);
      CHECK(order(with.bytes) == order(bytes));
    }
  }
}

TEST_CASE("a record larger than a job, and one that comes slowly") {
  // 90 MB of a lead that the detectors are not asked about, beside one that they are.
  std::vector<Segment> segments = records(2, 30, 5);
  const Passed small = passed(part(segments), 2);
  const Json about{{"kind", "pcg"}, {"fs", 1e6}, {"names", {"x"}}, {"units", {"V"}}};
  for (std::size_t k = 0; k < 6; ++k)
    segments[k].put(stream::make_tensor("pcg", {1, 4'000'000}, std::vector<float>(4'000'000), about));
  const std::string bytes = part(segments, {1, 6, 7});
  for (const int threads : {1, 2}) {
    const Passed large = passed(bytes, threads);
    CHECK(large.rows == small.rows);
    CHECK(large.arrivals == small.arrivals);
    CHECK(order(large.bytes) == order(bytes));
  }

  const std::string text = part(records(2, 30, 5), {3, 8});
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::jthread writer([&] {
    for (std::size_t done = 0; done < text.size();) {
      const auto n = ::write(ends[1], text.data() + done, std::min<std::size_t>(20'011, text.size() - done));
      if (n <= 0) break;
      done += static_cast<std::size_t>(n);
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
    ::close(ends[1]);
  });
  Passed slow;
  slow.bytes = written({.index = false}, [&](OutputFile& file, const stream::WriteOptions& o) {
    stream::Inlet in({"/dev/fd/" + std::to_string(ends[0])}, {});
    stream::Outlet out(file, o, plain());
    delineate_stream(in, {}, 2,
                     {.begin = [&](const Json& head) { out.begin(head); },
                      .write = [&](const Delineated& done) { out.write(done.segment); },
                      .pass = [&](const stream::Frame& frame) { out.pass(frame); },
                      .end = [&](const stream::Counts& c, bool p) { out.end(c, p); }},
                     slow.arrivals);
  });
  writer.join();
  ::close(ends[0]);
  const Passed fast = passed(text, 1);
  CHECK(slow.bytes == fast.bytes);
  CHECK(slow.arrivals == fast.arrivals);
}

TEST_CASE("a cut stream is damage, and nothing claims to be whole") {
  const std::string bytes = part(records(3));
  for (const double where : {0.3, 0.6, 0.999}) {
    const std::string cut_off = bytes.substr(0, static_cast<std::size_t>(where * static_cast<double>(bytes.size())));
    for (const int threads : {1, 2}) CHECK(status_of([&] { passed(cut_off, threads); }) == Status::kMalformed);
  }
  int ended = 0;
  const Feed feed(bytes.substr(0, bytes.size() / 2), Way::kFile);
  stream::Inlet in({feed.path()}, {});
  std::array<std::size_t, kReasons> arrivals{};
  CHECK(status_of([&] {
          delineate_stream(in, {}, 2,
                           {.begin = {},
                            .write = [](const Delineated&) {},
                            .pass = {},
                            .end = [&](const stream::Counts&, bool) { ++ended; }},
                           arrivals);
        }) == Status::kMalformed);
  CHECK(ended == 0);
}

TEST_CASE("a partial part stays partial; what is lost is a gap") {
  const std::string bytes = part(records(1), {}, true);
  const Passed result = passed(bytes, 1);
  CHECK(result.counts.partial == 1);
  CHECK(Json::parse(read_all(result.bytes).frames.back().header)["status"] == "partial");

  std::string broken = part(records(1, 60, 10));
  broken[broken.size() / 2] = static_cast<char>(broken[broken.size() / 2] ^ 1);
  const Passed skipped = passed(broken, 1, Way::kFile, {.skip_damaged = true});
  CHECK(skipped.counts.damaged > 0);
  CHECK(skipped.counts.written == 5);
  CHECK(Json::parse(read_all(skipped.bytes).frames.back().header)["status"] == "partial");
}
