#include <cstring>
#include <limits>

#include "base/file.h"
#include "format/npy_header.h"
#include "format/readers.h"
#include "format/writer.h"
#include "golden_readers.h"

namespace cfm::format {
namespace {

using test::check_refused;
using test::golden_row;

std::string bytes_of(const auto& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof values[0]};
}

std::string header_text(const std::string& literal, int version = 1) {
  std::string text = "\x93NUMPY";
  text += static_cast<char>(version);
  text += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) text += static_cast<char>(literal.size() >> (8 * i) & 0xff);
  return text + literal;
}

std::string array(const std::string& descr, const std::string& shape, const std::string& data,
                  const std::string& order = "False") {
  return header_text("{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n") + data;
}

std::unique_ptr<Recording> open_text(const std::string& text, const OpenOptions& options = {.fs = 100}) {
  const test::TemporaryFolder folder;
  write_file(folder / "a.npy", text);
  return open_recording(folder / "a.npy", "a", options);
}

TEST_CASE("golden arrays") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  for (const char* name :
       {"float32", "float64", "int16", "fortran", "big_endian", "one_dimension", "nan", "version2"}) {
    const std::string file = std::string("npy/") + name + ".npy";
    const auto recording = open_recording(golden + "/readers/" + file, name, {.fs = 250});
    test::check_golden(*recording, golden_row(golden, file));
    CHECK(recording->fs() == 250);
    CHECK(recording->name() == name);
    CHECK(recording->channels()[0].name == "signal 0");
    CHECK((recording->channels()[0].type == SampleType::kI16) == (std::string(name) == "int16"));
  }
}

TEST_CASE("samples first: refused, unless the names say which side the channels are") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::string path = golden + "/readers/npy/samples_first.npy";
  check_refused(path, {.fs = 250}, Status::kUsage, {"(400, 2)", "400 channels of 2 samples", "transpose"});
  const auto recording = open_recording(path, "r", {.fs = 250, .channels = {{"II", "mv"}, {"PLETH", ""}}});
  test::check_golden(*recording, golden_row(golden, "npy/samples_first.npy"));
  CHECK(recording->channels()[0].unit == "mV");
  CHECK(recording->channels()[0].kind == "ecg");
  CHECK(recording->channels()[1].kind == "ppg");
}

TEST_CASE("damaged arrays") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto refused = [&](const std::string& name, const std::vector<std::string>& parts) {
    check_refused(golden + "/readers/bad/" + name + ".npy", {.fs = 250}, Status::kMalformed, parts);
  };
  refused("more_than_there", {"truncated", "3200", "32000"});
  refused("less_than_there", {"3200 bytes", "needs 320", "2880 trailing"});
  refused("overflow", {"more than any file holds"});
  refused("negative", {"negative"});
  refused("object", {"object array", "never read"});
  refused("complex", {"complex", "c8"});
  refused("structured", {"structured"});
  refused("three_dimensions", {"3 dimensions"});
  refused("header_length", {"header truncated"});
  refused("cut", {"truncated", "3200"});
  refused("magic_only", {"header truncated", "6 bytes"});
}

TEST_CASE("without a rate") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::string path = golden + "/readers/npy/float32.npy";
  check_refused(path, {}, Status::kUsage, {"no rate", "--fs"});
  check_refused(path, {.fs = 0}, Status::kUsage, {"no rate", "--fs"});
  check_refused(path, {.fs = 250, .channels = {{"II", ""}}}, Status::kUsage, {"1 names", "2 channels"});
}

TEST_CASE("every type, both byte orders") {
  const auto read = [](const std::string& descr, const std::string& data) {
    const auto recording = open_text(array(descr, "(2,)", data));
    return std::pair(test::physical(*recording, 0, 0, 2), recording->channels()[0].type);
  };
  using Values = std::vector<double>;
  CHECK(read("|b1", std::string("\1\0", 2)) == std::pair(Values{1, 0}, SampleType::kI16));
  CHECK(read("|i1", "\xff\x7f") == std::pair(Values{-1, 127}, SampleType::kI16));
  CHECK(read("|u1", "\xff\x7f") == std::pair(Values{255, 127}, SampleType::kI16));
  CHECK(read("<i2", "\xfe\xff\x01\x02") == std::pair(Values{-2, 513}, SampleType::kI16));
  CHECK(read(">i2", "\xff\xfe\x02\x01") == std::pair(Values{-2, 513}, SampleType::kI16));
  CHECK(read("<u2", "\xfe\xff\x01\x02") == std::pair(Values{65534, 513}, SampleType::kI32));
  CHECK(read("<i4", bytes_of(std::vector<std::int32_t>{-5, 1 << 30})) ==
        std::pair(Values{-5, 1 << 30}, SampleType::kI32));
  CHECK(read("<u4", bytes_of(std::vector<std::uint32_t>{5, 0xffffffffU})) ==
        std::pair(Values{5, 4294967295.0}, SampleType::kF64));
  CHECK(read("<i8", bytes_of(std::vector<std::int64_t>{-5, 1LL << 52})) ==
        std::pair(Values{-5, 0x1p52}, SampleType::kF64));
  CHECK(read("<f2", std::string("\x00\x3c\x00\xc0", 4)) == std::pair(Values{1, -2}, SampleType::kF32));
  CHECK(read(">f8", std::string("\x3f\xf8\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0", 16)) ==
        std::pair(Values{1.5, -2}, SampleType::kF64));
  const auto huge = open_text(array("<i8", "(1,)", bytes_of(std::vector<std::int64_t>{(1LL << 53) + 1})));
  CHECK(test::status_of([&] { test::physical(*huge, 0, 0, 1); }) == Status::kMalformed);
}

