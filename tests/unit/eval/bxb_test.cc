#include "eval/bxb.h"

#include <cmath>
#include <filesystem>
#include <functional>

#include "base/random.h"
#include "eval/annotated.h"
#include "messages.h"
#include "support.h"

namespace {

using namespace cfm;
using namespace cfm::eval;
using format::Annotation;
using test::contains;
using test::message_of;
using test::status_of;
using Marks = std::vector<Annotation>;

constexpr int kN = 1, kV = 5, kF = 6, kA = 8, kPaced = 12, kUnknown = 13, kNoise = 14, kFlutterWave = 31, kOn = 32,
              kOff = 33;
constexpr int kUnreadable = 0x30;

Annotation mark(std::int64_t sample, int code = kN, int sub = 0) {
  return {.sample = sample, .code = code, .sub = sub, .aux = {}};
}

Marks beats(std::initializer_list<std::int64_t> samples, int code = kN) {
  Marks marks;
  for (const std::int64_t sample : samples) marks.push_back(mark(sample, code));
  return marks;
}

// At 100 Hz: 15 samples of window, from 10 s on, to 100 s.
BeatCounts compare(const Marks& reference, const Marks& test,
                   BeatPeriod period = {.window = 15, .from = 1000, .until = 10000}) {
  return compare_beats(reference, test, period);
}

std::int64_t total(const BeatCounts& counts) {
  std::int64_t sum = 0;
  for (const auto& row : counts.pairs)
    for (const std::int64_t n : row) sum += n;
  return sum;
}

void check_qrs(const BeatCounts& counts, std::int64_t tp, std::int64_t fn, std::int64_t fp) {
  CHECK(counts.qrs().tp == tp);
  CHECK(counts.qrs().fn == fn);
  CHECK(counts.qrs().fp == fp);
}

// Beats about a second apart at 100 Hz, of all groups.
Marks random_beats(Random& random, int n) {
  Marks marks;
  std::int64_t at = 1100;
  for (int i = 0; i < n; ++i) {
    static constexpr int kCodes[] = {kN, kN, kN, kV, kA, kF, kPaced};
    marks.push_back(mark(at, kCodes[random.below(7)]));
    at += 60 + static_cast<std::int64_t>(random.below(60));
  }
  return marks;
}

Marks shifted(Marks marks, std::int64_t by) {
  for (Annotation& a : marks) a.sample += by;
  return marks;
}

}  // namespace

TEST_CASE("the window has two sides and holds its ends") {
  check_qrs(compare(beats({1100, 1200, 1300}), beats({1085, 1215, 1300})), 3, 0, 0);
  check_qrs(compare(beats({1100, 1200, 1300}), beats({1084, 1216, 1300})), 1, 2, 2);
  const BeatCounts counts = compare(beats({1100, 1200, 1300}), beats({1084, 1216, 1300}));
  CHECK(counts.pair(BeatLabel::kN, BeatLabel::kO) == 2);
  CHECK(counts.pair(BeatLabel::kO, BeatLabel::kN) == 2);
  CHECK(counts.matched == std::vector<std::pair<std::size_t, std::size_t>>{{2, 2}});
}

TEST_CASE("the nearer of two beats is the pair") {
  // 1095 is 5 away from 1100, 1090 is 10: the first is extra; the same with sides changed: one is missed.
  const BeatCounts extra = compare(beats({1100}), beats({1090, 1095}));
  check_qrs(extra, 1, 0, 1);
  CHECK(extra.matched.front().second == 1);
  const BeatCounts missed = compare(beats({1090, 1095}), beats({1100}));
  check_qrs(missed, 1, 1, 0);
  CHECK(missed.matched.front().first == 1);
  // Equally near: the later one.
  CHECK(compare(beats({1100}), beats({1090, 1110})).matched.front().second == 1);
}

TEST_CASE("a rival that has a better partner is none") {
  // The example in the source of bxb: window 37. Without the criterion of 2002 nothing but the last would be paired.
  const BeatPeriod period{.window = 37, .from = 0, .until = 1000};
  check_qrs(compare(beats({96, 160}), beats({128, 185}), period), 2, 0, 0);
  check_qrs(compare(beats({128, 185}), beats({96, 160}), period), 2, 0, 0);
}

