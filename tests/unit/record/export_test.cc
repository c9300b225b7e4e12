#include "record/export.h"

#include <fstream>

#include "record/fake_recording.h"
#include "record/segmenter.h"
#include "support.h"

using namespace cfm;
using namespace cfm::record;
using stream::Json;

namespace {

// 100 Hz with a PPG at 200 Hz; a beat every second from 0.5 s in `reference/beats` and `beats`.
std::vector<Cut> cuts(double length, std::int64_t frames = 3000) {
  auto recording = std::make_shared<test::FakeRecording>(
      test::FakeRecording(100, frames).with("II", "ecg").with("V", "ecg").with("PLETH", "ppg", 2));
  recording->lost = {250, 260};
  CutOptions options{.length = length, .tail = Tail::kKeep, .max_missing = 1};
  const RecordCutter cutter(recording, Selection::parse("all"), options, {});
  std::vector<Cut> out;
  for (std::int64_t k = 0; k < cutter.windows(); ++k) {
    Cut cut = cutter.cut(k);
    std::vector<double> beats;
    for (double b = 0.5; b < length; b += 1) beats.insert(beats.end(), {b * 100, 5, 1});
    for (const char* name : {"reference/beats", "beats"}) {
      cut.segment.put(
          stream::make_tensor(name, {static_cast<std::int64_t>(beats.size() / 3), 3}, beats,
                              Json{{"kind", "event"}, {"of", "ecg"}, {"columns", {"sample", "code", "channel"}}}));
    }
    out.push_back(std::move(cut));
  }
  return out;
}

void write(const std::string& folder, const std::vector<Cut>& segments, ExportForm form = ExportForm::kWfdb) {
  Destination files(form, folder + "/", false, {"-"});
  ExportSink sink(files);
  for (const Cut& cut : segments) sink.write(cut);
  sink.end({}, false);
}

std::vector<std::int32_t> digital(const format::Recording& recording, std::size_t channel) {
  std::vector<format::Samples> out;
  recording.read(std::vector<std::size_t>{channel}, 0, recording.frames(), out);
  return out[0].digital;
}

// As the recording of cuts(), but for the samples [first, last) of channel 0 and those of gaps, in frames.
void check_samples(const format::Recording& got, std::int64_t gap_first = 0, std::int64_t gap_last = 0) {
  REQUIRE(got.channels().size() == 3);
  for (std::size_t c = 0; c < 3; ++c) {
    const std::int64_t per_frame = c == 2 ? 2 : 1;
    const auto samples = digital(got, c);
    REQUIRE(samples.size() == static_cast<std::size_t>(3000 * per_frame));
    std::size_t wrong = 0;
    for (std::int64_t i = 0; i < std::ssize(samples); ++i) {
      const std::int64_t frame = i / per_frame;
      const bool missing = (frame >= gap_first && frame < gap_last) || (c == 0 && i >= 250 && i < 260);
      const std::int32_t want = missing ? format::kMissing : test::FakeRecording::value(c, i);
      wrong += samples[static_cast<std::size_t>(i)] != want ? 1 : 0;
    }
    CHECK(wrong == 0);
  }
}

}  // namespace

TEST_CASE("touching segments become one record, with its marks") {
  const test::TemporaryFolder folder;
  for (const ExportForm form : {ExportForm::kWfdb, ExportForm::kEdf}) {
    write(folder.path, cuts(7), form);  // the last one is shorter
    const auto got =
        format::open_recording(folder / (form == ExportForm::kEdf ? "ward/r1.edf" : "ward/r1.hea"), "r", {});
    got->verify();
    CHECK(got->fs() == 100);
    CHECK(got->base_time()->starts_with("2024-02-29T23:59:50"));
    CHECK(got->channels()[2].name == "PLETH");
    CHECK(got->channels()[2].scale == 0.5);
    CHECK(got->channels()[2].offset == 10);
    check_samples(*got);
  }
  for (const char* name : {"ward/r1.atr", "ward/r1.cfa"}) {
    const auto marks = format::read_annotations(folder / name).annotations;
    REQUIRE(marks.size() >= 30);
    for (std::size_t i = 0; i < 30; ++i) {
      CHECK(marks[i].sample == 50 + 100 * static_cast<std::int64_t>(i));
      CHECK(marks[i].code == 5);
      CHECK(marks[i].chan == 1);
    }
  }
}

TEST_CASE("gaps are missing samples; what overlaps is written once") {
  const test::TemporaryFolder folder;
  auto with_gap = cuts(5);
  with_gap.erase(with_gap.begin() + 2);
  write(folder / "gap", with_gap);
  check_samples(*format::open_recording(folder / "gap/ward/r1.hea", "r", {}), 1000, 1500);
  auto twice = cuts(5);
  twice.insert(twice.begin() + 2, twice[1]);
  write(folder / "twice", twice);
  check_samples(*format::open_recording(folder / "twice/ward/r1.hea", "r", {}));
  CHECK(format::read_annotations(folder / "twice/ward/r1.atr").annotations.size() == 30);
}

