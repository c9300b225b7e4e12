#include "format/annotation.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "support.h"

namespace cfm::format {
namespace {

using Json = nlohmann::json;

Json golden_files(const std::string& golden) {
  return Json::parse(test::slurp(golden + "/readers/expected.json")).at("files");
}

TEST_CASE("golden annotation files, with and without their own clock") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  int files = 0;
  for (const Json& want : golden_files(golden)) {
    if (!want.contains("annotations") || !want["file"].get<std::string>().ends_with(".atr")) continue;
    ++files;
    CAPTURE(want["file"]);
    const AnnotationFile file = read_annotations(golden + "/readers/" + want["file"].get<std::string>());
    CHECK(file.resolution == (want["clock_hz"].is_null() ? 0.0 : want["clock_hz"].get<double>()));
    REQUIRE(file.annotations.size() == want["annotations"].size());
    for (std::size_t i = 0; i < file.annotations.size(); ++i) {
      const Annotation& got = file.annotations[i];
      const Json& expected = want["annotations"][i];
      CAPTURE(i);
      CHECK(got.sample == expected["sample"].get<std::int64_t>());
      CHECK(annotation_symbol(got.code) == expected["symbol"].get<std::string>());
      CHECK(got.sub == expected["subtype"].get<int>());
      CHECK(got.chan == expected["channel"].get<int>());
      CHECK(got.num == expected["number"].get<int>());
      CHECK(got.aux == expected["aux"].get<std::string>());
    }
  }
  CHECK(files == 2);
}

TEST_CASE("cut and overrunning annotation files are refused") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  for (const char* name : {"cut.atr", "odd.atr", "aux_overrun.atr"}) {
    CAPTURE(name);
    const std::string path = golden + "/readers/bad/" + name;
    CHECK(test::status_of([&] { read_annotations(path); }) == Status::kMalformed);
  }
  CHECK(test::status_of([&] { read_annotations(golden + "/readers/bad/none.atr"); }) == Status::kIo);
}

TEST_CASE("a good file cut anywhere is refused") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const test::TemporaryFolder folder;
  const std::string whole = test::slurp(golden + "/readers/wfdb/ann_clock.atr");
  const std::string path = folder / "cut.atr";
  for (std::size_t bytes = 0; bytes + 1 < whole.size(); ++bytes) {
    std::ofstream(path, std::ios::binary) << whole.substr(0, bytes);
    CAPTURE(bytes);
    CHECK(test::status_of([&] { read_annotations(path); }) == Status::kMalformed);
  }
}

// What `rdann -r RECORD -a atr` printed: time, sample, symbol, sub, chan, num, aux.
void compare_with_rdann(const std::string& annotations, const std::string& printed) {
  const AnnotationFile file = read_annotations(annotations);
  std::istringstream lines(test::slurp(printed));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::istringstream fields(line);
    std::string time, symbol, aux;
    Annotation want;
    fields >> time >> want.sample >> symbol >> want.sub >> want.chan >> want.num >> aux;
    REQUIRE(count < file.annotations.size());
    const Annotation& got = file.annotations[count];
    const std::string got_aux = got.aux.substr(0, got.aux.find(' '));
    REQUIRE(fmt::format("{} {} {} {} {} {}", got.sample, annotation_symbol(got.code), got.sub, got.chan, got.num,
                        got_aux) ==
            fmt::format("{} {} {} {} {} {}", want.sample, symbol, want.sub, want.chan, want.num, aux));
  }
  CHECK(count == file.annotations.size());
}

TEST_CASE("real annotation files as rdann prints them") {
  CFM_NEEDS(data, "CFM_DATA");
  compare_with_rdann(data + "/wfdb-samples/100.atr", data + "/wfdb-expected/ann-1");
  compare_with_rdann(data + "/wfdb-samples/1003.atr", data + "/wfdb-expected/ann-3");
}

TEST_CASE("every real annotation file is read, in order") {
  CFM_NEEDS(data, "CFM_DATA");
  std::int64_t files = 0, beats = 0;
  for (const char* part : {"mitdb", "cpsc2021", "nstdb", "nsrdb-rr"}) {
    for (const auto& entry : std::filesystem::directory_iterator(data + "/" + part)) {
      if (entry.path().extension() != ".atr") continue;
      ++files;
      CAPTURE(entry.path().string());
      const AnnotationFile file = read_annotations(entry.path().string());
      CHECK(!file.annotations.empty());
      std::int64_t last = 0;
      for (const Annotation& a : file.annotations) {
        if (a.sample < last) FAIL("samples go back");
        last = a.sample;
        if (is_beat(a.code) && std::string(part) == "mitdb") ++beats;
      }
    }
  }
  CHECK(files == 25 + 9 + 1 + 9);
  CHECK(beats > 48701);  // the beats that the reference detectors are scored on, and the learning periods
}

