#include <fmt/format.h>

#include <cstring>

#include "format/edf_marks.h"
#include "format/edf_scaling.h"
#include "format/recording.h"
#include "golden_readers.h"
#include "support.h"

namespace cfm::format {
namespace {

// A file of one channel with two samples a data record and one annotation signal of 20 samples, all fields as given.
struct SmallEdf {
  std::string kind = "EDF+C", records = "2", duration = "1", date = "01.03.24", time = "22.05.07";
  std::string patient = "X X X X", recording = "Startdate 01-MAR-2024 X X X";
  std::string physical_min = "-100", physical_max = "100", digital_min = "-1000", digital_max = "1000", samples = "2";
  std::string unit = "uV";
  std::vector<std::string> annotations = {"+0\x14\x14", "+1\x14\x14"};  // of each data record, without the last byte
  std::vector<std::int16_t> values = {1, 2, 3, 4};

  std::string bytes() const {
    const auto field = [](std::string text, std::size_t width) {
      text.resize(width, ' ');
      return text;
    };
    std::string out = field("0", 8) + field(patient, 80) + field(recording, 80) + date + time + field("768", 8) +
                      field(kind, 44) + field(records, 8) + field(duration, 8) + field("2", 4);
    out += field("ECG II", 16) + field("EDF Annotations", 16) + field("", 160) + field(unit, 8) + field("", 8);
    out += field(physical_min, 8) + field("-1", 8) + field(physical_max, 8) + field("1", 8);
    out += field(digital_min, 8) + field("-32768", 8) + field(digital_max, 8) + field("32767", 8) + field("", 160);
    out += field(samples, 8) + field("20", 8) + field("", 64);
    for (std::size_t r = 0; r < annotations.size(); ++r) {
      out.append(reinterpret_cast<const char*>(values.data() + 2 * r), 4);
      std::string list = annotations[r];
      list.resize(40, '\0');
      out += list;
    }
    return out;
  }
};

std::unique_ptr<Recording> open_small(const test::TemporaryFolder& folder, const SmallEdf& edf,
                                      OpenOptions options = {}) {
  const std::string path = folder / "small.edf";
  std::ofstream(path, std::ios::binary) << edf.bytes();
  return open_recording(path, "small", options);
}

std::string refusal(const SmallEdf& edf) {
  const test::TemporaryFolder folder;
  return test::malformed([&] { open_small(folder, edf); });
}

TEST_CASE("third-party EDF and BDF files hold what their writers put in") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  test::check_golden_readers(
      golden, "edf/", {.digital = 2e-12}, [&](const test::Json& row, const Recording& recording) {
        const auto& notes = recording.notes();
        const auto& want = row.at("annotations");
        REQUIRE(notes.size() == want.size());
        for (std::size_t i = 0; i < notes.size(); ++i) {
          CHECK(notes[i].onset == doctest::Approx(want[i]["onset_s"].get<double>()).epsilon(1e-9));
          CHECK(notes[i].duration == (want[i]["duration_s"].is_null() ? 0 : want[i]["duration_s"].get<double>()));
          CHECK(notes[i].text == want[i]["text"]);
        }
        CHECK(recording.base_time() == row.at("start").get<std::string>());
        CHECK(static_cast<double>(recording.frames()) / recording.fs() == row.at("duration_s"));
      });
}

TEST_CASE("gaps of a discontinuous file are missing samples") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto recording = open_recording(golden + "/readers/edf/discontinuous.edf", "d", {});
  REQUIRE(recording->frames() == 1950);
  std::vector<Samples> all;
  recording->read(std::vector<std::size_t>{0}, 0, 1950, all);
  for (std::int64_t i = 0; i < 1950; ++i) {
    const bool in_gap = (i >= 500 && i < 1000) || (i >= 1400 && i < 1650);
    CHECK_MESSAGE((all[0].digital[static_cast<std::size_t>(i)] == kMissing) == in_gap, i);
  }
}

TEST_CASE("damaged EDF files are refused with the place") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::string bad = golden + "/readers/bad/";
  const std::vector<std::pair<std::string, std::vector<std::string>>> rows = {
      {"truncated.edf", {"7124 bytes", "8 data records of 800 bytes", "data record 8", "at 7 s"}},
      {"header_only_half.edf", {"600 bytes", "1024", "truncated header"}},
      {"promises_more.edf", {"7424 bytes", "400 data records", "data record 9"}},
      {"digital_min_eq_max.edf", {"'digital maximum' at byte", "'ECG II'", "no gain"}},
      {"signals_text.edf", {"'number of signals' at byte 252"}},
      {"negative_samples.edf", {"'samples in a data record' at byte 904", "'-250'"}},
      {"huge_samples.edf", {"7424 bytes", "8 data records of 200000298 bytes"}},
  };
  for (const auto& [file, words] : rows) {
    const std::string message = test::malformed([&] { open_recording(bad + file, file, {}); });
    CHECK_MESSAGE(message.find(file) != std::string::npos, message);
    for (const std::string& word : words)
      CHECK_MESSAGE(message.find(word) != std::string::npos, message, " lacks ", word);
  }
  CHECK(open_recording(bad + "records_unknown.edf", "r", {})->frames() == 8 * 25);
}

