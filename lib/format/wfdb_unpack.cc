#include "format/wfdb_unpack.h"

#include <algorithm>
#include <cstddef>

#include "format/recording.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cfm::format {
namespace {

#if defined(__x86_64__)

// Eight values out of twelve bytes: each pair of bytes goes to the top of a lane of 32 bits, where shifts and masks put
// its twelve bits together.
__attribute__((target("avx2"))) std::int64_t unpack_212_avx2(const std::uint8_t* from, std::int64_t blocks,
                                                             std::int32_t* to) {
  const __m256i places = _mm256_setr_epi8(-1, -1, 0, 1, -1, -1, 2, 1, -1, -1, 3, 4, -1, -1, 5, 4,  //
                                          -1, -1, 2, 3, -1, -1, 4, 3, -1, -1, 5, 6, -1, -1, 7, 6);
  const __m256i kept = _mm256_set1_epi64x(static_cast<std::int64_t>(0xf000000000000000));
  const __m256i moved = _mm256_set1_epi64x(0x0fffffffffffffff);
  std::int64_t b = 0;
  // Two loads of 16 bytes, at 0 and 4: 20 bytes are touched, of which 12 are used.
  for (; b + 7 <= blocks; b += 4, from += 12, to += 8) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 4));
    const __m256i lanes = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), places);
    const __m256i bits =
        _mm256_or_si256(_mm256_and_si256(lanes, kept), _mm256_and_si256(_mm256_slli_epi32(lanes, 4), moved));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_srai_epi32(bits, 20));
  }
  return b;
}

#endif

std::int32_t marked(std::int32_t value, std::int32_t missing) { return value == missing ? kMissing : value; }

// Neighbours, in steps of a fixed length, so that a compiler makes vectors of them.
std::int64_t mark_all(const std::int32_t* __restrict values, std::int64_t n, std::int32_t missing,
                      std::int32_t* __restrict out) {
  constexpr std::int64_t kAtOnce = 16;
  std::int64_t i = 0;
  for (; i + kAtOnce <= n; i += kAtOnce) {
    for (std::int64_t k = 0; k < kAtOnce; ++k) out[i + k] = marked(values[i + k], missing);
  }
  return i;
}

}  // namespace

std::int64_t unpack_212([[maybe_unused]] const std::uint8_t* from, [[maybe_unused]] std::int64_t blocks,
                        [[maybe_unused]] std::int32_t* to) {
#if defined(__x86_64__)
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) return unpack_212_avx2(from, blocks, to);
#endif
  return 0;
}

void pick(const std::int32_t* values, std::int64_t stride, std::int64_t n, std::int32_t missing, std::int32_t* out) {
  std::int64_t i = stride == 1 ? mark_all(values, n, missing, out) : 0;
  for (; i + 4 <= n; i += 4) {  // four loads under way at a time
    const std::int32_t* from = values + i * stride;
    const std::int32_t a = from[0], b = from[stride], c = from[2 * stride], d = from[3 * stride];
    out[i] = marked(a, missing);
    out[i + 1] = marked(b, missing);
    out[i + 2] = marked(c, missing);
    out[i + 3] = marked(d, missing);
  }
  for (; i < n; ++i) out[i] = marked(values[i * stride], missing);
}

std::uint32_t sum_of(const std::int32_t* values, std::int64_t stride, std::int64_t n) {
  constexpr std::size_t kChains = 4;  // independent, so that no addition waits for another
  std::uint32_t sums[kChains] = {};
  std::int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (std::size_t k = 0; k < kChains; ++k) {
      sums[k] += static_cast<std::uint32_t>(values[(i + static_cast<std::int64_t>(k)) * stride]);
    }
  }
  for (; i < n; ++i) sums[0] += static_cast<std::uint32_t>(values[i * stride]);
  return sums[0] + sums[1] + sums[2] + sums[3];
}

}  // namespace cfm::format
