#include "dataset/store.h"

#include <atomic>
#include <cmath>

#include "base/hash.h"
#include "base/parallel.h"
#include "stream/pipe.h"
#include "support.h"

using namespace cfm;
using namespace cfm::dataset;
using cfm::test::status_of;
using stream::Json;

namespace {

void write(const std::string& path, const std::string& record, const Json& subject, int n, int first = 0) {
  OutputFile file = OutputFile::create(path, true);
  {
    stream::Outlet out(
        file, {}, {.tool = "test", .version = "0", .args = {}, .seed = {}, .device = "", .mode = stream::Prov::kNone});
    out.begin(nullptr);
    for (int i = first; i < first + n; ++i) {
      stream::Segment segment;
      segment.header = {
          {"id", record + "/" + std::to_string(i)}, {"record", record}, {"subject", subject}, {"start", 30.0 * i}};
      if (i % 2 == 0) segment.header["quality"] = {{"score", 0.8}, {"class", "good"}, {"reasons", Json::array()}};
      segment.put(stream::make_tensor("ecg", {1, 3}, std::vector<float>{1, 2, static_cast<float>(i)},
                                      Json{{"kind", "ecg"}, {"fs", 4}, {"names", Json::array({"II"})}}));
      out.write(segment);
    }
    stream::Counts counts;
    counts.written = static_cast<std::uint64_t>(n);
    out.end(counts, false);
  }
  file.commit();
}

}  // namespace

TEST_CASE("several files are one collection") {
  const test::TemporaryFolder folder;
  write(folder / "a.cfm", "ra", "pa", 3);
  write(folder / "b.cfm", "rb", nullptr, 4);
  const Store store({folder / "a.cfm", folder / "b.cfm"});
  REQUIRE(store.size() == 7);
  CHECK(store.segment(2).id() == "ra/2");
  CHECK(store.segment(3).id() == "rb/0");
  CHECK(store.segment(6).find("ecg")->values<float>()[2] == 3);
  CHECK(store.path_of(3) == folder / "b.cfm");
  CHECK(store.rows().start[4] == 30);
  CHECK(store.rows().score[3] == doctest::Approx(0.8));
  CHECK(std::isnan(store.rows().score[4]));
  CHECK(store.rows().klass[3] == 1);
  CHECK(store.rows().klass[4] == stream::kNoClass);
  CHECK(store.who(0) == fnv1a64("pa"));
  CHECK(store.who(3) == fnv1a64("rb"));
  std::atomic<int> right = 0;
  parallel_for(3, 200, [&](std::size_t i) {
    right +=
        store.segment(i % 7).id() == (i % 7 < 3 ? "ra/" + std::to_string(i % 7) : "rb/" + std::to_string(i % 7 - 3))
            ? 1
            : 0;
  });
  CHECK(right == 200);
}

TEST_CASE("the same segment twice is refused") {
  const test::TemporaryFolder folder;
  write(folder / "a.cfm", "r", "p", 3);
  write(folder / "b.cfm", "r", "p", 3, 2);
  write(folder / "c.cfm", "r", "p", 3, 3);
  CHECK(status_of([&] { Store({folder / "a.cfm", folder / "b.cfm"}); }) == Status::kUsage);
  CHECK(status_of([&] { Store({folder / "a.cfm", folder / "a.cfm"}); }) == Status::kUsage);
  CHECK(Store({folder / "a.cfm", folder / "c.cfm"}).size() == 6);
}

TEST_CASE("what is no file of segments") {
  const test::TemporaryFolder folder;
  CHECK(status_of([&] { Store({"-"}); }) == Status::kUsage);
  CHECK(status_of([&] { Store({"/dev/null"}); }) == Status::kUsage);
  CHECK(status_of([&] { Store({folder / "none.cfm"}); }) == Status::kIo);
  write_file(folder / "text.cfm",
             "this is no stream, whatever its name says, and long enough to be read as one at first\n");
  CHECK(status_of([&] { Store({folder / "text.cfm"}); }) == Status::kMalformed);
}