TEST_CASE("real EDF files: annotations only, and a generator's signals as WFDB has them") {
  CFM_NEEDS(data, "CFM_DATA");
  const auto annotations = open_recording(data + "/wfdb-samples/test_edfann.edf", "a", {});
  CHECK(annotations->channels().empty());
  CHECK(annotations->frames() == 0);
  CHECK(annotations->base_time() == std::nullopt);
  REQUIRE(!annotations->notes().empty());
  CHECK(annotations->comments() == std::vector<std::string>{"patient: SN001 X X X"});

  const auto edf = open_recording(data + "/wfdb-samples/test_generator_2.edf", "e", {});
  const auto wfdb = open_recording(data + "/wfdb-samples/test_generator_2.hea", "w", {});
  REQUIRE(edf->channels().size() == 11);
  CHECK(edf->channels()[0].scale == 1 / 32.7675);
  CHECK(edf->channels()[0].offset == -0.5);
  CHECK(edf->channels()[8].unit == "\u00b0");
  CHECK(edf->base_time() == "2009-12-10T12:44:02");
  CHECK(edf->comments() == std::vector<std::string>{"recording: X X test_generator"});
  for (std::size_t c = 0; c < 11; ++c) {
    CHECK(edf->channels()[c].name == wfdb->channels()[c].name);
    CHECK(edf->channels()[c].fs == wfdb->channels()[c].fs);
    const Samples got = test::whole(*edf, c), want = test::whole(*wfdb, c);
    REQUIRE(got.digital.size() == want.digital.size());
    std::size_t other = 0;  // WFDB takes -32768 for missing
    for (std::size_t i = 0; i < got.digital.size(); ++i) {
      other += got.digital[i] != (want.digital[i] == kMissing ? -32768 : want.digital[i]) ? 1 : 0;
    }
    CHECK(other == 0);
  }
}

TEST_CASE("scale and offset are exact for decimal gains") {
  const EdfScaling s = edf_scaling({-15.36, 5.115, -2048, 2047});
  CHECK(s.scale == 1 / 200.0);
  CHECK(s.offset == 1024);
  CHECK(edf_scaling({-5, 5, -32768, 32767}).scale == 1 / 6553.5);
  CHECK(edf_scaling({-0.9, 0.9, -300, 300}).scale == 0.003);
  for (const double gain : {200.0, 1000.0, 81.97, 2264.0, 0.5, 12.5, 5120.0, 1e5, 1e-3}) {
    for (const double offset : {0.0, 1024.0, -3.0}) {
      CAPTURE(gain);
      CAPTURE(offset);
      const EdfRange range = edf_range(1 / gain, offset, -2000, 2000, -32768, 32767);
      CHECK(range.digital_min <= -2000);
      CHECK(range.digital_max >= 2000);
      CHECK(edf_scaling(range).scale == 1 / gain);
      CHECK(edf_scaling(range).offset == offset);
    }
  }
  CHECK(spelt_in_eight(-168.96) == "-168.96");
  CHECK(spelt_in_eight(1 / 3.0) == "0.333333");
  CHECK(spelt_in_eight(-1.2345e-7) == "-1.23E-7");
  CHECK(spelt_in_eight(0) == "0");
}

TEST_CASE("a small file, field by field") {
  const test::TemporaryFolder folder;
  SmallEdf edf;
  edf.patient = "A1 F 02-MAY-1951 Jane_Doe";
  edf.annotations = {"+0.5\x14\x14" + std::string(1, '\0') +
                         "+0.75\x15"
                         "0.1\x14x\x14y\x14",
                     "+1.5\x14\x14"};
  const auto recording = open_small(folder, edf);
  CHECK(recording->fs() == 2);
  CHECK(recording->frames() == 4);
  CHECK(recording->channels()[0].name == "ECG II");
  CHECK(recording->channels()[0].kind == "ecg");
  CHECK(recording->channels()[0].scale == 0.1);
  CHECK(recording->base_time() == "2024-03-01T22:05:07.5");
  CHECK(recording->comments() == std::vector<std::string>{"patient: A1 F 02-MAY-1951 Jane_Doe"});
  CHECK(recording->notes() == std::vector<Note>{{0.25, 0.1, "x"}, {0.25, 0.1, "y"}});
  std::vector<Samples> samples;
  recording->read(std::vector<std::size_t>{0, 0}, 1, 2, samples);
  CHECK(samples[0].digital == std::vector<std::int32_t>{2, 3});
  CHECK(samples[1].digital == samples[0].digital);
  CHECK(test::status_of([&] { recording->read(std::vector<std::size_t>{0}, 3, 2, samples); }) == Status::kBug);
}

