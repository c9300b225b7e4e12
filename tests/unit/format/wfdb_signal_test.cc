#include "format/wfdb_signal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "format/recording.h"
#include "support.h"

namespace cfm::format {
namespace {

using Json = nlohmann::json;
using Values = std::vector<std::vector<std::int32_t>>;

std::unique_ptr<Recording> open(const std::string& record, OpenOptions options = {}) {
  const std::string stem = record.ends_with(".hea") ? record.substr(0, record.size() - 4) : record;
  return open_recording(stem + ".hea", stem.substr(stem.rfind('/') + 1), options);
}

// Headers right in a folder, as paths.
std::vector<std::string> headers_in(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".hea") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Values read(const Recording& recording, std::vector<std::size_t> channels, std::int64_t first, std::int64_t frames) {
  std::vector<Samples> samples;
  recording.read(channels, first, frames, samples);
  Values out;
  for (Samples& channel : samples) out.push_back(std::move(channel.digital));
  return out;
}

Values read_all(const Recording& recording) {
  std::vector<std::size_t> channels(recording.channels().size());
  for (std::size_t c = 0; c < channels.size(); ++c) channels[c] = c;
  return read(recording, channels, 0, recording.frames());
}

double physical(const Channel& channel, std::int32_t value) {
  return value == kMissing ? std::numeric_limits<double>::quiet_NaN() : (value - channel.offset) * channel.scale;
}

std::string refusal(const std::string& record, OpenOptions options = {}) {
  try {
    open(record, options)->verify();
  } catch (const Error& error) {
    CHECK(error.status() == Status::kMalformed);
    return error.what();
  }
  return "";
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void put(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

TEST_CASE("format 16 and 212 by hand") {
  const auto decode = [](int code, std::vector<std::uint8_t> bytes, std::int64_t first, std::size_t n) {
    std::vector<std::int32_t> values(n);
    find_signal_format(code)->open({.data = Bytes::own(std::move(bytes)), .initial = {}})->decode(first, values);
    return values;
  };
  CHECK(decode(16, {0x01, 0x00, 0xff, 0xff, 0x00, 0x80, 0xff, 0x7f}, 0, 4) ==
        std::vector<std::int32_t>{1, -1, -32768, 32767});
  // 0x001, 0xfff (-1), 0x800 (-2048), 0x7ff, 0x123
  const std::vector<std::uint8_t> packed = {0x01, 0xf0, 0xff, 0x00, 0x78, 0xff, 0x23, 0x01};
  const std::vector<std::int32_t> values = {1, -1, -2048, 2047, 0x123};
  for (std::size_t first = 0; first < values.size(); ++first) {
    for (std::size_t n = 0; first + n <= values.size(); ++n) {
      CHECK(decode(212, packed, static_cast<std::int64_t>(first), n) ==
            std::vector<std::int32_t>(values.begin() + static_cast<long>(first),
                                      values.begin() + static_cast<long>(first + n)));
    }
  }
  const SignalFormat* f212 = find_signal_format(212);
  for (std::int64_t n = 0; n < 9; ++n) CHECK(f212->values_in(f212->bytes_for(n)) == n);
  CHECK(f212->values_in(1) == 0);
  CHECK(find_signal_format(17) == nullptr);
}

TEST_CASE("golden records of formats 16 and 212") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  int records = 0;
  const Json files = Json::parse(test::slurp(golden + "/readers/expected.json")).at("files");
  for (const Json& want : files) {
    const std::string file = want["file"];
    if (!file.starts_with("wfdb/") || !file.ends_with(".hea")) continue;
    const std::string path = golden + "/readers/" + file;
    bool ours = true;
    for (const Json& c : want["channels"]) ours = ours && (c["format"] == "16" || c["format"] == "212");
    CAPTURE(file);
    if (!ours) {
      CHECK(holds(refusal(path), "unknown format"));
      continue;
    }
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
      const std::int32_t mark = expected["format"] == "16" ? -32768 : -2048;
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
  CHECK(records == 4);
}

TEST_CASE("golden headers that lie are refused in words") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"missing_file", "no such file"},
      {"gain_nan", "line 2: gain 'nan(0)/mV'"},
      {"unknown_format", "line 2: unknown format 17"},
      {"wrong_checksum", "checksum of signal II is 22784 where the header promises 22785"},
      {"wrong_first_value", "first value of signal II is 10271 where the header promises 10278"},
      {"length_too_long", "2400 bytes where the header promises 240000 (record truncated at 0:02.4)"},
      {"length_too_short", "good.dat holds 400 bytes more than promised"},
      {"more_signals", "header ends before signal 3"},
      {"rate_zero", "rate '0' is no rate"},
      {"offset_beyond", "byte offset 100000 lies beyond the end"},
      {"frame_overflow", "2400 bytes where the header promises"},
      {"path_escape", "outside the header's folder"},
      {"empty", "empty header"},
      {"binary", "not a WFDB header"},
      {"loop", "segments"},
      {"loop_a", "segments"},
      {"segment_missing", "segments"},
      {"segment_sum", "segments"},
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
  for (const char* name : {"fmt16", "fmt212", "multifreq"}) {
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
  CHECK(holds(refused("r 1 1 4\na.dat 16:2\n"), "skew of 2 samples is not supported"));
  CHECK(holds(refused("r 1 1 9223372036854775807\na.dat 16\n"), "more than any file holds"));
  CHECK(holds(refused("r 2 1 1\na.dat 16x9223372036854775807\na.dat 16x9223372036854775807\n"), "samples a frame"));
  CHECK(holds(refused("r 1 1 5\na.dat 16\n"),
              "8 bytes where the header promises 10 (record truncated at 0:04.0); --on-error skip"));
  CHECK(holds(refused("r 1 1 4\na.dat 16 200 16 0 1 0 0\n"), "--trust-data"));
  CHECK(refused("r 1 1 4\na.dat 16 200 16 0 1 10 0\n").empty());
}

TEST_CASE("every real record of formats 16 and 212 holds what its header promises") {
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

// What rdsamp printed: `channels` from frame `first` on, digital units or with eight decimals.
void compare_with_rdsamp(const std::string& record, std::vector<std::size_t> channels, std::int64_t first,
                         const std::string& printed, bool in_units) {
  CAPTURE(printed);
  const auto recording = open(record);
  std::istringstream words(test::slurp(printed));
  std::vector<double> want;
  for (double value; words >> value;) want.push_back(value);
  const auto frames = static_cast<std::int64_t>(want.size() / channels.size());
  REQUIRE(frames > 0);
  const Values got = read(*recording, channels, first, frames);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const std::int32_t value = got[i % channels.size()][i / channels.size()];
    const double ours = in_units ? physical(recording->channels()[channels[i % channels.size()]], value) : value;
    wrong += std::abs(ours - want[i]) <= 6e-9 ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("real samples as rdsamp prints them") {
  CFM_NEEDS(data, "CFM_DATA");
  const std::string samples = data + "/wfdb-samples/", expected = data + "/wfdb-expected/";
  compare_with_rdsamp(samples + "test01_00s", {0, 1, 2, 3}, 0, expected + "record-1a", false);
  compare_with_rdsamp(samples + "a103l", {2, 0}, 50 * 250, expected + "record-1b", true);
  compare_with_rdsamp(samples + "a103l", {0, 1}, 80 * 250, expected + "record-1c", false);
  compare_with_rdsamp(samples + "100", {1}, 1, expected + "record-2b", false);
  compare_with_rdsamp(samples + "100_3chan", {0, 1, 2}, 0, expected + "record-2c", true);
  compare_with_rdsamp(samples + "s0010_re", {13, 0, 4, 8, 3}, 5 * 1000, expected + "record-3b", true);
}

TEST_CASE("real records without a length, and features of later versions") {
  CFM_NEEDS(data, "CFM_DATA");
  const std::string samples = data + "/wfdb-samples/";
  CHECK(open(samples + "100-no-len")->frames() == 650000);
  CHECK(read_all(*open(samples + "a103l-no-len")) == read_all(*open(samples + "a103l")));
  CHECK(holds(refusal(samples + "100skew"), "100skew.hea, line 3: skew of 3 samples is not supported by this version"));
  CHECK(holds(refusal(samples + "fixed1/v102s"), "3 segments is not supported by this version"));
  CHECK(holds(refusal(samples + "p10143"), "unknown format 61; this version reads 16, 212"));
  const auto frames = open(samples + "test_generator_2");
  frames->verify();
  CHECK(frames->channels()[0].fs == 200);
  CHECK(frames->channels()[11].samples == 600 * 51);
}

}  // namespace
}  // namespace cfm::format
