#include "record/resegment.h"

#include "record/fake_recording.h"
#include "support.h"

using namespace cfm;
using namespace cfm::record;
using stream::Json;
using stream::Segment;

namespace {

// ECG at 100 Hz, PPG at 200 Hz, a beat every second, rhythm N until 45 s, then AFIB.
std::vector<Segment> cut(double length, std::int64_t frames = 12000, const char* from = "") {
  auto recording = std::make_shared<test::FakeRecording>(
      test::FakeRecording(100, frames).with("II", "ecg").with("V", "ecg").with("PLETH", "ppg", 2));
  recording->lost = {2500, 2600};
  RecordFacts facts;
  facts.subject = "p1";
  CutOptions options;
  options.length = length;
  options.from = from;
  options.max_missing = 1;
  const RecordCutter cutter(recording, Selection::parse("all"), options, facts);
  std::vector<Segment> out;
  for (std::int64_t k = 0; k < cutter.windows(); ++k) {
    Cut c = cutter.cut(k);
    if (!c.reason.empty()) continue;
    Segment& s = c.segment;
    const double first = s.header["clock"]["sample"].get<double>(), n = length * 100;
    std::vector<double> beats, rhythm;
    for (double b = 50; b < 12000; b += 100) {
      if (b >= first && b < first + n) beats.insert(beats.end(), {b - first, 1, 1});
    }
    Json aux = Json::array();
    const auto span = [&](double a, double b, const char* name) {
      a = std::max(a - first, 0.0), b = std::min(b - first, n);
      if (a >= b) return;
      aux.push_back(name);
      rhythm.insert(rhythm.end(), {a, b, 28, static_cast<double>(aux.size() - 1)});
    };
    span(0, 4500, "(N");
    span(4500, 12000, "(AFIB");
    const auto rows = [](const std::vector<double>& v, std::size_t w) {
      return static_cast<std::int64_t>(v.size() / w);
    };
    s.put(stream::make_tensor("reference/beats", {rows(beats, 3), 3}, beats,
                              Json{{"kind", "event"}, {"of", "ecg"}, {"columns", {"sample", "code", "channel"}}}));
    auto tensor = stream::make_tensor(
        "reference/rhythm", {rows(rhythm, 4), 4}, rhythm,
        Json{{"kind", "event"}, {"of", "ecg"}, {"columns", {"sample", "end", "code", "aux"}}, {"aux", aux}});
    s.header["labels"]["rhythm"] = *longest_rhythm(tensor);
    s.put(std::move(tensor));
    out.push_back(std::move(s));
  }
  return out;
}

struct Result {
  std::vector<Segment> segments;
  std::vector<std::string> reasons;
  std::vector<std::string> ids() const {
    std::vector<std::string> out;
    for (const Segment& s : segments) out.push_back(s.id().substr(8));
    return out;
  }
};

Result again(const std::vector<Segment>& in, CutOptions options, const char* signals = "all") {
  Result result;
  Resegmenter cutter(Selection::parse(signals), options, [&](Cut c) {
    if (c.reason.empty()) {
      result.segments.push_back(std::move(c.segment));
    } else {
      result.reasons.push_back(c.reason);
    }
  });
  for (const Segment& segment : in) {
    const std::string reason = cutter.push(segment);
    if (!reason.empty()) result.reasons.push_back(reason);
  }
  cutter.flush();
  return result;
}

// Header and every tensor, value by value.
void check_same(const std::vector<Segment>& got, const std::vector<Segment>& want) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(want[i].id());
    CHECK(got[i].header.dump() == want[i].header.dump());
    CHECK(got[i].tensors.size() == want[i].tensors.size());
    for (const stream::Tensor& tensor : want[i].tensors) {
      CAPTURE(tensor.name);
      const stream::Tensor* other = got[i].find(tensor.name);
      REQUIRE(other != nullptr);
      CHECK(other->shape == tensor.shape);
      CHECK(other->dtype == tensor.dtype);
      CHECK(other->attributes == tensor.attributes);
      CHECK(other->data.text() == tensor.data.text());
    }
  }
}

}  // namespace

TEST_CASE("cutting what was cut is cutting the recording") {
  for (const double first : {10.0, 30.0, 7.0, 120.0}) {
    for (const double second : {30.0, 10.0, 20.0}) {
      CAPTURE(first);
      CAPTURE(second);
      auto want = cut(second);
      if (first == 7.0) std::erase_if(want, [&](const Segment& s) { return s.start() + second > 119; });
      check_same(again(cut(first), {.length = second, .max_missing = 1}).segments, want);
    }
  }
}

