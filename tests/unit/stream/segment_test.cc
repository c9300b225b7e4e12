// Tensors in their unit, masks, preferred channels, and what encoding refuses.
#include <cmath>

#include "stream/json_text.h"
#include "stream_support.h"

using namespace cfm;
using namespace cfm::test;
using stream::Json, stream::Segment, stream::Tensor;

namespace {

Tensor signal(std::string name, std::string kind, std::vector<std::string> names, std::int64_t samples = 1) {
  const auto channels = static_cast<std::int64_t>(names.size());
  std::vector<float> values(static_cast<std::size_t>(channels * samples));
  return stream::make_tensor(std::move(name), {channels, samples}, std::move(values),
                             {{"kind", kind}, {"fs", 10}, {"names", names}});
}

}  // namespace

TEST_CASE("physical = (x - offset) * scale, missing is NaN") {
  Segment segment;
  segment.header["id"] = "a";
  segment.put(stream::make_tensor<std::int16_t>("ppg", {2, 3}, {1, 2, 3, 10, 20, 30},
                                                {{"kind", "ppg"},
                                                 {"fs", 125},
                                                 {"names", {"a", "b"}},
                                                 {"scale", {1.0, 0.5}},
                                                 {"offset", {0.0, 10.0}},
                                                 {"mask", "ppg/mask"}}));
  const Tensor& ppg = *segment.find("ppg");
  CHECK(status_of([&] { stream::physical(segment, ppg, 1); }) == Status::kMalformed);
  segment.put(stream::make_tensor<std::uint8_t>("ppg/mask", {2, 3}, {1, 1, 1, 1, 0, 1}, {{"kind", "mask"}}));
  const auto values = stream::physical(segment, *segment.find("ppg"), 1);
  CHECK(values[0] == 0.0F);
  CHECK(std::isnan(values[1]));
  CHECK(values[2] == 10.0F);
  CHECK(status_of([&] { stream::physical(segment, *segment.find("ppg"), 2); }) == Status::kMalformed);
  Segment floats;
  floats.put(stream::make_tensor<float>("x", {1, 2}, {1.5F, NAN}, {{"fs", 1}, {"names", {"x"}}}));
  CHECK(stream::physical(floats, floats.tensors[0], 0)[0] == 1.5F);
  CHECK(std::isnan(stream::physical(floats, floats.tensors[0], 0)[1]));
  Tensor half{
      "h", stream::Dtype::kF16, {1, 2}, {{"scale", {2.0}}}, Bytes::own(std::vector<std::uint16_t>{0x3C00, 0xC000})};
  CHECK(stream::physical(floats, half, 0) == std::vector<float>{2.0F, -4.0F});
}

TEST_CASE("the preferred ECG channel is II, then MLII, then the first") {
  Segment segment;
  segment.put(signal("ppg", "ppg", {"PLETH"}));
  segment.put(signal("ecg@500", "ecg", {"V5", "MLII"}));
  segment.put(signal("ecg", "ecg", {"I", "V1"}));
  auto at = stream::preferred_channel(segment, "ecg");
  REQUIRE(at);
  CHECK(at->tensor == 1);
  CHECK(at->channel == 1);
  segment.put(signal("ecg", "ecg", {"I", "ii"}));
  at = stream::preferred_channel(segment, "ecg");
  CHECK(at->tensor == 2);
  CHECK(at->channel == 1);
  CHECK(stream::preferred_channel(segment, "ppg")->tensor == 0);
  CHECK_FALSE(stream::preferred_channel(segment, "abp"));
}

TEST_CASE("rates, names and keys have their types") {
  Tensor t = signal("ecg", "ecg", {"I"});
  CHECK(t.fs() == 10);
  CHECK(t.is_signal());
  t.attributes.erase("fs");
  CHECK(status_of([&] { t.fs(); }) == Status::kMalformed);
  t.attributes["fs_num"] = 1000;
  t.attributes["fs_den"] = 3;
  CHECK(t.fs() == doctest::Approx(333.3333));
  t.attributes["names"] = {"I", "II"};
  CHECK_FALSE(t.is_signal());
  CHECK(status_of([&] { t.values<double>(); }) == Status::kMalformed);
  Segment s;
  s.header = {
      {"id", "a"}, {"record", "r"}, {"subject", nullptr}, {"quality", {{"score", nullptr}}}, {"labels", {{"x", true}}}};
  CHECK(s.subject_or_record() == "r");
  CHECK_FALSE(s.score());
  CHECK(s.label("x") == true);
  CHECK(s.label("y").is_null());
  s.header["subject"] = 7;
  CHECK(status_of([&] { s.subject(); }) == Status::kMalformed);
}

