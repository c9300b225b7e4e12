// Heads and their chain, relay and drain: order, counts, contagion, reproducibility.
#include <atomic>

#include "stream_support.h"

using namespace cfm;
using namespace cfm::test;
using stream::Counts, stream::Json, stream::Prov, stream::Provenance, stream::Segment;

namespace {

Provenance plain(Prov mode = Prov::kNone) {
  return {.tool = "cfm-test",
          .version = "0",
          .args = {"--min", "0.5", "/home/jane/icu.cfm"},
          .seed = 1,
          .device = {},
          .mode = mode};
}

struct Relayed {
  std::string bytes;
  Counts counts;
};

Relayed relayed(const std::string& bytes, int threads, const std::function<std::optional<std::string>(Segment&)>& work,
                Way way = Way::kFile, const stream::ReadOptions& options = {}) {
  Relayed result;
  result.bytes = written({}, [&](OutputFile& file, const stream::WriteOptions& write_options) {
    const Feed feed(bytes, way);
    stream::Inlet in({feed.path()}, options);
    stream::Outlet out(file, write_options, plain());
    result.counts = stream::relay(in, out, threads, work);
  });
  return result;
}

std::optional<std::string> keep(Segment&) { return std::nullopt; }

std::vector<Json> headers(const std::string& bytes, char type) {
  std::vector<Json> out;
  for (const auto& frame : read_all(bytes).frames) {
    if (frame.type == type) out.push_back(Json::parse(frame.header));
  }
  return out;
}

}  // namespace

TEST_CASE("a head continues the chain") {
  Provenance p = plain(Prov::kBase);
  p.args = {"/data/ward 3/jane.cfm",
            "--labels=/data/alarms.csv:record",
            "--fold",
            "0/5",
            "--shard=1/4",
            "icu/",
            "-o",
            "x.cfm",
            "/"};
  const Json first = stream::make_head(nullptr, p);
  CHECK(first.items().begin().key() == "type");
  CHECK(first["format"] == "cfm-stream");
  CHECK(first["prov"][0]["id"] == "1");
  CHECK(first["prov"][0]["prev"].is_null());
  CHECK(first["prov"][0]["seed"] == 1);
  CHECK(first["prov"][0]["args"] ==
        Json({"jane.cfm", "--labels=alarms.csv:record", "--fold", "0/5", "--shard=1/4", "icu", "-o", "x.cfm", "/"}));
  Json incoming = first;
  incoming["license"] = "ODbL";
  p.mode = Prov::kFull;
  const Json second = stream::make_head(incoming, p);
  CHECK(second["license"] == "ODbL");
  REQUIRE(second["prov"].size() == 2);
  CHECK(second["prov"][1]["id"] == "2");
  CHECK(second["prov"][1]["prev"] == "1");
  CHECK(second["prov"][1]["args"][0] == "/data/ward 3/jane.cfm");
  p.mode = Prov::kNone;
  CHECK(stream::make_head(second, p)["prov"] == Json::array());
  p.mode = Prov::kBase;
  p.seed = UINT64_MAX;
  CHECK(stream::make_head(nullptr, p)["prov"][0]["seed"] == "18446744073709551615");
}

TEST_CASE("any number of threads gives the same bytes") {
  const std::string bytes = counting_stream(200);
  const auto work = [](Segment& segment) -> std::optional<std::string> {
    const auto k = static_cast<std::int64_t>(segment.start() / 0.4 + 0.5);
    if (k % 7 == 3) return "third";
    segment.header["quality"] = {{"score", 0.5}, {"class", "good"}};
    return std::nullopt;
  };
  const Relayed one = relayed(bytes, 1, work);
  CHECK(one.counts.line() == "read 200, wrote 171, left out 29 (third 29)");
  for (const Way way : kWays) CHECK(relayed(bytes, 4, work, way).bytes == one.bytes);
  const auto notes = headers(one.bytes, 'n');
  REQUIRE(notes.size() == 2);  // of the source, then ours
  CHECK(notes[1] ==
        Json({{"type", "note"}, {"tool", "cfm-test"}, {"read", 200}, {"written", 171}, {"skipped", {{"third", 29}}}}));
  CHECK(headers(one.bytes, 'E')[0]["skipped"] == 29);
  CHECK(headers(one.bytes, 'S')[0].dump().ends_with(R"(,"quality":{"score":0.5,"class":"good"}})"));
}

