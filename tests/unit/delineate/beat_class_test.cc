#include "delineate/beat_class.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.h"
#include "ecg_model.h"
#include "wfdb_files.h"

using namespace cfm;
using namespace cfm::delineate;
using test::Bump;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

const std::vector<Bump> kWide = {{-0.03, 0.04, 1.5}, {0.07, 0.045, -0.8}, {0.32, 0.06, -0.5}};
const std::vector<Bump> kPacedWide = {{0.02, 0.03, -0.9}, {0.09, 0.04, 0.3}, {0.33, 0.06, 0.35}};

struct Made {
  std::vector<float> x;
  std::vector<double> beats;  // samples
  std::vector<int> codes;
};

void add(std::vector<float>& to, const std::vector<float>& what) {
  std::transform(to.begin(), to.end(), what.begin(), to.begin(), std::plus<>());
}

// Sinus rhythm of 75/min; every `period`-th beat early, ventricular (then a pause) or supraventricular.
Made ectopic(double fs, double seconds, int period, int code) {
  std::vector<double> normal, early, all;
  Made made;
  Random random(1, "beat_class_test");
  double t = 0.6;
  for (int i = 1; t < seconds - 0.8; ++i) {
    const bool ectopy = i % period == 0;
    (ectopy && code == kVentricularBeat ? early : normal).push_back(t);
    all.push_back(t);
    made.codes.push_back(ectopy ? code : kNormalBeat);
    const bool next = (i + 1) % period == 0;
    t += next ? 0.5 : ectopy && code == kVentricularBeat ? 1.1 : 0.8;
    t += 0.01 * random.normal();
  }
  made.x = test::made_up_ecg(normal, fs, seconds, test::kSinus, 0.01);
  add(made.x, test::made_up_ecg(early, fs, seconds, kWide, 0));
  made.beats = test::times(all, fs);
  return made;
}

int hits(const std::vector<ClassifiedBeat>& found, const std::vector<int>& codes, int code) {
  int n = 0;
  for (std::size_t i = 0; i < found.size(); ++i) n += found[i].code == code && codes[i] == code;
  return n;
}
auto count(const std::vector<ClassifiedBeat>& found, int code) {
  return std::count_if(found.begin(), found.end(), [code](const ClassifiedBeat& b) { return b.code == code; });
}

}  // namespace

TEST_CASE("wide early beats are ventricular, narrow early ones are not, at any rate") {
  for (const double fs : {100.0, 250.0, 360.0, 1000.0, 257.3}) {
    CAPTURE(fs);
    const Made v = ectopic(fs, 60, 6, kVentricularBeat);
    const auto found = classify_beats(v.x, fs, v.beats);
    REQUIRE(found.size() == v.beats.size());
    const auto wanted = std::count(v.codes.begin(), v.codes.end(), kVentricularBeat);
    CHECK(hits(found, v.codes, kVentricularBeat) >= wanted - 1);
    CHECK(count(found, kVentricularBeat) <= wanted + 1);
    const Made s = ectopic(fs, 60, 6, kSupraventricularBeat);
    const auto narrow = classify_beats(s.x, fs, s.beats);
    CHECK(count(narrow, kVentricularBeat) == 0);
    const auto early = std::count(s.codes.begin(), s.codes.end(), kSupraventricularBeat);
    CHECK(hits(narrow, s.codes, kSupraventricularBeat) >= early - 2);
    CHECK(count(narrow, kSupraventricularBeat) <= early + 1);
  }
}

TEST_CASE("the unit and the sign of the lead don't matter") {
  Made v = ectopic(250, 60, 6, kVentricularBeat);
  const auto wanted = std::count(v.codes.begin(), v.codes.end(), kVentricularBeat);
  for (float& value : v.x) value = -200 * value + 1000;
  CHECK(hits(classify_beats(v.x, 250, v.beats), v.codes, kVentricularBeat) >= wanted - 1);
}

TEST_CASE("regular sinus rhythm has none but normal beats, also irregular and with samples missing") {
  const auto beats = test::times(test::regular_beats(75, 60), 250);
  auto x = test::made_up_ecg(test::regular_beats(75, 60), 250, 60);
  CHECK(count(classify_beats(x, 250, beats), kNormalBeat) == static_cast<long>(beats.size()));
  for (std::size_t i = 0; i < 120; ++i) x[static_cast<std::size_t>(beats[30]) - 60 + i] = kNan;
  const auto found = classify_beats(x, 250, beats);
  CHECK(found[30].code == kUnknownBeat);
  CHECK(found[30].gap);
  CHECK(!found[29].gap);
  CHECK(count(found, kNormalBeat) >= static_cast<long>(beats.size()) - 2);
  CHECK(count(found, kVentricularBeat) == 0);

  Random random(3, "beat_class_test/af");
  std::vector<double> irregular;
  for (double t = 0.6; t < 119; t += std::max(0.35, 0.7 * std::exp(0.2 * random.normal()))) irregular.push_back(t);
  const auto af =
      classify_beats(test::made_up_ecg(irregular, 250, 120, test::kSinus, 0.02), 250, test::times(irregular, 250));
  CHECK(count(af, kVentricularBeat) == 0);
  CHECK(count(af, kSupraventricularBeat) <= static_cast<long>(irregular.size()) / 10);
}

