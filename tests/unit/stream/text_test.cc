// The text twin: every dtype exactly, free spelling, edits by line tools.
#include <bit>
#include <cmath>
#include <limits>

#include "stream/half.h"
#include "stream_support.h"

using namespace cfm;
using namespace cfm::test;
using stream::Dtype, stream::Form, stream::Frame, stream::Json, stream::Payload;

namespace {

template <typename T>
stream::Tensor raw(std::string name, Dtype dtype, std::vector<std::int64_t> shape, std::vector<T> values) {
  return {std::move(name), dtype, std::move(shape), {{"kind", "event"}}, Bytes::own(std::move(values))};
}

std::string stream_of(const stream::Segment& segment, Form form = Form::kBinary) {
  return written({.form = form}, [&](OutputFile& out, const stream::WriteOptions& options) {
    stream::FrameWriter writer(out, options);
    writer.write(Frame{.type = 'H', .part_id = 7, .header = hello(), .payload = {}});
    writer.write(segment);
    writer.end_part({{"status", "ok"}}, true);
  });
}

const std::string kEnd = "{\"type\":\"end\",\"status\":\"ok\"}\n";
const std::string kHead = hello() + "\n";

std::string line(const std::string& dtype, const std::string& shape, int bytes, const std::string& data) {
  return R"({"type":"segment","id":"a","tensors":{"t":{"dtype":")" + dtype + R"(","shape":)" + shape +
         R"(,"data_offsets":[0,)" + std::to_string(bytes) + R"(]}},"data":{"t":)" + data + "}}\n";
}

template <typename T>
std::vector<T> parsed(const std::string& dtype, const std::string& shape, int bytes, const std::string& data) {
  const auto all = read_all(kHead + line(dtype, shape, bytes, data) + kEnd);
  const auto span = all.frames.at(1).payload.span();
  std::vector<T> out(span.size() / sizeof(T));
  std::memcpy(out.data(), span.data(), span.size());
  return out;
}

}  // namespace

TEST_CASE("every dtype survives binary, text, binary") {
  using F = std::numeric_limits<float>;
  using D = std::numeric_limits<double>;
  stream::Segment segment;
  segment.header = {{"id", "r/0"}, {"x-key", {{"deep", {1, 2.5, "ü\"\\\n"}}}}};
  segment.put(raw<double>("f64", Dtype::kF64, {2, 4},
                          {0.0, -0.0, D::denorm_min(), D::max(), 0.1, -1e300, D::infinity(), D::quiet_NaN()}));
  segment.put(raw<float>("f32", Dtype::kF32, {8},
                         {0.0F, -0.0F, F::denorm_min(), F::max(), 0.1F, 16777216.0F, -F::infinity(), F::quiet_NaN()}));
  std::vector<std::uint16_t> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i)
    halves[i] = static_cast<std::uint16_t>((i & 0x7FFFU) > 0x7C00U ? 0x7E00U : i);
  segment.put(raw("f16", Dtype::kF16, {256, 256}, halves));
  segment.put(raw<std::uint16_t>("bf16", Dtype::kBF16, {3}, {0x3F80, 0x8000, 0x7FC1}));
  segment.put(raw<std::int64_t>("i64", Dtype::kI64, {2}, {INT64_MIN, INT64_MAX}));
  segment.put(raw<std::int32_t>("i32", Dtype::kI32, {1, 2, 1}, {INT32_MIN, INT32_MAX}));
  segment.put(raw<std::int16_t>("i16", Dtype::kI16, {2}, {INT16_MIN, INT16_MAX}));
  segment.put(raw<std::uint64_t>("u64", Dtype::kU64, {2}, {0, UINT64_MAX}));
  segment.put(raw<std::uint8_t>("u8", Dtype::kU8, {2}, {0, 255}));
  segment.put(raw<std::uint8_t>("bool", Dtype::kBool, {2}, {0, 1}));
  segment.put(raw<float>("scalar", Dtype::kF32, {}, {-F::infinity()}));
  segment.put(raw<float>("empty", Dtype::kF32, {2, 0, 3}, {}));
  segment.put(raw<std::uint32_t>("nans", Dtype::kF32, {2}, {0xFFC00000U, 0x7FC00001U}));
  segment.put(raw<std::uint8_t>("odd bool", Dtype::kBool, {1}, {2}));
  const std::string binary = stream_of(segment);
  const std::string text = converted(binary, Form::kText);
  CHECK(stream_of(segment, Form::kText) == text);
  CHECK(text.find("[0.0,-0.0,1e-45,3.4028235e+38,0.1,16777216.0,\"-inf\",null]") != std::string::npos);
  CHECK(text.find("18446744073709551615") != std::string::npos);
  for (const Way way : kWays) CHECK(converted(text, Form::kBinary, Payload::kText, way) == binary);
  CHECK(converted(converted(binary, Form::kText, Payload::kBase64), Form::kBinary) == binary);
}

