#include <fmt/format.h>

#include "base/file.h"
#include "format/table_clock.h"
#include "format/table_header.h"
#include "format/table_time.h"
#include "golden_readers.h"

namespace cfm::format {
namespace {

using test::check_refused;
using test::golden_row;
using Values = std::vector<double>;

std::unique_ptr<Recording> open_text(const std::string& text, const OpenOptions& options = {}) {
  const test::TemporaryFolder folder;
  write_file(folder / "a.csv", text);
  return open_recording(folder / "a.csv", "a", options);
}

test::Refusal refusal(const std::string& text, const OpenOptions& options = {}) {
  return test::refusal_of([&] { open_text(text, options); });
}

// Rows 0 … n-1 of one channel, the time as `format` prints it.
std::string series(int n, double fs, fmt::format_string<double> format, double from = 0) {
  std::string text = "time,II\n";
  for (int i = 0; i < n; ++i) text += fmt::format(format, from + i / fs) + fmt::format(",{}\n", i);
  return text;
}

TEST_CASE("golden tables") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  for (const char* name :
       {"seconds.csv", "units.csv", "milliseconds.csv", "iso8601.csv", "iso8601_midnight.csv", "rounded_time_360.csv",
        "semicolon.csv", "tab.tsv", "bom.csv", "crlf.csv", "no_last_newline.csv", "quoted.csv", "exponent.csv",
        "empty_cells.csv", "nan_text.csv", "gap_in_time.csv", "starts_late.csv"}) {
    const std::string file = std::string("csv/") + name;
    const auto recording = open_recording(golden + "/readers/" + file, name, {});
    const auto row = golden_row(golden, file);
    test::check_golden(*recording, row);
    for (std::size_t c = 0; c < 2; ++c) {
      const auto& unit = row["channels"][c]["unit"];
      CHECK(recording->channels()[c].unit == (unit.is_null() ? "" : unit.get<std::string>()));
      CHECK(recording->channels()[c].type == SampleType::kF64);
    }
    CHECK(recording->base_time().has_value() == row.contains("start"));
    if (row.contains("start")) CHECK(row["start"].get<std::string>().starts_with(*recording->base_time()));
  }
  const auto micro = open_recording(golden + "/readers/csv/microvolt.csv", "r", {});
  test::check_golden(*micro, golden_row(golden, "csv/microvolt.csv"), {.relative = 1e-15, .factors = {1e-3, 1}});
  CHECK(micro->channels()[0].unit == "uV");
}

TEST_CASE("a table without time") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::string path = golden + "/readers/csv/no_time.csv";
  check_refused(path, {}, Status::kUsage, {"no rate", "--fs"});
  const auto recording = open_recording(path, "r", {.fs = 250});
  CHECK(recording->fs() == 250);
  test::check_golden(*recording, golden_row(golden, "csv/no_time.csv"));
}

TEST_CASE("damaged tables") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto refused = [&](const std::string& name, const std::vector<std::string>& parts) {
    check_refused(golden + "/readers/bad/" + name + ".csv", {}, Status::kMalformed, parts);
  };
  refused("decimal_comma", {"line 2", "'0,000'", "decimal comma", "point"});
  refused("decimal_comma_in_commas", {"line 2: 6 cells", "has 3"});
  refused("text_in_a_cell", {"line 3", "'II'", "'abc'"});
  refused("half_a_number", {"line 3", "'1.5x'"});
  refused("short_row", {"line 3: 2 cells", "has 3"});
  refused("time_backwards", {"line 4: time goes back"});
  refused("time_twice", {"line 4", "is there already"});
  refused("names_twice", {"line 1", "'II' is there twice"});
  refused("header_only", {"no samples"});
  refused("empty", {"empty"});
  refused("no_header", {"no header", "'0'"});
  refused("utf16", {"UTF-16"});
  refused("nul_bytes", {"line 3", "'II'",
                        "'?"
                        "?'"});
}