TEST_CASE("decoding keeps order, places and unknown things") {
  const std::string header =
      R"({"type":"segment","id":"a","tensors":{"b":{"dtype":"U8","shape":[3],"data_offsets":[64,67],"kind":"new","x":{"z":1,"a":2}},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}},"after":1,"x-mine":[]})";
  std::vector<std::uint8_t> payload(67);
  payload[0] = 9;
  payload[66] = 3;
  const stream::Frame frame{.type = 'S', .header = header, .payload = Bytes::own(payload)};
  Segment segment = stream::decode_segment(frame);
  CHECK(segment.find("a")->values<std::uint8_t>()[0] == 9);
  CHECK(segment.find("b")->values<std::uint8_t>()[2] == 3);
  std::vector<std::uint64_t> offsets;
  std::uint64_t length = 0;
  CHECK(
      stream::segment_header(segment, offsets, length) ==
      R"({"type":"segment","id":"a","tensors":{"b":{"dtype":"U8","shape":[3],"data_offsets":[0,3],"kind":"new","x":{"z":1,"a":2}},"a":{"dtype":"U8","shape":[1],"data_offsets":[64,65]}},"after":1,"x-mine":[]})");
  CHECK(offsets == std::vector<std::uint64_t>{0, 64});
  CHECK(length == 65);
  payload[30] = 1;  // between the tensors
  const std::string wrong = written({}, [&](OutputFile& out, const stream::WriteOptions& options) {
    stream::FrameWriter writer(out, options);
    writer.write(stream::Frame{.type = 'H', .header = hello(), .payload = {}});
    writer.write(stream::Frame{.type = 'S', .header = header, .payload = Bytes::own(payload)});
    writer.end_part({{"status", "ok"}}, false);
  });
  CHECK(read_status(wrong) == Status::kMalformed);
}

TEST_CASE("bad tensor entries are refused") {
  const auto status = [](const std::string& entry, const std::string& name = "t") {
    const std::string header = R"({"type":"segment","id":"a","tensors":{")" + name + "\":" + entry + "}}";
    return status_of([&] {
      stream::decode_segment({.type = 'S', .header = header, .payload = Bytes::own(std::vector<std::uint8_t>(128))});
    });
  };
  CHECK(status(R"({"dtype":"F32","shape":[2],"data_offsets":[64,72]})") == Status::kOk);
  CHECK(status(R"({"dtype":"F32","shape":[0,9007199254740992,9007199254740992],"data_offsets":[64,64]})") ==
        Status::kOk);
  CHECK(status(R"({"dtype":"F32","shape":[9007199254740992,9007199254740992,0],"data_offsets":[64,64]})") ==
        Status::kOk);
  for (const char* bad :
       {R"({"dtype":"F32","shape":[2],"data_offsets":[4,12]})", R"({"dtype":"F32","shape":[2],"data_offsets":[64]})",
        R"({"dtype":"F32","shape":[2],"data_offsets":[128,136]})", R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})",
        R"({"dtype":"F32","shape":[1.5],"data_offsets":[0,6]})", R"({"dtype":7,"shape":[2],"data_offsets":[0,8]})",
        R"({"dtype":"F64","shape":[4611686018427387904,4],"data_offsets":[0,0]})",
        R"({"shape":[2],"data_offsets":[0,8]})", R"({"dtype":"F32","shape":[2],"data_offsets":[72,64]})", R"([])",
        R"({"dtype":"F32","shape":[1,2],"data_offsets":[0,8],"kind":"ecg","fs":0})"}) {
    CAPTURE(bad);
    CHECK(status(bad) == Status::kMalformed);
  }
  CHECK(status(R"({"dtype":"F32","shape":[2],"data_offsets":[64,72]})", std::string(257, 'n')) == Status::kMalformed);
  CHECK(status(R"({"dtype":"F32","shape":[2],"data_offsets":[64,72]})", "") == Status::kMalformed);
}

TEST_CASE("text that is no UTF-8 cannot be written") {
  Segment segment = counting_segment(0);
  segment.header["labels"]["name"] = "M\xFCller";
  std::vector<std::uint64_t> offsets;
  std::uint64_t length = 0;
  CHECK(status_of([&] { stream::segment_header(segment, offsets, length); }) == Status::kMalformed);
}