TEST_CASE("dates: clipping of two digits, the long spelling, and none") {
  const test::TemporaryFolder folder;
  const auto time_of = [&](const std::string& date, const std::string& recording, const std::string& kind) {
    SmallEdf edf;
    edf.date = date;
    edf.recording = recording;
    edf.kind = kind;
    return open_small(folder, edf)->base_time().value_or("none");
  };
  CHECK(time_of("16.09.85", "", "") == "1985-09-16T22:05:07");
  CHECK(time_of("16.09.84", "", "") == "2084-09-16T22:05:07");
  CHECK(time_of("16.09.yy", "Startdate 16-sep-2087 X X X", "EDF+C") == "2087-09-16T22:05:07");
  CHECK(time_of("01.01.85", "Startdate X X X X", "EDF+C") == "none");
  CHECK(time_of("30.02.24", "", "") == "none");
}

TEST_CASE("marks of our writer: end, missing samples, comments") {
  const test::TemporaryFolder folder;
  SmallEdf edf;
  const std::string next(1, '\0');
  edf.annotations = {"+0\x14\x14" + next +
                         "+1.5\x14"
                         "cfm: end\x14",
                     "+1\x14\x14" + next +
                         "+1\x14"
                         "cfm: comment a\x14"};
  const auto recording = open_small(folder, edf);
  CHECK(recording->frames() == 3);
  CHECK(recording->channels()[0].samples == 3);
  CHECK(recording->notes().empty());
  CHECK(recording->comments() == std::vector<std::string>{"a"});
  edf.annotations[0] = "+0\x14\x14" + next +
                       "+9\x14"
                       "cfm: end\x14";
  CHECK(refusal(edf).find("beyond the samples") != std::string::npos);
}

TEST_CASE("files that lie in one field are refused by its name and place") {
  const auto holds = [](const std::string& message, const std::string& words) {
    CHECK_MESSAGE(message.find(words) != std::string::npos, message, " lacks ", words);
  };
  SmallEdf edf;
  edf.physical_max = "-100";
  holds(refusal(edf), "'physical maximum' at byte 480");
  edf = {};
  edf.digital_max = "40000";
  holds(refusal(edf), "'digital maximum' at byte 512");
  edf = {};
  edf.physical_min = "nan";
  holds(refusal(edf), "'physical minimum' at byte 464");
  edf.physical_min = "1,5";
  holds(refusal(edf), "is no number");
  edf = {};
  edf.samples = "0";
  holds(refusal(edf), "without samples");
  edf = {};
  edf.records = "0";
  holds(refusal(edf), "'number of data records' at byte 236");
  edf = {};
  edf.duration = "0";
  holds(refusal(edf), "at byte 244");
  edf = {};
  edf.duration = "-1";
  holds(refusal(edf), "at byte 244");
  edf = {};
  edf.annotations[1] = "+1\x14\x14+zwei\x14x\x14";
  edf.annotations[1][4] = '\0';
  holds(refusal(edf), "data record 2 (byte 812)");
  edf.annotations[1] = "+3\x14\x14";
  holds(refusal(edf), "says it is continuous");
  edf.kind = "EDF+D";
  edf.annotations[1] = "+0.2\x14\x14";
  holds(refusal(edf), "before the end of the one before");
  edf.annotations[1] = "+500000\x14\x14";
  holds(refusal(edf), "too long a gap");
  edf.annotations[1] = "";
  holds(refusal(edf), "says no onset");
}

TEST_CASE("annotation lists are read strictly and spelt so that they read back") {
  const std::string spelt = spell_tal({1.25, 0.5, {"a\nb"}});
  CHECK(spelt == std::string("+1.25\x15"
                             "0.5\x14"
                             "a b\x14\0",
                             15));
  const auto tals = parse_tals(spelt + std::string(5, '\0') + spell_tal({-0.001, 0, {"x", "y"}}), "here");
  REQUIRE(tals.size() == 2);
  CHECK(tals[0].duration == 0.5);
  CHECK(tals[1].onset == -0.001);
  CHECK(tals[1].texts == std::vector<std::string_view>{"x", "y"});
  using namespace std::string_view_literals;
  for (const auto bad : {"1\x14x\x14\0"sv, "+1\x15z\x14x\x14\0"sv, "+1x"sv, "+1e400\x14\x14\0"sv, "+\x14\x14"sv,
                         "+99999999999\x14\x14"sv, "+1\x15-1\x14x\x14"sv}) {
    CHECK_MESSAGE(test::malformed([&] { parse_tals(bad, "here"); }).starts_with("here: "), bad);
  }
}

TEST_CASE("options that EDF has no use for are those of other files") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::string path = golden + "/readers/edf/plain.bdf";
  const auto given = open_recording(path, "p", {.fs = 250, .channels = {{"x", ""}}, .variable = "x"});
  CHECK(given->fs() == open_recording(path, "p", {})->fs());
  CHECK(given->channels()[0].name == "ECG I");
}

}  // namespace
}  // namespace cfm::format