TEST_CASE("headers are read strictly") {
  const auto refused = [](const std::string& literal) {
    return test::status_of([&] { parse_npy_header(header_text(literal) + std::string(8, ' '), "a.npy"); }) ==
           Status::kMalformed;
  };
  CHECK(!refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"));
  CHECK(!refused("{\"shape\":(1,2),\"fortran_order\":True,\"descr\":\"<f4\"}  \n"));
  CHECK(refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)"));
  CHECK(refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'shape': (2,)}"));
  CHECK(refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} 1"));
  CHECK(refused("{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}"));
  CHECK(refused("{'descr': '<f4', 'fortran_order': False}"));
  CHECK(refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2}"));
  CHECK(refused("{'descr': '<f4', 'fortran_order': False, 'shape': ()}"));
  CHECK(refused("{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}"));
  CHECK(refused("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}"));
  CHECK(refused("{'descr': '<U2', 'fortran_order': False, 'shape': (1,)}"));
  CHECK(refused("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (1,)}"));
  CHECK(refused("{'descr': '', 'fortran_order': False, 'shape': (2,)}"));
  CHECK(refused(""));
  CHECK(test::status_of([] { parse_npy_header("\x93NUMPY\x04", "a.npy"); }) == Status::kMalformed);
  CHECK(
      parse_npy_header(header_text("{'descr':'<f4','fortran_order':False,'shape':(2,)}", 3) + std::string(8, ' '), "a")
          .columns == 2);
}

TEST_CASE("what is written is read") {
  const test::TemporaryFolder folder;
  RecordLayout layout{.name = "r", .fs = 250, .channels = std::vector<Channel>(2)};
  layout.channels[0].scale = 0.005;
  layout.channels[0].offset = 10;
  layout.channels[1].type = SampleType::kF32;
  {
    const auto writer = create_npy(folder / "a.npy", layout);
    for (std::int32_t i = 0; i < 300; ++i) {  // more than a block of the spool in all, in uneven pieces
      const auto n = static_cast<std::size_t>(1 + 7 * i);
      std::vector<Samples> samples(2);
      samples[0].digital.assign(n, i == 5 ? kMissing : i);
      samples[1].real.assign(n, i == 6 ? NAN : i * 0.5);
      writer->write(samples, static_cast<std::int64_t>(n));
    }
    CHECK(!std::filesystem::exists(folder / "a.npy"));
    writer->finish({});
  }
  const auto recording = open_recording(folder / "a.npy", "a", {.fs = 250});
  REQUIRE(recording->frames() == 300 + 7 * 299 * 300 / 2);
  CHECK(recording->channels()[0].type == SampleType::kF32);
  const auto first = test::physical(*recording, 0, 0, recording->frames());
  const auto second = test::physical(*recording, 1, 0, recording->frames());
  std::size_t at = 0, wrong = 0;
  for (int i = 0; i < 300; ++i) {
    for (int k = 0; k < 1 + 7 * i; ++k, ++at) {
      const bool good = i == 5 ? std::isnan(first[at]) : first[at] == static_cast<float>((i - 10) * 0.005);
      const bool also = i == 6 ? std::isnan(second[at]) : second[at] == i * 0.5;
      wrong += !good || !also;
    }
  }
  CHECK(wrong == 0);

  CHECK(test::status_of([&] { create_npy(folder / "a.npy", layout); }) != Status::kOk);
  layout.force = true;
  layout.channels[1].type = SampleType::kF64;
  const auto wide = create_npy(folder / "a.npy", layout);
  std::vector<Samples> samples(2);
  samples[0].digital = {1};
  samples[1].real = {0.1};
  wide->write(samples, 1);
  wide->finish({});
  const auto again = open_recording(folder / "a.npy", "a", {.fs = 250, .channels = {{"a", ""}, {"b", ""}}});
  CHECK(test::physical(*again, 1, 0, 1) == std::vector<double>{0.1});
  layout.channels[1].samples_per_frame = 2;
  CHECK(test::status_of([&] { create_npy(folder / "b.npy", layout); }) == Status::kUsage);
  CHECK(!std::filesystem::exists(folder / "b.npy"));
}

}  // namespace
}  // namespace cfm::format
