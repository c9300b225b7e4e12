#include "format/wfdb_record.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "wfdb_support.h"

namespace cfm::format {
namespace {

using Json = nlohmann::json;
using namespace test_wfdb;

TEST_CASE("golden records") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  int records = 0;
  const Json files = Json::parse(test::slurp(golden + "/readers/expected.json")).at("files");
  for (const Json& want : files) {
    const std::string file = want["file"];
    if (!file.starts_with("wfdb/") || !file.ends_with(".hea")) continue;
    const std::string path = golden + "/readers/" + file;
    CAPTURE(file);
    ++records;
    const auto recording = open(path);
    recording->verify();
    REQUIRE(recording->channels().size() == want["channels"].size());
    const Values all = read_all(*recording);
    for (std::size_t c = 0; c < all.size(); ++c) {
      const Channel& channel = recording->channels()[c];
      const Json& expected = want["channels"][c];
      CAPTURE(c);
      CHECK(channel.name == expected["name"].get<std::string>());
      CHECK(channel.unit == expected["unit"].get<std::string>());
      CHECK(channel.fs == expected["fs"].get<double>());
      CHECK(channel.samples == expected["samples"].get<std::int64_t>());
      CHECK(channel.samples_per_frame == expected["samples_per_frame"].get<int>());
      REQUIRE(static_cast<std::int64_t>(all[c].size()) == channel.samples);
      const std::map<std::string, std::int32_t> marks = {
          {"16", -32768}, {"212", -2048}, {"80", -128}, {"24", -8388608}, {"32", kMissing}};
      const std::int32_t mark = marks.at(expected["format"].get<std::string>());
      std::int64_t missing = 0, sum = 0;
      double sum_in_units = 0;
      for (const std::int32_t value : all[c]) {
        if (value == kMissing)
          ++missing;
        else
          sum_in_units += physical(channel, value);
        sum += value == kMissing ? mark : value;
      }
      CHECK(missing == expected["missing"].get<std::int64_t>());
      CHECK(sum == expected["digital_sum"].get<std::int64_t>());
      CHECK(sum_in_units == doctest::Approx(expected["sum"].get<double>()).epsilon(1e-9));
      for (const Json& pair : expected["digital_selected"]) {
        const std::int32_t value = all[c][pair[0].get<std::size_t>()];
        CHECK((value == kMissing ? mark : value) == pair[1].get<std::int32_t>());
      }
      const auto same = [](double a, const Json& b) {
        return b.is_null() ? std::isnan(a) : std::abs(a - b.get<double>()) <= 1e-9;
      };
      for (std::size_t i = 0; i < 5; ++i) {
        CHECK(same(physical(channel, all[c][i]), expected["first"][i]));
        CHECK(same(physical(channel, all[c][all[c].size() - 5 + i]), expected["last"][i]));
      }
    }
  }
  CHECK(records == 8);
}

TEST_CASE("golden headers that lie are refused in words") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  CHECK(refusal(golden + "/readers/bad/wrong_first_value").empty());  // said on standard error: the checksum is right
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"missing_file", "no such file"},
      {"gain_nan", "line 2: gain 'nan(0)/mV'"},
      {"unknown_format", "line 2: unknown format 17"},
      {"wrong_checksum", "checksum of signal II is 22784 where the header promises 22785"},
      {"length_too_long", "2400 bytes where the header promises 240000 (record truncated at 0:02.4)"},
      {"length_too_short", "good.dat holds 400 bytes more than promised"},
      {"more_signals", "header ends before signal 3"},
      {"rate_zero", "rate '0' is no rate"},
      {"offset_beyond", "byte offset 100000 lies beyond the end"},
      {"frame_overflow", "2400 bytes where the header promises"},
      {"path_escape", "outside the header's folder"},
      {"empty", "empty header"},
      {"binary", "not a WFDB header"},
      {"loop", "line 2: segment list loops"},
      {"loop_a", "line 2: segment list loops"},
      {"loop_b", "line 2: segment list loops"},
      {"segment_missing", "line 3: no such segment: 'not_there'"},
      {"segment_sum", "segments of 1200 samples together where the header promises 5000 samples"},
  };
  for (const auto& [name, words] : cases) {
    CAPTURE(name);
    const std::string said = refusal(golden + "/readers/bad/" + name);
    CHECK(said.find(golden + "/readers/bad/") == 0);
    CHECK_MESSAGE(holds(said, words), said);
    CHECK(std::all_of(said.begin(), said.end(), [](char c) { return static_cast<unsigned char>(c) >= ' '; }));
  }
}