TEST_CASE("beats that follow pace spikes are paced") {
  for (const double fs : {250.0, 500.0, 1000.0}) {
    const auto beats = test::regular_beats(70, 60);
    auto x = test::made_up_ecg(beats, fs, 60, kPacedWide);
    CHECK(count(classify_beats(x, fs, test::times(beats, fs)), kPacedBeat) == 0);
    for (const double b : beats)
      for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(1.0, 0.002 * fs)); ++i)
        x[static_cast<std::size_t>((b - 0.06) * fs) + i] += 1.5F;
    CHECK(count(classify_beats(x, fs, test::times(beats, fs)), kPacedBeat) >= static_cast<long>(beats.size()) - 1);
  }
}

TEST_CASE("in chunks equals in one piece, bit for bit, whenever beats are told, also after a flush") {
  Made made = ectopic(250, 90, 5, kVentricularBeat);
  for (std::size_t i = 9000; i < 9300; ++i) made.x[i] = kNan;
  made.beats.erase(made.beats.begin() + 40, made.beats.begin() + 46);  // a long interval
  const auto whole = classify_beats(made.x, 250, made.beats);
  REQUIRE(whole.size() == made.beats.size());
  Random random(4, "beat_class_test/chunks");
  BeatClassifier classifier(250);
  const std::size_t sizes[] = {2, 300, 5000};
  for (const std::size_t size : sizes) {
    std::vector<ClassifiedBeat> pieces;
    std::size_t told = 0;
    for (std::size_t at = 0; at < made.x.size();) {
      const std::size_t n = std::min<std::size_t>(random.below(size), made.x.size() - at);
      at += n;
      const double known = static_cast<double>(at) - static_cast<double>(random.below(700));
      const std::size_t first = told;
      while (told < made.beats.size() && made.beats[told] < known) ++told;
      classifier.process(std::span(made.x).subspan(at - n, n), std::span(made.beats).subspan(first, told - first),
                         known, pieces);
    }
    classifier.process({}, std::span(made.beats).subspan(told), static_cast<double>(made.x.size()), pieces);
    CHECK(pieces.size() + 8 > made.beats.size());  // the latency is bounded
    classifier.flush(pieces);
    CHECK(pieces == whole);
  }
}

TEST_CASE("the first beats, a single one, none, flat and missing signals, bad arguments") {
  const Made v = ectopic(250, 10, 4, kVentricularBeat);
  const auto found = classify_beats(v.x, 250, v.beats);
  REQUIRE(found.size() == v.beats.size());
  CHECK(hits(found, v.codes, kVentricularBeat) == std::count(v.codes.begin(), v.codes.end(), kVentricularBeat));
  const auto one = classify_beats(test::made_up_ecg({0.6}, 250, 1.2), 250, std::vector<double>{150});
  REQUIRE(one.size() == 1);
  CHECK(one[0].code == kNormalBeat);
  CHECK(classify_beats(v.x, 250, {}).empty());
  const std::vector<double> beats{0, 400, 999};
  CHECK(count(classify_beats(std::vector<float>(1000, 3.5F), 250, beats), kUnknownBeat) == 3);
  CHECK(count(classify_beats(std::vector<float>(1000, kNan), 250, beats), kUnknownBeat) == 3);
  CHECK(classify_beats({}, 250, {}).empty());
  BeatClassifier nothing(250);
  std::vector<ClassifiedBeat> out;
  nothing.process({}, std::vector<double>{5}, 10, out);
  nothing.flush(out);
  CHECK(count(out, kUnknownBeat) == 1);
  CHECK(test::status_of([] { BeatClassifier classifier(50); }) == Status::kUsage);
  CHECK(test::status_of([&] { classify_beats(v.x, 250, std::vector<double>{500, 400}); }) == Status::kUsage);
}

TEST_CASE("ventricular beats of real recordings, by their reference marks") {
  CFM_NEEDS(data, "CFM_DATA");
  int right = 0, missed = 0, wrong = 0;
  for (const char* record : {"100", "119", "208", "215"}) {
    const auto x = test::read_mitdb(data + "/mitdb/" + record);
    const auto marks = test::read_beats(data + "/mitdb/" + record + ".atr");
    std::vector<double> beats;
    for (const auto& m : marks) beats.push_back(m.sample);
    const auto found = classify_beats(x, 360, beats);
    REQUIRE(found.size() == marks.size());
    for (std::size_t i = 0; i < marks.size(); ++i) {
      if (marks[i].sample < 300 * 360 || marks[i].code == 6) continue;  // EC57: the first 5 min; fusion beats
      const bool is = marks[i].code == kVentricularBeat, said = found[i].code == kVentricularBeat;
      right += is && said;
      missed += is && !said;
      wrong += !is && said;
    }
  }
  CHECK(right > 1200);
  CHECK(missed < 0.05 * right);
  CHECK(wrong < 0.03 * right);
}
