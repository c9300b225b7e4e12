#include <sndfile.h>

#include <cstdint>
#include <thread>

#include "format/recording.h"
#include "golden_readers.h"
#include "support.h"

namespace cfm::format {
namespace {

void write_file(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

TEST_CASE("third-party audio files hold what their writers put in") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  test::check_golden_readers(golden, "audio/", {.digital = 2e-12}, [](const test::Json&, const Recording& recording) {
    CHECK(recording.channels()[0].name == "signal 0");
    CHECK(recording.channels()[0].unit == "FS");
    CHECK(recording.notes().empty());
  });
}

TEST_CASE("damaged audio files are refused with the place") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const std::vector<std::pair<std::string, std::vector<std::string>>> rows = {
      {"cut.wav", {"data chunk", "promises 3600 bytes", "1779 are there", "truncated"}},
      {"no_data_chunk.wav", {"no data chunk"}},
      {"rate_zero.wav", {"at byte 24", "no rate"}},
      {"cut.flac", {"STREAMINFO promises 2000", "truncated"}},
  };
  for (const auto& [file, words] : rows) {
    const std::string message =
        test::malformed([&] { open_recording(golden + "/readers/bad/" + file, file, {})->verify(); });
    CHECK_MESSAGE(message.find(file) != std::string::npos, message);
    for (const std::string& word : words)
      CHECK_MESSAGE(message.find(word) != std::string::npos, message, " lacks ", word);
  }
}

TEST_CASE("every cut of a WAV, an AU and a FLAC file is seen") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const test::TemporaryFolder folder;
  for (const std::string file : {"pcm24_three.wav", "pcm16.au", "flac24.flac", "double.wav"}) {
    const std::string bytes = test::slurp(golden + "/readers/audio/" + file);
    for (std::size_t size = 4; size < bytes.size(); size += size < 60 ? 1 : 97) {
      write_file(folder / file, bytes.substr(0, size));
      CHECK_MESSAGE(!test::malformed([&] { open_recording(folder / file, file, {})->verify(); }).empty(), file, size);
    }
    write_file(folder / file, bytes);
    open_recording(folder / file, file, {})->verify();
  }
}

TEST_CASE("a damaged FLAC frame is seen by verify") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const test::TemporaryFolder folder;
  std::string bytes = test::slurp(golden + "/readers/audio/flac16.flac");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
  write_file(folder / "a.flac", bytes);
  CHECK(!test::malformed([&] { open_recording(folder / "a.flac", "a", {})->verify(); }).empty());
}

TEST_CASE("names, units and scales: the user's, else the side-car's, else none") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const test::TemporaryFolder folder;
  const std::string path = folder / "a.wav";
  std::filesystem::copy_file(golden + "/readers/audio/pcm16_stereo.wav", path);
  const auto car = [&](const std::string& json) {
    write_file(folder / "a.json", json);
    return open_recording(path, "a", {});
  };
  const auto recording =
      car(R"({"names": ["II", "PLETH"], "units": ["mv", "NU"], "scale": [0.005, 1], "offset": [3, 0], "fs": 62.5})");
  CHECK(recording->fs() == 62.5);
  CHECK(recording->channels()[0].name == "II");
  CHECK(recording->channels()[0].unit == "mV");
  CHECK(recording->channels()[0].kind == "ecg");
  CHECK(recording->channels()[0].scale == 0.005);
  CHECK(recording->channels()[0].offset == 3);
  CHECK(recording->channels()[1].kind == "ppg");
  CHECK(recording->channels()[1].fs == 62.5);
  const auto named = open_recording(path, "a", {.channels = {{"V5", "uV"}, {"ABP", ""}}});
  CHECK(named->channels()[0].name == "V5");
  CHECK(named->channels()[0].unit == "uV");
  CHECK(named->channels()[1].name == "ABP");

  for (const std::string json : {R"({"names": ["II"]})", R"({"units": [1, 2]})", R"({"scale": [1, 0]})", R"({"fs": 0})",
                                 R"({"gain": [1, 1]})", R"([1])", R"({"fs": 1)", R"({"fs": 1e999})"}) {
    const std::string message = test::malformed([&] { car(json); });
    CHECK_MESSAGE(message.find("a.json") != std::string::npos, json, ": ", message);
  }
  std::filesystem::remove(folder / "a.json");
  CHECK(test::status_of([&] { open_recording(path, "a", {.channels = {{"II", ""}}}); }) == Status::kUsage);
  CHECK(open_recording(path, "a", {.fs = 100})->fs() != 100);  // the file says its rate
}