TEST_CASE("a record that lies about its data is read with trust, unchanged") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const Values truth = read_all(*open(golden + "/readers/wfdb/fmt16"));
  for (const char* name : {"wrong_checksum", "wrong_first_value"}) {
    const auto recording = open(golden + "/readers/bad/" + name, {.trust_data = true});
    recording->verify();
    CHECK(read_all(*recording) == truth);
  }
  CHECK(!refusal(golden + "/readers/bad/length_too_long", {.trust_data = true}).empty());
}

TEST_CASE("gain 0 is uncalibrated, never infinite") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto recording = open(golden + "/readers/bad/gain_zero");
  recording->verify();
  CHECK(!recording->channels()[0].calibrated);
  CHECK(recording->channels()[0].scale == 1 / 200.0);
  CHECK(recording->channels()[1].calibrated);
  CHECK(recording->base_time() == "2024-03-01T10:23:45.5");
  CHECK(recording->comments().size() == 2);
}

TEST_CASE("any part of a record equals that part of the whole") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  std::mt19937 random(1);
  for (const char* name : {"fmt16", "fmt212", "multifreq", "fmt80", "fmt24", "fmt32", "two_formats"}) {
    const auto recording = open(golden + "/readers/wfdb/" + name);
    const Values all = read_all(*recording);
    for (int i = 0; i < 200; ++i) {
      const auto first = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(recording->frames() + 1));
      const auto n = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(recording->frames() - first + 1));
      const std::vector<std::size_t> channels = {all.size() - 1, 0, 0};
      const Values part = read(*recording, channels, first, n);
      for (std::size_t c = 0; c < channels.size(); ++c) {
        const std::int64_t per_frame = recording->channels()[channels[c]].samples_per_frame;
        const auto from = all[channels[c]].begin() + first * per_frame;
        REQUIRE(part[c] == std::vector<std::int32_t>(from, from + n * per_frame));
      }
    }
    CHECK(test::status_of([&] { read(*recording, {0}, 1, recording->frames()); }) == Status::kBug);
  }
}

TEST_CASE("several files, offsets, no length, and what contradicts itself") {
  const test::TemporaryFolder folder;
  put(folder / "a.dat", std::string("\x01\x00\x02\x00\x03\x00\x04\x00", 8));
  put(folder / "b.dat", std::string("hdr\x05\x60\x00", 6));
  put(folder / "good.hea", "good 3 1\na.dat 16\na.dat 16\nb.dat 212+3\n");
  const auto recording = open(folder / "good");
  CHECK(recording->frames() == 2);
  CHECK(read_all(*recording) == Values{{1, 3}, {2, 4}, {5, 0x600 | 0}});
  CHECK(!recording->base_time());
  const auto refused = [&](const std::string& header) {
    put(folder / "r.hea", header);
    return refusal(folder / "r");
  };
  CHECK(holds(refused("r 2 1\na.dat 16\nb.dat 16\n"), "4 frames in"));
  CHECK(holds(refused("r 3 1\na.dat 16\na.dat 16\na.dat 16\n"), "end within a frame"));
  CHECK(holds(refused("r 2 1\na.dat 16\na.dat 212\n"), "formats 16 and 212 in one file"));
  CHECK(holds(refused("r 3 1 1\na.dat 16\nb.dat 16\na.dat 16\n"), "don't stand together"));
  CHECK(holds(refused("r 2 1 1\na.dat 16+2\na.dat 16+4\n"), "byte offsets 2 and 4"));
  CHECK(holds(refused("r 1 1 9223372036854775807\na.dat 16\n"), "more than any file holds"));
  CHECK(holds(refused("r 2 1 1\na.dat 16x9223372036854775807\na.dat 16x9223372036854775807\n"), "samples a frame"));
  CHECK(holds(refused("r 1 1 5\na.dat 16\n"),
              "8 bytes where the header promises 10 (record truncated at 0:04.0); --on-error skip"));
  CHECK(holds(refused("r 1 1 4\na.dat 16 200 16 0 1 0 0\n"), "--trust-data"));
  CHECK(refused("r 1 1 4\na.dat 16 200 16 0 1 10 0\n").empty());
}

