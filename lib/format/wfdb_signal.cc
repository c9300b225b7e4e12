#include "format/wfdb_signal.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace cfm::format {
namespace {

static_assert(std::endian::native == std::endian::little, "formats are read as they lie in memory");

// Two's complement, 16 bits, little-endian.
struct Format16 {
  static constexpr int kCode = 16, kBits = 16;
  static constexpr std::int32_t kMissing = -32768;
  static constexpr std::int64_t kBlock = 2;
  static std::int64_t bytes_for(std::int64_t n) { return 2 * n; }
  static std::int64_t values_in(std::int64_t n) { return n / 2; }

  static void decode(const std::byte* data, std::int64_t first, std::span<std::int32_t> values) {
    const std::byte* from = data + 2 * first;
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::int16_t value;
      std::memcpy(&value, from + 2 * i, sizeof value);
      values[i] = value;
    }
  }
};

// Two's complement, 12 bits: two values in three bytes, the upper halves in the second byte, the later value's on top.
struct Format212 {
  static constexpr int kCode = 212, kBits = 12;
  static constexpr std::int32_t kMissing = -2048;
  static constexpr std::int64_t kBlock = 3;
  static std::int64_t bytes_for(std::int64_t n) { return n / 2 * 3 + n % 2 * 2; }
  static std::int64_t values_in(std::int64_t n) { return n / 3 * 2 + (n % 3 == 2 ? 1 : 0); }

  static std::int32_t signed_12(std::uint32_t bits) { return static_cast<std::int32_t>(bits << 20) >> 20; }
  static std::int32_t even(const std::uint8_t* block) { return signed_12(block[0] | (block[1] & 0x0fU) << 8); }
  static std::int32_t odd(const std::uint8_t* block) { return signed_12(block[2] | (block[1] & 0xf0U) << 4); }

  static void decode(const std::byte* data, std::int64_t first, std::span<std::int32_t> values) {
    if (values.empty()) return;
    const auto* block = reinterpret_cast<const std::uint8_t*>(data) + first / 2 * 3;
    std::int32_t* to = values.data();
    std::size_t left = values.size();
    if (first % 2 != 0) {
      *to++ = odd(block);
      block += 3;
      --left;
    }
    for (std::size_t i = 0; i < left / 2; ++i) {
      to[2 * i] = even(block + 3 * i);
      to[2 * i + 1] = odd(block + 3 * i);
    }
    if (left % 2 != 0) to[left - 1] = even(block + left / 2 * 3);
  }
};

// A format whose values stand at places that can be computed.
template <typename Format>
class RandomAccess final : public SampleSource {
 public:
  explicit RandomAccess(SignalFile file) : data_(std::move(file.data)) {}
  void decode(std::int64_t first, std::span<std::int32_t> values) const override {
    Format::decode(data_.data(), first, values);
  }

 private:
  Bytes data_;
};

template <typename Format>
constexpr SignalFormat random_access() {
  return {Format::kCode,
          Format::kBits,
          Format::kMissing,
          &Format::bytes_for,
          &Format::values_in,
          Format::kBlock,
          [](SignalFile file) -> std::unique_ptr<SampleSource> {
            return std::make_unique<RandomAccess<Format>>(std::move(file));
          }};
}

constexpr std::array kFormats = {random_access<Format16>(), random_access<Format212>()};

}  // namespace

std::span<const SignalFormat> signal_formats() { return kFormats; }

const SignalFormat* find_signal_format(int code) {
  const auto at = std::find_if(kFormats.begin(), kFormats.end(), [&](const SignalFormat& f) { return f.code == code; });
  return at == kFormats.end() ? nullptr : &*at;
}

}  // namespace cfm::format