TEST_CASE("halves convert exactly and round to even") {
  for (unsigned i = 0; i < 0x7C00U; ++i) {
    const auto half = static_cast<std::uint16_t>(i);
    REQUIRE(stream::half_of(stream::float_of_half(half)) == half);
  }
  CHECK(stream::half_of(65519.0) == 0x7BFF);
  CHECK(stream::half_of(65520.0) == 0x7C00);
  CHECK(stream::half_of(1.0 + 0x1p-11) == 0x3C00);
  CHECK(stream::half_of(1.0 + 3 * 0x1p-11) == 0x3C02);
  CHECK(stream::half_of(-0x1p-25) == 0x8000);
  CHECK(stream::half_of(0x1.8p-24) == 0x0002);
}

TEST_CASE("numbers may be spelt as people and tools do") {
  CHECK(parsed<std::int32_t>("I32", "[4]", 16, "[1.0, -2e2 ,\t3,4]") == std::vector<std::int32_t>{1, -200, 3, 4});
  CHECK(parsed<float>("F32", "[3]", 12, "[1,0.10000000000000001,1e-60]") == std::vector<float>{1.0F, 0.1F, 0.0F});
  CHECK(parsed<float>("F32", "[1]", 4, "\"AACAPw==\"") == std::vector<float>{1.0F});
  const auto refused = [](const std::string& dtype, const std::string& shape, int bytes, const std::string& data) {
    return status_of([&] { parsed<std::uint8_t>(dtype, shape, bytes, data); }) == Status::kMalformed;
  };
  CHECK(refused("I16", "[1]", 2, "[32768]"));
  CHECK(refused("I16", "[1]", 2, "[1.5]"));
  CHECK(refused("I16", "[1]", 2, "[null]"));
  CHECK(refused("U8", "[1]", 1, "[-1]"));
  CHECK(refused("U64", "[1]", 8, "[1e20]"));
  CHECK(refused("F32", "[1]", 4, "[1e39]"));
  CHECK(refused("F32", "[1]", 4, "[nan]"));
  CHECK(refused("F32", "[2]", 8, "[1]"));
  CHECK(refused("F32", "[2]", 8, "[1,2,3]"));
  CHECK(refused("F32", "[2]", 8, "[[1,2]]"));
  CHECK(refused("F32", "[1]", 4, "\"AACAP\""));
  CHECK(refused("F32", "[1]", 4, "\"AACAPwAA\""));
  CHECK(refused("BF16", "[1]", 2, "[1]"));
  CHECK(refused("F32", "[1]", 8, "[1]"));
}