TEST_CASE("every real record holds what its header promises") {
  CFM_NEEDS(data, "CFM_DATA");
  std::size_t records = 0;
  for (const char* part : {"challenge2015", "mitdb", "ludb", "cinc2021", "cpsc2021", "nstdb"}) {
    for (const std::string& header : headers_in(data + "/" + part)) {
      CAPTURE(header);
      const auto recording = open(header);
      CHECK_NOTHROW(recording->verify());
      ++records;
    }
  }
  CHECK(records == 171 + 25 + 100 + 30 + 9 + 3);
}

TEST_CASE("records whose checksums were published as 0 need trust") {
  CFM_NEEDS(data, "CFM_DATA");
  const auto found = headers_in(data + "/cinc2017");
  CHECK(found.size() == 153);
  for (const std::string& header : found) {
    CAPTURE(header);
    CHECK(test::status_of([&] { open(header)->verify(); }) == Status::kMalformed);
    const auto recording = open(header, {.trust_data = true});
    CHECK_NOTHROW(recording->verify());
    CHECK(static_cast<std::int64_t>(read_all(*recording)[0].size()) == recording->frames());
  }
  CHECK(holds(refusal(found[0]), "A00001.hea: all checksums in the header are 0"));
  CHECK(holds(refusal(found[0]), "--trust-data"));
}

// What rdsamp printed: `channels` from frame `first` on, digital units or with eight decimals, in `rows` rows.
struct Printed {
  std::string record;
  std::vector<std::size_t> channels;
  std::int64_t first;
  std::string file;
  bool in_units = false;
  bool highest = false;  // a row for each sample of the fastest channel, else one a frame
  std::size_t rows = 0;
  int mark = kMissing;  // as which a missing sample is printed among digital values
};

// As rdsamp has them: samples repeated, or the mean of a frame's, cut towards 0.
double row_value(const std::vector<std::int32_t>& values, std::size_t row, std::size_t per_frame,
                 std::size_t rows_a_frame, const Channel* units) {
  const auto value_of = [units](std::int32_t value) {
    if (value == kMissing) return std::numeric_limits<double>::quiet_NaN();
    return units != nullptr ? physical(*units, value) : value;
  };
  const std::size_t first = row / rows_a_frame * per_frame;
  if (rows_a_frame > 1 || per_frame == 1)
    return value_of(values[first + row % rows_a_frame * per_frame / rows_a_frame]);
  std::int64_t sum = 0;
  for (std::size_t k = 0; k < per_frame; ++k) sum += values[first + k];
  return value_of(static_cast<std::int32_t>(sum / static_cast<std::int64_t>(per_frame)));
}

