#include "delineate/intervals.h"

#include <cmath>
#include <string>

#include "golden.h"

using namespace cfm;
using namespace cfm::delineate;

TEST_CASE("intervals of a beat, by hand") {
  BeatWaves a, b;
  a.beat = 100;
  b.beat = 500;
  b.p = {400, 425, 450, kNone};
  b.qrs = {480, 500, 525, kNone};
  b.t = {580, 650, 690, kNone};
  b.r_amplitude = 1.25;
  b.st_80 = -0.1;
  const auto rows = beat_intervals(std::vector{a, b}, 500);
  REQUIRE(rows.size() == 2);
  CHECK(std::isnan(rows[0].rr));
  CHECK(std::isnan(rows[0].qt));
  const BeatIntervals& i = rows[1];
  CHECK(i.rr == 800);
  CHECK(i.p_duration == 100);
  CHECK(i.pr == 160);
  CHECK(i.qrs == 90);
  CHECK(i.qt == 420);
  CHECK(i.jt == 330);
  CHECK(i.qtc.bazett == doctest::Approx(420 / std::sqrt(0.8)));
  CHECK(i.qtc.fridericia == doctest::Approx(420 / std::cbrt(0.8)));
  CHECK(i.qtc.framingham == doctest::Approx(420 + 154 * 0.2));
  CHECK(i.qtc.hodges == doctest::Approx(420 + 1.75 * 15));
}

TEST_CASE("columns and values go together") {
  BeatWaves b;
  b.beat = 500;
  b.p = {400, 425, 450, kNone};
  b.qrs = {480, 500, 525, kNone};
  b.t = {580, 650, 690, kNone};
  b.t_amplitude = 0.3;
  b.st_60 = 0.05;
  const auto values = intervals_of(b, 100, 500).values();
  const auto columns = interval_columns();
  REQUIRE(columns.size() == values.size());
  const auto value = [&](const std::string& name) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (columns[i] == name) return values[i];
    return -1.0;
  };
  CHECK(value("rr") == 800);
  CHECK(value("p") == 100);
  CHECK(value("pr") == 160);
  CHECK(value("qrs") == 90);
  CHECK(value("qt") == 420);
  CHECK(value("jt") == 330);
  CHECK(value("t_amplitude") == 0.3);
  CHECK(value("st_60") == 0.05);
  CHECK(std::isnan(value("st_80")));
  CHECK(std::isnan(value("r_amplitude")));
}

TEST_CASE("undefined stays undefined") {
  CHECK(std::isnan(correct_qt(400, kNone).bazett));
  CHECK(std::isnan(correct_qt(400, 0).hodges));
  CHECK(std::isnan(correct_qt(kNone, 800).fridericia));
  BeatWaves b;
  b.beat = 10;
  for (const double v : intervals_of(b, kNone, 500).values()) CHECK(std::isnan(v));
  CHECK(beat_intervals({}, 500).empty());
  CHECK(test::status_of([&] { intervals_of(b, 0, 0); }) == Status::kUsage);
}

TEST_CASE("corrected QT agrees with the golden file") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  for (const auto& c : test::read_json(golden + "/moments/qtc.json")["cases"]) {
    const QtCorrected got = correct_qt(c["qt"], c["rr"]);
    CHECK(test::close(got.bazett, c["bazett"], 1e-12, 0));
    CHECK(test::close(got.fridericia, c["fridericia"], 1e-12, 0));
    CHECK(test::close(got.framingham, c["framingham"], 1e-12, 0));
    CHECK(test::close(got.hodges, c["hodges"], 1e-12, 0));
  }
}
