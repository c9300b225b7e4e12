#include "base/hash.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace cfm {
namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = (c >> 1) ^ ((c & 1U) != 0 ? 0x82F63B78U : 0U);
    t[0][i] = c;
  }
  for (std::size_t i = 0; i < 256; ++i) {
    for (std::size_t k = 1; k < 8; ++k) t[k][i] = (t[k - 1][i] >> 8) ^ t[0][t[k - 1][i] & 0xFFU];
  }
  return t;
}

constexpr Tables kTables = make_tables();

// Slicing by eight (Kounavis and Berry 2008).
std::uint32_t update_portable(std::uint32_t c, const std::byte* p, std::size_t n) {
  for (; n >= 8; p += 8, n -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, 8);
    word ^= c;
    c = 0;
    for (std::size_t k = 0; k < 8; ++k) c ^= kTables[7 - k][(word >> (8 * k)) & 0xFFU];
  }
  for (; n > 0; ++p, --n) c = (c >> 8) ^ kTables[0][(c ^ static_cast<std::uint32_t>(*p)) & 0xFFU];
  return c;
}

#if defined(__x86_64__)

// Zeros(n): the linear map of a CRC register over n zero bytes, as four byte-indexed tables.
struct Shift {
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  std::uint32_t operator()(std::uint32_t c) const {
    return table[0][c & 0xFFU] ^ table[1][(c >> 8) & 0xFFU] ^ table[2][(c >> 16) & 0xFFU] ^ table[3][c >> 24];
  }
};

Shift make_shift(std::size_t bytes) {
  std::array<std::uint32_t, 32> column{};
  for (std::size_t bit = 0; bit < 32; ++bit) {
    std::uint32_t c = 1U << bit;
    for (std::size_t k = 0; k < bytes; ++k) c = (c >> 8) ^ kTables[0][c & 0xFFU];
    column[bit] = c;
  }
  Shift shift;
  for (std::size_t byte = 0; byte < 4; ++byte) {
    for (std::size_t value = 0; value < 256; ++value) {
      std::uint32_t c = 0;
      for (std::size_t bit = 0; bit < 8; ++bit) {
        if ((value >> bit & 1U) != 0) c ^= column[8 * byte + bit];
      }
      shift.table[byte][value] = c;
    }
  }
  return shift;
}

// Three independent streams hide the three-cycle latency of the crc32 instruction.
__attribute__((target("sse4.2"))) std::uint32_t update_sse42(std::uint32_t crc, const std::byte* p, std::size_t n) {
  constexpr std::size_t kLane = 1024;
  static const Shift shift = make_shift(kLane);
  std::uint64_t c = crc;
  const auto word = [](const std::byte* q) {
    std::uint64_t w = 0;
    std::memcpy(&w, q, 8);
    return w;
  };
  for (; n >= 3 * kLane; p += 3 * kLane, n -= 3 * kLane) {
    std::uint64_t a = c, b = 0, d = 0;
    for (std::size_t i = 0; i < kLane; i += 8) {
      a = _mm_crc32_u64(a, word(p + i));
      b = _mm_crc32_u64(b, word(p + kLane + i));
      d = _mm_crc32_u64(d, word(p + 2 * kLane + i));
    }
    const std::uint32_t ab = shift(static_cast<std::uint32_t>(a)) ^ static_cast<std::uint32_t>(b);
    c = shift(ab) ^ static_cast<std::uint32_t>(d);
  }
  for (; n >= 8; p += 8, n -= 8) c = _mm_crc32_u64(c, word(p));
  auto last = static_cast<std::uint32_t>(c);
  for (; n > 0; ++p, --n) last = _mm_crc32_u8(last, static_cast<unsigned char>(*p));
  return last;
}

#endif

}  // namespace

std::string hex16(std::uint64_t value) { return fmt::format("{:016x}", value); }

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t previous) {
  const std::uint32_t c = ~previous;
#if defined(__x86_64__)
  static const bool kFast = __builtin_cpu_supports("sse4.2") != 0;
  if (kFast) return ~update_sse42(c, bytes.data(), bytes.size());
#endif
  return ~update_portable(c, bytes.data(), bytes.size());
}

}  // namespace cfm