void compare_with_rdsamp(const std::string& data, const Printed& printed) {
  CAPTURE(printed.file);
  const auto recording = open(data + "/wfdb-samples/" + printed.record);
  const std::string path = data + "/wfdb-expected/" + printed.file;
  std::vector<double> want;
  FILE* text = ::popen((path.ends_with(".gz") ? "zcat '" + path + "'" : "cat '" + path + "'").c_str(), "r");
  REQUIRE(text != nullptr);
  for (char word[32]; std::fscanf(text, "%31s", word) == 1;) {
    const bool missing = std::string(word) == "-" || (!printed.in_units && std::atof(word) == printed.mark);
    want.push_back(missing ? std::numeric_limits<double>::quiet_NaN() : std::atof(word));
  }
  CHECK(::pclose(text) == 0);
  const std::size_t columns = printed.channels.size(), rows = want.size() / columns;
  CHECK(rows == printed.rows);
  std::size_t rows_a_frame = 1;
  for (const std::size_t c : printed.channels) {
    const auto per_frame = static_cast<std::size_t>(recording->channels()[c].samples_per_frame);
    if (printed.highest) rows_a_frame = std::max(rows_a_frame, per_frame);
  }
  const Values got = read(*recording, printed.channels, printed.first, static_cast<std::int64_t>(rows / rows_a_frame));
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const Channel& channel = recording->channels()[printed.channels[i % columns]];
    const double ours = row_value(got[i % columns], i / columns, static_cast<std::size_t>(channel.samples_per_frame),
                                  rows_a_frame, printed.in_units ? &channel : nullptr);
    const bool same =
        std::isnan(want[i]) ? std::isnan(ours) : std::abs(ours - want[i]) <= (printed.in_units ? 6e-9 : 0);
    wrong += same ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("every file that rdsamp printed") {
  CFM_NEEDS(data, "CFM_DATA");
  const std::vector<Printed> files = {
      {"test01_00s", {0, 1, 2, 3}, 0, "record-1a", false, false, 4000},
      {"a103l", {2, 0}, 50 * 250, "record-1b", true, false, 27500},
      {"a103l", {0, 1}, 80 * 250, "record-1c", false, false, 62500},
      {"binformats", {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 0, "record-1f.gz", false, false, 499},
      {"flacformats", {0, 1, 2}, 0, "record-flac.gz", false, false, 499},
      {"100", {1}, 1, "record-2b", false, false, 10799},
      {"100_3chan", {0, 1, 2}, 0, "record-2c", true, false, 999},
      {"310derive", {0, 1}, 2, "record-2d", false, false, 1024},
      {"311derive", {0}, 1, "record-2e", true, false, 977},
      {"s0010_re", {13, 0, 4, 8, 3}, 5 * 1000, "record-3b", true, false, 33000},
      {"test01_00s_skewframe", {0, 1, 2}, 0, "record-4a", false, false, 3997},
      {"test01_00s_skewframe", {0, 1, 2}, 0, "record-4d", true, true, 7994},
      {"fixed1/v102s", {1, 0, 3}, 70000, "record-multi-fixed-c", true, false, 10000},
      {"041s/041s", {3, 2, 1}, 0, "record-multi-fixed-d.gz", false, true, 8000, -2048},
  };
  for (const Printed& printed : files) compare_with_rdsamp(data, printed);
}

TEST_CASE("every record of the reader suite") {
  CFM_NEEDS(data, "CFM_DATA");
  const std::string samples = data + "/wfdb-samples/";
  for (const std::string& folder : {samples, samples + "041s", samples + "fixed1"}) {
    for (const std::string& header : headers_in(folder)) {
      CAPTURE(header);
      const std::string name = std::filesystem::path(header).stem().string();
      if (name == "1003") {
        CHECK(holds(refusal(header), "line 2: no such file"));
      } else {  // test01_00s_frame has the first value of another signal; its checksum is right, which is enough
        CHECK(refusal(header) == "");
      }
    }
  }
  CHECK(open(samples + "100-no-len")->frames() == 650000);
  CHECK(read_all(*open(samples + "a103l-no-len")) == read_all(*open(samples + "a103l")));
  CHECK(open(samples + "041s/041s")->base_time() == "1994-10-26T08:26:04");
  const auto frames = open(samples + "test_generator_2");
  CHECK(frames->channels()[0].fs == 200);
  CHECK(frames->channels()[11].samples == 600 * 51);
}

TEST_CASE("a skewed signal is stored late, and the record ends with it") {
  CFM_NEEDS(data, "CFM_DATA");
  const auto straight = open(data + "/wfdb-samples/100"), skewed = open(data + "/wfdb-samples/100skew");
  skewed->verify();
  const Values want = read_all(*straight), got = read_all(*skewed);
  REQUIRE(skewed->frames() == 649997);
  CHECK(std::equal(got[0].begin(), got[0].end(), want[0].begin()));
  CHECK(std::equal(got[1].begin(), got[1].end(), want[1].begin() + 3));
  for (const std::int64_t first : {649980, 649996, 649997}) {
    const std::int64_t n = 649997 - first;
    const Values part = read(*skewed, {1, 0, 1}, first, n);
    CHECK(part[0] == std::vector<std::int32_t>(got[1].end() - n, got[1].end()));
    CHECK(part[1] == std::vector<std::int32_t>(got[0].end() - n, got[0].end()));
    CHECK(part[2] == part[0]);
  }
}

TEST_CASE("skew reaches beyond the record where the file goes on, and not beyond the file") {
  const test::TemporaryFolder folder;
  put(folder / "a.dat", words({1, 11, 2, 12, 3, 13, 4, 14}));
  put(folder / "r.hea", "r 2 1 3\na.dat 16:1\na.dat 16\n");
  CHECK(read_all(*open(folder / "r")) == Values{{2, 3, 4}, {11, 12, 13}});
  put(folder / "r.hea", "r 2 1 4\na.dat 16\na.dat 16:2\n");
  CHECK(read_all(*open(folder / "r")) == Values{{1, 2}, {13, 14}});
  put(folder / "r.hea", "r 2 1 3\na.dat 16:9223372036854775807\na.dat 16:2\n");
  CHECK(holds(refusal(folder / "r"), "line 2: a skew of 9223372036854775807 frames, and the record has 3"));
}

TEST_CASE("signals that were never recorded have format 0 and no file") {
  const test::TemporaryFolder folder;
  put(folder / "a.dat", words({1, 2}));
  put(folder / "r.hea", "r 3 1 2\n~ 0 100/mV 8 0 0 0 0 I\na.dat 16 200 16 0 1 3 0 II\n~ 0x2\n");
  const auto recording = open(folder / "r");
  recording->verify();
  CHECK(read_all(*recording) == Values{{kMissing, kMissing}, {1, 2}, {kMissing, kMissing, kMissing, kMissing}});
  put(folder / "r.hea", "r 1 1\n~ 0\n");
  CHECK(holds(refusal(folder / "r"), "neither signals nor a length"));
  put(folder / "r.hea", "r 1 1 2\n~ 16\n");
  CHECK(holds(refusal(folder / "r"), "line 2: signal file '~' is no file"));
}

TEST_CASE("options that a header makes idle are those of other files") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto given = open(golden + "/readers/wfdb/fmt16", {.fs = 99, .channels = {{"x", "mV"}}, .variable = "x"});
  CHECK(given->fs() == 250);
  CHECK(given->channels()[0].name == "II");
}

TEST_CASE("several threads read one record") {
  CFM_NEEDS(data, "CFM_DATA");
  for (const char* name : {"flacformats", "binformats", "041s/041s"}) {
    const auto recording = open(data + "/wfdb-samples/" + name);
    const Values all = read_all(*recording);
    std::vector<std::thread> threads;
    std::atomic<int> wrong = 0;
    for (unsigned seed = 0; seed < 4; ++seed) {
      threads.emplace_back([&, seed] {
        std::mt19937 random(seed);
        for (int i = 0; i < 50; ++i) {
          const std::int64_t first = random() % recording->frames(), n = random() % (recording->frames() - first + 1);
          const Values part = read(*recording, all_of(*recording), first, n);
          for (std::size_t c = 0; c < all.size(); ++c) {
            const auto per_frame = recording->channels()[c].samples_per_frame;
            wrong += std::equal(part[c].begin(), part[c].end(), all[c].begin() + first * per_frame) ? 0 : 1;
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
  }
}

}  // namespace
}  // namespace cfm::format
