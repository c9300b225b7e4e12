#include "format/wfdb_header.h"

#include "format/recording.h"
#include "support.h"

namespace cfm::format {
namespace {

WfdbHeader parse(const std::string& text) { return parse_wfdb_header(text, "dir/r.hea"); }

std::string refusal(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    CHECK(error.status() == Status::kMalformed);
    CHECK(std::string(error.what()).find("dir/r.hea") == 0);
    return error.what();
  }
  return "";
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("every field of a header") {
  const WfdbHeader header = parse(
      "# before\n\nr 2 360/125(-3.5) 650000 10:23:45.5 01/03/2024\r\n"
      "a.dat 16x4+24 3.857e+04(-585029)/mmHg 12 7 -11 -22131 512 Art Line \n"
      "# between\n"
      "b.dat 212:3 200\n"
      "# Age: 61  \n#\n");
  CHECK(header.record == "r");
  CHECK(header.fs == 360);
  CHECK(header.counter_fs == 125);
  CHECK(header.base_counter == -3.5);
  CHECK(header.frames == 650000);
  CHECK(header.time == "10:23:45.5");
  CHECK(header.date == "2024-03-01");
  CHECK(header.comments == std::vector<std::string>{"between", "Age: 61", ""});
  REQUIRE(header.signals.size() == 2);
  const WfdbSignal& a = header.signals[0];
  CHECK(a.file == "a.dat");
  CHECK(a.format == 16);
  CHECK(a.samples_per_frame == 4);
  CHECK(a.offset == 24);
  CHECK(a.gain == 38570);
  CHECK(a.calibrated);
  CHECK(a.baseline == -585029);
  CHECK(a.unit == "mmHg");
  CHECK(a.resolution == 12);
  CHECK(a.adc_zero == 7);
  CHECK(a.initial == -11);
  CHECK(a.checksum == 65536 - 22131);
  CHECK(a.name == "Art Line");
  CHECK(a.line == 4);
  const WfdbSignal& b = header.signals[1];
  CHECK(b.skew == 3);
  CHECK(b.gain == 200);
  CHECK(b.unit == "mV");
  CHECK(!b.initial);
  CHECK(!b.checksum);
  CHECK(b.name == "signal 1");
}

TEST_CASE("gain 0 or none is uncalibrated, the baseline falls back to the zero value") {
  const WfdbHeader header = parse("r 3 250\na 16\na 16 0 12 1024 0 0 0 II\na 16 0.37/uV 12 -5\n");
  CHECK(!header.frames);
  CHECK(!header.signals[0].calibrated);
  CHECK(header.signals[0].gain == 200);
  CHECK(!header.signals[1].calibrated);
  CHECK(header.signals[1].baseline == 1024);
  CHECK(header.signals[2].calibrated);
  CHECK(header.signals[2].gain == 0.37);
  CHECK(header.signals[2].baseline == -5);
}

TEST_CASE("times and dates as databases have them") {
  CHECK(parse("r 0 300 9 2014-05-08 05:05:15 \n").date == "2014-05-08");
  CHECK(parse("r 0 300 9 2014-05-08 05:05:15 \n").time == "05:05:15");
  CHECK(parse("r 0 300 9 05-Feb-2020 11:39:16\n").date == "2020-02-05");
  CHECK(parse("r 0 300 9  8:26:04 26/10/1994\n").time == "08:26:04");
  CHECK(parse("r 0 300 9 2:14\n").time == "00:02:14");
  CHECK(!parse("r 0 300 9 2:14 0/0/0\n").date);
  for (const char* wrong :
       {"25:00:00", "1:2:3:4", "12:60:00", "1:2:3x", "31/02/2024", "1/2", "12", "1:2:3 4:5:6", "1/1/2000 1/1/2000"}) {
    CAPTURE(wrong);
    CHECK(holds(refusal(std::string("r 0 300 9 ") + wrong + "\n"), "line 1"));
  }
}

TEST_CASE("what lies or means nothing is refused with its line") {
  const auto signal = [](const std::string& line) { return refusal("r 1 250 10\n" + line + "\n"); };
  CHECK(holds(refusal(""), "empty header"));
  CHECK(holds(refusal("# only a comment\n"), "empty header"));
  CHECK(holds(refusal("r\n"), "not a WFDB header"));
  CHECK(holds(refusal("r two 250\n"), "number of signals 'two'"));
  CHECK(holds(refusal("r -1 250\n"), "-1 signals"));
  CHECK(holds(refusal("r 1\na 16\n"), "no sampling rate"));
  CHECK(holds(refusal("r 1 0\na 16\n"), "no rate"));
  CHECK(holds(refusal("r 1 nan\na 16\n"), "no rate"));
  CHECK(holds(refusal("r 1 250x\na 16\n"), "250x"));
  CHECK(holds(refusal("r 1 250 -5\na 16\n"), "-5 samples"));
  CHECK(holds(refusal("r 1 250 99999999999999999999\na 16\n"), "whole number"));
  CHECK(holds(refusal("r 2 250 10\na 16\n"), "ends before signal 2 of 2"));
  CHECK(holds(refusal("r 1 250 10\na 16\nb 16\n"), "line 3"));
  CHECK(holds(signal("../a 16"), "outside"));
  CHECK(holds(signal("/etc/passwd 16"), "outside"));
  CHECK(holds(signal(".. 16"), "outside"));
  CHECK(holds(signal("- 16"), "no file"));
  CHECK(holds(signal("a"), "no storage format"));
  CHECK(holds(signal("a x16"), "x16"));
  CHECK(holds(signal("a 16x0"), "from 1 up"));
  CHECK(holds(signal("a 16+-4"), "byte offset"));
  CHECK(holds(signal("a 16?"), "means nothing"));
  CHECK(holds(signal("a 16 nan(0)/mV"), "line 2: gain"));
  CHECK(holds(signal("a 16 inf"), "finite"));
  CHECK(holds(signal("a 16 200(1.5)"), "baseline"));
  CHECK(holds(signal("a 16 200mV"), "gain"));
  CHECK(holds(signal("a 16 200 12 0 0 99999"), "16 bits"));
  CHECK(holds(signal("a 16 200 12 0 1.5"), "initial value"));
}

TEST_CASE("bytes that are no text are refused and not printed") {
  CHECK(holds(refusal(std::string("r 1 250\0\n", 9)), "byte 0x00 at offset 7"));
  const std::string said = refusal("r 1 250 10\n\xff\xfe\x80 x16\n");
  CHECK(holds(said, "line 2"));
  CHECK(std::all_of(said.begin(), said.end(), [](char c) { return c >= ' ' && c <= '~'; }));
}

TEST_CASE("Latin-1 becomes UTF-8") {
  const WfdbHeader header = parse("r 1 250 10\na 16 1/\xb5V 12 0 0 0 0 \xc3\xa9\n# M\xfcller\n");
  CHECK(header.signals[0].unit == "\u00b5V");
  CHECK(header.signals[0].name == "\u00e9");
  CHECK(header.comments[0] == "M\u00fcller");
}

TEST_CASE("segment lists") {
  const std::string text = "m/2 2 250 200\nm_1 100\n~ 100\n";
  const WfdbHeader header = parse(text);
  CHECK(header.is_multi_segment);
  REQUIRE(header.segments.size() == 2);
  CHECK(header.segments[1].name == "~");
  CHECK(header.segments[1].frames == 100);
  CHECK(listed_segments(text) == std::vector<std::string>{"m_1", "~"});
  CHECK(listed_segments("m 2 250\na/b 100\n").empty());
  CHECK(listed_segments("").empty());
  CHECK(holds(refusal("m/0 2 250 200\n"), "0 segments"));
  CHECK(holds(refusal("m/2 2 250 200\nm_1 100\n"), "ends before segment 2"));
}

TEST_CASE("all real headers are understood") {
  CFM_NEEDS(data, "CFM_DATA");
  int headers = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
    if (entry.path().extension() != ".hea") continue;
    CAPTURE(entry.path().string());
    CHECK_NOTHROW(parse_wfdb_header(test::slurp(entry.path().string()), entry.path().string()));
    ++headers;
  }
  CHECK(headers > 500);
}

}  // namespace
}  // namespace cfm::format
