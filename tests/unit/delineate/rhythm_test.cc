#include "delineate/rhythm.h"

#include <cmath>

#include "base/random.h"
#include "wfdb_files.h"

using namespace cfm;
using namespace cfm::delineate;

namespace {

constexpr double kRate = 250;  // Hz

std::vector<ClassifiedBeat> beats_of(const std::vector<double>& intervals, const std::vector<int>& codes = {}) {
  std::vector<ClassifiedBeat> beats;
  double t = 0.5;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    t += intervals[i];
    beats.push_back({.sample = std::round(t * kRate), .code = codes.empty() ? kNormalBeat : codes[i]});
  }
  return beats;
}

double seconds_of(const std::vector<RhythmSpan>& spans, std::string_view aux, double fs = kRate) {
  double sum = 0;
  for (const RhythmSpan& s : spans)
    if (s.aux == aux) sum += (s.end - s.start) / fs;
  return sum;
}

std::vector<double> irregular(Random& random, std::size_t n, double mean = 0.65, double spread = 0.2) {
  std::vector<double> intervals(n);
  for (double& v : intervals) v = std::max(0.3, mean * std::exp(spread * random.normal()));
  return intervals;
}

// From the first beat to the last, one after the other, but for pauses.
void check_order(const std::vector<RhythmSpan>& spans, const std::vector<ClassifiedBeat>& beats) {
  double at = beats.front().sample;
  for (const RhythmSpan& s : spans) {
    if (s.aux == "(PAUSE") continue;
    CHECK(s.start == at);
    CHECK(s.end > s.start);
    at = s.end;
  }
  CHECK(at == beats.back().sample);
}

}  // namespace

TEST_CASE("fibrillation between sinus rhythm is found where it is") {
  Random random(1, "rhythm_test/af");
  std::vector<double> intervals(100, 0.8);
  for (const double v : irregular(random, 120)) intervals.push_back(v);
  intervals.insert(intervals.end(), 100, 0.8);
  const auto beats = beats_of(intervals);
  const auto spans = find_rhythms(beats, kRate);
  check_order(spans, beats);
  REQUIRE(spans.size() == 3);
  CHECK(spans[1].aux == "(AFIB");
  CHECK(std::abs(spans[1].start - beats[100].sample) < 10 * kRate);
  CHECK(std::abs(spans[1].end - beats[220].sample) < 10 * kRate);
}

TEST_CASE("breathing, ectopy, bigeminy and trigeminy are no fibrillation") {
  Random random(2, "rhythm_test/sinus");
  for (const double depth : {0.05, 0.1}) {
    std::vector<double> breathing;
    double t = 0;
    for (int i = 0; i < 400; ++i) {
      breathing.push_back(0.85 + depth * std::sin(2 * M_PI * t / 4) + 0.01 * random.normal());
      t += breathing.back();
    }
    CHECK(seconds_of(find_rhythms(beats_of(breathing), kRate), "(AFIB") == 0);
  }
  for (const int period : {2, 3, 7}) {
    for (const bool known : {true, false}) {
      std::vector<double> intervals;
      std::vector<int> codes;
      for (int i = 0; i < 400; ++i) {
        const bool early = i % period == 1 % period, late = i % period == 2 % period;
        intervals.push_back((early ? 0.5 : late ? 1.1 : 0.8) + 0.01 * random.normal());
        codes.push_back(early && known ? kVentricularBeat : kNormalBeat);
      }
      CAPTURE(period);
      CAPTURE(known);
      CHECK(seconds_of(find_rhythms(beats_of(intervals, codes), kRate), "(AFIB") == 0);
    }
  }
}

TEST_CASE("a run of three ventricular beats at 100 and more is tachycardia, two or slow ones are not") {
  const auto spans_with = [](int run, double interval) {
    std::vector<double> intervals(30, 0.8);
    std::vector<int> codes(30, kNormalBeat);
    intervals.push_back(0.5);
    codes.push_back(kVentricularBeat);
    for (int i = 1; i < run; ++i) {
      intervals.push_back(interval);
      codes.push_back(kVentricularBeat);
    }
    intervals.insert(intervals.end(), 30, 0.8);
    codes.insert(codes.end(), 30, kNormalBeat);
    return find_rhythms(beats_of(intervals, codes), kRate);
  };
  CHECK(seconds_of(spans_with(2, 0.4), "(VT") == 0);
  CHECK(seconds_of(spans_with(3, 0.4), "(VT") == doctest::Approx(2 * 0.4 + 0.8).epsilon(0.01));
  CHECK(seconds_of(spans_with(5, 0.7), "(VT") == 0);
  CHECK(seconds_of(spans_with(600, 0.3), "(VT") == doctest::Approx(599 * 0.3 + 0.8).epsilon(0.01));
}

