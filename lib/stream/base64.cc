#include <array>
#include <cstring>

#include "base/error.h"
#include "stream/text_twin.h"

namespace cfm::stream {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";  // RFC 4648

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}
constexpr auto kValues = make_values();

}  // namespace

std::string base64(std::span<const std::byte> bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k) word = word << 8 | (k < n ? static_cast<std::uint32_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += k <= n ? kDigits[word >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

std::vector<std::byte> unbase64(std::string_view text) {
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (text.size() % 4 != 0) throw Error(Status::kMalformed, "base64 of {} characters", text.size());
  std::vector<std::byte> out(text.size() / 4 * 3 - padding);
  const std::string_view digits = text.substr(0, text.size() - padding);
  std::uint32_t word = 0;
  std::size_t written = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const int value = kValues[static_cast<unsigned char>(digits[i])];
    if (value < 0) throw Error(Status::kMalformed, "character {} of base64 is none of it", i + 1);
    word = word << 6 | static_cast<std::uint32_t>(value);
    const std::size_t bits = 6 * (i % 4 + 1);
    if (bits >= 12) out[written++] = static_cast<std::byte>(word >> (i % 4 == 1 ? 4 : i % 4 == 2 ? 2 : 0));
    if (i % 4 == 3) word = 0;
  }
  return out;
}

}  // namespace cfm::stream
