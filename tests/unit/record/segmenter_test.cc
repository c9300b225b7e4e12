#include "record/segmenter.h"

#include "record/fake_recording.h"
#include "support.h"

using namespace cfm;
using namespace cfm::record;
using stream::Json;

namespace {

RecordCutter cutter(test::FakeRecording recording, const CutOptions& options, const char* signals = "all") {
  options.check();
  RecordFacts facts;
  facts.subject = "p1";
  facts.source = "db";
  return {std::make_shared<test::FakeRecording>(std::move(recording)), Selection::parse(signals), options, facts};
}

test::FakeRecording two_leads(std::int64_t frames) {
  return test::FakeRecording(100, frames).with("V", "ecg").with("II", "ecg");
}

// First frame of each window, as in the ids; a reason where one is left out.
std::vector<std::string> windows(const RecordCutter& cutter) {
  std::vector<std::string> out;
  for (std::int64_t k = 0; k < cutter.windows(); ++k) {
    const Cut cut = cutter.cut(k);
    out.push_back(cut.reason.empty() ? cut.segment.id().substr(8) : cut.reason);
  }
  return out;
}

}  // namespace

TEST_CASE("a segment says where it comes from and keeps samples as recorded") {
  const auto c = cutter(two_leads(7000), {}, "ecg");
  const Cut cut = c.cut(1);
  CHECK(cut.segment.header.dump() ==
        R"({"id":"ward/r1/3000","record":"ward/r1","subject":"p1","source":"db","split":null,"start":30,)"
        R"("clock":{"fs":100,"sample":3000},"t_abs":"2024-03-01T00:00:20.5"})");
  REQUIRE(cut.segment.tensors.size() == 1);
  const stream::Tensor& ecg = cut.segment.tensors[0];
  CHECK(ecg.name == "ecg");
  CHECK(ecg.shape == std::vector<std::int64_t>{1, 3000});
  CHECK(ecg.attributes.dump() ==
        R"({"kind":"ecg","fs":100,"names":["II"],"units":["mV"],"scale":[0.5],"offset":[10]})");
  CHECK(ecg.values<std::int16_t>()[7] == test::FakeRecording::value(1, 3007));
  CHECK(physical(cut.segment, ecg, 0)[7] == 0.5F * static_cast<float>(test::FakeRecording::value(1, 3007) - 10));
}

TEST_CASE("one tensor a kind and rate, wide ones as I32, channels in the order of the list") {
  const auto c = cutter(test::FakeRecording(100, 3000)
                            .with("V", "ecg")
                            .with("PLETH", "ppg", 2, format::SampleType::kI32)
                            .with("II", "ecg", 5)
                            .with("I", "ecg"),
                        {}, "ppg,I,V,II");
  const Cut cut = c.cut(0);
  REQUIRE(cut.segment.tensors.size() == 3);
  CHECK(cut.segment.tensors[0].name == "ppg");
  CHECK(cut.segment.tensors[0].dtype == stream::Dtype::kI32);
  CHECK(cut.segment.tensors[0].shape == std::vector<std::int64_t>{1, 6000});
  CHECK(cut.segment.tensors[1].name == "ecg");
  CHECK(cut.segment.tensors[1].names() == std::vector<std::string>{"I", "V"});
  CHECK(cut.segment.tensors[2].name == "ecg@500");
  CHECK(cut.segment.tensors[2].fs() == 500);
  CHECK(cut.segment.tensors[2].samples() == 15000);
  REQUIRE(cut.order.size() == 4);
  CHECK((cut.order[2].tensor == 1 && cut.order[2].channel == 1));
}

