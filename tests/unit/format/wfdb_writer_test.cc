#include <cmath>
#include <map>
#include <random>

#include "format/writer.h"
#include "wfdb_support.h"

namespace cfm::format {
namespace {

using namespace test_wfdb;

RecordLayout layout_of(const Recording& recording, const std::string& name) {
  return {.name = name,
          .fs = recording.fs(),
          .channels = recording.channels(),
          .base_time = recording.base_time(),
          .comments = recording.comments()};
}

// Writes a record in uneven pieces.
void copy(const Recording& recording, const std::string& stem) {
  const auto writer = create_wfdb(stem, layout_of(recording, recording.name()));
  std::vector<Samples> samples;
  for (std::int64_t done = 0, piece = 1; done < recording.frames(); piece = piece * 5 + 2) {
    const std::int64_t n = std::min(piece, recording.frames() - done);
    recording.read(all_of(recording), done, n, samples);
    writer->write(samples, n);
    done += n;
  }
  writer->finish({});
}

void check_same(const Recording& a, const Recording& b) {
  CHECK(a.fs() == b.fs());
  CHECK(a.frames() == b.frames());
  CHECK(a.comments() == b.comments());
  CHECK(a.base_time() == b.base_time());
  REQUIRE(a.channels().size() == b.channels().size());
  for (std::size_t c = 0; c < a.channels().size(); ++c) {
    const Channel &x = a.channels()[c], &y = b.channels()[c];
    CAPTURE(x.name);
    CHECK(x.name == y.name);
    CHECK(x.unit == y.unit);
    CHECK(x.kind == y.kind);
    CHECK(x.scale == y.scale);
    CHECK(x.offset == y.offset);
    CHECK(x.calibrated == y.calibrated);
    CHECK(x.samples_per_frame == y.samples_per_frame);
  }
  CHECK(read_all(a) == read_all(b));
}

TEST_CASE("every real record comes back as it was") {
  CFM_NEEDS(data, "CFM_DATA");
  std::size_t records = 0;
  for (const char* part : {"challenge2015", "mitdb", "ludb", "cpsc2021", "cinc2017", "cinc2021", "nstdb",
                           "wfdb-samples", "wfdb-samples/041s", "wfdb-samples/fixed1"}) {
    const std::vector<std::string> headers = headers_in(data + "/" + part);
    // A sample of the large folders: the test is to be quick.
    const std::size_t step = headers.size() > 50 ? 9 : headers.size() > 20 ? 3 : 1;
    for (std::size_t i = 0; i < headers.size(); i += step) {
      CAPTURE(headers[i]);
      if (holds(headers[i], "1003")) continue;
      const auto recording = open(headers[i], {.trust_data = true});
      const test::TemporaryFolder folder;
      copy(*recording, folder / "copy");
      const auto back = open(folder / "copy");
      back->verify();
      check_same(*recording, *back);
      ++records;
    }
  }
  CHECK(records > 80);
}

Channel channel(const std::string& name, double scale, double offset, SampleType type = SampleType::kI16) {
  Channel c;
  c.name = name;
  c.unit = "mV";
  c.scale = scale;
  c.offset = offset;
  c.type = type;
  return c;
}

// One frame a value.
std::unique_ptr<Recording> written(const std::string& stem, const std::vector<Channel>& channels,
                                   const std::vector<std::vector<std::int32_t>>& values, const Marks& marks = {}) {
  const auto writer = create_wfdb(stem, {.name = "r", .fs = 10, .channels = channels, .force = true});
  std::vector<Samples> samples;
  for (const auto& v : values) samples.push_back({.digital = v, .real = {}});
  writer->write(samples, static_cast<std::int64_t>(values[0].size()));
  writer->finish(marks);
  auto recording = open(stem);
  recording->verify();
  return recording;
}

TEST_CASE("any gain comes back as the same scale") {
  const test::TemporaryFolder folder;
  std::mt19937_64 random(1);
  std::vector<Channel> channels = {channel("odd name # 1", 1 / 7247.0, -585029), channel("b", 1 / 0.37, 1234),
                                   channel("c", -1 / 200.0, 0), channel("d", 1 / 38570.0, 3), channel("e", 1e-9, 0)};
  for (int i = 0; i < 300; ++i) {
    const double gain =
        std::ldexp(1 + std::ldexp(static_cast<double>(random() >> 12), -52), static_cast<int>(random() % 60) - 30);
    channels.push_back(channel("x", 1 / gain, static_cast<double>(random() % 100000)));
  }
  const auto back = written(folder / "r", channels, Values(channels.size(), {1}));
  for (std::size_t c = 0; c < channels.size(); ++c) {
    CHECK(back->channels()[c].scale == channels[c].scale);
    CHECK(back->channels()[c].offset == channels[c].offset);
  }
  CHECK(back->channels()[0].name == "odd name # 1");
  CHECK(holds(test::slurp(folder / "r.hea"), "r.dat 16 7247(-585029)/mV 16 0 1 1 0 odd name # 1\n"));
}

TEST_CASE("format by the widest channel, missing samples by its mark, -32768 said") {
  const test::TemporaryFolder folder;
  CHECK(read_all(*written(folder / "r", {channel("a", 1, 0)}, {{32767, kMissing, -32767}})) ==
        Values{{32767, kMissing, -32767}});
  CHECK(std::filesystem::file_size(folder / "r.dat") == 6);
  const Values wide = {{1, kMissing, -32768}, {2147483647, -2147483647, kMissing}};
  CHECK(read_all(*written(folder / "w", {channel("a", 1, 0), channel("b", 1, 0, SampleType::kI32)}, wide)) == wide);
  CHECK(read_all(*written(folder / "r", {channel("a", 1, 0)}, {{-32768, 5}})) == Values{{-32767, 5}});
}

TEST_CASE("marks and notes") {
  const test::TemporaryFolder folder;
  const std::vector<Annotation> beats = {{.sample = 3, .code = 1}, {.sample = 9, .code = 5, .aux = "x"}};
  std::string longest(300, 'a');
  longest.replace(254, 2, "\u00e9");
  written(folder / "r", {channel("a", 1, 0)}, {std::vector(10, 1)},
          {.annotations = {{"atr", beats}, {"qrs", beats}}, .notes = {{.onset = 0.5, .text = longest}}});
  CHECK(read_annotations(folder / "r.qrs").annotations == beats);
  const auto merged = read_annotations(folder / "r.atr").annotations;
  REQUIRE(merged.size() == 4);
  CHECK(merged[0] == beats[0]);
  CHECK(merged[1].sample == 5);
  CHECK(merged[1].code == kNoteCode);
  CHECK(merged[1].aux.size() == 254);
  CHECK(merged[1].aux + merged[2].aux == longest);
  CHECK(merged[3] == beats[1]);
}

TEST_CASE("nothing is left of a writer that did not finish, nothing is replaced unasked") {
  const test::TemporaryFolder folder;
  const RecordLayout layout{.name = "r", .fs = 10, .channels = {channel("a", 1, 0)}};
  const std::vector<Samples> samples = {{.digital = {1, 2}, .real = {}}};
  create_wfdb(folder / "r", layout)->write(samples, 2);
  CHECK(std::filesystem::is_empty(folder.path));
  CHECK(test::status_of([&] { create_wfdb(folder / "r", layout)->finish({}); }) == Status::kUsage);
  CHECK(std::filesystem::is_empty(folder.path));
  written(folder / "r", layout.channels, {{1, 2}});
  CHECK(test::status_of([&] { create_wfdb(folder / "r", layout); }) == Status::kUsage);
}

TEST_CASE("layouts that WFDB can't hold") {
  const test::TemporaryFolder folder;
  const auto refused = [&](const std::string& name, const RecordLayout& layout) {
    return test::status_of([&] { create_wfdb(folder / name, layout); });
  };
  const Channel good = channel("a", 1, 0);
  CHECK(refused("r", {.fs = 10, .channels = {}}) == Status::kUsage);
  CHECK(refused("r", {.fs = 0, .channels = {good}}) == Status::kUsage);
  CHECK(refused("a b", {.fs = 10, .channels = {good}}) == Status::kUsage);
  CHECK(refused("r", {.fs = 10, .channels = {channel("a", 0, 0)}}) == Status::kUsage);
  CHECK(refused("r", {.fs = 10, .channels = {channel("a", std::nan(""), 0)}}) == Status::kUsage);
  CHECK(refused("r", {.fs = 10, .channels = {channel("a", 1, 1e12)}}) == Status::kUsage);
  CHECK(refused("r", {.fs = 10, .channels = {channel("a", 1, 0, SampleType::kF32)}}) == Status::kUsage);
  CHECK(refused("r", {.fs = 10, .channels = {good}, .base_time = "yesterday"}) == Status::kUsage);
  CHECK(refused("nowhere/r", {.fs = 10, .channels = {good}}) == Status::kIo);
  CHECK(std::filesystem::is_empty(folder.path));
}

}  // namespace
}  // namespace cfm::format