TEST_CASE("one rate, however its times are rounded") {
  struct Case {
    double fs;
    int rows;
    std::string text;
  };
  for (const double fs : {62.5, 100.0, 128.0, 240.0, 250.0, 256.0, 300.0, 360.0, 400.0, 500.0}) {
    for (const int rows : {400, 3000}) {
      CHECK(open_text(series(rows, fs, "{:.3f}"))->fs() == fs);
      CHECK(open_text(series(rows, fs, "{:.3f}", 12345.678))->fs() == fs);
      CHECK(open_text(series(rows, fs, "{:.6f}"))->fs() == fs);
      CHECK(open_text(series(rows, fs, "{}"))->fs() == fs);
    }
  }
  CHECK(open_text(series(2000, 1000, "{:.3f}"))->fs() == 1000);
  CHECK(open_text(series(2000, 10000, "{:.4f}"))->fs() == 10000);
  CHECK(open_text(series(2000, 44100, "{:.7f}"))->fs() == 44100);
  CHECK(open_text(series(500, 1 / 60.0, "{:.0f}"))->fs() == 1 / 60.0);
  CHECK(open_text(series(500, 1, "{:.0f}"))->fs() == 1);
  CHECK(open_text(series(500, 1 / 0.0078, "{:.4f}"))->fs() == doctest::Approx(1 / 0.0078).epsilon(1e-12));
  CHECK(open_text(series(300, 250, "{:.3f}", 1.7e9))->fs() == 250);  // seconds since 1970
}

TEST_CASE("a clock that trembles, and one that is slow") {
  std::string trembling = "time,II\n", slow = trembling, wild = trembling;
  for (int i = 0; i < 5000; ++i) {
    trembling += fmt::format("{:.6f},1\n", i / 250.0 + 0.0008 * ((i * 7919 % 11) - 5) / 5);
    slow += fmt::format("{:.6f},1\n", i / 249.93);
    wild += fmt::format("{:.6f},1\n", i / 250.0 * (1 + i * 1e-5));
  }
  CHECK(open_text(trembling)->fs() == 250);
  CHECK(open_text(slow)->fs() == doctest::Approx(249.93).epsilon(1e-6));
  CHECK(open_text(slow)->frames() == 5000);
  const auto refused = refusal(wild);
  CHECK(refused.status == Status::kMalformed);
  CHECK(refused.holds("fit no one rate"));
}

TEST_CASE("too few times tell no rate; the user may") {
  const std::string text = "time,II\n0,1\n0.004,2\n0.008,3\n";
  CHECK(refusal(text).status == Status::kUsage);
  CHECK(refusal(text).holds("--fs"));
  CHECK(open_text(text, {.fs = 250})->frames() == 3);
  CHECK(refusal(text, {.fs = 100}).status == Status::kUsage);
  CHECK(refusal(text, {.fs = 100}).holds("contradicts"));
  CHECK(refusal("time,II\n0,1\n").status == Status::kUsage);
  CHECK(open_text("time,II\n0,1\n", {.fs = 250})->frames() == 1);
  CHECK(refusal(text, {.channels = {{"a", ""}}}).status == Status::kUsage);
}