TEST_CASE("windows: length, stride, from, until, tail") {
  const auto of = [](CutOptions options, std::int64_t frames = 10000) {
    return windows(cutter(two_leads(frames), options));
  };
  using List = std::vector<std::string>;
  CHECK(of({}) == List{"0", "3000", "6000", "tail"});
  CHECK(of({}, 9000) == List{"0", "3000", "6000"});
  CHECK(of({.length = 50.0}) == List{"0", "5000"});
  CHECK(of({.length = 50.0, .stride = 20.0}) == List{"0", "2000", "4000", "tail"});
  CHECK(of({.length = 50.0, .stride = 25.0}) == List{"0", "2500", "5000"});
  CHECK(of({.length = 10.0, .stride = 40.0}) == List{"0", "4000", "8000"});
  CHECK(of({.from = "0:35"}) == List{"3500", "6500", "tail"});
  CHECK(of({.from = "40", .until = "1:10"}) == List{"4000"});
  CHECK(of({.from = "40", .until = "50"}) == List{"4000"});  // the window is the segment
  CHECK(of({.length = 30.0, .from = "40", .until = "50"}) == List{"tail"});
  CHECK(of({.from = "1:35", .until = "1:45"}) == List{"tail"});  // the record ends within the window
  CHECK(of({.from = "s9000", .until = "e"}) == List{"tail"});
  CHECK(of({.until = "1:05"}) == List{"0", "3000", "tail"});
  CHECK(of({.whole = true}) == List{"0"});
  CHECK(of({.whole = true, .from = "5"}) == List{"500"});
  CHECK(of({.length = 40.0, .tail = Tail::kPad}) == List{"0", "4000", "missing"});
  CHECK(of({.length = 40.0, .tail = Tail::kPad, .max_missing = 0.5}) == List{"0", "4000", "8000"});
}

TEST_CASE("a padded tail is missing samples") {
  const auto c = cutter(two_leads(1000), {.length = 20.0, .tail = Tail::kPad, .max_missing = 1});
  const Cut cut = c.cut(0);
  const stream::Tensor* ecg = cut.segment.find("ecg");
  const stream::Tensor* mask = cut.segment.find("ecg/mask");
  REQUIRE(ecg != nullptr);
  REQUIRE(mask != nullptr);
  CHECK(ecg->attributes["mask"] == "ecg/mask");
  CHECK(mask->attributes.dump() == R"({"kind":"mask"})");
  CHECK(mask->shape == ecg->shape);
  CHECK(mask->values<std::uint8_t>()[999] == 1);
  CHECK(mask->values<std::uint8_t>()[1000] == 0);
  CHECK(mask->values<std::uint8_t>()[2000] == 1);
  CHECK(ecg->values<std::int16_t>()[1000] == 0);
}

TEST_CASE("a channel that lacks too much") {
  auto recording = two_leads(6000);
  recording.lost = {100, 700};  // 20 % of the first window of V
  CHECK(windows(cutter(recording, {})) == std::vector<std::string>{"0", "3000"});
  recording.lost = {100, 701};
  CHECK(windows(cutter(recording, {})) == std::vector<std::string>{"missing", "3000"});
  CHECK(windows(cutter(recording, {}, "II")) == std::vector<std::string>{"0", "3000"});
  CHECK(windows(cutter(recording, {.max_missing = 1})) == std::vector<std::string>{"0", "3000"});
  CHECK(cutter(recording, {.max_missing = 1}).cut(1).segment.find("ecg/mask") == nullptr);
}

TEST_CASE("records that give nothing, and why") {
  CHECK(cutter(two_leads(6000), {}, "ppg").reason() == "no_ppg");
  CHECK(cutter(two_leads(6000), {.min_channels = 3}).reason() == "few_channels");
  CHECK(cutter(two_leads(6000), {.from = "2:00"}).reason() == "outside");
  CHECK(cutter(two_leads(0), {}).reason() == "outside");
}

TEST_CASE("options that contradict each other") {
  using test::status_of;
  CHECK(status_of([] { cutter(two_leads(6000), {.length = 5.0, .whole = true}); }) == Status::kUsage);
  CHECK(status_of([] { cutter(two_leads(6000), {.length = 0.0}); }) == Status::kUsage);
  CHECK(status_of([] { cutter(two_leads(6000), {.length = 0.001}); }) == Status::kUsage);
  CHECK(status_of([] { cutter(two_leads(6000), {.stride = -1.0}); }) == Status::kUsage);
  CHECK(status_of([] { cutter(two_leads(6000), {.from = "20", .until = "10"}); }) == Status::kUsage);
  CHECK(status_of([] { cutter(two_leads(6000), {.from = "soon"}); }) == Status::kUsage);
  CHECK(status_of([] { cutter(two_leads(6000), {.whole = true, .max_frame = 1000}); }) == Status::kUsage);
}

TEST_CASE("absolute times") {
  CHECK(later("2024-02-29T23:59:50.5", 9.5) == "2024-03-01T00:00:00");
  CHECK(later("2014-05-08T05:05:15", 0.004) == "2014-05-08T05:05:15.004");
  CHECK(later("2014-05-08T05:05:15Z", 45) == "2014-05-08T05:06:00Z");
  CHECK(later("10:23:45", 1).is_null());
  CHECK(later("2023-02-29T00:00:00", 1).is_null());
}
