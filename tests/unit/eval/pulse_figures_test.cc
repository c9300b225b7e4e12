#include "eval/pulse_figures.h"

#include <cmath>

#include "base/random.h"
#include "eval/event_segments.h"
#include "support.h"

namespace {

using namespace cfm;
using namespace cfm::eval;
using test::EventRecording;
using test::Rows;
using test::status_of;

Rows rows(std::initializer_list<double> samples, double code, double channel) {
  Rows all;
  for (const double sample : samples) all.push_back({sample, code, channel});
  return all;
}

Context figures(const std::vector<EventRecording>& recordings, double length = 0) {
  EventLog log(kPulseEvents);
  for (const EventRecording& recording : recordings) recording.add_to(log, length);
  return pulse_figures(log, {.draws = 20});
}

double value(const Context& context, const std::string& klass, const std::string& metric, const std::string& note,
             const std::string& record = "") {
  for (const Row& row : context.rows)
    if (row.klass == klass && row.metric == metric && row.note == note && row.record == record) return row.value;
  FAIL("no row ", klass, " ", metric, " ", note);
  return 0;
}

// Irregular beats, and feet `lag` samples behind them.
EventRecording recording(const std::string& name, double lag, std::uint64_t seed) {
  EventRecording made{.record = name, .end = 6000};
  Random random(seed, "test/pulses");
  for (double at = 20; at < 5900; at += 60 + random.uniform() * 60) {
    made.events["beats"].push_back({at, 1, -1});
    made.events["pulses"].push_back({at + lag + random.normal() * 0.5, 21, 1});
    made.events["pulses"].push_back({at + lag + 10, 20, 1});
  }
  return made;
}

}  // namespace

TEST_CASE("pulses against reference pulses") {
  EventRecording a;
  a.events["reference/pulses"] = rows({100, 200, 300}, 21, 1);
  for (const auto& row : rows({115, 215, 315}, 20, 1)) a.events["reference/pulses"].push_back(row);
  a.events["pulses"] = rows({102, 202, 250, 302}, 21, 1);
  for (const auto& row : rows({115, 231}, 20, 1)) a.events["pulses"].push_back(row);
  a.events["beats"] = rows({1, 2}, 1, -1);
  const Context context = figures({a});
  CHECK(value(context, "foot", "se", "gross") == 1);
  CHECK(value(context, "foot", "ppv", "gross") == 0.75);
  CHECK(value(context, "foot", "bias", "gross") == doctest::Approx(20));
  CHECK(value(context, "systole", "se", "gross") == doctest::Approx(1.0 / 3));
  CHECK(value(context, "systole", "f1", "gross") == doctest::Approx(2.0 / 5));
  CHECK(value(context, "systole", "f1", "median") == doctest::Approx(2.0 / 5));
}

TEST_CASE("pulses against beats: one lag a record") {
  const Context context = figures({recording("a", 23, 1), recording("b", 61, 2)});
  CHECK(value(context, "", "f1", "gross") == 1);
  CHECK(value(context, "", "lag", "", "a") == doctest::Approx(230).epsilon(0.02));
  CHECK(value(context, "", "lag", "", "b") == doctest::Approx(610).epsilon(0.02));
  CHECK(value(context, "", "sd", "gross") < 6);
  // Another patient's beats do not fit.
  EventRecording swapped = recording("a", 23, 1);
  swapped.events["beats"] = recording("b", 0, 2).events["beats"];
  CHECK(value(figures({swapped}), "", "f1", "gross") < 0.6);
}

TEST_CASE("missed and extra pulses, and the ends of a record") {
  EventRecording a = recording("a", 30, 4);
  const std::size_t n = a.events["beats"].size();
  Rows& pulses = a.events["pulses"];
  pulses.erase(pulses.begin() + 20, pulses.begin() + 24);  // two
  const double gap = (pulses[40][0] + pulses[42][0]) / 2;
  pulses.insert(pulses.begin() + 42, {gap, 21, 1});  // at least 300 ms from both
  pulses.insert(pulses.begin(), {5, 21, 1});         // its beat was before the record
  a.events["beats"].push_back({5995, 1, -1});        // its pulse is after it
  for (const double length : {0.0, 700.0}) {
    const Context context = figures({a}, length);
    CHECK(value(context, "", "tp", "gross") == static_cast<double>(n - 2));
    CHECK(value(context, "", "fn", "gross") == 2);
    CHECK(value(context, "", "fp", "gross") == 1);
  }
}

TEST_CASE("gross, average and median") {
  EventRecording b = recording("b", 20, 5), c = recording("c", 20, 6);
  b.events["pulses"].clear();
  const Context context = figures({recording("a", 20, 4), b, c});
  CHECK(value(context, "", "se", "median") == 1);
  CHECK(value(context, "", "se", "average") == doctest::Approx(2.0 / 3));
  CHECK(value(context, "", "se", "gross") < 0.7);
}

TEST_CASE("streams without pulses to compare") {
  EventRecording a;
  CHECK(status_of([&] { figures({a}); }) == Status::kUsage);
  a.events["pulses"] = rows({1}, 21, 1);
  CHECK(status_of([&] { figures({a}); }) == Status::kUsage);
  a.events.erase("pulses");
  a.events["beats"] = rows({1}, 1, -1);
  CHECK(status_of([&] { figures({a}); }) == Status::kUsage);
}