TEST_CASE("RF64, RIFX, unsigned 8 and 32 bits") {
  const test::TemporaryFolder folder;
  const auto written = [&](int format, const std::vector<int>& values) {
    const std::string path = folder / "a.wav";
    SF_INFO info{};
    info.samplerate = 250;
    info.channels = 1;
    info.format = format;
    SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
    REQUIRE(file != nullptr);
    REQUIRE(sf_write_int(file, values.data(), static_cast<sf_count_t>(values.size())) ==
            static_cast<sf_count_t>(values.size()));
    sf_close(file);
    return open_recording(path, "a", {});
  };
  const std::vector<int> values = {0, 5 << 24, -128 * (1 << 24), 127 << 24};
  const std::vector<std::int32_t> top = {0, 5, -128, 127};
  CHECK(test::whole(*written(SF_FORMAT_WAV | SF_FORMAT_PCM_U8, values), 0).digital == top);
  std::vector<std::int32_t> top_16;
  for (const std::int32_t value : top) top_16.push_back(value * 256);
  CHECK(test::whole(*written(SF_FORMAT_RF64 | SF_FORMAT_PCM_16, values), 0).digital == top_16);
  CHECK(test::whole(*written(SF_FORMAT_WAV | SF_FORMAT_PCM_16 | SF_ENDIAN_BIG, values), 0).digital == top_16);
  const auto wide = written(SF_FORMAT_WAV | SF_FORMAT_PCM_32, {1, -2147483647 - 1});
  CHECK(wide->channels()[0].type == SampleType::kF64);
  CHECK(test::whole(*wide, 0).real == std::vector<double>{0x1p-31, -1});
  const std::string ulaw = test::malformed([&] { written(SF_FORMAT_WAV | SF_FORMAT_ULAW, values); });
  CHECK(ulaw.find("PCM") != std::string::npos);
}

TEST_CASE("a sleep recording of seven channels with 12 bits in 16") {
  CFM_NEEDS(data, "CFM_DATA");
  const auto recording = open_recording(data + "/wfdb-samples/SC4001E0-PSG.wav", "s", {});
  CHECK(recording->channels().size() == 7);
  CHECK(recording->fs() == 1);
  CHECK(recording->frames() == (1113044 - 44) / 14);
  std::vector<Samples> samples;
  recording->read(std::vector<std::size_t>{0, 6}, 0, 2, samples);
  CHECK(samples[0].digital == std::vector<std::int32_t>{-2880, 3232});
  CHECK(samples[1].digital.front() == 29408);
  test::check_in_chunks(*recording, 4099);
}

TEST_CASE("threads may read one file at once") {
  CFM_NEEDS(golden, "CFM_GOLDEN");
  const auto recording = open_recording(golden + "/readers/audio/flac16.flac", "f", {});
  const Samples all = test::whole(*recording, 1);
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      std::vector<Samples> piece;
      for (std::int64_t i = 0; i < 50; ++i) {
        const std::int64_t first = (i * 331 + static_cast<std::int64_t>(t) * 97) % 1900;
        recording->read(std::vector<std::size_t>{1}, first, 100, piece);
        wrong[t] += std::equal(piece[0].digital.begin(), piece[0].digital.end(), all.digital.begin() + first) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

}  // namespace
}  // namespace cfm::format
