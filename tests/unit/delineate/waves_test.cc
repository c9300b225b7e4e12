#include "delineate/waves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "delineate/beats.h"
#include "ecg_model.h"
#include "ludb.h"
#include "support.h"

using namespace cfm;
using namespace cfm::delineate;

namespace {

using test::Bump;
using test::kSinus;
using test::made_up_ecg;
using test::regular_beats;
using test::times;

std::array<double, 20> numbers(const BeatWaves& b) {
  return {b.beat,        b.p.onset,     b.p.peak,      b.p.offset,    b.p.second, b.qrs.onset, b.qrs.peak,
          b.qrs.offset,  b.qrs.second,  b.t.onset,     b.t.peak,      b.t.offset, b.t.second,  b.p_amplitude,
          b.q_amplitude, b.r_amplitude, b.s_amplitude, b.t_amplitude, b.st_60,    b.st_80};
}

bool same(const std::vector<BeatWaves>& a, const std::vector<BeatWaves>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const BeatWaves& u, const BeatWaves& v) {
    const auto x = numbers(u), y = numbers(v);
    return std::equal(x.begin(), x.end(), y.begin(),
                      [](double p, double q) { return p == q || (std::isnan(p) && std::isnan(q)); });
  });
}

std::vector<BeatWaves> waves_of(const std::vector<float>& x, double fs, const std::vector<double>& beats,
                                TEnd rule = TEnd::kTangent) {
  return delineate_waves(x, fs, times(beats, fs), {.t_end = rule});
}

int with_p(const std::vector<BeatWaves>& waves) {
  return static_cast<int>(
      std::count_if(waves.begin(), waves.end(), [](const BeatWaves& b) { return !std::isnan(b.p.peak); }));
}

std::vector<Bump> with_t(std::initializer_list<Bump> t) {
  std::vector<Bump> bumps(kSinus.begin(), kSinus.end() - 1);
  bumps.insert(bumps.end(), t.begin(), t.end());
  return bumps;
}

struct Errors {
  std::vector<double> ms;
  void add(double ours, double theirs) {
    if (std::isfinite(ours - theirs) && std::abs(ours - theirs) <= 75) ms.push_back(2 * (ours - theirs));
  }
  double mean() const {
    double sum = 0;
    for (const double v : ms) sum += v;
    return sum / static_cast<double>(ms.size());
  }
  double sd() const {
    double sum = 0;
    for (const double v : ms) sum += (v - mean()) * (v - mean());
    return std::sqrt(sum / static_cast<double>(ms.size()));
  }
};

}  // namespace

TEST_CASE("every wave of a made-up beat, at any rate") {
  for (const double fs : {100.0, 250.0, 360.0, 500.0, 1000.0}) {
    CAPTURE(fs);
    const auto beats = regular_beats(66, 12);
    const auto waves = waves_of(made_up_ecg(beats, fs, 12), fs, beats);
    REQUIRE(waves.size() == beats.size());
    for (std::size_t i = 0; i < waves.size(); ++i) {
      CAPTURE(i);
      const BeatWaves& w = waves[i];
      const auto ms = [&](double mark) { return (mark / fs - beats[i]) * 1000; };
      CHECK(std::abs(ms(w.p.peak) + 160) < 8);
      CHECK(std::abs(ms(w.p.onset) + 160 + 2 * 22) < 16);
      CHECK(std::abs(ms(w.p.offset) + 160 - 2 * 22) < 16);
      CHECK(std::abs(ms(w.qrs.peak)) < 6);
      CHECK(std::abs(ms(w.qrs.onset) + 25 + 2.5 * 8) < 14);
      CHECK(std::abs(ms(w.qrs.offset) - 25 - 2.5 * 8) < 14);
      if (i + 1 == waves.size()) continue;  // its T is cut
      CHECK(std::abs(ms(w.t.peak) - 280) < 8);
      CHECK(std::abs(ms(w.t.offset) - 280 - 2 * 45) < 12);
      CHECK(std::isnan(w.t.second));
      CHECK(std::abs(w.p_amplitude - 0.12) < 0.03);
      if (fs >= 250) CHECK(std::abs(w.r_amplitude - 1.05) < 0.1);
      if (fs >= 250) CHECK(w.q_amplitude < -0.05);
      if (fs >= 250) CHECK(w.s_amplitude < -0.1);
      CHECK(std::abs(w.t_amplitude - 0.25) < 0.03);
      CHECK(std::abs(w.st_60) < 0.04);
    }
  }
}

