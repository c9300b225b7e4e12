// Events as annotation files: the record's clock, overlaps, what is refused.
#include "record/annotation_sink.h"

#include <cmath>

#include "support.h"

using namespace cfm;
using namespace cfm::record;
using stream::Json, stream::Segment;
using test::status_of;

namespace {

constexpr double kFs = 250;

// Ten seconds of a record at 250 Hz, from `start` s; clock: Hz of the record's own, 0: none.
Segment segment_of(const std::string& record, double start, double clock, double t0 = 0) {
  Segment segment;
  segment.header = {{"id", record + "/0"}, {"record", record}, {"start", start}};
  if (clock > 0) segment.header["clock"] = {{"fs", clock}, {"sample", std::llround(start * clock)}};
  segment.put(
      stream::make_tensor("ecg", {2, 2500}, std::vector<float>(5000),
                          {{"kind", "ecg"}, {"fs", kFs}, {"t0", t0}, {"names", {"I", "II"}}, {"units", {"mV", "mV"}}}));
  return segment;
}

// Beats at these s of the segment, of a channel.
void put_beats(Segment& segment, const std::vector<double>& seconds, double channel = -1, const char* name = "beats") {
  std::vector<double> rows;
  for (const double s : seconds) rows.insert(rows.end(), {s * kFs, 1, channel});
  segment.put(stream::make_tensor(name, {std::ssize(seconds), 3}, rows,
                                  {{"kind", "event"}, {"columns", {"sample", "code", "channel"}}, {"of", "ecg"}}));
}

void put_rhythm(Segment& segment, const std::vector<std::pair<double, const char*>>& starts) {
  std::vector<double> rows;
  Json aux = Json::array();
  for (std::size_t k = 0; k < starts.size(); ++k) {
    const double end = k + 1 < starts.size() ? starts[k + 1].first : 10;
    rows.insert(rows.end(), {starts[k].first * kFs, end * kFs, 28, static_cast<double>(k)});
    aux.push_back(starts[k].second);
  }
  segment.put(stream::make_tensor(
      "rhythm", {std::ssize(starts), 4}, rows,
      {{"kind", "event"}, {"columns", {"sample", "end", "code", "aux"}}, {"of", "ecg"}, {"aux", aux}}));
}

format::AnnotationFile file_of(const std::vector<Segment>& segments, const std::string& name = "r") {
  const test::TemporaryFolder folder;
  AnnotationSink sink(folder / "out", "cfa", false);
  for (const Segment& segment : segments) sink.write(segment);
  sink.finish();
  return format::read_annotations(folder / ("out/" + name + ".cfa"));
}

std::vector<std::int64_t> samples(const format::AnnotationFile& file) {
  std::vector<std::int64_t> out;
  for (const auto& a : file.annotations) out.push_back(a.sample);
  return out;
}

}  // namespace

TEST_CASE("times on the record's own clock, over several segments") {
  Segment a = segment_of("r", 0, 1000, 0.5), b = segment_of("r", 10, 1000, 0.5);
  put_beats(a, {1, 2.002});
  put_beats(b, {0, 9.996});
  const auto file = file_of({a, b});
  CHECK(samples(file) == std::vector<std::int64_t>{1500, 2502, 10500, 20496});
  CHECK(file.resolution == 0);
}

TEST_CASE("without a clock: the rate of the signal, and the file says so") {
  Segment a = segment_of("r", 4, 0);
  put_beats(a, {1});
  const auto file = file_of({a});
  CHECK(samples(file) == std::vector<std::int64_t>{1250});
  CHECK(file.resolution == kFs);
}

TEST_CASE("what overlaps is told once, at its edges too") {
  Segment a = segment_of("r", 0, kFs), b = segment_of("r", 4, kFs);
  put_beats(a, {1, 5, 9.9990});
  put_beats(b, {1, 5.9990, 6, 7});  // the third begins what is new
  CHECK(samples(file_of({a, b})) == std::vector<std::int64_t>{250, 1250, 2500, 2500, 2750});
}

TEST_CASE("a longer signal beside it hides nothing") {
  Segment a = segment_of("r", 0, kFs), b = segment_of("r", 10, kFs);
  for (Segment* s : {&a, &b})
    s->put(stream::make_tensor("ppg", {1, 1013}, std::vector<float>(1013),
                               {{"kind", "ppg"}, {"fs", 100}, {"names", {"P"}}, {"units", {"NU"}}}));
  put_beats(a, {9});
  put_beats(b, {0.05});
  CHECK(samples(file_of({a, b})).size() == 2);
}

TEST_CASE("a rhythm is told where it changes") {
  Segment a = segment_of("r", 0, kFs), b = segment_of("r", 10, kFs), c = segment_of("r", 20, kFs);
  put_rhythm(a, {{0.5, "(N"}});
  put_rhythm(b, {{0, "(N"}, {4, "(AFIB"}});
  put_rhythm(c, {{0, "(AFIB"}});
  const auto file = file_of({a, b, c});
  REQUIRE(file.annotations.size() == 2);
  CHECK(file.annotations[0] == format::Annotation{.sample = 125, .code = 28, .aux = "(N"});
  CHECK(file.annotations[1] == format::Annotation{.sample = 3500, .code = 28, .aux = "(AFIB"});
}

TEST_CASE("channels, and the reference left out") {
  Segment a = segment_of("r", 0, kFs);
  put_beats(a, {3}, 1);
  put_beats(a, {2}, -1, "others");
  put_beats(a, {1}, 0, "reference/beats");
  const auto file = file_of({a});
  REQUIRE(file.annotations.size() == 2);
  CHECK(file.annotations[0].chan == 0);
  CHECK(file.annotations[0].sample == 500);
  CHECK(file.annotations[1].chan == 1);
}

TEST_CASE("a record without events has an empty file") {
  Segment a = segment_of("r", 0, kFs);
  CHECK(file_of({a}).annotations.empty());
  put_beats(a, {});
  CHECK(file_of({a}).annotations.empty());
}

TEST_CASE("records: folders below, each its own; what comes again, or leaves the folder, or is there is refused") {
  const test::TemporaryFolder folder;
  Segment a = segment_of("ward/a", 0, kFs), b = segment_of("b", 0, 100);
  put_beats(a, {1});
  put_beats(b, {2, 3});
  const auto write = [&](const std::vector<Segment>& segments, bool force) {
    AnnotationSink sink(folder / "out", "cfa", force);
    for (const Segment& segment : segments) sink.write(segment);
    sink.finish();
  };
  write({a, b}, false);
  CHECK(samples(format::read_annotations(folder / "out/ward/a.cfa")) == std::vector<std::int64_t>{250});
  CHECK(samples(format::read_annotations(folder / "out/b.cfa")) == std::vector<std::int64_t>{200, 300});
  CHECK(status_of([&] { write({a}, false); }) == Status::kUsage);
  put_beats(a, {1, 2});
  write({a}, true);
  CHECK(samples(format::read_annotations(folder / "out/ward/a.cfa")).size() == 2);
  CHECK(status_of([&] { write({a, b, a}, true); }) == Status::kUsage);
  for (const char* name : {"../x", "/tmp/x", "a/../../x"}) {
    Segment bad = segment_of(name, 0, kFs);
    put_beats(bad, {1});
    CHECK(status_of([&] { write({bad}, true); }) == Status::kUsage);
  }
}
