#include "record/choose.h"

#include <algorithm>
#include <fstream>

#include "support.h"

using namespace cfm;
using namespace cfm::record;
using stream::Json;
using stream::Segment;

namespace {

// Ten segments of 2 s at 4 Hz: RECORD/0, RECORD/8, …; with a note between them.
void write_stream(const std::string& path, const std::string& record, bool whole = true) {
  OutputFile file = OutputFile::create(path, true);
  stream::Outlet out(file, {}, {.tool = "test", .version = "1", .mode = stream::Prov::kNone});
  out.begin(nullptr);
  for (int k = 0; k < 10; ++k) {
    Segment segment;
    segment.header = Json{{"id", record + "/" + std::to_string(8 * k)},
                          {"record", record},
                          {"start", 2 * k},
                          {"clock", {{"fs", 4}, {"sample", 8 * k}}},
                          {"quality", {{"score", k / 10.0}}}};
    segment.put(stream::make_tensor("ecg", {1, 8}, std::vector<std::int16_t>(8, static_cast<std::int16_t>(k)),
                                    Json{{"kind", "ecg"}, {"fs", 4}, {"names", {"II"}}, {"units", {"mV"}}}));
    out.write(segment);
  }
  if (whole) out.end({.read = 10, .written = 10, .skipped = {}}, false);
  file.commit();
}

struct Collector : Sink {
  void begin(const Json&) override { ++parts; }
  void write(const Cut& cut) override {
    ids.push_back(cut.segment.id());
    CHECK(cut.order.size() == 1);
  }
  void pass(const stream::Frame&) override { ++passed; }
  void end(const stream::Counts& counts, bool partial) override {
    ended.push_back(counts);
    partials += partial ? 1 : 0;
  }
  std::vector<std::string> ids;
  std::vector<stream::Counts> ended;
  int parts = 0, passed = 0, partials = 0;
};

struct Chosen {
  Collector sink;
  stream::Counts counts;
};

Chosen chosen(const std::vector<std::string>& files, Choice choice, bool skip_damaged = false) {
  Chosen out;
  stream::Inlet in(files, {.skip_damaged = skip_damaged});
  out.counts = choose(in, out.sink, std::move(choice));
  return out;
}

using Ids = std::vector<std::string>;

struct Streams {
  Streams() {
    write_stream(a, "a");
    write_stream(b, "b");
  }
  test::TemporaryFolder folder;
  std::string a = folder / "a.cfm", b = folder / "b.cfm";
};

}  // namespace

TEST_CASE("conditions: what they keep and how the rest is counted") {
  const Streams s;
  Choice choice;
  choice.where.emplace("quality.score >= 0.8");
  choice.ids = {{"a", "b/64", "b/72", "c"}};
  choice.from = "0:17";
  const Chosen got = chosen({s.a, s.b}, std::move(choice));
  CHECK(got.sink.ids == Ids{"a/64", "a/72", "b/64", "b/72"});
  CHECK(got.sink.parts == 2);
  CHECK(got.sink.ended.size() == 2);
  CHECK(got.sink.partials == 0);
  CHECK(got.counts.read == 20);
  CHECK(got.counts.written == 4);
  CHECK(got.sink.ended[0].skipped == std::map<std::string, std::uint64_t>{{"time", 8}});
  CHECK(got.sink.ended[1].skipped == std::map<std::string, std::uint64_t>{{"ids", 8}});
}

TEST_CASE("times: segments that have a sample within them") {
  const Streams s;
  const auto within = [&](const std::string& from, const std::string& until) {
    return chosen({s.a}, {.from = from, .until = until}).sink.ids;
  };
  CHECK(within("2", "4") == Ids{"a/8"});
  CHECK(within("1.75", "4.25") == Ids{"a/0", "a/8", "a/16"});
  CHECK(within("s72", "") == Ids{"a/72"});
  CHECK(within("", "s1") == Ids{"a/0"});
  CHECK(within("18", "e") == Ids{"a/72"});
  CHECK(within("20", "").empty());
  for (const auto& [from, until] : {std::pair("4", "2"), {"4", "4"}, {"e", ""}, {"x", ""}, {"", "-1"}}) {
    CAPTURE(from);
    CHECK(test::status_of([&] { within(from, until); }) == Status::kUsage);
  }
}

TEST_CASE("the first ones end the reading, but not the stream") {
  const Streams s;
  const Chosen got = chosen({s.a, s.b}, {.head = 3});
  CHECK(got.sink.ids == Ids{"a/0", "a/8", "a/16"});
  CHECK(got.counts.read == 3);
  CHECK(got.sink.partials == 0);
  CHECK(chosen({s.a, s.b}, {.head = 12}).sink.ids.back() == "b/8");
  CHECK(chosen({s.a, s.b}, {.head = 1000}).sink.ids.size() == 20);
}

TEST_CASE("a draw depends on the seed and the names only") {
  const Streams s;
  const auto draw = [&](const std::vector<std::string>& files, std::uint64_t n, std::uint64_t seed) {
    return chosen(files, {.sample = n, .seed = seed});
  };
  const Chosen first = draw({s.a, s.b}, 5, 1);
  CHECK(first.sink.ids.size() == 5);
  CHECK(first.sink.parts == 2);
  CHECK(std::ranges::is_sorted(first.sink.ids, {}, [](const std::string& id) { return id[0]; }));
  CHECK(first.counts.written == 5);
  CHECK(first.counts.skipped.at("sample") == 15);
  CHECK(draw({s.a, s.b}, 5, 1).sink.ids == first.sink.ids);
  CHECK(draw({s.a, s.b}, 5, 2).sink.ids != first.sink.ids);
  Ids other = draw({s.b, s.a}, 5, 1).sink.ids, sorted = first.sink.ids;
  std::ranges::sort(other), std::ranges::sort(sorted);
  CHECK(other == sorted);
  const Chosen all = draw({s.a, s.b}, 100, 1);
  CHECK(all.sink.ids.size() == 20);
  CHECK_FALSE(all.counts.skipped.contains("sample"));
}

TEST_CASE("labels are there before a condition looks") {
  const Streams s;
  Choice choice;
  choice.dress = [](Segment& segment) { segment.header["labels"]["late"] = segment.start() > 15; };
  choice.where.emplace("labels.late");
  CHECK(chosen({s.a}, std::move(choice)).sink.ids == Ids{"a/64", "a/72"});
}

TEST_CASE("a part without end is partial, where damage is skipped") {
  const Streams s;
  write_stream(s.a, "a", false);
  CHECK(test::status_of([&] { chosen({s.a, s.b}, {}); }) == Status::kMalformed);
  const Chosen got = chosen({s.a, s.b}, {}, true);
  CHECK(got.sink.ids.size() == 20);
  CHECK(got.sink.partials == 1);
  CHECK(got.counts.damaged > 0);
}

TEST_CASE("lists of ids: one a line, what follows a comma is not looked at") {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "ids") << "a/0,0.9\r\n\n  b \nc/8";
  CHECK(read_ids(folder / "ids") == std::set<std::string, std::less<>>{"a/0", "b", "c/8"});
  std::ofstream(folder / "none") << " \n,\n";
  CHECK(test::status_of([&] { read_ids(folder / "none"); }) == Status::kUsage);
  CHECK(test::status_of([&] { read_ids(folder / "absent"); }) == Status::kIo);
}
