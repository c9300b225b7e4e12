#include "record/raw.h"

#include <cmath>
#include <cstring>
#include <thread>

#include "support.h"

namespace cfm::record {
namespace {

// Keeps what it gets.
class Keep : public Sink {
 public:
  void begin(const stream::Json&) override { ++begun; }
  void write(const Cut& cut) override { segments.push_back(cut.segment); }
  void pass(const stream::Frame&) override {}
  void end(const stream::Counts& counts, bool) override { ended = counts.written; }
  int begun = 0;
  std::uint64_t ended = 0;
  std::vector<stream::Segment> segments;
};

template <typename T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

struct Read {
  Keep sink;
  stream::Counts counts;
};

Read read(const std::string& bytes, RawOptions options, CutOptions cut) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "raw", std::ios::binary) << bytes;
  InputFile input = InputFile::open(folder / "raw");
  Read out;
  out.counts = read_raw(input, options, {.cut = cut}, out.sink);
  return out;
}

TEST_CASE("interleaved floats become segments of channels") {
  std::vector<float> samples;
  for (int i = 0; i < 1050; ++i)
    samples.insert(samples.end(), {static_cast<float>(i), i == 7 ? NAN : static_cast<float>(-i)});
  const Read got = read(bytes_of(samples), {.fs = 100, .channels = parse_channels("II,PLETH:NU")}, {.length = 2});
  REQUIRE(got.sink.segments.size() == 5);
  CHECK(got.sink.begun == 1);
  CHECK(got.sink.ended == 5);
  CHECK(got.counts.skipped.at("tail") == 1);
  const stream::Segment& third = got.sink.segments[2];
  CHECK(third.id() == "stdin/400");
  CHECK(third.start() == 4);
  CHECK(third.find("ecg")->values<float>()[3] == 403);
  CHECK(third.find("ppg")->values<float>()[3] == -403);
  CHECK(third.find("ecg")->units()[0] == "mV");
  CHECK(std::isnan(got.sink.segments[0].find("ppg")->values<float>()[7]));
}

TEST_CASE("integers keep their values, their step and what is missing") {
  const std::vector<std::int16_t> samples{100, 7, -32768, 8, 102, 9, 103, 10};
  const auto channels = parse_channels("II:5uV, ABP:0.1kPa");
  const Read got =
      read(bytes_of(samples), {.type = RawType::kI16, .fs = 2, .channels = channels}, {.length = 2, .max_missing = 1});
  REQUIRE(got.sink.segments.size() == 1);
  const stream::Segment& segment = got.sink.segments[0];
  const stream::Tensor& ecg = *segment.find("ecg");
  CHECK(ecg.units()[0] == "mV");
  CHECK(ecg.scale(0) == doctest::Approx(0.005));
  CHECK(ecg.values<std::int16_t>()[3] == 103);
  const auto mv = physical(segment, ecg, 0);
  CHECK(mv[0] == doctest::Approx(0.5));
  CHECK(std::isnan(mv[1]));
  CHECK(segment.find("abp")->units()[0] == "mmHg");
  CHECK(physical(segment, *segment.find("abp"), 0)[3] == doctest::Approx(7.50062));
}

TEST_CASE("an input cut within a frame, an empty one, and one too long for a whole segment are errors") {
  const RawOptions options{.fs = 2, .channels = parse_channels("II,V5")};
  CHECK(test::status_of([&] { read(std::string(12, '\0'), options, {.length = 1}); }) == Status::kMalformed);
  CHECK(test::status_of([&] { read("", options, {.length = 1}); }) == Status::kMalformed);
  CHECK(test::status_of([&] { read(std::string(800, '\0'), options, {.whole = true, .max_frame = 400}); }) ==
        Status::kUsage);
  CHECK(test::status_of([&] { read("12345678", {.fs = NAN, .channels = parse_channels("II")}, {}); }) ==
        Status::kUsage);
}

TEST_CASE("a segment leaves when its last sample is there, not when the input ends") {
  const test::TemporaryFolder folder;
  const std::string pipe = folder / "pipe";
  REQUIRE(std::system(("mkfifo " + pipe).c_str()) == 0);
  Keep sink;
  std::size_t before_end = 0;
  std::thread device([&] {
    std::ofstream out(pipe, std::ios::binary);
    const std::vector<float> samples(250, 1.0F);
    out << bytes_of(samples) << std::flush;
    for (int i = 0; i < 400 && sink.segments.empty(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    before_end = sink.segments.size();
  });
  InputFile input = InputFile::open(pipe);
  read_raw(input, {.fs = 250, .channels = parse_channels("II")}, {.cut = {.length = 1}}, sink);
  device.join();
  CHECK(before_end == 1);
}

TEST_CASE("names of channels") {
  const auto channels = parse_channels(" II , PLETH : NU,ABP:0.1mmHg");
  REQUIRE(channels.size() == 3);
  CHECK(channels[0].name == "II");
  CHECK(channels[1].unit == "NU");
  CHECK(channels[2].scale == 0.1);
  CHECK(channels[2].unit == "mmHg");
  for (const char* bad : {"", "II,", ":mV", "II:0mV", "II:infmV"}) {
    CAPTURE(bad);
    CHECK(test::status_of([&] { parse_channels(bad); }) == Status::kUsage);
  }
}

}  // namespace
}  // namespace cfm::record
