#include "eval/marks.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/random.h"
#include "eval/event_segments.h"
#include "eval/score_marks.h"
#include "eval/streamed.h"
#include "messages.h"
#include "support.h"

namespace {

using namespace cfm;
using namespace cfm::eval;
using test::contains;
using test::EventRecording;
using test::message_of;
using test::Rows;
using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

Pairs match(std::vector<double> reference, std::vector<double> test, double window = 15) {
  return match_marks(reference, test, window);
}

double value(const Context& context, const std::string& klass, const std::string& metric,
             const std::string& note = "gross", const std::string& record = "") {
  for (const Row& row : context.rows)
    if (row.klass == klass && row.metric == metric && row.note == note && row.record == record) return row.value;
  FAIL("no row ", klass, " ", metric);
  return 0;
}

Rows rows(std::initializer_list<double> samples, double code = 1, double channel = -1) {
  Rows all;
  for (const double sample : samples) all.push_back({sample, code, channel});
  return all;
}

StreamedBeats beats_of(const EventRecording& recording, double length = 0) {
  EventLog log(kBeatEvents);
  recording.add_to(log, length);
  return compare_streamed(log, {});
}

}  // namespace

TEST_CASE("marks are paired one to one, the nearest first") {
  CHECK(match({100, 200}, {95, 115, 216}) == Pairs{{0, 0}});
  CHECK(match({100, 200}, {90, 110, 185, 215}) == Pairs{{0, 0}, {1, 2}});  // the earlier of equals
  CHECK(match({100, 110}, {104}) == Pairs{{0, 0}});
  CHECK(match({100, 110}, {108, 122}) == Pairs{{1, 0}});  // 108 is 110's, and 122 too far from 100
  CHECK(match({}, {1}).empty());
  CHECK(match({1}, {}).empty());
  CHECK(match({0.1 + 0.2}, {15.3}) == Pairs{{0, 0}});  // exactly the window
}

TEST_CASE("the spread of errors") {
  const Spread s = spread_of(std::vector<double>{1, 2, 3, 4, 10});
  CHECK(s.n == 5);
  CHECK(s.bias == doctest::Approx(4));
  CHECK(s.sd == doctest::Approx(std::sqrt((9 + 4 + 1 + 0 + 36) / 4.0)));
  CHECK(s.median == 3);
  CHECK(s.robust_sd == doctest::Approx(2 / 1.35));
  CHECK(std::isnan(spread_of({}).bias));
  CHECK(std::isnan(spread_of(std::vector<double>{1}).sd));
  const std::vector<std::vector<double>> lists = {{1, 2, 3}, {10, 20}, {}};
  CHECK(centred(lists) == std::vector<double>{-1, 0, 1, -5, 5});
  CHECK(pooled(lists) == std::vector<double>{1, 2, 3, 10, 20});
}

TEST_CASE("gross sums the parts, the average leaves out records without a value") {
  const std::vector<Share> shares = {
      {.klass = "V", .metric = "se", .part = {9, 0, 1}, .whole = {10, 0, 4}},
      {.klass = "", .metric = "rms", .part = {9, 16, 0}, .whole = {1, 1, 0}, .root = true}};
  const std::vector<std::size_t> subjects = {0, 1, 2};
  const auto rows = share_rows(shares, Bootstrap(subjects, {.draws = 10}), {.system = "model"});
  CHECK(rows[0].gross.value == doctest::Approx(10.0 / 14));
  CHECK(rows[0].gross.note == "gross");
  CHECK(rows[0].average.value == doctest::Approx((0.9 + 0.25) / 2));
  CHECK(rows[0].average.klass == "V");
  CHECK(rows[1].gross.value == doctest::Approx(std::sqrt(12.5)));
  CHECK(rows[1].average.value == doctest::Approx(3.5));
}

TEST_CASE("beats of a stream, by hand") {
  EventRecording recording;
  recording.events["reference/beats"] = rows({100, 200, 300, 400});
  recording.events["beats"] = rows({101.5, 201.5, 316, 401.5});
  const StreamedBeats found = beats_of(recording);
  REQUIRE(found.records.size() == 1);
  const BeatTally tally = found.records[0].counts.qrs();
  CHECK(tally.tp == 3);
  CHECK(tally.fn == 1);
  CHECK(tally.fp == 1);
  CHECK(found.records[0].errors == std::vector<double>{15, 15, 15});  // not rounded to samples
  CHECK(found.records[0].subject == "s-a");
  CHECK(contains(found.protocol, "from the beginning"));
  const Context context = beat_figures(found.records, found.protocol, {});
  CHECK(value(context, "", "se") == 0.75);
  CHECK(value(context, "", "bias") == doctest::Approx(15));
  CHECK(value(context, "", "se", "", "a") == 0.75);
  CHECK(std::isnan(value(context, "V", "se")));
  CHECK(context.details["matrix"]["N"]["o"] == 1);
  CHECK(context.rows.front().metric == "se");
  CHECK(contains(context.text, "75.00"));
}