TEST_CASE("marks do not depend on units, sign or a moving baseline") {
  const auto beats = regular_beats(75, 20);
  const auto x = made_up_ecg(beats, 500, 20);
  auto y = x;
  for (std::size_t i = 0; i < y.size(); ++i)
    y[i] = -250 * (y[i] + 0.4F * static_cast<float>(std::sin(static_cast<double>(i) / 500 * 1.1))) + 3000;
  const auto a = waves_of(x, 500, beats), b = waves_of(y, 500, beats);
  for (std::size_t i = 1; i + 1 < a.size(); ++i) {
    CHECK(std::abs(a[i].qrs.onset - b[i].qrs.onset) <= 2);
    CHECK(std::abs(a[i].qrs.offset - b[i].qrs.offset) <= 2);
    CHECK(std::abs(a[i].p.peak - b[i].p.peak) <= 4);
    CHECK(std::abs(a[i].t.offset - b[i].t.offset) <= 8);
  }
}

TEST_CASE("the three ends of a clean T agree; an inverted one ends where an upright one does") {
  const auto beats = regular_beats(60, 15);
  const auto upright = made_up_ecg(beats, 500, 15),
             inverted = made_up_ecg(beats, 500, 15, with_t({{0.28, 0.045, -0.25}}));
  for (const auto* x : {&upright, &inverted}) {
    const auto tangent = waves_of(*x, 500, beats), slope = waves_of(*x, 500, beats, TEnd::kThreshold),
               area = waves_of(*x, 500, beats, TEnd::kArea);
    for (std::size_t i = 0; i + 1 < beats.size(); ++i) {
      const double end = beats[i] + 0.28 + 2 * 0.045;
      CHECK(std::abs(tangent[i].t.offset / 500 - end) < 0.012);
      CHECK(std::abs(slope[i].t.offset / 500 - end) < 0.016);
      CHECK(std::abs(area[i].t.offset / 500 - end) < 0.020);
      CHECK((tangent[i].t_amplitude > 0) == (x == &upright));
    }
  }
}

TEST_CASE("a biphasic T ends with its second phase, an inverted P is a P") {
  const auto beats = regular_beats(60, 15);
  std::vector<Bump> bumps = with_t({{0.25, 0.03, 0.15}, {0.33, 0.03, -0.3}});
  bumps[0].height = -0.12;
  const auto waves = waves_of(made_up_ecg(beats, 500, 15, bumps), 500, beats);
  for (std::size_t i = 0; i + 1 < waves.size(); ++i) {
    CHECK(std::abs(waves[i].t.offset / 500 - beats[i] - 0.33 - 0.06) < 0.02);
    const double last = std::isnan(waves[i].t.second) ? waves[i].t.peak : waves[i].t.second;
    CHECK(std::abs(last / 500 - beats[i] - 0.33) < 0.02);
    CHECK(std::abs(waves[i].p.peak / 500 - beats[i] + 0.16) < 0.01);
    CHECK(waves[i].p_amplitude < 0);
  }
}

TEST_CASE("no P is invented: none at all, fibrillation, P waves of their own rate") {
  Random random(3, "waves_test/fibrillation");
  std::vector<double> irregular;
  for (double t = 0.6; t < 29.5; t += random.uniform(0.5, 1.1)) irregular.push_back(t);
  const std::vector<Bump> bare(kSinus.begin() + 1, kSinus.end());
  auto x = made_up_ecg(irregular, 500, 30, bare, 0.01);
  double phase = 0;
  for (float& v : x) {
    phase += 2 * 3.141592653589793 * (6 + random.uniform(-1.5, 1.5)) / 500;
    v += static_cast<float>(0.06 * std::sin(phase));
  }
  CHECK(with_p(waves_of(x, 500, irregular)) <= 2);

  const auto beats = regular_beats(40, 40);
  CHECK(with_p(waves_of(made_up_ecg(beats, 500, 40, bare, 0.01), 500, beats)) <= 1);
  auto dissociated = made_up_ecg(beats, 500, 40, bare, 0.01);
  const auto atria = made_up_ecg(regular_beats(77, 40), 500, 40, {{0, 0.022, 0.12}}, 0);
  for (std::size_t i = 0; i < dissociated.size(); ++i) dissociated[i] += atria[i];
  CHECK(with_p(waves_of(dissociated, 500, beats)) <= 3);
  CHECK(with_p(waves_of(made_up_ecg(beats, 500, 40, kSinus, 0.01), 500, beats)) == static_cast<int>(beats.size()));
}

