#include "delineate/global.h"

#include <cmath>
#include <vector>

#include "support.h"

using namespace cfm;
using namespace cfm::delineate;

namespace {

double onset(std::vector<double> marks, double tolerance) { return global_mark(marks, Edge::kOnset, tolerance); }
double offset(std::vector<double> marks, double tolerance) { return global_mark(marks, Edge::kOffset, tolerance); }

}  // namespace

TEST_CASE("the earliest onset that three others support") {
  CHECK(onset({100, 102, 103, 105, 120, 140}, 5) == 100);    // 105 is the third after 100
  CHECK(onset({80, 100, 102, 103, 105, 120}, 5) == 100);     // 80 stands alone
  CHECK(onset({80, 81, 82, 100, 102, 103, 105}, 5) == 100);  // two others are not enough for 80
  CHECK(onset({105, 100, 140, 103, 120, 102}, 5) == 100);    // in any order
  CHECK(onset({100, 102, 103, 105}, 4.9) != onset({100, 102, 103, 105}, 5));
}

TEST_CASE("the latest offset that three others support") {
  CHECK(offset({100, 102, 103, 105, 120, 140}, 5) == 105);
  CHECK(offset({100, 135, 136, 138, 140, 170}, 5) == 140);
  CHECK(std::isnan(offset({0, 100, 200, 300, 400}, 5)));
}

TEST_CASE("fewer leads ask for fewer others; missing marks do not count") {
  CHECK(onset({42}, 5) == 42);
  CHECK(onset({kNone, 42, kNone}, 5) == 42);
  CHECK(onset({40, 44}, 5) == 40);
  CHECK(std::isnan(onset({40, 46}, 5)));
  CHECK(onset({40, 46, 48, kNone}, 8) == 40);
  CHECK(std::isnan(onset({40, 46, 49}, 8)));
  CHECK(std::isnan(onset({}, 5)));
  CHECK(std::isnan(onset({kNone, kNone}, 5)));
}

TEST_CASE("a beat over leads: edges by the rule, peaks the median, P where half of the leads have one") {
  std::vector<BeatWaves> leads(5);
  const double shift[] = {0, 2, 3, 4, 30};
  for (std::size_t i = 0; i < 5; ++i) {
    leads[i].beat = 500 + shift[i];
    leads[i].qrs = {480 + shift[i], 500 + shift[i], 520 - shift[i], kNone};
    leads[i].t = {600, 650 + shift[i], 700 - shift[i], kNone};
  }
  leads[0].p = {400, 420, 440, kNone};
  leads[1].p = {402, 424, 446, kNone};
  BeatWaves all = global_waves(leads, 500);
  CHECK(all.beat == 503);
  CHECK(all.qrs.onset == 480);
  CHECK(all.qrs.peak == 503);
  CHECK(all.qrs.offset == 520);
  CHECK(all.t.offset == 700);
  CHECK(std::isnan(all.p.peak));
  leads[2].p = {404, 421, 443, kNone};
  all = global_waves(leads, 500);
  CHECK(all.p.onset == 400);
  CHECK(all.p.peak == 421);
  CHECK(all.p.offset == 446);
  CHECK(std::isnan(all.r_amplitude));
  for (std::size_t i = 0; i < 5; ++i)
    leads[i].qrs.onset = 400 + 20 * static_cast<double>(i);  // no agreement: the median
  CHECK(global_waves(leads, 500).qrs.onset == 440);
  CHECK(std::isnan(global_waves({}, 500).qrs.onset));
}
