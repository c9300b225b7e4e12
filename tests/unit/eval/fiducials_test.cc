#include "eval/fiducials.h"

#include <cmath>

#include "eval/event_segments.h"
#include "eval/wave_marks.h"
#include "support.h"

namespace {

using namespace cfm;
using namespace cfm::eval;
using delineate::BeatWaves;
using test::EventRecording;
using test::Rows;
using test::status_of;

// Nine marks of a beat whose R peak is at `r`, 100 Hz; without P where `p` is false.
Rows beat(double r, double channel, bool p = true) {
  Rows rows;
  if (p) rows = {{r - 20, 39, channel, 0}, {r - 16, 24, channel, 0}, {r - 12, 40, channel, 0}};
  const Rows rest = {{r - 4, 39, channel, 1},  {r, 1, channel, 1},       {r + 5, 40, channel, 1},
                     {r + 20, 39, channel, 2}, {r + 28, 27, channel, 2}, {r + 36, 40, channel, 2}};
  rows.insert(rows.end(), rest.begin(), rest.end());
  return rows;
}

Rows beats(std::initializer_list<double> places, double channel, bool p = true) {
  Rows all;
  for (const double r : places)
    for (const std::vector<double>& row : beat(r, channel, p)) all.push_back(row);
  return all;
}

Rows operator+(Rows a, const Rows& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Rows moved(Rows rows, double code, double num, double by) {
  for (std::vector<double>& row : rows)
    if (row[1] == code && row[3] == num) row[0] += by;
  return rows;
}

Context figures(const std::vector<EventRecording>& recordings) {
  EventLog log(kWaveEvents);
  for (const EventRecording& recording : recordings) recording.add_to(log);
  return fiducial_figures(log, {.draws = 20});
}

double value(const Context& context, const std::string& lead, const std::string& klass, const std::string& metric,
             const std::string& record = "") {
  for (const Row& row : context.rows)
    if (row.lead == lead && row.klass == klass && row.metric == metric && row.record == record) return row.value;
  FAIL("no row ", lead, " ", klass, " ", metric);
  return 0;
}

std::vector<Event> events(const Rows& rows) {
  std::vector<Event> all;
  for (const std::vector<double>& row : rows)
    all.push_back({.frame = row[0], .code = static_cast<int>(row[1]), .num = static_cast<int>(row[3])});
  return all;
}

}  // namespace

TEST_CASE("marks become waves, and waves beats") {
  const LeadWaves waves = waves_of(events(beats({100, 200}, 0)), 100);
  REQUIRE(waves[WaveKind::kP].size() == 2);
  CHECK(waves[WaveKind::kP][0].onset == 80);
  CHECK(waves[WaveKind::kT][1].offset == 236);
  const std::vector<BeatWaves> found = beats_of(waves);
  REQUIRE(found.size() == 2);
  CHECK(found[1].beat == 200);
  CHECK(found[1].p.peak == 184);
  CHECK(found[0].t.peak == 128);

  // A P wave without a beat after it, a beat without P, a T wave without onset, a second peak of a T wave.
  const LeadWaves odd = waves_of(events(beat(100, 0, false) + Rows{{150, 39, 0, 2},
                                                                   {155, 27, 0, 0},
                                                                   {160, 27, 0, 0},
                                                                   {170, 40, 0, 2},
                                                                   {180, 24, 0, 0},
                                                                   {300, 1, 0, 0},
                                                                   {330, 27, 0, 0},
                                                                   {390, 24, 0, 0}}),
                                 100);
  REQUIRE(odd[WaveKind::kT].size() == 3);
  CHECK(odd[WaveKind::kT][1].peak == 155);
  CHECK(odd[WaveKind::kT][1].second == 160);
  const std::vector<BeatWaves> rest = beats_of(odd);
  REQUIRE(rest.size() == 2);
  CHECK(rest[0].t.peak == 128);  // the first
  CHECK(std::isnan(rest[0].p.peak));
  CHECK(rest[1].p.peak == 180);
  CHECK(rest[1].t.peak == 330);
}

TEST_CASE("errors, shares and intervals of a lead") {
  EventRecording recording;
  recording.events["reference/waves"] = beats({100, 200, 300}, 1);
  // QRS onset 2 late, T end 4 late, and one beat more, between the second and the third.
  recording.events["waves"] = moved(moved(beats({100, 200, 300}, 1), 39, 1, 2), 40, 2, 4) + beats({250}, 1);
  const Context context = figures({recording});
  CHECK(value(context, "ii", "qrs_on", "bias") == doctest::Approx(20));
  CHECK(value(context, "ii", "qrs_on", "sd") == doctest::Approx(0));
  CHECK(value(context, "ii", "qrs_on", "se") == 1);
  CHECK(value(context, "ii", "r_peak", "ppv") == 0.75);
  CHECK(value(context, "ii", "r_peak", "fp") == 1);
  CHECK(value(context, "ii", "t_off", "bias") == doctest::Approx(40));
  CHECK(value(context, "ii", "qt", "bias") == doctest::Approx(20));
  CHECK(value(context, "ii", "qrs", "bias") == doctest::Approx(-20));
  CHECK(value(context, "ii", "pr", "bias") == doctest::Approx(20));
  CHECK(value(context, "ii", "pr", "n") == 3);
  CHECK(value(context, "ii", "p", "ppv") == 0.75);
  CHECK(std::isnan(value(context, "ii", "p", "fp_absent")));
  CHECK(value(context, "ii", "t_peak", "fp", "a") == 1);
  CHECK(context.text.find("20.0 ± 0.0") != std::string::npos);
}

TEST_CASE("a mark outside the marked stretch of the lead is not false") {
  EventRecording recording;
  recording.events["reference/waves"] = beats({300, 400}, 1);
  recording.events["waves"] = beats({100, 200, 300, 400, 500}, 1);
  CHECK(value(figures({recording}), "ii", "r_peak", "ppv") == 1);
  // The stretch is the lead's own.
  recording.events["reference/waves"] = beats({300, 400}, 1) + beats({100, 400}, 0);
  recording.events["waves"] = beats({200}, 0) + beats({200}, 1);
  const Context context = figures({recording});
  CHECK(value(context, "i", "r_peak", "fp") == 1);
  CHECK(value(context, "ii", "r_peak", "fp") == 0);
}

TEST_CASE("the window, and one mark for one") {
  EventRecording recording;
  recording.events["reference/waves"] = {{100, 1, 1, 1}, {200, 1, 1, 1}, {300, 1, 1, 1}, {400, 1, 1, 1}};
  recording.events["waves"] = {{115, 1, 1, 1}, {216, 1, 1, 1}, {297, 1, 1, 1}, {302, 1, 1, 1}, {400, 1, 1, 1}};
  const Context context = figures({recording});
  CHECK(value(context, "ii", "r_peak", "tp") == 3);
  CHECK(value(context, "ii", "r_peak", "fn") == 1);
  CHECK(value(context, "ii", "r_peak", "fp") == 2);
  CHECK(value(context, "ii", "r_peak", "bias") == doctest::Approx((150 + 20 + 0) / 3.0));
}

TEST_CASE("P waves where the reference has none") {
  EventRecording sinus, fibrillation{.record = "b"};
  sinus.events["reference/waves"] = sinus.events["waves"] = beats({100, 200, 300}, 1);
  fibrillation.events["reference/waves"] = beats({100, 200, 300}, 1, false);
  fibrillation.events["waves"] = beats({100, 200, 300}, 1);
  const Context context = figures({sinus, fibrillation});
  CHECK(value(context, "ii", "p", "fp_absent") == 2);  // that of the first beat is before the marked stretch
  CHECK(value(context, "ii", "p", "se") == 1);
  CHECK(value(context, "ii", "p", "ppv") == doctest::Approx(3.0 / 5));
}

TEST_CASE("leads in their order, all pooled, and records") {
  EventRecording recording{.names = {"v1", "ii", "x"}};
  recording.events["reference/waves"] = beats({100}, 0) + beats({100}, 1) + beats({100}, 2);
  recording.events["waves"] = beats({101}, 0) + beats({102}, 1);
  const Context context = figures({recording});
  std::vector<std::string> leads;
  for (const Row& row : context.rows)
    if (row.record.empty() && (leads.empty() || leads.back() != row.lead)) leads.push_back(row.lead);
  CHECK(leads == std::vector<std::string>{"", "ii", "v1"});  // x was not delineated
  CHECK(value(context, "", "r_peak", "bias") == doctest::Approx(15));
  CHECK(value(context, "v1", "r_peak", "bias", "a") == doctest::Approx(10));
}

TEST_CASE("a record in which nothing was found has missed all of it") {
  EventRecording a, b{.record = "b"};
  a.events["reference/waves"] = b.events["reference/waves"] = beats({100, 200}, 1);
  a.events["waves"] = beats({100, 200}, 1);
  b.events["waves"] = {};
  CHECK(value(figures({a, b}), "ii", "r_peak", "se") == 0.5);
}

TEST_CASE("all leads together") {
  EventRecording recording{.names = {"i", "ii", "iii", "v1"}};
  Rows reference;
  for (const double channel : {0, 1, 2, 3})
    reference = reference + beats({100 + channel * 0.2, 200 + channel * 0.2}, channel);
  recording.events["reference/waves"] = reference;
  recording.events["waves"] = beats({100, 200}, -1);
  const Context context = figures({recording});
  CHECK(value(context, "global", "r_peak", "tp") == 2);
  CHECK(value(context, "global", "qrs_on", "fn") == 0);
  CHECK(std::abs(value(context, "global", "qrs_on", "bias")) <= 6);  // of the leads' 6 ms
  CHECK(value(context, "global", "qt", "n") == 2);
}

TEST_CASE("streams without waves to compare") {
  EventRecording recording;
  CHECK(status_of([&] { figures({recording}); }) == Status::kUsage);
  recording.events["waves"] = beats({100}, 1);
  CHECK(status_of([&] { figures({recording}); }) == Status::kUsage);
  recording.events["reference/waves"] = beats({100}, 0);  // another lead
  CHECK(status_of([&] { figures({recording}); }) == Status::kUsage);
  EventRecording other{.record = "b"};
  other.events["reference/waves"] = beats({100}, 1);
  recording.events["reference/waves"] = beats({100}, 1);
  CHECK(status_of([&] { figures({recording, other}); }) == Status::kUsage);
}