TEST_CASE("gaps begin a new signal; what overlaps is taken once") {
  auto pieces = cut(10);
  pieces.erase(pieces.begin() + 5);  // 50 … 60 s
  const auto result = again(pieces, {.length = 20.0, .max_missing = 1});
  CHECK(result.ids() == std::vector<std::string>{"0", "2000", "6000", "8000", "10000"});
  CHECK(result.reasons == std::vector<std::string>{"tail"});

  std::vector<Segment> overlapping;
  for (const char* from : {"0", "10", "20"}) overlapping.push_back(cut(30, 12000, from)[0]);
  auto want = cut(10, 5000);
  check_same(again(overlapping, {.length = 10.0, .max_missing = 1}).segments, want);
}

TEST_CASE("another record is another signal") {
  auto pieces = cut(10, 2000);
  pieces[1].header["record"] = "other";
  const auto result = again(pieces, {.length = 20.0});
  CHECK(result.ids().empty());
  CHECK(result.reasons == std::vector<std::string>{"tail", "tail"});
}

TEST_CASE("from, until, whole, pad, stride") {
  const auto pieces = cut(10);
  const auto ids = [&](CutOptions options) {
    options.max_missing = 1;
    return again(pieces, options).ids();
  };
  using List = std::vector<std::string>;
  CHECK(ids({.from = "15", .until = "25"}) == List{"1500"});
  CHECK(ids({.length = 20.0, .from = "15"}) == List{"1500", "3500", "5500", "7500", "9500"});
  CHECK(ids({.length = 20.0, .until = "50"}) == List{"0", "2000"});
  CHECK(ids({.length = 20.0, .until = "50", .tail = Tail::kPad}) == List{"0", "2000", "4000"});
  CHECK(ids({.length = 60.0, .stride = 30.0}) == List{"0", "3000", "6000"});
  CHECK(ids({.whole = true}) == List{"0"});
  const auto padded =
      again(pieces, {.length = 20.0, .until = "50", .tail = Tail::kPad, .max_missing = 1}).segments.back();
  const auto mask = padded.find("ecg/mask")->values<std::uint8_t>();
  CHECK((mask[999] == 1 && mask[1000] == 0));
  const auto whole = again(pieces, {.whole = true, .from = "5", .max_missing = 1}).segments.at(0);
  CHECK(whole.find("ppg")->samples() == 23000);
  CHECK(whole.find("reference/beats")->shape[0] == 115);
}

TEST_CASE("channels are chosen, events follow them") {
  const auto result = again(cut(10), {.length = 30.0, .max_missing = 1}, "V");
  REQUIRE(result.segments.size() == 4);
  const Segment& segment = result.segments[1];
  CHECK(segment.find("ppg") == nullptr);
  CHECK(segment.find("ecg")->names() == std::vector<std::string>{"V"});
  const stream::Tensor* beats = segment.find("reference/beats");
  REQUIRE(beats->shape[0] == 30);
  CHECK(beats->values<double>()[2] == 0);  // channel 1 is now 0

  // Marks of a signal that is not chosen go with it; spans stay, in samples of one that is.
  const auto pulses = again(cut(10), {.length = 30.0, .max_missing = 1}, "ppg").segments.at(1);
  CHECK(pulses.find("reference/beats") == nullptr);
  const stream::Tensor* rhythm = pulses.find("reference/rhythm");
  REQUIRE(rhythm != nullptr);
  CHECK(rhythm->attributes["of"] == "ppg");
  CHECK(rhythm->values<double>()[1] == 3000);  // 45 s is 15 s into it, at 200 Hz
  CHECK(again(cut(10), {}, "abp").reasons.at(0) == "no_abp");
}