TEST_CASE("a part for each part, ancillary frames and unknown keys through") {
  CFM_NEEDS(folder, "CFM_STREAM");
  const std::string in = slurp(folder + "/ancillary.cfm") + slurp(folder + "/two.cfm");
  const Relayed out = relayed(in, 2, keep);
  std::string types;
  for (const auto& frame : read_all(out.bytes).frames) types += frame.type;
  CHECK(types == "HSznxEHSnxEHSSnnxE");
  CHECK(out.counts.read == 4);
  CHECK(headers(out.bytes, 'z')[0]["anything"] == Json({1}));
  const auto before = headers(in, 'S'), after = headers(out.bytes, 'S');
  CHECK(before == after);
}

TEST_CASE("several files are read as one, and an empty list of segments is a stream") {
  const TemporaryFolder folder;
  write_file(folder / "a.cfm", counting_stream(2));
  write_file(folder / "b.ndjson", converted(counting_stream(0), stream::Form::kText));
  stream::Inlet in({folder / "a.cfm", folder / "b.ndjson"}, {});
  std::vector<std::string> ids;
  const Counts counts = stream::drain(in, [&](Segment& s) -> std::optional<std::string> {
    ids.push_back(s.id());
    return ids.size() == 2 ? std::optional<std::string>("second") : std::nullopt;
  });
  CHECK(ids == std::vector<std::string>{"r/0", "r/100"});
  CHECK(counts.read == 2);
  CHECK(counts.written == 1);
  CHECK(counts.skipped.at("second") == 1);
  CHECK(counts.partial == 0);
}