TEST_CASE("what is before the period only matters at its beginning") {
  // The last test beat of the learning period is the nearest to the first reference beat: a pair.
  check_qrs(compare(beats({900, 1002}), beats({901, 999, 1100})), 1, 0, 1);
  // The test has one on either side of the first reference beat, the later is nearer: the earlier is left out.
  check_qrs(compare(beats({900, 1005}), beats({995, 1006, 1100})), 1, 0, 1);
  // A test beat of the period that belongs to a reference beat before it isn't false: the next one is nearer to 1090.
  check_qrs(compare(beats({995, 1090}), beats({1004, 1091})), 1, 0, 0);
  // Beyond the window after the beginning it is.
  check_qrs(compare(beats({995, 1090}), beats({1016, 1091})), 1, 0, 1);
  // A reference beat of the learning period is nobody's.
  check_qrs(compare(beats({500, 600, 1100}), beats({1100})), 1, 0, 0);
}

TEST_CASE("a comparison from 0 on counts the first beats") {
  const BeatPeriod all{.window = 15, .from = 0, .until = 10000};
  check_qrs(compare(beats({20, 120}), beats({21, 122}), all), 2, 0, 0);
  check_qrs(compare(beats({20, 120}), beats({50, 122}), all), 1, 1, 1);
  check_qrs(compare(beats({0, 120}), beats({0, 122}), all), 2, 0, 0);
}

TEST_CASE("the end of the period") {
  // Beats at its last sample count; one behind it does as long as either file has one within.
  check_qrs(compare(beats({9990, 10000}), beats({9990, 10000})), 2, 0, 0);
  check_qrs(compare(beats({9900, 10001}), beats({9900})), 1, 0, 0);
  check_qrs(compare(beats({9900, 10001}), beats({9900, 9999})), 2, 0, 0);
  // Where the length isn't known, the last reference beat ends it.
  const BeatPeriod open{.window = 15, .from = 1000, .until = std::nullopt};
  check_qrs(compare(beats({1100, 1200}), beats({1100, 1200, 1300, 1400}), open), 2, 0, 0);
  // 0: the last of either; 1150 is still before the reference's 1200.
  const BeatPeriod either{.window = 15, .from = 1000, .until = 0};
  check_qrs(compare(beats({1100, 1200, 1300}), beats({1100, 1150}), either), 1, 0, 1);
  CHECK(status_of([] { compare({}, {}, {.window = 15, .from = 1000, .until = 999}); }) == Status::kUsage);
}

TEST_CASE("nothing on one side or both") {
  CHECK(total(compare({}, {})) == 0);
  CHECK(std::isnan(compare({}, {}).qrs().sensitivity()));
  check_qrs(compare(beats({1100, 1200}), {}), 0, 2, 0);
  check_qrs(compare({}, beats({1100, 1200})), 0, 0, 2);
}

TEST_CASE("groups of beats") {
  CHECK(beat_label(kPaced) == BeatLabel::kQ);
  CHECK(beat_label(38) == BeatLabel::kQ);  // fusion of paced and normal
  CHECK(beat_label(30) == BeatLabel::kQ);  // learning
  CHECK(beat_label(41) == BeatLabel::kV);  // R on T
  CHECK(beat_label(10) == BeatLabel::kV);
  CHECK(beat_label(25) == BeatLabel::kN);
  for (const int code : {4, 7, 8, 9, 11, 34, 35}) CHECK(beat_label(code) == BeatLabel::kS);
  CHECK(beat_label(kFlutterWave) == BeatLabel::kO);
}