TEST_CASE("gaps are missing samples in their places, and take no memory") {
  std::string text = "time,II\n";
  for (int i = 0; i < 400; ++i) text += fmt::format("{:.3f},{}\n", (i < 200 ? i : i + 1) / 360.0, i);
  for (int i = 0; i < 200; ++i) text += fmt::format("{:.3f},{}\n", 1e9 + i / 360.0, i);
  const auto recording = open_text(text);
  CHECK(recording->fs() == 360);
  CHECK(recording->frames() == 360'000'000'000 + 200);
  const Values piece = test::physical(*recording, 0, 198, 5);
  CHECK(piece[1] == 199);
  CHECK(std::isnan(piece[2]));
  CHECK(piece[3] == 200);
  CHECK(test::physical(*recording, 0, 360'000'000'000, 2) == Values{0, 1});
  CHECK(std::isnan(test::physical(*recording, 0, 1'000'000'000, 1)[0]));
  CHECK(refusal(text + "1e18,1\n").status == Status::kMalformed);
}

TEST_CASE("what cfm-segment wrote is read back") {
  std::string text = "record,sample,time,II,\"a,b\"\n";
  for (int i = 7; i < 20; ++i) text += fmt::format("\"a,1\",{},{},{},{}\n", i, i / 360.0, i * 0.005, i == 9 ? "" : "1");
  const auto recording = open_text(text);
  CHECK(recording->fs() == 360);
  REQUIRE(recording->channels().size() == 2);
  CHECK(recording->channels()[0].name == "II");
  CHECK(recording->channels()[1].name == "a,b");
  CHECK(recording->frames() == 13);
  CHECK(test::physical(*recording, 0, 1, 2) == Values{8 * 0.005, 9 * 0.005});
  CHECK(std::isnan(test::physical(*recording, 1, 2, 1)[0]));
  const auto several = refusal(text + "b,20,0.1,1,1\n");
  CHECK(several.status == Status::kUsage);
  CHECK(several.holds("split"));
  CHECK(refusal(text + fmt::format("\"a,1\",21,{},1,1\n", 20 / 360.0)).holds("line 15: sample 21"));
}

TEST_CASE("cells") {
  const auto read = [](const std::string& cell) {
    return test::physical(*open_text("II\n" + cell + "\n", {.fs = 1}), 0, 0, 1)[0];
  };
  CHECK(read(" 1.5 ") == 1.5);
  CHECK(read("+1.5") == 1.5);
  CHECK(read("\"1.5\"") == 1.5);
  CHECK(read("-.5e-3") == -0.0005);
  for (const char* missing : {"NaN", "nan", "NA", "n/a", "-", "\"\"", "null"}) CHECK(std::isnan(read(missing)));
  for (const char* bad : {"inf", "-Infinity", "1e999", "0x10", "1 2", "++1", "\"1", "\"1\"2", "1_000", "\x80"}) {
    INFO(bad);
    CHECK(test::status_of([&] { read(bad); }) == Status::kMalformed);
  }
  CHECK(refusal("II\n1\n\n2\n", {.fs = 1}).holds("line 3"));
  CHECK(open_text("II\r\n1\r\n2\r\n\r\n\n", {.fs = 1})->frames() == 2);
}

TEST_CASE("names, units and the time column") {
  const auto header = [](const std::string& text) { return parse_table_header(text, "a.csv"); };
  for (const char* name :
       {"time", "Time", "TIME", "t", "timestamp", "Time [s]", "time (s)", "elapsed_time", "seconds", "time_s"}) {
    INFO(name);
    CHECK(header(std::string("II,") + name + "\n").time == 1);
  }
  for (const char* name : {"T", "times2", "sometime", "temperature", "s"})
    CHECK(!header(std::string("II,") + name).time);
  CHECK(header("time_ms,II").time_unit == 1e-3);
  CHECK(header("time [us],II").time_unit == 1e-6);
  CHECK(header("ms,II").time_unit == 1e-3);
  CHECK(header("time,II").time_unit == 0);
  CHECK(refusal("time [samples],II\n0,1\n").holds("'samples'"));
  const auto columns = header("ECG (II);PLETH (NU);x [arb];(a) [mV]").columns;
  CHECK(columns[0].name == "ECG (II)");
  CHECK(columns[1].name == "PLETH");
  CHECK(columns[1].unit == "NU");
  CHECK(columns[2].unit == "arb");
  CHECK(columns[3].name == "(a)");
  CHECK(refusal("time,,II\n0,1,2\n").holds("column 2 has no name"));
  CHECK(refusal("\"time,II\n0,1\n").status == Status::kMalformed);
  CHECK(refusal("time\n0\n1\n").holds("no column but the time"));
  CHECK(refusal("time,II\n1700000000000,1\n1700000000004,2\n").holds("[ms]"));
}

TEST_CASE("ISO 8601") {
  const auto time = parse_iso_time("2024-02-29 23:59:59.9920+01:30");
  REQUIRE(time);
  CHECK(time->local == "2024-02-29T23:59:59.9920");
  CHECK(time->decimals == 4);
  CHECK(time->nanoseconds == 1'709'245'799'992'000'000);
  CHECK(parse_iso_time("2024-03-01T10:00Z")->local == "2024-03-01T10:00:00");
  for (const char* bad : {"2023-02-29T00:00:00", "2024-13-01T00:00:00", "2024-01-01", "2024-01-01T24:00:00",
                          "2024-01-01T00:60:00", "2024-01-01T00:00:00.", "2024-01-01T00:00:00+1", "2024-1-1T00:00:00",
                          "2024-01-01T00:00:00 x", "0001-01-01T00:00:00", ""}) {
    INFO(bad);
    CHECK(!parse_iso_time(bad));
  }
  CHECK(refusal("time,II\n2024-01-01T00:00:00,1\n12,2\n").holds("line 3"));
  CHECK(decimals_of("0.004") == 3);
  CHECK(decimals_of("4.000e-3") == 6);
  CHECK(decimals_of("12") == 0);
  CHECK(decimals_of("1.5e+3") == -2);
}

}  // namespace
}  // namespace cfm::format
