// Rows of events as marks on the record's clock; spans that a cut parted.
#include "record/event_marks.h"

#include "support.h"

using namespace cfm;
using namespace cfm::record;
using stream::Json;

namespace {

stream::Segment segment_at(double start, double t0 = 0) {
  stream::Segment segment;
  segment.header = {{"id", "r/0"}, {"record", "r"}, {"start", start}};
  segment.put(stream::make_tensor("ecg", {1, 1000}, std::vector<float>(1000),
                                  {{"kind", "ecg"}, {"fs", 100}, {"t0", t0}, {"names", {"II"}}, {"units", {"mV"}}}));
  return segment;
}

stream::Tensor events(const Json& columns, const std::vector<double>& values, const char* of = "ecg") {
  const auto width = std::ssize(columns);
  return stream::make_tensor("e", {std::ssize(values) / width, width}, values,
                             {{"kind", "event"}, {"columns", columns}, {"of", of}, {"aux", {"(N", "(AFIB"}}});
}

format::Annotation rhythm(const char* aux) { return {.code = 28, .aux = aux}; }

using Told = std::vector<std::pair<std::int64_t, std::string>>;

Told told(const SpanMarks& spans, double fs = 100, double origin = 0) {
  std::vector<format::Annotation> all;
  spans.put(all, fs, origin);
  Told out;
  for (const auto& a : all) out.emplace_back(a.sample, a.aux);
  return out;
}

}  // namespace

TEST_CASE("columns in any order; what is missing has its default") {
  const auto segment = segment_at(30, 0.25);
  const auto marks = event_marks(segment, events({"code", "sample", "num", "channel", "sub"}, {40, 150.5, 2, 0, 1}));
  REQUIRE(marks.size() == 1);
  CHECK(marks[0].seconds == doctest::Approx(30 + 0.25 + 1.505));
  CHECK(marks[0].annotation == format::Annotation{.code = 40, .sub = 1, .num = 2});
  CHECK(marks[0].channel == 0);
  CHECK_FALSE(marks[0].is_span());
  const auto bare = event_marks(segment, events({"sample", "code"}, {1, 1, 2, 5}));
  REQUIRE(bare.size() == 2);
  CHECK(bare[1].channel == -1);
  CHECK(bare[1].annotation.code == 5);
  const auto span = event_marks(segment, events({"sample", "end", "code", "aux"}, {10, 60, 28, 1}));
  CHECK(span[0].annotation.aux == "(AFIB");
  CHECK(span[0].ends == doctest::Approx(30.85));
}

TEST_CASE("what is no event, or of no signal, has no marks") {
  const auto segment = segment_at(0);
  CHECK(event_marks(segment, events({"sample", "code"}, {1, 1}, "ppg")).empty());
  CHECK(event_marks(segment, events({"sample", "time"}, {1, 1})).empty());
  CHECK(event_marks(segment, segment.tensors[0]).empty());
  CHECK(event_marks(segment, events({"sample", "code"}, {})).empty());
}

TEST_CASE("a span that goes on over a cut is one; one that changes is told") {
  SpanMarks spans;
  spans.add(0.5, 10, rhythm("(N"));
  spans.add(10, 14, rhythm("(N"));
  spans.add(14, 20, rhythm("(AFIB"));
  spans.add(20, 30, rhythm("(AFIB"));
  spans.add(30, 40, rhythm("(N"));
  CHECK(told(spans) == Told{{50, "(N"}, {1400, "(AFIB"}, {3000, "(N"}});
  CHECK(told(spans, 1, 0.5) == Told{{0, "(N"}, {14, "(AFIB"}, {30, "(N"}});
  std::vector<format::Annotation> all = {{.sample = 50, .code = 1}};
  spans.put(all, 100);
  REQUIRE(all.size() == 4);
  CHECK(all[0].code == 28);
}

TEST_CASE("a span within another: at its end the other goes on, however it was cut") {
  const Told expected = {{0, "(N"}, {800, "(PAUSE"}, {1200, "(N"}, {2000, "(AFIB"}};
  SpanMarks whole, cut_in_pause;
  whole.add(8, 12, rhythm("(PAUSE"));
  whole.add(0, 20, rhythm("(N"));
  whole.add(20, 25, rhythm("(AFIB"));
  CHECK(told(whole) == expected);
  cut_in_pause.add(0, 10, rhythm("(N"));
  cut_in_pause.add(8, 10, rhythm("(PAUSE"));
  cut_in_pause.add(10, 12, rhythm("(PAUSE"));
  cut_in_pause.add(10, 20, rhythm("(N"));
  cut_in_pause.add(20, 25, rhythm("(AFIB"));
  CHECK(told(cut_in_pause) == expected);
  // Both end together: what follows is told by itself.
  SpanMarks both;
  both.add(0, 12, rhythm("(N"));
  both.add(8, 12, rhythm("(PAUSE"));
  both.add(12, 20, rhythm("(AFIB"));
  CHECK(told(both) == Told{{0, "(N"}, {800, "(PAUSE"}, {1200, "(AFIB"}});
}

TEST_CASE("a beat is told once: by the beats where they are, else by the waves") {
  auto segment = segment_at(0);
  stream::Tensor waves = events({"sample", "code", "num"}, {90, 39, 1, 100, 1, 0, 110, 40, 1});
  waves.name = "waves";
  CHECK(event_marks(segment, waves).size() == 3);
  stream::Tensor beats = events({"sample", "code"}, {101, 5});
  beats.name = "beats";
  segment.put(beats);
  const auto marks = event_marks(segment, waves);
  REQUIRE(marks.size() == 2);
  CHECK(marks[0].annotation.code == 39);
  CHECK(marks[1].annotation.code == 40);
  CHECK(event_marks(segment, beats).size() == 1);
  stream::Tensor elsewhere = waves;
  elsewhere.attributes["of"] = "another";
  segment.put(stream::make_tensor("another", {1, 10}, std::vector<float>(10), segment.find("ecg")->attributes));
  CHECK(event_marks(segment, elsewhere).size() == 3);
}