TEST_CASE("one of each pair, and what the figures make of it") {
  // Reference N N N N V V V S S F Q, missed one of N and V and S; two extra: V and S.
  const Marks reference = {mark(1100, kN), mark(1200, kN), mark(1300, kN),      mark(1400, kN),
                           mark(1500, kV), mark(1600, kV), mark(1700, kV),      mark(1800, kA),
                           mark(1900, kA), mark(2000, kF), mark(2100, kUnknown)};
  const Marks test = {mark(1100, kN), mark(1200, kV), mark(1300, kA),  // N: as n, v, s; 1400 missed
                      mark(1500, kV), mark(1600, kN),                  // V: as v, n; 1700 missed
                      mark(1800, kA),                                  // S: as s; 1900 missed
                      mark(2000, kV), mark(2100, kV),                  // F and Q as v
                      mark(2200, kV), mark(2300, kA)};                 // extra
  const BeatCounts counts = compare(reference, test);
  check_qrs(counts, 8, 3, 2);
  const BeatTally veb = counts.veb();
  CHECK(veb.tp == 1);
  CHECK(veb.fn == 2);
  CHECK(veb.fp == 2);  // of N and of nothing; F and Q do not count
  CHECK(veb.tn == 4);  // n n-as-s s extra-s
  CHECK(veb.false_rate() == doctest::Approx(2.0 / 6));
  const BeatTally sveb = counts.sveb();
  CHECK(sveb.tp == 1);
  CHECK(sveb.fn == 1);
  CHECK(sveb.fp == 2);
  CHECK(counts.qrs().f1() == doctest::Approx(16.0 / 21));
  // A fusion beat called supraventricular is a false one, a paced beat is not.
  const BeatCounts called = compare({mark(1100, kF), mark(1200, kPaced)}, beats({1100, 1200}, kA));
  CHECK(called.sveb().fp == 1);
}

TEST_CASE("beats of the test within ventricular flutter are not counted, the reference's are passed over") {
  const Marks reference = {mark(1100),     mark(1190, kOn),  mark(1200, kFlutterWave),
                           mark(1230, kV), mark(1300, kOff), mark(1400)};
  check_qrs(compare(reference, beats({1100, 1195, 1220, 1260, 1300, 1400})), 2, 0, 0);
  check_qrs(compare(reference, beats({1100, 1180, 1220, 1301, 1400})), 2, 0, 2);
  // A flutter wave outside of an episode is a beat without group: it takes the beat of the test, as an extra one.
  const BeatCounts loose = compare({mark(1100), mark(1200, kFlutterWave)}, beats({1100, 1200}));
  check_qrs(loose, 1, 0, 1);
  // An episode of the test hides its own beats, so that reference beats are missed.
  check_qrs(compare(beats({1100, 1200, 1300}), {mark(1100), mark(1150, kOn), mark(1200), mark(1250, kOff), mark(1300)}),
            2, 1, 0);
  // The last two episodes are remembered, and none before.
  Marks three;
  for (const std::int64_t at : {1200, 1300, 1400}) {
    three.push_back(mark(at, kOn));
    three.push_back(mark(at + 50, kOff));
  }
  three.push_back(mark(1500));
  check_qrs(compare(three, beats({1320, 1420, 1500})), 1, 0, 0);
  check_qrs(compare(three, beats({1110, 1220, 1320, 1500})), 1, 0, 2);
}

TEST_CASE("unreadable stretches") {
  // Of the reference: extra beats in it are X, beats just outside O.
  const Marks reference = {mark(1100), mark(1150, kNoise, kUnreadable), mark(1350, kNoise, 0), mark(1400)};
  const BeatCounts counts = compare(reference, beats({1100, 1140, 1150, 1250, 1350, 1360, 1400}));
  CHECK(counts.pair(BeatLabel::kX, BeatLabel::kN) == 3);
  CHECK(counts.pair(BeatLabel::kO, BeatLabel::kN) == 2);
  check_qrs(counts, 2, 0, 5);
  CHECK(counts.shutdown == 0);
  // Of the test: what it missed there is in column X; its length is told.
  const Marks test = {mark(1100), mark(1150, kNoise, kUnreadable | 3), mark(1350, kNoise, 0x10), mark(1400)};
  const BeatCounts missed = compare(beats({1100, 1200, 1300, 1375, 1400}), test);
  CHECK(missed.pair(BeatLabel::kN, BeatLabel::kX) == 2);
  CHECK(missed.pair(BeatLabel::kN, BeatLabel::kO) == 1);
  CHECK(missed.shutdown == 200);
  // Noise that leaves one signal readable is nothing.
  CHECK(compare({mark(1100), mark(1150, kNoise, 1), mark(1400)}, beats({1100, 1250, 1400}))
            .pair(BeatLabel::kO, BeatLabel::kN) == 1);
}

