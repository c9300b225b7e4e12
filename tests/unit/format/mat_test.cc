#include "base/file.h"
#include "format/mat_layout.h"
#include "golden_readers.h"

namespace cfm::format {
namespace {

using test::check_refused;
using test::golden_row;

struct Row {
  std::string name;
  SampleType type;
  OpenOptions options = {};
};

TEST_CASE("golden matrices") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const Row rows[] = {
      {"v4_double", SampleType::kF64, {.fs = 250}},
      {"v4_int16", SampleType::kI16, {.fs = 250}},
      {"v5_int16", SampleType::kI16, {.fs = 250}},
      {"v5_compressed", SampleType::kF64, {.fs = 250}},
      {"v5_columns", SampleType::kF64, {.fs = 250}},
      {"v5_nan_single", SampleType::kF32, {.fs = 250}},
      {"v73", SampleType::kF64, {}},
      {"v73_struct", SampleType::kI16, {}},
      {"v5_struct_fs", SampleType::kF64, {.channels = {{"II", ""}, {"PLETH", ""}}}},
  };
  for (const Row& row : rows) {
    const std::string file = "mat/" + row.name + ".mat";
    const auto recording = open_recording(golden + "/readers/" + file, row.name, row.options);
    test::check_golden(*recording, golden_row(golden, file));
    CHECK(recording->channels()[0].type == row.type);
  }
}

TEST_CASE("a rate beside the matrix, and the user's before it") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto fs = [&](const std::string& name, const OpenOptions& options) {
    return open_recording(golden + "/readers/mat/" + name + ".mat", "r", options)->fs();
  };
  CHECK(fs("v5_struct_fs", {}) == 250);
  CHECK(fs("v73_struct", {}) == 360);
  CHECK(fs("v73_struct", {.fs = 500}) == 500);
  CHECK(fs("v73_struct", {.variable = "rec.signal"}) == 360);
  CHECK(fs("v5_two_variables", {.variable = "ppg"}) == 125);
  check_refused(golden + "/readers/mat/v5_int16.mat", {}, Status::kUsage, {"no rate", "--fs"});
}

TEST_CASE("several matrices: one must be chosen") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::string path = golden + "/readers/mat/v5_two_variables.mat";
  check_refused(path, {}, Status::kUsage, {"--variable", "ecg (double, 1x600)", "ppg (double, 1x600)", "fs (", "1x1)"});
  check_refused(path, {.variable = "abp"}, Status::kUsage, {"'abp'", "ecg (double, 1x600)"});
  auto row = golden_row(golden, "mat/v5_two_variables.mat");
  for (const std::size_t c : {0, 1}) {
    auto one = row;
    one["channels"] = test::Json::array({row["channels"][c]});
    test::check_golden(*open_recording(path, "r", {.variable = c == 0 ? "ecg" : "ppg"}), one);
  }
  check_refused(golden + "/readers/mat/v5_struct_fs.mat", {.variable = "rec"}, Status::kMalformed, {"rec: struct"});
  check_refused(golden + "/readers/mat/v5_struct_fs.mat", {.variable = "rec.names"}, Status::kMalformed,
                {"rec.names: cell"});
}

TEST_CASE("what is no recording") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto refused = [&](const std::string& name, const std::vector<std::string>& parts) {
    check_refused(golden + "/readers/bad/" + name + ".mat", {.fs = 250}, Status::kMalformed, parts);
  };
  refused("complex", {"complex double"});
  refused("cell", {"cell"});
  refused("text", {"char"});
  refused("empty", {"empty matrix"});
  refused("three_dimensions", {"3 dimensions"});
  refused("cut", {"truncated", "900 bytes"});
  refused("cut_v73", {"truncated", "HDF5"});
}

TEST_CASE("every cut of a file is seen") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const test::TemporaryFolder folder;
  for (const char* name : {"v4_int16", "v5_int16", "v5_compressed", "v73_struct"}) {
    const std::string whole = test::slurp(golden + "/readers/mat/" + name + ".mat");
    for (std::size_t size = 150; size < whole.size(); size += 211) {
      write_file(folder / "cut.mat", whole.substr(0, size));
      INFO(name, " cut to ", size);
      CHECK(test::status_of([&] { open_recording(folder / "cut.mat", "r", {.fs = 250}); }) == Status::kMalformed);
    }
  }
}

TEST_CASE("sizes that lie") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const test::TemporaryFolder folder;
  const auto refused = [&](const std::string& name, std::size_t at, const std::string& bytes) {
    std::string text = test::slurp(golden + "/readers/mat/" + name + ".mat");
    text.replace(at, bytes.size(), bytes);
    write_file(folder / "a.mat", text);
    INFO(name);
    CHECK(test::status_of([&] { open_recording(folder / "a.mat", "r", {.fs = 250}); }) == Status::kMalformed);
  };
  refused("v4_int16", 4, "\xff\xff\xff\x7f");                                 // rows
  refused("v4_int16", 8, "\xff\xff\xff\x7f");                                 // columns
  refused("v5_int16", 128 + 8 + 16 + 8, "\xff\xff\xff\x7f\xff\xff\xff\x7f");  // both sizes
  refused("v5_int16", 128 + 8 + 16 + 8, std::string("\x00\x01\x00\x00\x00\x10\x00\x00", 8));
}

}  // namespace
}  // namespace cfm::format
