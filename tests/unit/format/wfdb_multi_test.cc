#include <chrono>

#include "base/log.h"
#include "format/wfdb_record.h"
#include "wfdb_support.h"

namespace cfm::format {
namespace {

using namespace test_wfdb;

// Two segments of two and three frames, with a gap of two between them; what `lists` says is the list.
struct Suite {
  explicit Suite(const std::string& list) {
    put(folder / "a.dat", words({1, 11, 2, 12}));
    put(folder / "a.hea", "a 2 10 2\na.dat 16 100(5)/mV 16 0 1 3 0 I\na.dat 16 200/mV 16 0 11 23 0 II\n");
    put(folder / "b.dat", words({101, 102, -32768}));
    put(folder / "b.hea", "b 1 10 3\nb.dat 16 200/mV 16 0 101 -32565 0 II\n");
    put(folder / "layout.hea",
        "layout 3 10 0\n~ 0 200(10)/mV 16 0 0 0 0 I\n~ 0 200/mV 16 0 0 0 0 II\n~ 0 1/NU 8 0 0 0 0 X\n");
    put(folder / "m.hea", list);
  }
  std::string refused() const { return refusal(folder / "m"); }
  test::TemporaryFolder folder;
};

constexpr std::int32_t kNo = kMissing;

TEST_CASE("variable layout: signals by name, gaps, another gain and baseline") {
  const Suite suite("m/4 3 10 7 10:00:00 01/02/2003\nlayout 0\na 2\n~ 2\nb 3\n# about all\n");
  const auto record = open(suite.folder / "m");
  record->verify();
  CHECK(record->frames() == 7);
  CHECK(record->comments() == std::vector<std::string>{"about all"});
  CHECK(record->base_time() == "2003-02-01T10:00:00");
  REQUIRE(record->channels().size() == 3);
  CHECK(record->channels()[0].name == "I");
  CHECK(record->channels()[0].samples == 7);
  CHECK(record->channels()[0].scale == 1 / 200.0);
  CHECK(record->channels()[2].unit == "NU");
  // I: (1 - 5) / 100 mV is 2 in units of the layout
  const Values want = {{2, 4, kNo, kNo, kNo, kNo, kNo}, {11, 12, kNo, kNo, 101, 102, kNo}, std::vector(7, kNo)};
  CHECK(read_all(*record) == want);
  for (std::int64_t first = 0; first <= 7; ++first) {
    for (std::int64_t n = 0; first + n <= 7; ++n) {
      const Values part = read(*record, {1, 0, 1}, first, n);
      CHECK(part[0] == std::vector(want[1].begin() + first, want[1].begin() + first + n));
      CHECK(part[1] == std::vector(want[0].begin() + first, want[0].begin() + first + n));
      CHECK(part[2] == part[0]);
    }
  }
  CHECK(test::status_of([&] { read(*record, {0}, 1, 7); }) == Status::kBug);
}

TEST_CASE("fixed layout: the first segment's calibration rules") {
  Suite suite("m/3 1 10\n~ 1\nb 3\nc 2\n");
  put(suite.folder / "c.dat", words({7, -8}));
  put(suite.folder / "c.hea", "c 1 10 2\nc.dat 16 100(1)/mV 16 0 7 -1 0 II\n");
  CHECK(suite.refused() == "");
  const auto record = open(suite.folder / "m");
  CHECK(read_all(*record) == Values{{kNo, 101, 102, kNo, 12, -18}});
  CHECK(record->channels()[0].type == SampleType::kI16);
  // A value that the record's 16 bits don't hold is refused, never cut.
  put(suite.folder / "c.hea", "c 1 10 2\nc.dat 16 0.01/mV 16 0 7 -1 0 II\n");
  const auto wide = open(suite.folder / "m");
  CHECK(test::status_of([&] { read_all(*wide); }) == Status::kMalformed);
  CHECK(read(*wide, {0}, 0, 4)[0][1] == 101);
}

TEST_CASE("lists that lie") {
  CHECK(holds(Suite("m/2 1 10 9\nb 3\nb 3\n").refused(), "segments of 6 samples together where the header promises 9"));
  CHECK(holds(Suite("m/1 1 10\nb 4\n").refused(), "line 2: segment 'b' of 4 samples, its header says 3"));
  CHECK(holds(Suite("m/2 2 10\na 2\nb 3\n").refused(), "line 3: segment 'b' has 1 signals where the first has 2"));
  CHECK(holds(Suite("m/1 1 11\nb 3\n").refused(), "10 frames a second"));
  CHECK(holds(Suite("m/1 1 10\n~ 3\n").refused(), "no segment says which signals there are"));
  CHECK(holds(Suite("m/1 1 10\n../b 3\n").refused(), "outside the header's folder"));
  CHECK(holds(Suite("m/2 1 10\nb 3\nc 3\n").refused(), "line 3: no such segment: 'c'"));
  CHECK(holds(Suite("m/2 1 10\nb 9223372036854775807\nb 9223372036854775807\n").refused(), "than any files hold"));
  CHECK(holds(Suite("m/2 1 10\nb 3\nm 3\n").refused(), "line 3: segment list loops"));
  Suite nested("m/2 1 10\nb 3\nn 3\n");
  put(nested.folder / "n.hea", "n/1 1 10\nb 3\n");
  CHECK(holds(nested.refused(), "line 3: segment 'n' is itself a list"));
  Suite extra("m/2 1 10\nlayout 0\nd 1\n");
  put(extra.folder / "d.dat", words({1}));
  put(extra.folder / "d.hea", "d 1 10 1\nd.dat 16 1/mV 16 0 1 1 0 V\n");
  CHECK(holds(extra.refused(), "signal 'V' of segment 'd' is not in the layout"));
  put(extra.folder / "d.hea", "d 1 10 1\nd.dat 16 1/mmHg 16 0 1 1 0 I\n");
  CHECK(holds(extra.refused(), "in 'mmHg' in segment 'd' and in 'mV'"));
  put(extra.folder / "d.dat", words({1, 2}));
  put(extra.folder / "d.hea", "d 1 10 1\nd.dat 16x2 1/mV 16 0 1 3 0 I\n");
  CHECK(holds(extra.refused(), "2 samples a frame"));
  Suite damaged("m/2 1 10\nb 3\nb 3\n");
  put(damaged.folder / "b.dat", words({101, 103, -32768}));
  CHECK(holds(damaged.refused(), "checksum of signal II"));
  CHECK(refusal(damaged.folder / "m", {.trust_data = true}) == "");
}

TEST_CASE("ten thousand segments, few of them open") {
  const test::TemporaryFolder folder;
  constexpr int kSegments = 10000;
  std::string list = "m/" + std::to_string(kSegments) + " 1 10\n";
  for (int i = 0; i < kSegments; ++i) list += "s" + std::to_string(i % 500) + " 2\n";
  for (int i = 0; i < 500; ++i) {
    const std::string name = "s" + std::to_string(i);
    put(folder / (name + ".dat"), words({i, -i}));
    put(folder / (name + ".hea"), name + " 1 10 2\n" + name + ".dat 16\n");
  }
  put(folder / "m.hea", list);
  const auto record = open(folder / "m");
  const std::vector<std::int32_t> all = read_all(*record)[0];
  REQUIRE(all.size() == 2 * kSegments);
  bool same = true;
  for (int i = 0; i < kSegments; ++i) {
    same = same && all[static_cast<std::size_t>(2 * i)] == i % 500 &&
           all[static_cast<std::size_t>(2 * i + 1)] == -(i % 500);
  }
  CHECK(same);
  std::ifstream maps("/proc/self/maps");
  int mapped = 0;
  for (std::string line; std::getline(maps, line);) mapped += holds(line, folder.path) ? 1 : 0;
  CHECK(mapped <= 32);
}

}  // namespace
}  // namespace cfm::format