TEST_CASE("a single mark of an unreadable stretch reaches from beat to beat") {
  // As in the AHA database: from 1100 + 15 to 1400 - 15.
  const Marks reference = {mark(1100), mark(1250, kNoise, kUnreadable), mark(1400)};
  const BeatCounts counts = compare(reference, beats({1100, 1116, 1200, 1384, 1400}));
  CHECK(counts.pair(BeatLabel::kX, BeatLabel::kN) == 3);
  const Marks test = {mark(1100), mark(1250, kNoise, kUnreadable), mark(1400)};
  CHECK(compare(beats({1100, 1200, 1400}), test).pair(BeatLabel::kN, BeatLabel::kX) == 1);
  CHECK(compare(beats({1100, 1200, 1400}), test).shutdown == 270);
  // Without an end: to the end of the period.
  CHECK(compare(beats({1100}), {mark(1100), mark(1500, kNoise, kUnreadable)}).shutdown == 8500);
}

TEST_CASE("errors of RR intervals") {
  // Intervals 100 100 against 102 99, and none into the first beat of a file.
  const BeatCounts counts = compare(beats({1100, 1200, 1300}), beats({1100, 1202, 1301}));
  CHECK(counts.rr_pairs == 2);
  CHECK(counts.rr_squares == doctest::Approx(4 + 1));
  // None over an episode of flutter.
  const Marks flutter = {mark(1100), mark(1120, kOn), mark(1180, kOff), mark(1200), mark(1300)};
  CHECK(compare(flutter, beats({1100, 1202, 1301})).rr_pairs == 1);
}

TEST_CASE("a shift moves the errors, a swap the figures, and a file agrees with itself") {
  Random random(1, "test/bxb");
  const Marks reference = random_beats(random, 80);
  Marks test = shifted(reference, 7);
  test.erase(test.begin() + 20);
  test.insert(test.begin() + 40, mark(test[39].sample + 30, kV));
  const BeatCounts there = compare(reference, test), back = compare(test, reference);
  check_qrs(there, 79, 1, 1);
  check_qrs(back, 79, 1, 1);
  for (const auto& [r, t] : there.matched) CHECK(test[t].sample - reference[r].sample == 7);
  for (std::size_t r = 0; r < 5; ++r)
    for (std::size_t t = 0; t < 7; ++t) CHECK(there.pairs[r][t] == back.pairs[t][r]);
  const BeatCounts same = compare(reference, reference);
  check_qrs(same, 80, 0, 0);
  CHECK(same.veb().sensitivity() == 1);
  CHECK(same.sveb().predictivity() == 1);
  CHECK(same.rr_squares == 0);
}

namespace {

struct Folders {
  Folders() {
    std::filesystem::create_directories(folder / "ref/a");
    std::filesystem::create_directories(folder / "test/a");
  }
  void header(const std::string& name, const std::string& text) {
    std::ofstream(folder / ("ref/" + name + ".hea")) << name.substr(name.find('/') + 1) << " 0 " << text << "\n";
  }
  void write(const std::string& name, const Marks& marks, double resolution = 0) {
    format::write_annotations(folder / name, {.annotations = marks, .resolution = resolution}, true);
  }
  AnnotatedBeats compare(const AnnotatedOptions& options = {}) {
    return compare_annotated(folder / "ref", folder / "test", options);
  }
  std::string operator/(const std::string& name) const { return folder / name; }

  test::TemporaryFolder folder;
};

}  // namespace

