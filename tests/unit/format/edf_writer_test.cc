#include <cmath>
#include <random>

#include "format/edf_layout.h"
#include "format/writer.h"
#include "golden_readers.h"
#include "support.h"

namespace cfm::format {
namespace {

RecordLayout layout_of(const Recording& recording) {
  return {recording.name(), recording.fs(), recording.channels(), recording.base_time(), recording.comments()};
}

// Through `path` and back, in pieces of `step` frames.
std::unique_ptr<Recording> there_and_back(const Recording& from, const std::string& path, std::int64_t step,
                                          const Marks& marks = {}) {
  RecordLayout layout = layout_of(from);
  layout.force = true;
  auto writer = create_edf(path, layout);
  std::vector<std::size_t> all(from.channels().size());
  for (std::size_t c = 0; c < all.size(); ++c) all[c] = c;
  std::vector<Samples> samples;
  for (std::int64_t first = 0; first < from.frames(); first += step) {
    const std::int64_t n = std::min(step, from.frames() - first);
    from.read(all, first, n, samples);
    writer->write(samples, n);
  }
  writer->finish(marks);
  return open_recording(path, from.name(), {});
}

void check_same_samples(const Recording& a, const Recording& b) {
  REQUIRE(a.channels().size() == b.channels().size());
  CHECK(a.frames() == b.frames());
  CHECK(a.fs() == b.fs());
  for (std::size_t c = 0; c < a.channels().size(); ++c) {
    CHECK(a.channels()[c].name == b.channels()[c].name);
    CHECK(a.channels()[c].unit == b.channels()[c].unit);
    CHECK(a.channels()[c].samples_per_frame == b.channels()[c].samples_per_frame);
    CHECK(test::whole(a, c).digital == test::whole(b, c).digital);
  }
}

Channel channel_of(const std::string& name, double gain = 200, int per_frame = 1) {
  Channel channel;
  channel.name = name;
  channel.unit = "mV";
  channel.scale = 1 / gain;
  channel.samples_per_frame = per_frame;
  return channel;
}

Samples noise(std::size_t n, int seed, int least, int most) {
  std::mt19937 random(static_cast<unsigned>(seed));
  std::uniform_int_distribution<int> value(least, most);
  Samples samples;
  for (std::size_t i = 0; i < n; ++i) samples.digital.push_back(value(random));
  return samples;
}

TEST_CASE("a WFDB record comes back digit for digit, its beats as notes") {
  CFM_NEEDS(data, "CFM_DATA");
  const test::TemporaryFolder folder;
  const auto wfdb = open_recording(data + "/mitdb/100.hea", "100", {});
  const AnnotationFile beats = read_annotations(data + "/mitdb/100.atr");
  const auto edf = there_and_back(*wfdb, folder / "100.edf", 10000, {.annotations = {{"atr", beats.annotations}}});
  CHECK(edf->frames() == 650000);
  check_same_samples(*wfdb, *edf);
  for (std::size_t c = 0; c < 2; ++c) {
    CHECK(edf->channels()[c].scale == 1 / 200.0);
    CHECK(edf->channels()[c].offset == 1024);
  }
  CHECK(edf->comments() == wfdb->comments());
  const auto notes = edf->notes();
  REQUIRE(notes.size() == beats.annotations.size());
  for (std::size_t i = 0; i < notes.size(); ++i) {
    const Annotation& beat = beats.annotations[i];
    CHECK(std::llround(notes[i].onset * 360) == beat.sample);
    CHECK(notes[i].text == (beat.aux.empty() ? annotation_symbol(beat.code) : beat.aux));
  }
  test::check_in_chunks(*edf, 77777);
}

TEST_CASE("missing samples come back where they were") {
  CFM_NEEDS(data, "CFM_DATA");
  const test::TemporaryFolder folder;
  std::size_t with_missing = 0, records = 0;
  for (const auto& entry : std::filesystem::directory_iterator(data + "/challenge2015")) {
    if (entry.path().extension() != ".hea") continue;
    const auto wfdb = open_recording(entry.path().string(), entry.path().stem().string(), {});
    const Samples first = test::whole(*wfdb, wfdb->channels().size() - 1);
    const bool missing = std::count(first.digital.begin(), first.digital.end(), kMissing) > 0;
    if (!missing && records >= 2) continue;
    records += missing ? 0 : 1;
    check_same_samples(*wfdb, *there_and_back(*wfdb, folder / "c.edf", 4096));
    with_missing += missing ? 1 : 0;
    if (with_missing == 3) break;
  }
  CHECK(with_missing > 0);
}

TEST_CASE("gains of many digits are kept to what eight characters say") {
  CFM_NEEDS(data, "CFM_DATA");
  const test::TemporaryFolder folder;
  const auto wfdb = open_recording(data + "/cpsc2021/data_21_7.hea", "data_21_7", {});
  const auto edf = there_and_back(*wfdb, folder / "c.edf", 1000);
  check_same_samples(*wfdb, *edf);
  for (std::size_t c = 0; c < 2; ++c) {
    const auto want = test::physical(wfdb->channels()[c], test::whole(*wfdb, c));
    const auto got = test::physical(edf->channels()[c], test::whole(*edf, c));
    double largest = 0;
    for (std::size_t i = 0; i < want.size(); ++i) largest = std::max(largest, std::abs(got[i] - want[i]));
    CHECK(largest < 1e-6);
  }
}

TEST_CASE("several rates, names twice, missing stretches at borders, comments, notes and a fraction of a second") {
  const test::TemporaryFolder folder;
  const std::string path = folder / "a.edf";
  RecordLayout layout{"a", 62.5, {channel_of("X"), channel_of("X", 1000, 4), channel_of("Pleth", 0.5, 2)}};
  layout.base_time = "2024-12-31T23:59:58.25";
  layout.comments = {"patient: A F X Jane", "recording: X X lab", "69 M", "Aldomet, Inderal"};
  constexpr std::int64_t kFrames = 301;
  std::vector<Samples> samples = {noise(kFrames, 1, -32768, 32767), noise(4 * kFrames, 2, -5, 5),
                                  noise(2 * kFrames, 3, 0, 9)};
  for (const std::size_t i : {0, 1, 2, 300}) samples[0].digital[i] = kMissing;
  for (std::size_t i = 401; i < 560; ++i) samples[1].digital[i] = kMissing;
  std::fill(samples[2].digital.begin(), samples[2].digital.end(), kMissing);
  const std::vector<Note> notes = {{0, 0, "start"}, {1.5, 0.25, "Extrasystole \u00e9 \u00b5"}, {1.5, 0, "second"}};
  {
    auto writer = create_edf(path, layout);
    writer->write(samples, kFrames);
    CHECK(!std::filesystem::exists(path));
    writer->finish({.notes = notes});
  }
  const auto back = open_recording(path, "a", {});
  CHECK(back->fs() == 62.5);
  CHECK(back->frames() == kFrames);
  for (std::size_t c = 0; c < 3; ++c) {
    CHECK(test::whole(*back, c).digital == samples[c].digital);
    CHECK(back->channels()[c].scale == layout.channels[c].scale);
    CHECK(back->channels()[c].offset == 0);
  }
  CHECK(back->base_time() == layout.base_time);
  CHECK(back->comments() == layout.comments);
  CHECK(back->notes() == notes);
  test::check_in_chunks(*back, 13);
  CHECK(test::status_of([&] { create_edf(path, layout); }) == Status::kUsage);
}

TEST_CASE("BDF holds 24 bits, EDF says so") {
  const test::TemporaryFolder folder;
  RecordLayout layout{"a", 100, {channel_of("ECG", 1000)}};
  layout.channels[0].type = SampleType::kI32;
  std::vector<Samples> samples = {noise(250, 1, -8388608, 8388607)};
  auto writer = create_edf(folder / "a.bdf", layout);
  writer->write(samples, 250);
  writer->finish({});
  const auto back = open_recording(folder / "a.bdf", "a", {});
  CHECK(test::whole(*back, 0).digital == samples[0].digital);
  CHECK(back->channels()[0].scale == 1 / 1000.0);
  CHECK(back->base_time() == std::nullopt);
  CHECK(back->comments().empty());

  auto narrow = create_edf(folder / "a.edf", layout);
  try {
    narrow->write(samples, 250);
    FAIL("24 bits in EDF");
  } catch (const Error& error) {
    CHECK(error.status() == Status::kUsage);
    CHECK(std::string(error.what()).find("ECG") != std::string::npos);
    CHECK(std::string(error.what()).find(".bdf") != std::string::npos);
  }
  narrow.reset();
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("layouts that EDF can't hold") {
  const test::TemporaryFolder folder;
  const auto status = [&](const Channel& channel) {
    return test::status_of([&] { create_edf(folder / "a.edf", {"a", 100, {channel}}); });
  };
  Channel real = channel_of("x");
  real.type = SampleType::kF32;
  CHECK(status(real) == Status::kUsage);
  CHECK(status(channel_of("EDF Annotations")) == Status::kUsage);
  CHECK(status(channel_of("x", INFINITY)) == Status::kUsage);
  CHECK(test::status_of([&] { create_edf(folder / "a.edf", {"a", 100, {}}); }) == Status::kUsage);
}

TEST_CASE("durations of data records are exact where they can be") {
  for (const double fs : {360.0, 62.5, 250.0, 1000.0, 1 / 60.0, 125.0 / 3, 99.9, 0.1, 20000.0, 1e6}) {
    CAPTURE(fs);
    const EdfClock clock = choose_record(fs, 4);
    CHECK(static_cast<double>(clock.frames) / clock.duration == fs);
    CHECK(clock.spelling.size() <= 8);
    CHECK(clock.frames * 4 <= 61440);
  }
  CHECK(choose_record(360, 4).spelling == "1");
  CHECK(choose_record(62.5, 4).spelling == "2");
}

TEST_CASE("many long notes in a record of one data record, and none of samples") {
  const test::TemporaryFolder folder;
  std::vector<Note> notes;
  for (int i = 0; i < 2000; ++i)
    notes.push_back({i / 1000.0, 0, std::string(static_cast<std::size_t>(i % 90) + 1, 'n')});
  for (const std::int64_t frames : {100, 0}) {
    auto writer = create_edf(folder / "a.edf", {.name = "a", .fs = 100, .channels = {channel_of("x")}, .force = true});
    std::vector<Samples> samples = {noise(static_cast<std::size_t>(frames), 1, -9, 9)};
    writer->write(samples, frames);
    writer->finish({.notes = notes});
    const auto back = open_recording(folder / "a.edf", "a", {});
    CHECK(back->frames() == frames);
    CHECK(back->notes() == notes);
  }
}

}  // namespace
}  // namespace cfm::format