TEST_CASE("segments that contradict each other, or come too late, are refused") {
  const test::TemporaryFolder folder;
  auto back = cuts(10);
  std::swap(back[0], back[1]);
  CHECK(test::status_of([&] { write(folder / "a", back); }) == Status::kUsage);
  auto scaled = cuts(10);
  scaled[1].segment.tensors[0].attributes["scale"] = {1, 1};
  CHECK(test::status_of([&] { write(folder / "b", scaled); }) == Status::kUsage);
  auto again = cuts(10);
  again.push_back(again[0]);
  again[1].segment.header["record"] = "other";
  CHECK(test::status_of([&] { write(folder / "c", again); }) == Status::kUsage);
  auto empty = cuts(10);
  empty[0].order.clear();
  CHECK(test::status_of([&] { write(folder / "d", empty); }) == Status::kUsage);
  for (const char* name : {"a/ward/r1.hea", "b/ward/r1.hea", "d/ward/r1.hea"}) {
    CHECK_FALSE(std::filesystem::exists(folder / name));
  }
}

TEST_CASE("a second record has no place in a file, and the first doesn't stay") {
  const test::TemporaryFolder folder;
  auto two = cuts(15);
  two[1].segment.header["record"] = "other";
  Destination files(ExportForm::kEdf, folder / "one.edf", false, {"-"});
  CHECK(test::status_of([&] {
          ExportSink sink(files);
          for (const Cut& cut : two) sink.write(cut);
        }) == Status::kUsage);
  CHECK(std::filesystem::is_empty(folder.path));
}

TEST_CASE("records whose names lead elsewhere are refused") {
  const test::TemporaryFolder folder;
  const format::RecordLayout layout{.name = "r", .fs = 1, .channels = {{.name = "II", .unit = "mV", .fs = 1}}};
  const auto opened = [&](const std::string& name) {
    for (const ExportForm form : {ExportForm::kWfdb, ExportForm::kEdf, ExportForm::kNpy}) {
      Destination files(form, folder / "in/", false, {"-"});
      if (test::status_of([&] { files.open(name, layout); }) != Status::kUsage) return true;
    }
    return false;
  };
  for (const std::string name : {"", ".", "..", "../x", "/x", "a/../../x", "a/..", "a/", "a//b", "a/.", "a\nb"}) {
    CAPTURE(name);
    CHECK_FALSE(opened(name));
  }
  CHECK_FALSE(opened(std::string("a\0b", 3)));
  CHECK(opened("a/b"));
  CHECK(opened("a.b"));
}

TEST_CASE("where records go: files, folders, nowhere") {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "file") << "x";
  const auto made = [&](ExportForm form, const std::string& path, const std::vector<std::string>& inputs) {
    return test::status_of([&] { Destination(form, path, false, inputs); });
  };
  for (const char* nowhere : {"", "-"}) CHECK(made(ExportForm::kEdf, nowhere, {"a"}) == Status::kUsage);
  CHECK(made(ExportForm::kWfdb, folder / "file", {"a"}) == Status::kUsage);
  CHECK(made(ExportForm::kEdf, folder / "file", {"a", "b"}) == Status::kUsage);
  CHECK(made(ExportForm::kEdf, folder / "file", {folder.path}) == Status::kUsage);
  CHECK(made(ExportForm::kEdf, folder / "new", {"a", "b"}) == Status::kOk);
  CHECK(export_form("edf") == ExportForm::kEdf);
  CHECK_FALSE(export_form("csv"));
}

TEST_CASE("a part of a recording: its samples, marks and notes, counted from its first") {
  const test::TemporaryFolder folder;
  auto recording = test::FakeRecording(100, 3000).with("II", "ecg").with("PLETH", "ppg", 2);
  format::Marks marks;
  for (const std::int64_t at : {999, 1000, 1500, 1999, 2000}) {
    marks.annotations["atr"].push_back({.sample = at, .code = 1, .sub = 0, .chan = 0, .num = 0, .aux = ""});
  }
  marks.notes = {{1, 0, "before"}, {12, 0, "within"}, {25, 0, "behind"}};
  Destination files(ExportForm::kWfdb, folder.path, false, {"-"});
  export_recording(recording, {1}, 1000, 2000, marks, files);
  const auto got = format::open_recording(folder / "ward/r1.hea", "r", {});
  CHECK(got->frames() == 1000);
  CHECK(digital(*got, 0).front() == test::FakeRecording::value(1, 2000));
  CHECK(digital(*got, 0).back() == test::FakeRecording::value(1, 3999));
  CHECK(got->base_time()->starts_with("2024-03-01T00:00:00"));
  std::vector<std::int64_t> beats, notes;
  for (const auto& mark : format::read_annotations(folder / "ward/r1.atr").annotations) {
    (mark.aux.empty() ? beats : notes).push_back(mark.sample);
  }
  CHECK(beats == std::vector<std::int64_t>{0, 500, 999});
  CHECK(notes == std::vector<std::int64_t>{200});
}