TEST_CASE("a line tool may drop, reorder and annotate lines") {
  const std::string text = converted(counting_stream(3), Form::kText);
  std::string filtered;
  std::istringstream lines(text);
  for (std::string l; std::getline(lines, l);) {
    if (l.find("\"id\":\"r/100\"") != std::string::npos) continue;
    if (l.find("\"id\":\"r/0\"") != std::string::npos) l.insert(l.find("\"id\""), "\"x-mine\" : 1.50, ");
    filtered += l + "\n\n";
  }
  for (const Way way : kWays) {
    const std::string binary = converted(filtered, Form::kBinary, Payload::kText, way);
    const auto all = read_all(binary, way);
    REQUIRE(all.frames.size() == 6);  // H S S n x E: counts and index agree, else reading would fail
    CHECK(all.frames[1].header.find("\"x-mine\":1.50,\"id\"") != std::string::npos);
    CHECK(Json::parse(all.frames[5].header)["segments"] == 2);
  }
  // Sorted keys, as jq -S writes them.
  const std::string sorted =
      "{\"format\":\"cfm-stream\",\"type\":\"head\",\"version\":\"1.0\"}\n{\"status\":\"ok\",\"type\":\"end\"}\n";
  const auto frames = read_all(sorted).frames;
  CHECK(frames.at(0).header == R"({"type":"head","format":"cfm-stream","version":"1.0"})");
  CHECK(frames.at(0).part_id == stream::derived_part_id(frames[0].header));
}

TEST_CASE("broken lines are refused") {
  for (const std::string bad :
       {"{\"type\":\"segment\"}", "{\"type\":\"segment\",\"id\":\"a\",\"id\":\"a\"}", "[1]",
        "{\"type\":\"segment\",\"id\":\"a\"", "{\"type\":\"segment\",\"id\":\"a\"} x",
        "{\"type\":\"segment\",\"id\":\"\\ud800\"}", "{\"type\":\"segment\",\"id\":\"\xff\"}",
        "{\"type\":\"segment\",\"id\":\"a\",\"n\":01}", "{\"type\":\"segment\",\"id\":\"a\",\"n\":NaN}",
        "{\"type\":\"\"}", "{\"type\":\"head\"}", "{\"type\":\"end\"}"}) {
    CAPTURE(bad);
    CHECK(read_status(kHead + bad + "\n" + kEnd) == Status::kMalformed);
  }
  CHECK(read_status(kHead + "{\"type\":\"Q\"}\n" + kEnd) == Status::kIncompatible);
  CHECK(read_status(kHead) == Status::kMalformed);
  CHECK(read_status(kEnd) == Status::kMalformed);
  CHECK(read_status(kHead + kEnd) == Status::kOk);
  CHECK(read_status(kHead + kHead + kEnd) == Status::kMalformed);
  CHECK(read_status("{\"type\":\"head\",\"version\":\"2.0\"}\n" + kEnd) == Status::kIncompatible);
  const std::string segment = "{\"type\":\"segment\",\"id\":\"a\"}\n";
  CHECK(read_status(kHead + segment + kEnd) == Status::kOk);
  CHECK(read_status(kHead + segment + segment + kEnd) == Status::kMalformed);
}

TEST_CASE("payload that no tensor covers travels as base64") {
  const std::vector<std::uint8_t> bytes = {1, 2, 3};
  const std::string binary = written({}, [&](OutputFile& out, const stream::WriteOptions& options) {
    stream::FrameWriter writer(out, options);
    writer.write(Frame{.type = 'H', .part_id = 7, .header = hello(), .payload = {}});
    writer.write(
        Frame{.type = 'q', .crc = false, .header = R"({"type":"q","tensors":"mine"})", .payload = Bytes::own(bytes)});
    writer.write(
        Frame{.type = 'S', .header = R"({"type":"segment","id":"a","x":{"y":[]}})", .payload = Bytes::own(bytes)});
    writer.end_part({{"status", "partial"}, {"skipped", 3}, {"x-more", "kept"}}, false);
  });
  const std::string text = converted(binary, Form::kText);
  CHECK(text.find(R"("crc":false,"payload":"AQID"})") != std::string::npos);
  CHECK(text.find(R"("x-more":"kept")") != std::string::npos);
  CHECK(converted(text, Form::kBinary) == binary);
}