TEST_CASE("in chunks equals in one piece, bit for bit, however late the beats are told") {
  Random random(2, "waves_test/chunks");
  std::vector<double> beats;
  for (double t = 0.3; t < 39; t += random.uniform(0.35, 1.3)) beats.push_back(t + (beats.size() == 20 ? 3.0 : 0.0));
  for (std::size_t i = 21; i < beats.size(); ++i)
    beats[i] = std::max(beats[i], beats[20] + 0.4 * static_cast<double>(i - 20));
  const double fs = 250;
  auto x = made_up_ecg(beats, fs, 42, kSinus, 0.02);
  for (std::size_t i = 5000; i < 5100; ++i) x[i] = std::numeric_limits<float>::quiet_NaN();
  const auto places = times(beats, fs);
  const auto whole = delineate_waves(x, fs, places);
  REQUIRE(whole.size() == beats.size());
  CHECK(with_p(whole) > 10);
  WaveDelineator delineator(fs);
  for (const std::size_t longest : {1U, 7U, 300U, 4000U}) {
    std::vector<BeatWaves> pieces;
    std::size_t told = 0;
    for (std::size_t at = 0; at < x.size();) {
      const std::size_t n = std::min<std::size_t>(longest == 1 ? 1 : random.below(longest + 1), x.size() - at);
      at += n;
      const double known = static_cast<double>(at) - (longest == 1 ? 0.3 : random.uniform(0, 4)) * fs;
      std::size_t until = told;
      while (until < places.size() && places[until] < known) ++until;
      delineator.process(std::span(x).subspan(at - n, n), std::span(places).subspan(told, until - told), known, pieces);
      told = until;
    }
    delineator.process({}, std::span(places).subspan(told), static_cast<double>(x.size()), pieces);
    delineator.flush(pieces);
    CHECK(same(pieces, whole));
  }
}

TEST_CASE("a beat is out as soon as it can be, and memory of the past is short") {
  const auto beats = regular_beats(60, 60);
  const double fs = 250;
  const auto x = made_up_ecg(beats, fs, 60);
  const auto places = times(beats, fs);
  WaveDelineator delineator(fs);
  std::vector<BeatWaves> out;
  std::size_t told = 0;
  for (std::size_t at = 0; at < x.size(); ++at) {
    const auto now = static_cast<double>(at + 1);
    const std::size_t before = told;
    while (told < places.size() && places[told] < now) ++told;
    delineator.process(std::span(x).subspan(at, 1), std::span(places).subspan(before, told - before), now, out);
    if (!out.empty()) CHECK(now - out.back().beat < 9.5 * fs);
    CHECK(static_cast<double>(told) - static_cast<double>(out.size()) <= 8);
  }
}

TEST_CASE("gaps take the waves they touch, and no others") {
  const auto beats = regular_beats(60, 15);
  auto x = made_up_ecg(beats, 500, 15);
  const auto place = [&](double s) { return static_cast<std::size_t>(s * 500); };
  for (std::size_t i = place(beats[4] + 0.27); i < place(beats[4] + 0.29); ++i)
    x[i] = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t i = place(beats[7] - 0.01); i < place(beats[7] + 0.01); ++i)
    x[i] = std::numeric_limits<float>::quiet_NaN();
  const auto waves = waves_of(x, 500, beats);
  CHECK(!(std::abs(waves[4].t.peak - (beats[4] + 0.28) * 500) < 50));
  CHECK(!std::isnan(waves[4].qrs.onset));
  CHECK(!std::isnan(waves[4].p.peak));
  CHECK(std::isnan(waves[7].qrs.onset));
  CHECK(std::isnan(waves[7].t.peak));
  CHECK(!std::isnan(waves[6].t.peak));
  CHECK(!std::isnan(waves[8].p.peak));
}

