// Hashes of names and of bytes.
//
//   fnv1a64("p1");                         // shards, index rows, subject hashes
//   crc32c(payload, crc32c(header));       // of the two in a row
//
// FNV-1a 64: Fowler, Noll, Vo (draft-eastlake-fnv). CRC-32C: Castagnoli 1993, reflected polynomial 0x82F63B78.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cfm {

constexpr std::uint64_t fnv1a64(std::string_view text) {
  std::uint64_t h = 0xCBF29CE484222325ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return h;
}

// 16 lower-case hexadecimal digits.
std::string hex16(std::uint64_t value);

// Continue a CRC-32C: crc32c(b, crc32c(a)) is that of a followed by b.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t previous = 0);

}  // namespace cfm