TEST_CASE("annotation files of folders") {
  Folders folders;
  folders.header("a/1", "100 60000");
  folders.header("2", "100 60000");
  folders.write("ref/a/1.atr", beats({100, 30100, 30200}));
  folders.write("ref/2.atr", beats({30100, 30200, 30300}, kV));
  folders.write("test/a/1.cfa", beats({30103, 30203}));
  folders.write("test/2.cfa", beats({30100}));
  folders.write("test/3.cfa", beats({30100}));
  const AnnotatedBeats found = folders.compare();
  REQUIRE(found.records.size() == 2);
  CHECK(found.records[0].record == "2");
  CHECK(found.records[1].record == "a/1");
  CHECK(found.unreferenced == std::vector<std::string>{"3"});
  check_qrs(found.records[0].counts, 1, 2, 0);
  check_qrs(found.records[1].counts, 2, 0, 0);  // from 5:00
  CHECK(found.records[1].errors == std::vector<double>{30, 30});

  // The rest of a record without a test file would flatter.
  folders.write("ref/4.atr", beats({30100}));
  CHECK(contains(message_of([&] { folders.compare(); }), "no .cfa for 4"));
  CHECK(contains(message_of([&] { folders.compare({.reference_suffix = "qrs"}); }), "reference .qrs"));
  CHECK(contains(message_of([&] { folders.compare({.test_suffix = "qrs"}); }), "ends in .qrs"));
}

TEST_CASE("annotation files of one record, and clocks") {
  Folders folders;
  folders.write("ref/1.atr", beats({30100, 30200}));
  folders.write("test/1.cfa", beats({75255, 75500}), 250);  // 30102, 30200 of 100 Hz
  CHECK(contains(message_of([&] { folders.compare(); }), "nothing tells its clock"));
  folders.header("1", "100");
  const auto one = [&](const std::string& reference, const std::string& test) {
    return compare_annotated(folders / reference, folders / test, {}).records.at(0);
  };
  CHECK(one("ref/1", "test").errors == std::vector<double>{20, 0});
  CHECK(one("ref/1.hea", "test/1").errors.size() == 2);
  CHECK(one("ref/1.atr", "test/1.cfa").errors.size() == 2);
  folders.write("test/2.cfa", beats({30100}));
  CHECK(contains(message_of([&] { one("ref/1", "test/2"); }), "1 and 2 are different records"));
  check_qrs(one("ref/1", "test/2.cfa").counts, 1, 1, 0);
  CHECK(contains(message_of([&] { one("ref/9", "test"); }), "ref/9: no such folder"));

  // A time between two samples is rounded up for the pairing, as the library does, and not for the error.
  folders.write("test/1.cfa", beats({75252}), 250);  // 30100.8
  CHECK(one("ref/1", "test").errors.at(0) == doctest::Approx(8));
  // The reference's own clock serves without a header.
  folders.write("ref/5.atr", beats({75250}), 250);
  folders.write("test/5.cfa", beats({75255}), 250);
  CHECK(one("ref/5", "test").errors == std::vector<double>{20});
}

TEST_CASE("a record that ends before the comparison begins") {
  Folders folders;
  folders.header("1", "100 2000");
  folders.write("ref/1.atr", beats({100, 200}));
  folders.write("test/1.cfa", beats({100, 200}));
  CHECK(contains(message_of([&] { folders.compare(); }), "1: the record ends at 20.0 s, before the comparison begins"));
  const Moment begin{"0", [](double, std::int64_t) { return std::int64_t{0}; }};
  check_qrs(folders.compare({.match = {.from = begin}}).records.at(0).counts, 2, 0, 0);
}

TEST_CASE("the window of 150 ms in samples is rounded as strtim() does") {
  const MatchOptions match;
  CHECK(match.window_samples(360) == 54);
  CHECK(match.window_samples(250) == 38);
  CHECK(match.window_samples(128) == 19);
}

TEST_CASE("mitdb agrees with itself, but for what bxb leaves out") {
  CFM_NEEDS(data, "CFM_DATA");
  const AnnotatedBeats found = compare_annotated(data + "/mitdb", data + "/mitdb", {.test_suffix = "atr"});
  BeatCounts all;
  for (const BeatRecord& record : found.records) all += record.counts;
  CHECK(found.records.size() == 25);
  check_qrs(all, 48701, 0, 0);
  CHECK(all.veb().tp == 3187);
  CHECK(all.sveb().tp == 817);
}