TEST_CASE("labels and what else is known of a segment") {
  auto pieces = cut(10, 3000);
  const double snr[] = {12, 3, 3};
  for (std::size_t i = 0; i < 3; ++i) {
    pieces[i].remove("reference/rhythm");
    pieces[i].header["labels"] = Json{{"rhythm", i == 0 ? "N" : "VT"}, {"snr", snr[i]}, {"true_alarm", i == 0}};
    pieces[i].header["quality"] = Json{{"score", 0.5}};
    pieces[i].header["predictions"] = Json{{"true_alarm", {{"score", 1}}}};
    pieces[i].header["x-mine"] = i;
    pieces[i].put(stream::make_tensor("embedding", {2}, std::vector<float>{1, 2}, Json{{"kind", "embedding"}}));
  }
  const auto segment = again(pieces, {.length = 30.0}).segments.at(0);
  CHECK(segment.header["labels"].dump() == R"({"rhythm":"VT","snr":3.0,"true_alarm":true})");
  CHECK(segment.header["x-mine"] == 0);
  CHECK_FALSE(segment.header.contains("quality"));
  CHECK_FALSE(segment.header.contains("predictions"));
  CHECK(segment.find("embedding") == nullptr);
}

TEST_CASE("a synthetic record of one segment: spans of SNR, clean waveforms") {
  Segment record;
  record.header =
      Json{{"id", "ward/r1/0"}, {"record", "ward/r1"}, {"start", 0}, {"labels", {{"snr", 7.5}, {"qt", 400}}}};
  std::vector<float> values(6000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const Json names = Json::array({"II"});
  record.put(stream::make_tensor("ecg", {1, 6000}, values, Json{{"kind", "ecg"}, {"fs", 100}, {"names", names}}));
  record.put(stream::make_tensor("reference/ecg", {1, 6000}, values,
                                 Json{{"kind", "waveform"}, {"fs", 100}, {"names", names}}));
  record.put(stream::make_tensor("predicted/ecg", {1, 6000}, values,
                                 Json{{"kind", "waveform"}, {"fs", 100}, {"names", names}}));
  record.put(stream::make_tensor("reference/snr", {2, 3}, std::vector<double>{0, 3000, 20, 3000, 6000, 2},
                                 Json{{"kind", "event"}, {"of", "ecg"}, {"columns", {"sample", "end", "value"}}}));
  const auto result = again({record}, {.length = 20.0});
  REQUIRE(result.ids().size() == 3);
  CHECK(result.segments[0].header["labels"]["snr"] == 20);
  CHECK(result.segments[2].header["labels"]["snr"] == 2);
  CHECK(result.segments[2].header["labels"]["qt"] == 400);
  CHECK(result.segments[2].find("reference/ecg")->values<float>()[0] == 4000);
  CHECK(result.segments[2].find("predicted/ecg") == nullptr);
  CHECK(result.segments[1].find("reference/snr")->shape[0] == 2);
}

TEST_CASE("memory does not grow with the record") {
  const auto resident = [] {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0, pages = 0;
    statm >> total >> pages;
    return pages * 4096;
  };
  Resegmenter cutter(Selection::parse("all"), {.length = 30.0, .max_missing = 1}, [](Cut) {});
  const auto pieces = cut(10, 2000);  // 8 kB of samples each
  std::size_t before = 0;
  for (int i = 0; i < 6000; ++i) {
    if (i == 100) before = resident();
    Segment s = pieces[static_cast<std::size_t>(i % 2)];
    s.header["start"] = 10 * i;
    s.header["clock"]["sample"] = 1000 * i;
    REQUIRE(cutter.push(std::move(s)).empty());
  }
  CHECK(resident() < before + (16u << 20));
}

TEST_CASE("what an input is, is seen by looking at it") {
  const test::TemporaryFolder folder;
  const auto write = [&](const std::string& name) { std::ofstream(folder / name) << "x"; };
  write("100.hea");
  write("100.dat");
  write("100");
  write("notes.txt");
  std::ofstream(folder / "text.cfm") << R"({"type":"head","format":"cfm-stream"})";
  std::ofstream(folder / "binary.cfm", std::ios::binary) << "\x89"
                                                            "CFM\r\n\x1a\n";
  CHECK(is_stream_input("-"));
  CHECK(is_stream_input(folder / "text.cfm"));
  CHECK(is_stream_input(folder / "binary.cfm"));
  CHECK_FALSE(is_stream_input(folder / "notes.txt"));  // a table, which says what is wrong with it
  CHECK_FALSE(is_stream_input(folder / "100"));
  CHECK_FALSE(is_stream_input(folder / "100.hea"));
  CHECK_FALSE(is_stream_input(folder / "none"));
  CHECK_FALSE(is_stream_input(folder.path));
  CHECK(is_stream_input("/dev/null"));
}
