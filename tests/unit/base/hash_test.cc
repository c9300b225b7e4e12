#include "base/hash.h"

#include <vector>

#include "support.h"

using namespace cfm;

namespace {

std::uint32_t crc(std::string_view text, std::uint32_t previous = 0) {
  return crc32c(std::as_bytes(std::span(text)), previous);
}

// Bit by bit, as the polynomial says.
std::uint32_t slow_crc(std::string_view text) {
  std::uint32_t c = 0xFFFFFFFFU;
  for (const char ch : text) {
    c ^= static_cast<unsigned char>(ch);
    for (int k = 0; k < 8; ++k) c = c >> 1 ^ ((c & 1U) != 0 ? 0x82F63B78U : 0U);
  }
  return ~c;
}

}  // namespace

TEST_CASE("CRC-32C known answers") {
  CHECK(crc("123456789") == 0xE3069283U);
  CHECK(crc("") == 0);
  CHECK(crc(std::string(32, '\0')) == 0x8A9136AAU);  // RFC 3720, B.4
  CHECK(crc(std::string(32, '\xFF')) == 0x62A8AB43U);
}

TEST_CASE("CRC-32C of any length and in pieces") {
  std::string text(20'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * i + (i >> 8));
  for (const std::size_t n : {1UL, 7UL, 8UL, 63UL, 3071UL, 3072UL, 3073UL, 9999UL, 20'000UL}) {
    const std::string_view head(text.data(), n);
    CHECK(crc(head) == slow_crc(head));
    CHECK(crc(head.substr(n / 3), crc(head.substr(0, n / 3))) == slow_crc(head));
  }
}

TEST_CASE("FNV-1a 64 known answers") {
  static_assert(fnv1a64("") == 0xCBF29CE484222325ULL);
  CHECK(fnv1a64("a") == 0xAF63DC4C8601EC8CULL);
  CHECK(fnv1a64("foobar") == 0x85944171F73967E8ULL);
  CHECK(hex16(0xAF) == "00000000000000af");
}
