// Four values at once, as every x86-64 and AArch64 has them; the same bits on either.
//
//   Float4 sum{}; for (…; i + 4 <= n; i += 4) sum += load4(x + i); float all = total(sum);
#pragma once

#include <cstring>

namespace cfm {

using Float4 [[gnu::vector_size(16)]] = float;

inline Float4 load4(const float* x) {
  Float4 out;
  std::memcpy(&out, x, sizeof out);
  return out;
}

inline float total(const Float4& x) { return (x[0] + x[1]) + (x[2] + x[3]); }

}  // namespace cfm