TEST_CASE("what is written reads back the same") {
  const test::TemporaryFolder folder;
  const std::string path = folder / "r.atr";
  AnnotationFile file;
  const auto add = [&](Annotation a) { file.annotations.push_back(std::move(a)); };
  add({.sample = 0, .code = 1});
  add({.sample = 0, .code = 28, .aux = "(AFIB"});
  add({.sample = 1023, .code = 12, .sub = -128, .chan = 255, .num = 127});
  add({.sample = 2047, .code = 49, .sub = 127, .chan = 255, .num = -128});
  add({.sample = 70000, .code = 58, .aux = "even"});
  add({.sample = 69000, .code = 1, .chan = 1});  // back in time, as unsorted files have it
  add({.sample = std::int64_t{1} << 31, .code = 2});
  add({.sample = (std::int64_t{1} << 31) + 1024, .code = 2});
  add({.sample = std::int64_t{1} << 40, .code = 3, .aux = "\u00e4\u00f6"});
  add({.sample = -(std::int64_t{1} << 35), .code = 22, .aux = std::string(1023, 'x')});
  for (const double resolution : {0.0, 250.0, 1000 / 3.0}) {
    file.resolution = resolution;
    write_annotations(path, file, true);
    CHECK(read_annotations(path) == file);
  }
  file.defined = {{15, "c", "calibration pulse"}, {20, "x", "signal source change"}, {42, "\u00e9", ""}};
  write_annotations(path, file, true);
  CHECK(read_annotations(path) == file);
  CHECK(file.symbol(15) == "c");
  CHECK(file.symbol(20) == "x");
  CHECK(file.symbol(1) == "N");
  write_annotations(path, {}, true);
  CHECK(test::slurp(path) == std::string(2, '\0'));
  CHECK(read_annotations(path) == AnnotationFile{});
}

TEST_CASE("what the format can't hold is refused, and nothing written") {
  const test::TemporaryFolder folder;
  const auto refused = [&](Annotation a) {
    return test::status_of([&] { write_annotations(folder / "r.atr", {.annotations = {std::move(a)}}); });
  };
  CHECK(refused({.code = 0}) == Status::kUsage);
  CHECK(refused({.code = 59}) == Status::kUsage);
  CHECK(refused({.code = 1, .sub = 128}) == Status::kUsage);
  CHECK(refused({.code = 1, .chan = -1}) == Status::kUsage);
  CHECK(refused({.code = 1, .num = -129}) == Status::kUsage);
  CHECK(refused({.code = 1, .aux = std::string(1024, 'x')}) == Status::kUsage);
  CHECK(refused({.code = 1, .aux = std::string(1, '\0')}) == Status::kUsage);
  CHECK(std::filesystem::is_empty(folder.path));
  CHECK(refused({.code = 1}) == Status::kOk);
  CHECK(refused({.code = 1}) == Status::kUsage);  // it exists now
}

TEST_CASE("files of other writers come back, those without NUL in their texts byte for byte") {
  const test::TemporaryFolder folder;
  std::vector<std::string> paths;
  std::size_t same_bytes = 0;
  if (const std::string golden = test::folder("CFM_GOLDEN"); !golden.empty()) {
    paths = {golden + "/readers/wfdb/ann.atr", golden + "/readers/wfdb/ann_clock.atr"};
  }
  CFM_NEEDS(data, "CFM_DATA");
  for (const char* part : {"mitdb", "cpsc2021", "nsrdb-rr", "wfdb-samples"}) {
    for (const auto& entry : std::filesystem::directory_iterator(data + "/" + part)) {
      if (entry.path().extension() == ".atr") paths.push_back(entry.path().string());
    }
  }
  for (const std::string& path : paths) {
    CAPTURE(path);
    const AnnotationFile file = read_annotations(path);
    write_annotations(folder / "copy.atr", file, true);
    CHECK(read_annotations(folder / "copy.atr") == file);
    same_bytes += test::slurp(folder / "copy.atr") == test::slurp(path) ? 1 : 0;
  }
  CHECK(same_bytes >= 14);  // the others count a final NUL as text, or change NUM before SUB
  const AnnotationFile defined = read_annotations(data + "/wfdb-samples/1003.atr");
  CHECK(defined.symbol(15) == "c");
  CHECK(defined.symbol(21) == "w");
}

TEST_CASE("code table") {
  const std::map<std::string, int> some = {{"N", 1},  {"V", 5},  {"/", 12}, {"~", 14}, {"\"", 22},
                                           {"+", 28}, {"[", 32}, {"f", 38}, {"r", 41}};
  for (const auto& [symbol, code] : some) {
    CHECK(annotation_symbol(code) == symbol);
    CHECK(annotation_code(symbol) == code);
  }
  CHECK(annotation_symbol(42) == "[42]");
  CHECK(!annotation_code("?!"));
  std::string beats;
  for (const AnnotationCode& c : annotation_codes()) beats += is_beat(c.code) ? std::string(c.symbol) : "";
  CHECK(beats == "NLRaVFJASEj/QB?enfr");
  CHECK(!is_beat(0));
  CHECK(!is_beat(14));
  CHECK(!is_beat(31));
}

}  // namespace
}  // namespace cfm::format
