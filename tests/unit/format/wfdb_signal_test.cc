#include "format/wfdb_signal.h"

#include <sndfile.h>

#include <map>
#include <random>

#include "format/wfdb_unpack.h"
#include "wfdb_support.h"

namespace cfm::format {
namespace {

using namespace test_wfdb;
using Bits = std::vector<std::uint8_t>;

std::vector<std::int32_t> decode(int code, const Bits& bytes, std::int64_t first, std::size_t n, SignalFile file = {}) {
  std::vector<std::int32_t> values(n);
  file.data = Bytes::own(bytes);
  find_signal_format(code)->open(std::move(file))->decode(first, values);
  return values;
}

TEST_CASE("each packed format by hand") {
  struct Case {
    int code;
    Bits bytes;
    std::vector<std::int32_t> values;
  };
  const std::vector<Case> cases = {
      {16, {0x01, 0x00, 0xff, 0xff, 0x00, 0x80, 0xff, 0x7f}, {1, -1, -32768, 32767}},
      {24, {0x01, 0x00, 0x00, 0xff, 0xff, 0xff, 0x00, 0x00, 0x80, 0xff, 0xff, 0x7f}, {1, -1, -8388608, 8388607}},
      {32, {0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0xfe, 0xff, 0xff, 0xff}, {1, kMissing, -2}},
      {61, {0x00, 0x01, 0xff, 0xff, 0x80, 0x00, 0x7f, 0xff}, {1, -1, -32768, 32767}},
      {80, {0x81, 0x7f, 0x00, 0xff}, {1, -1, -128, 127}},
      {160, {0x01, 0x80, 0xff, 0x7f, 0x00, 0x00, 0xff, 0xff}, {1, -1, -32768, 32767}},
      {212, {0x01, 0xf0, 0xff, 0x00, 0x78, 0xff, 0x23, 0x01}, {1, -1, -2048, 2047, 0x123}},
      // 1, -1, 0x155 and -512: bits 1 to 10 of either word, then five and five above them
      {310, {0x02, 0xa8, 0xfe, 0x57, 0x00, 0x04}, {1, -1, 0x155, -512}},
      // 1 | 0x3ff << 10 | 0x155 << 20, then -512 | 3 << 10
      {311, {0x01, 0xfc, 0x5f, 0x15, 0x00, 0x0e, 0x00}, {1, -1, 0x155, -512, 3}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.code);
    const auto n = static_cast<std::int64_t>(c.values.size());
    for (std::int64_t first = 0; first < n; ++first) {
      for (std::int64_t end = first; end <= n; ++end) {
        CHECK(decode(c.code, c.bytes, first, static_cast<std::size_t>(end - first)) ==
              std::vector<std::int32_t>(c.values.begin() + first, c.values.begin() + end));
      }
    }
  }
  CHECK(find_signal_format(17) == nullptr);
}

TEST_CASE("lengths of whole and broken blocks") {
  for (const SignalFormat& format : signal_formats()) {
    if (format.bytes_for == nullptr) continue;
    CAPTURE(format.code);
    std::int64_t last = 0;
    for (std::int64_t n = 0; n < 40; ++n) {
      const std::int64_t bytes = format.bytes_for(n);
      CHECK(bytes >= last);
      last = bytes;
      const auto file = [&](std::int64_t length) {
        return format.open(
            {.data = Bytes::own(Bits(static_cast<std::size_t>(length))), .initial = {0}, .samples_per_frame = {1}});
      };
      // A broken block of format 310 fills a word of 32 bits, which holds one value more.
      CHECK(file(bytes)->values() == (format.code == 310 && n % 3 == 2 ? n + 1 : n));
      if (n > 0) CHECK(file(bytes - 1)->values() < n);
    }
  }
}

TEST_CASE("vectors unpack and pick what plain loops do") {
  std::mt19937 random(1);
  for (std::size_t blocks = 0; blocks < 70; ++blocks) {
    Bits bytes(3 * blocks);  // of exactly this size: a load beyond the end is seen by the sanitizers
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    std::vector<std::int32_t> values(2 * blocks, 12345);
    const auto done =
        static_cast<std::size_t>(unpack_212(bytes.data(), static_cast<std::int64_t>(blocks), values.data()));
    REQUIRE(done <= blocks);
    for (std::size_t b = 0; b < blocks; ++b) {
      const std::uint8_t* block = bytes.data() + 3 * b;
      const int even = block[0] | (block[1] & 0x0f) << 8, odd = block[2] | (block[1] & 0xf0) << 4;
      const auto whole = decode(212, bytes, static_cast<std::int64_t>(2 * b), 2);
      CHECK(whole[0] == (even < 2048 ? even : even - 4096));
      CHECK(whole[1] == (odd < 2048 ? odd : odd - 4096));
      if (b < done) CHECK((values[2 * b] == whole[0] && values[2 * b + 1] == whole[1]));
      if (b >= done) CHECK((values[2 * b] == 12345 && values[2 * b + 1] == 12345));
    }
  }
  std::vector<std::int32_t> values(1000);
  for (auto& value : values) value = static_cast<std::int32_t>(random() % 8) - 4;
  for (std::int64_t stride = 1; stride < 14; ++stride) {
    for (std::int64_t n = 0; n < 70; ++n) {
      std::vector<std::int32_t> out(static_cast<std::size_t>(n));
      pick(values.data(), stride, n, -4, out.data());
      std::uint32_t sum = 0;
      bool same = true;
      for (std::int64_t i = 0; i < n; ++i) {
        const std::int32_t value = values[static_cast<std::size_t>(i * stride)];
        same = same && out[static_cast<std::size_t>(i)] == (value == -4 ? kMissing : value);
        sum += static_cast<std::uint32_t>(value);
      }
      CHECK(same);
      CHECK(sum_of(values.data(), stride, n) == sum);
    }
  }
}

TEST_CASE("first differences from any place") {
  std::mt19937 random(2);
  constexpr std::size_t kFrames = 5000;
  Bits bytes(kFrames * 4);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  // two signals, of three samples a frame and one
  std::vector<std::int32_t> want;
  std::int32_t first = -7, second = 1000;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::int32_t& value = i % 4 < 3 ? first : second;
    value += static_cast<std::int8_t>(bytes[i]);
    want.push_back(value);
  }
  const auto source =
      find_signal_format(8)->open({.data = Bytes::own(bytes), .initial = {-7, 1000}, .samples_per_frame = {3, 1}});
  CHECK(source->values() == static_cast<std::int64_t>(want.size()));
  for (int i = 0; i < 200; ++i) {
    const std::size_t from = random() % want.size(), n = random() % (want.size() - from + 1);
    std::vector<std::int32_t> got(n);
    source->decode(static_cast<std::int64_t>(from), got);
    CHECK(std::equal(got.begin(), got.end(), want.begin() + static_cast<std::ptrdiff_t>(from)));
  }
}

// A FLAC file of two channels and `n` samples each, the second being 1000 above the first.
std::string write_flac(const std::string& path, int kind, int n, int most) {
  SF_INFO info{.samplerate = 8000, .channels = 2, .format = SF_FORMAT_FLAC | kind};
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  REQUIRE(file != nullptr);
  const int shift = kind == SF_FORMAT_PCM_S8 ? 24 : kind == SF_FORMAT_PCM_16 ? 16 : 8;
  std::vector<int> values;
  for (int i = 0; i < n; ++i) {
    values.push_back((i * 7 % most) * (1 << shift));
    values.push_back(-(i * 5 % most) * (1 << shift));
  }
  CHECK(sf_writef_int(file, values.data(), n) == n);
  sf_close(file);
  return path;
}

TEST_CASE("FLAC of several signals and samples a frame, from any place") {
  const test::TemporaryFolder folder;
  std::mt19937 random(3);
  for (const auto& [code, kind, most] :
       {std::tuple(508, SF_FORMAT_PCM_S8, 100), std::tuple(516, SF_FORMAT_PCM_16, 30000),
        std::tuple(524, SF_FORMAT_PCM_24, 8000000)}) {
    CAPTURE(code);
    constexpr int kSamples = 30000;
    const Bytes data = map_file(write_flac(folder / "a.flac", kind, kSamples, most));
    for (const std::int64_t per_frame : {1, 3}) {
      const auto source = find_signal_format(code)->open({.data = data, .samples_per_frame = {per_frame, per_frame}});
      CHECK(source->values() == 2 * kSamples);
      std::size_t wrong = 0;
      for (int i = 0; i < 60; ++i) {
        const std::int64_t from = random() % (2 * kSamples),
                           n = random() % std::min<std::int64_t>(5000, 2 * kSamples - from);
        std::vector<std::int32_t> got(static_cast<std::size_t>(n));
        source->decode(from, got);
        for (std::int64_t v = 0; v < n; ++v) {
          const std::int64_t at = from + v, place = at % (2 * per_frame);
          const auto sample = static_cast<int>(at / (2 * per_frame) * per_frame + place % per_frame);
          const int want = place < per_frame ? sample * 7 % most : -(sample * 5 % most);
          wrong += got[static_cast<std::size_t>(v)] == want ? 0 : 1;
        }
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("FLAC files that are cut, damaged, none, or of another shape") {
  const test::TemporaryFolder folder;
  const std::string bytes = test::slurp(write_flac(folder / "good.dat", SF_FORMAT_PCM_16, 20000, 30000));
  put(folder / "good.hea", "good 2 1000 20000\ngood.dat 516\ngood.dat 516\n");
  CHECK(refusal(folder / "good") == "");
  put(folder / "good.hea", "good 2 1000\ngood.dat 516\ngood.dat 516\n");
  CHECK(open(folder / "good")->frames() == 20000);
  const auto refused = [&](const std::string& content, const std::string& signals) {
    put(folder / "r.dat", content);
    put(folder / "r.hea", "r " + signals);
    return refusal(folder / "r");
  };
  const std::string two = "2 1000 20000\nr.dat 516\nr.dat 516\n";
  CHECK(refused(bytes, two) == "");
  CHECK(holds(refused(bytes.substr(0, bytes.size() / 2), two), "r.dat: FLAC data damaged or cut at sample"));
  CHECK(holds(refused("RIFF" + bytes.substr(4), two), "not a FLAC file"));
  CHECK(holds(refused("", two), "not a FLAC file"));
  CHECK(holds(refused(bytes, "1 1000 20000\nr.dat 516\n"), "2 channels where the header promises 1 signals"));
  CHECK(holds(refused(bytes, "2 1000 20000\nr.dat 508\nr.dat 508\n"), "16 bits where the header promises 8"));
  CHECK(holds(refused(bytes, "2 1000 20000\nr.dat 516x2\nr.dat 516\n"), "several rates in one FLAC file"));
  CHECK(holds(refused(bytes, "2 1000 20001\nr.dat 516\nr.dat 516\n"),
              "20000 samples a signal where the header promises 20001 (record truncated at 0:20.0)"));
  std::string damaged = bytes;
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 64; ++i) damaged[i] = static_cast<char>(~damaged[i]);
  CHECK(refused(damaged, two) != "");
}

}  // namespace
}  // namespace cfm::format
