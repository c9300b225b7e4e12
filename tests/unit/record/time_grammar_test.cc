#include "record/time_grammar.h"

#include "support.h"

using namespace cfm;
using record::parse_time;

TEST_CASE("times of the WFDB grammar become frames") {
  CHECK(parse_time("143", 250, 75000) == 35750);
  CHECK(parse_time("2:14.875", 250, 75000) == 33719);  // 134.875 s = 33718.75 frames
  CHECK(parse_time("1:02:03", 100, 0) == 372300);
  CHECK(parse_time("0:05", 360, 0) == 1800);
  CHECK(parse_time("0.002", 360, 0) == 1);  // as rdsamp -f 0.002 of record 100
  CHECK(parse_time(".5", 100, 0) == 50);
  CHECK(parse_time("s12345", 250, 10) == 12345);
  CHECK(parse_time("e", 250, 75000) == 75000);
  CHECK(parse_time("0", 250, 75000) == 0);
}

TEST_CASE("what is no time is a usage error") {
  for (const char* text : {"", "-5", "5 s", "1:2:3:4", "1:", ":", "1.5:00", "s", "s-1", "s1.5", "inf", "nan", "1e3",
                           "1e", "0x10", "s99999999999999999999", "99999999999999999999", "E"}) {
    CAPTURE(text);
    CHECK(test::status_of([&] { parse_time(text, 250, 75000); }) == Status::kUsage);
  }
  CHECK(test::status_of([&] { parse_time("e", 250, record::kUnknownLength); }) == Status::kUsage);
}
