// 16-bit floating point numbers in memory ↔ float.
//
//   float_of_half(0x3C00);   // 1
//   half_of(0.1);            // 0x2E66, to nearest, ties to even
//
// IEEE 754 binary16; bfloat16 is the upper half of a float.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace cfm::stream {

inline float float_of_half(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t exponent = half >> 10 & 0x1FU, fraction = half & 0x3FFU;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | fraction << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
  return sign != 0 ? -magnitude : magnitude;
}

inline float float_of_bfloat(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// Infinite where |x| is too large.
inline std::uint16_t half_of(double x) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(x) ? 0x8000U : 0U);
  if (std::isnan(x)) return 0x7E00;
  const double a = std::fabs(x);
  if (a >= 65520.0) return static_cast<std::uint16_t>(sign | 0x7C00U);
  int exponent = 0;
  std::frexp(a, &exponent);
  const int unit = a < 0x1p-14 ? -24 : exponent - 11;  // exponent of the last place
  const auto places = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(a, -unit)));
  const auto base = static_cast<std::uint32_t>(unit + 24) << 10;  // a carry of `places` moves into the exponent
  return static_cast<std::uint16_t>(sign | (base + places));
}

}  // namespace cfm::stream
