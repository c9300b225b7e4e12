// Inner loops of reading signal files that are worth vectors: unpacking format 212, taking one signal out of many.
//
//   const std::int64_t done = unpack_212(bytes, blocks, values);   // whole blocks of 3 bytes and 2 values, from the
//   front pick(values, stride, n, missing, out);                         // out[i] is values[i * stride], kMissing if
//   missing
//
// The same values on every processor. Throws nothing.
#pragma once

#include <cstdint>

namespace cfm::format {

// Blocks done, as many as suit the processor, 0 where it has nothing to offer; reads no byte beyond `blocks` of them.
std::int64_t unpack_212(const std::uint8_t* from, std::int64_t blocks, std::int32_t* to);

void pick(const std::int32_t* values, std::int64_t stride, std::int64_t n, std::int32_t missing, std::int32_t* out);

// Sum modulo 2^32 of values[i * stride], i below n.
std::uint32_t sum_of(const std::int32_t* values, std::int64_t stride, std::int64_t n);

}  // namespace cfm::format