TEST_CASE("cuts of a stream change nothing") {
  Random random(3, "test/marks");
  EventRecording recording{.end = 6000};
  for (double at = 5; at < 6000; at += 40 + random.uniform() * 60) {
    recording.events["reference/beats"].push_back({std::floor(at), random.uniform() < 0.2 ? 5.0 : 1.0, -1});
    if (random.uniform() < 0.9) recording.events["beats"].push_back({at + random.normal() * 8, 1, -1});
  }
  for (auto& [name, events] : recording.events) std::ranges::sort(events);
  recording.events["reference/notes"] = {{2000, 32, -1}, {2300, 33, -1}};
  const StreamedBeats whole = beats_of(recording);
  CHECK(whole.records[0].counts.qrs().fn > 0);
  for (const double length : {37.0, 500.0, 1000.0}) {
    const StreamedBeats cut = beats_of(recording, length);
    CHECK(cut.records[0].counts.pairs == whole.records[0].counts.pairs);
    CHECK(cut.records[0].counts.rr_squares == whole.records[0].counts.rr_squares);
    CHECK(cut.records[0].errors == whole.records[0].errors);
  }
  // Nor does their order, or an overlap.
  EventLog log(kBeatEvents);
  for (const double from : {3000.0, 0.0, 1500.0, 4500.0})
    log.add(recording.segment(from, std::min(from + 2000, 6000.0)), "");
  CHECK(compare_streamed(log, {}).records[0].counts.pairs == whole.records[0].counts.pairs);
}

TEST_CASE("a gap in a stream is none of the detector's beats") {
  EventRecording recording{.end = 3000};
  recording.events["reference/beats"] = rows({100, 200, 1500, 2900});
  recording.events["beats"] = rows({100, 200, 2900});
  EventLog log(kBeatEvents);
  log.add(recording.segment(0, 1000), "");
  log.add(recording.segment(2000, 3000), "");
  const StreamedBeats found = compare_streamed(log, {});
  CHECK(found.records[0].counts.qrs().tp == 3);
  CHECK(found.records[0].counts.qrs().fn == 0);
}

TEST_CASE("a part of a stream") {
  EventRecording recording;
  recording.events["reference/beats"] = rows({100, 200, 300, 400});
  recording.events["beats"] = rows({150, 300});
  EventLog log(kBeatEvents);
  recording.add_to(log);
  const auto at = [](double s) {
    return Moment{"", [s](double fs, std::int64_t) { return static_cast<std::int64_t>(s * fs); }};
  };
  const BeatTally tally = compare_streamed(log, {.from = at(2.5), .until = at(3.5)}).records[0].counts.qrs();
  CHECK(tally.tp == 1);
  CHECK(tally.fn + tally.fp == 0);
}

TEST_CASE("leads: all together where there are such beats, else each") {
  EventRecording recording;
  recording.events["reference/beats"] = rows({100, 200, 300});
  recording.events["beats"] = rows({100, 200}, 1, 0);
  for (const std::vector<double>& row : rows({100, 200, 300, 350}, 1, 1)) recording.events["beats"].push_back(row);
  StreamedBeats found = beats_of(recording);
  REQUIRE(found.records.size() == 2);
  CHECK(found.records[0].lead == "i");
  CHECK(found.records[0].counts.qrs().fn == 1);
  CHECK(found.records[1].lead == "ii");
  CHECK(found.records[1].counts.qrs().fp == 1);
  recording.events["beats"].push_back({100, 1, -1});
  found = beats_of(recording);
  REQUIRE(found.records.size() == 1);
  CHECK(found.records[0].lead.empty());
  CHECK(found.records[0].counts.qrs().fn == 2);
}

TEST_CASE("a record in which nothing was found has missed all of it") {
  EventRecording a, b{.record = "b"};
  a.events["reference/beats"] = b.events["reference/beats"] = rows({100, 200});
  a.events["beats"] = rows({100, 200}, 1, 1);
  b.events["beats"] = {};
  EventLog log(kBeatEvents);
  a.add_to(log);
  b.add_to(log);
  const StreamedBeats found = compare_streamed(log, {});
  REQUIRE(found.records.size() == 2);
  CHECK(found.records[1].lead == "ii");
  CHECK(found.records[1].counts.qrs().fn == 2);
}

TEST_CASE("streams that can't be compared") {
  EventRecording recording;
  CHECK(contains(message_of([&] { beats_of(recording); }), "no segment has 'beats'"));
  recording.events["beats"] = rows({100});
  CHECK(contains(message_of([&] { beats_of(recording); }), "no segment has 'reference/beats'; the input holds beats"));
  EventRecording other{.record = "b"};
  other.events["reference/beats"] = rows({100});
  EventLog log(kBeatEvents);
  recording.add_to(log);
  other.add_to(log);
  CHECK(contains(message_of([&] { compare_streamed(log, {}); }), "record 'b' has reference/beats and no 'beats'"));
  CHECK(contains(message_of([&] { recording.add_to(log); }), "is there twice"));
  stream::Segment without = EventRecording{.record = "c", .events = {{"beats", rows({1})}}}.segment(0, 100);
  without.remove("ecg");
  CHECK(contains(message_of([&] { log.add(without, ""); }), "'beats' counts samples of 'ecg', which is not there"));
}