TEST_CASE("a cut stream leaves no end, through any number of relays") {
  const std::string bytes = counting_stream(50);
  for (const std::size_t cut : {std::size_t{100}, bytes.size() / 2, bytes.size() - 1, bytes.size() - 512}) {
    for (const int threads : {1, 3}) {
      const TemporaryFolder folder;
      const Feed feed(bytes.substr(0, cut), Way::kPipe);
      stream::Inlet in({feed.path()}, {});
      int ends[2];
      REQUIRE(::pipe(ends) == 0);
      std::string passed;
      std::jthread collect([&] {
        char buffer[4096];
        for (ssize_t n; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
          passed.append(buffer, static_cast<std::size_t>(n));
      });
      {
        auto file = OutputFile::create("/dev/fd/" + std::to_string(ends[1]), false);
        ::close(ends[1]);
        stream::Outlet out(file, {}, plain());
        CHECK(status_of([&] { stream::relay(in, out, threads, keep); }) == Status::kMalformed);
      }
      collect.join();
      ::close(ends[0]);
      CHECK(read_status(passed) == Status::kMalformed);
      if (cut > bytes.size() / 4) {  // what came before the cut has been passed on, in order
        std::size_t segments = 0;
        for (const auto& frame : read_all(passed, Way::kFile, {.skip_damaged = true}).frames)
          segments += frame.type == 'S' ? 1 : 0;
        CHECK(segments > 10);
      }
    }
  }
}

TEST_CASE("an error of the work ends the part without an end") {
  const std::string bytes = counting_stream(20);
  const TemporaryFolder folder;
  write_file(folder / "in.cfm", bytes);
  for (const int threads : {1, 4}) {
    auto file = OutputFile::create(folder / "out.cfm", true);
    stream::Inlet in({folder / "in.cfm"}, {});
    stream::Outlet out(file, {}, plain());
    CHECK(status_of([&] {
            stream::relay(in, out, threads, [](Segment& s) -> std::optional<std::string> {
              if (s.id() == "r/500") throw Error(Status::kIncompatible, "no");
              return std::nullopt;
            });
          }) == Status::kIncompatible);
    CHECK(out.open());
    CHECK(out.written() == 5);
  }
  CHECK_FALSE(is_regular_file(folder / "out.cfm"));
}

TEST_CASE("partial parts leave partial; damage that is skipped makes one") {
  std::string bytes = counting_stream(10);
  const auto fifth = read_all(bytes).frames[5].offset;
  bytes[fifth + 100] ^= 1;
  for (const Way way : kWays) {
    const Relayed skipped = relayed(bytes + counting_stream(2), 2, keep, way, {.skip_damaged = true});
    CHECK(skipped.counts.damaged == 1);
    CHECK(skipped.counts.read == 11);
    auto ends = headers(skipped.bytes, 'E');
    REQUIRE(ends.size() == 2);
    CHECK(ends[0]["status"] == "partial");
    CHECK(ends[1]["status"] == "ok");
    const Relayed again = relayed(skipped.bytes, 1, keep, way);
    CHECK(headers(again.bytes, 'E')[0]["status"] == "partial");
    CHECK(again.counts.damaged == 0);
    CHECK(again.counts.partial == 1);
  }
  // The end of the first part is lost: its segments are saved.
  const std::string whole = counting_stream(3);
  const Relayed cut = relayed(whole.substr(0, whole.size() - 512) + whole, 2, keep, Way::kPipe, {.skip_damaged = true});
  CHECK(headers(cut.bytes, 'E').size() == 2);
  CHECK(headers(cut.bytes, 'E')[0]["status"] == "partial");
}

TEST_CASE("finished work leaves while the input has nothing ready") {
  const std::string bytes = counting_stream(4, 100);
  const auto frames = read_all(bytes).frames;
  int to[2], from[2];
  REQUIRE(::pipe(to) == 0);
  REQUIRE(::pipe(from) == 0);
  std::jthread filter([&] {
    stream::Inlet in({"/dev/fd/" + std::to_string(to[0])}, {});
    auto file = OutputFile::create("/dev/fd/" + std::to_string(from[1]), false);
    stream::Outlet out(file, {}, plain());
    stream::relay(in, out, 4, keep);
    ::close(from[1]);
  });
  stream::Frame frame;
  const auto send = [&](std::size_t begin, std::size_t end) {
    REQUIRE(::write(to[1], bytes.data() + begin, end - begin) == static_cast<ssize_t>(end - begin));
  };
  send(0, frames[1].offset);
  auto reader = stream::FrameReader::open("/dev/fd/" + std::to_string(from[0]), {});
  REQUIRE(reader.next(frame));
  for (std::size_t k = 1; k <= 4; ++k) {  // each segment comes back before the next is sent
    send(frames[k].offset, frames[k + 1].offset);
    REQUIRE(reader.next(frame));
    CHECK(frame.type == 'S');
  }
  send(frames[5].offset, bytes.size());
  ::close(to[1]);
  while (reader.next(frame)) {
  }
  CHECK(frame.type == 'E');
  for (const int fd : {to[0], from[0]}) ::close(fd);
}

TEST_CASE("a full disk is an error and leaves no end") {
  const TemporaryFolder folder;
  write_file(folder / "in.cfm", counting_stream(5));
  stream::Inlet in({folder / "in.cfm"}, {});
  auto file = OutputFile::create("/dev/full", false);
  stream::Outlet out(file, {}, plain());
  CHECK(status_of([&] { stream::relay(in, out, 2, keep); }) == Status::kIo);
}

TEST_CASE("the index is written to regular files only, and when it is asked for") {
  CHECK(headers(counting_stream(2), 'x').size() == 1);
  CHECK(headers(counting_stream(2, 100, {.index = false}), 'x').empty());
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  for (const bool pipes : {false, true}) {
    auto file = OutputFile::create("/dev/fd/" + std::to_string(ends[1]), false);
    stream::FrameWriter writer(file, {.index_pipes = pipes});
    writer.write(stream::Frame{.type = 'H', .part_id = 1, .header = hello(), .payload = {}});
    writer.write(counting_segment(0));
    writer.end_part({{"status", "ok"}}, true);
    std::string bytes(file.position(), '\0');
    REQUIRE(::read(ends[0], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    CHECK(headers(bytes, 'x').size() == (pipes ? 1 : 0));
  }
  ::close(ends[0]);
  ::close(ends[1]);
}
