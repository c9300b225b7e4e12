#include "format/wfdb_signal.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "format/wfdb_unpack.h"

namespace cfm::format {
namespace {

static_assert(std::endian::native == std::endian::little, "formats are read as they lie in memory");

template <typename T>
T load(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

constexpr std::int32_t sign_extended(std::uint32_t bits, int width) {
  return static_cast<std::int32_t>(bits << (32 - width)) >> (32 - width);
}

// How each format packs values: kValues of them in kBytes; the first k of a block stand in its first kPart[k] bytes.

struct Format16 {  // two's complement, little-endian
  static constexpr int kCode = 16, kBits = 16, kValues = 1, kBytes = 2;
  static constexpr std::array<std::int64_t, 1> kPart = {0};
  static std::int32_t value(const std::uint8_t* block, int) { return load<std::int16_t>(block); }
};

struct Format24 {
  static constexpr int kCode = 24, kBits = 24, kValues = 1, kBytes = 3;
  static constexpr std::array<std::int64_t, 1> kPart = {0};
  static std::int32_t value(const std::uint8_t* block, int) {
    return sign_extended(load<std::uint16_t>(block) | static_cast<std::uint32_t>(block[2]) << 16, 24);
  }
};

struct Format32 {
  static constexpr int kCode = 32, kBits = 32, kValues = 1, kBytes = 4;
  static constexpr std::array<std::int64_t, 1> kPart = {0};
  static std::int32_t value(const std::uint8_t* block, int) { return load<std::int32_t>(block); }
};

struct Format61 {  // two's complement, big-endian
  static constexpr int kCode = 61, kBits = 16, kValues = 1, kBytes = 2;
  static constexpr std::array<std::int64_t, 1> kPart = {0};
  static std::int32_t value(const std::uint8_t* block, int) {
    const auto bits = load<std::uint16_t>(block);
    return static_cast<std::int16_t>(bits >> 8 | bits << 8);
  }
};

struct Format80 {  // offset binary
  static constexpr int kCode = 80, kBits = 8, kValues = 1, kBytes = 1;
  static constexpr std::array<std::int64_t, 1> kPart = {0};
  static std::int32_t value(const std::uint8_t* block, int) { return *block - 128; }
};

struct Format160 {  // offset binary, little-endian
  static constexpr int kCode = 160, kBits = 16, kValues = 1, kBytes = 2;
  static constexpr std::array<std::int64_t, 1> kPart = {0};
  static std::int32_t value(const std::uint8_t* block, int) { return load<std::uint16_t>(block) - 32768; }
};

struct Format212 {  // the upper halves in the second byte, the later value's on top
  static constexpr int kCode = 212, kBits = 12, kValues = 2, kBytes = 3;
  static constexpr std::array<std::int64_t, 2> kPart = {0, 2};
  static std::int32_t value(const std::uint8_t* block, int k) {
    return k == 0 ? sign_extended(load<std::uint16_t>(block), 12)
                  : sign_extended(block[2] | (block[1] & 0xf0U) << 4, 12);
  }
};

struct Format310 {  // two words of 16 bits, a value in bits 1 to 10 of each, the third in their upper five
  static constexpr int kCode = 310, kBits = 10, kValues = 3, kBytes = 4;
  static constexpr std::array<std::int64_t, 3> kPart = {0, 2, 4};
  static std::int32_t value(const std::uint8_t* block, int k) {
    if (k < 2) return sign_extended(load<std::uint16_t>(block + 2 * k) >> 1U, 10);
    const std::uint32_t bits = load<std::uint32_t>(block);
    return sign_extended((bits >> 11 & 0x1f) | (bits >> 27) << 5, 10);
  }
};

struct Format311 {  // one after the other in 30 bits of 32
  static constexpr int kCode = 311, kBits = 10, kValues = 3, kBytes = 4;
  static constexpr std::array<std::int64_t, 3> kPart = {0, 2, 3};
  static std::int32_t value(const std::uint8_t* block, int k) {
    if (k == 0) return sign_extended(load<std::uint16_t>(block), 10);
    if (k == 1) return sign_extended(static_cast<std::uint32_t>(block[1] >> 2 | block[2] << 6), 10);
    return sign_extended(static_cast<std::uint32_t>(block[2] >> 4 | block[3] << 4), 10);
  }
};

template <typename Format>
std::int64_t bytes_for(std::int64_t n) {
  return n / Format::kValues * Format::kBytes + Format::kPart[static_cast<std::size_t>(n % Format::kValues)];
}

template <typename Format>
std::int64_t values_in(std::int64_t bytes) {
  const auto part = std::upper_bound(Format::kPart.begin(), Format::kPart.end(), bytes % Format::kBytes);
  return bytes / Format::kBytes * Format::kValues + (part - Format::kPart.begin() - 1);
}

// Whole blocks. The inner loops have fixed lengths, so that a compiler makes vectors of them.
template <typename Format>
void unpack(const std::uint8_t* __restrict from, std::int64_t blocks, std::int32_t* __restrict to) {
  constexpr int kAtOnce = 16;
  std::int64_t b = 0;
  for (; b + kAtOnce <= blocks; b += kAtOnce) {
    for (int i = 0; i < kAtOnce; ++i) {
      for (int k = 0; k < Format::kValues; ++k) {
        to[i * Format::kValues + k] = Format::value(from + i * Format::kBytes, k);
      }
    }
    from += kAtOnce * Format::kBytes;
    to += kAtOnce * Format::kValues;
  }
  for (; b < blocks; ++b, from += Format::kBytes, to += Format::kValues) {
    for (int k = 0; k < Format::kValues; ++k) to[k] = Format::value(from, k);
  }
}

// A format whose values stand at places that can be computed.
template <typename Format>
class Packed final : public SampleSource {
 public:
  explicit Packed(SignalFile file) : data_(std::move(file.data)) {}

  std::int64_t values() const override { return values_in<Format>(static_cast<std::int64_t>(data_.size())); }

  void decode(std::int64_t first, std::span<std::int32_t> values) const override {
    const auto* block = reinterpret_cast<const std::uint8_t*>(data_.data()) + first / Format::kValues * Format::kBytes;
    std::int32_t* to = values.data();
    auto left = static_cast<std::int64_t>(values.size());
    if (const int begun = static_cast<int>(first % Format::kValues); begun != 0) {
      for (int k = begun; k < Format::kValues && left > 0; ++k, --left) *to++ = Format::value(block, k);
      block += Format::kBytes;
    }
    const std::int64_t blocks = left / Format::kValues;
    if constexpr (Format::kCode == 212) {
      const std::int64_t done = unpack_212(block, blocks, to);
      unpack<Format>(block + done * Format::kBytes, blocks - done, to + done * Format::kValues);
    } else {
      unpack<Format>(block, blocks, to);
    }
    block += blocks * Format::kBytes;
    to += blocks * Format::kValues;
    for (int k = 0; k < left % Format::kValues; ++k) *to++ = Format::value(block, k);
  }

 private:
  Bytes data_;
};

template <typename Format>
constexpr SignalFormat packed() {
  constexpr auto kMissing = static_cast<std::int32_t>(-(std::int64_t{1} << (Format::kBits - 1)));
  return {Format::kCode,
          Format::kBits,
          kMissing,
          &bytes_for<Format>,
          Format::kBytes,
          [](SignalFile file) -> std::unique_ptr<SampleSource> {
            return std::make_unique<Packed<Format>>(std::move(file));
          }};
}

template <int kCode, int kBits>
constexpr SignalFormat flac() {
  return {kCode,   kBits, -(1 << (kBits - 1)),
          nullptr, 1,     [](SignalFile file) { return open_flac(std::move(file), kBits); }};
}

// Sums of differences may reach any value.
constexpr SignalFormat kDifferences = {8, 32, kNoMark, [](std::int64_t n) { return n; }, 1, &open_differences};

constexpr std::array kFormats = {kDifferences,        packed<Format16>(),  packed<Format24>(),  packed<Format32>(),
                                 packed<Format61>(),  packed<Format80>(),  packed<Format160>(), packed<Format212>(),
                                 packed<Format310>(), packed<Format311>(), flac<508, 8>(),      flac<516, 16>(),
                                 flac<524, 24>()};

}  // namespace

std::span<const SignalFormat> signal_formats() { return kFormats; }

const SignalFormat* find_signal_format(int code) {
  const auto at = std::find_if(kFormats.begin(), kFormats.end(), [&](const SignalFormat& f) { return f.code == code; });
  return at == kFormats.end() ? nullptr : &*at;
}

}  // namespace cfm::format