TEST_CASE("bradycardia under 50 a minute, and pauses of more than 3 s without missing samples") {
  CHECK(seconds_of(find_rhythms(beats_of(std::vector<double>(60, 60 / 45.0)), kRate), "(SBR") > 70);
  CHECK(seconds_of(find_rhythms(beats_of(std::vector<double>(60, 60 / 55.0)), kRate), "(SBR") == 0);
  std::vector<double> intervals(40, 0.9);
  intervals[20] = 3.4;
  auto beats = beats_of(intervals);
  const auto spans = find_rhythms(beats, kRate);
  check_order(spans, beats);
  CHECK(seconds_of(spans, "(PAUSE") == doctest::Approx(3.4).epsilon(0.01));
  CHECK(seconds_of(spans, "(SBR") == 0);
  beats[20].gap = true;
  CHECK(seconds_of(find_rhythms(beats, kRate), "(PAUSE") == 0);
  intervals[20] = 2.9;
  CHECK(seconds_of(find_rhythms(beats_of(intervals), kRate), "(PAUSE") == 0);
}

TEST_CASE("in chunks equals in one piece, also after a flush; long runs without a normal interval come out") {
  Random random(3, "rhythm_test/chunks");
  auto intervals = irregular(random, 800);
  std::vector<int> codes(intervals.size(), kNormalBeat);
  for (std::size_t i = 0; i < codes.size(); ++i)
    if (random.below(9) == 0 || (i > 200 && i < 560)) codes[i] = kVentricularBeat;
  intervals[100] = 3.5;
  const auto beats = beats_of(intervals, codes);
  const auto whole = find_rhythms(beats, kRate);
  check_order(whole, beats);
  CHECK(whole.size() > 3);
  RhythmFinder finder(kRate);
  for (int turn = 0; turn < 2; ++turn) {
    std::vector<RhythmSpan> pieces;
    for (std::size_t at = 0; at < beats.size();) {
      const std::size_t n = std::min<std::size_t>(random.below(turn == 0 ? 3 : 100), beats.size() - at);
      finder.process(std::span(beats).subspan(at, n), pieces);
      at += n;
    }
    finder.flush(pieces);
    CHECK(pieces == whole);
  }
}

TEST_CASE("no beat, one beat, beats at one place") {
  CHECK(find_rhythms({}, kRate).empty());
  const auto one = find_rhythms(beats_of({0.8}), kRate);
  REQUIRE(one.size() == 1);
  CHECK(one[0].aux == "(N");
  CHECK(find_rhythms(beats_of(std::vector<double>(50, 0.0)), kRate).size() == 1);
  CHECK(test::status_of([] { RhythmFinder finder(0); }) == Status::kUsage);
}

TEST_CASE("fibrillation of real recordings, by their reference beats") {
  CFM_NEEDS(data, "CFM_DATA");
  const auto share = [&](const std::string& path, double fs) {
    std::vector<ClassifiedBeat> beats;
    for (const auto& [sample, code] : test::read_beats(path))
      beats.push_back({.sample = sample, .code = code == kVentricularBeat ? kVentricularBeat : kNormalBeat});
    const auto spans = find_rhythms(beats, fs);
    check_order(spans, beats);
    return seconds_of(spans, "(AFIB", fs) * fs / (beats.back().sample - beats.front().sample);
  };
  CHECK(share(data + "/cpsc2021/data_84_1.atr", 200) > 0.9);
  CHECK(share(data + "/mitdb/203.atr", 360) > 0.9);
  for (const char* sinus : {"100", "106", "119", "208"}) CHECK(share(data + "/mitdb/" + sinus + ".atr", 360) < 0.03);
  CHECK(share(data + "/nsrdb-rr/16272.atr", 128) < 0.01);
}