TEST_CASE("an answer or nothing for flat, missing, short and empty signals") {
  const std::vector<double> beats = {100, 400, 700};
  CHECK(delineate_waves({}, 250, {}).empty());
  CHECK(delineate_waves(std::vector<float>(1000, 1.0F), 250, {}).empty());
  for (const auto& x :
       {std::vector<float>(1000, 812.25F), std::vector<float>(1000, std::numeric_limits<float>::quiet_NaN()),
        std::vector<float>{1}, std::vector<float>{}}) {
    const auto waves = delineate_waves(x, 250, beats);
    REQUIRE(waves.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(waves[i].beat == beats[i]);
      for (const Wave& w : {waves[i].p, waves[i].qrs, waves[i].t})
        CHECK((std::isnan(w.onset) && std::isnan(w.peak) && std::isnan(w.offset)));
    }
  }
  Random random(5, "waves_test/any");
  std::vector<float> noise(3000);
  for (float& v : noise) v = static_cast<float>(random.normal());
  std::vector<double> anywhere = {-7.5, 0, 0, 0.5, 3, 3.25, 100, 2999, 2999.9};
  CHECK(delineate_waves(noise, 250, anywhere).size() == anywhere.size());
}

TEST_CASE("refusals") {
  CHECK(test::status_of([] { WaveDelineator d(20); }) == Status::kUsage);
  CHECK(test::status_of([] { WaveDelineator d(std::numeric_limits<double>::quiet_NaN()); }) == Status::kUsage);
  const auto given = [](std::vector<double> first, double known, std::vector<double> then) {
    return test::status_of([&] {
      WaveDelineator d(250);
      std::vector<BeatWaves> out;
      d.process({}, first, known, out);
      d.process({}, then, known, out);
    });
  };
  CHECK(given({10, 20}, 30, {40}) == Status::kOk);
  CHECK(given({20, 10}, 30, {}) == Status::kUsage);
  CHECK(given({10}, 30, {25}) == Status::kUsage);
  CHECK(given({kNone}, 30, {}) == Status::kUsage);
}

TEST_CASE("manual marks of LUDB, lead II, with the reference's beats and with our own") {
  CFM_NEEDS(data, "CFM_DATA");
  for (const bool own : {false, true}) {
    CAPTURE(own);
    Errors onset, offset, t_end, qt;
    int p_marks = 0, p_found = 0, p_false = 0, p_invented = 0;
    for (const std::string& record : test::ludb_records(data + "/ludb")) {
      auto lead = test::read_ludb(record, 1, "ii");
      const auto &qrs = lead.marks[1], &p = lead.marks[24], &t = lead.marks[27];
      REQUIRE(!qrs.empty());
      std::vector<double> beats;
      for (const auto& m : qrs) beats.push_back(m.peak);
      if (own) beats = detect_beats(lead.x, 500);
      double first = qrs.front().onset, last = std::fmax(qrs.back().offset, qrs.back().peak);
      if (!p.empty()) first = std::fmin(first, p.front().onset);
      if (!t.empty()) last = std::fmax(last, t.back().offset);
      for (const BeatWaves& w : delineate_waves(lead.x, 500, beats)) {
        const auto near = [](const std::vector<test::LudbMark>& marks, double peak) {
          const auto m = std::min_element(marks.begin(), marks.end(), [&](const auto& a, const auto& b) {
            return std::abs(a.peak - peak) < std::abs(b.peak - peak);
          });
          return m != marks.end() && std::abs(m->peak - peak) <= 75 ? *m : test::LudbMark{};
        };
        const auto q = near(qrs, w.qrs.peak), e = near(t, w.t.peak), a = near(p, w.p.peak);
        onset.add(w.qrs.onset, q.onset);
        offset.add(w.qrs.offset, q.offset);
        t_end.add(w.t.offset, e.offset);
        if (e.peak > q.peak) qt.add(w.t.offset - w.qrs.onset, e.offset - q.onset);
        p_found += !std::isnan(a.peak);
        const bool is_false = !std::isnan(w.p.peak) && std::isnan(a.peak) && w.p.peak >= first && w.p.peak <= last;
        p_false += is_false;
        p_invented += is_false && p.empty();
      }
      p_marks += static_cast<int>(p.size());
    }
    CHECK(onset.ms.size() > 890);
    CHECK(std::abs(onset.mean()) < 3);
    CHECK(onset.sd() < 10);
    CHECK(std::abs(offset.mean()) < 3);
    CHECK(offset.sd() < 12.5);
    CHECK(t_end.ms.size() > 800);
    CHECK(std::abs(t_end.mean()) < 4);
    CHECK(t_end.sd() < 19);
    CHECK(std::abs(qt.mean()) < 4);
    CHECK(qt.sd() < 22);
    CHECK(p_found >= 0.975 * p_marks);
    CHECK(p_found >= 0.97 * (p_found + p_false));
    CHECK(p_invented <= 12);
  }
}
