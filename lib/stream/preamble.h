// The 64 bytes in front of each binary frame, and the rules of headers that need no JSON.
//
//   const Preamble preamble = read_preamble(bytes, max_frame);   // status 4 damaged, 3 of another version
//   std::string_view json = unpadded_header(bytes.subspan(64, preamble.header_length));
//
// Layout: cfm-stream 1.0. Errors name no file: who knows the place puts it in front.
#pragma once

#include <bit>
#include <span>

#include "stream/frame.h"

namespace cfm::stream {

static_assert(std::endian::native == std::endian::little, "cfm-stream is little-endian");

inline constexpr std::size_t kPreambleBytes = 64;
inline constexpr std::size_t kEndBytes = 512;  // of an end frame, preamble and header
inline constexpr std::string_view kMagic{"\x89\x43\x46\x4D\x0D\x0A\x1A\x0A", 8};

constexpr std::uint64_t align_up(std::uint64_t n) { return (n + (kAlignment - 1)) & ~std::uint64_t{kAlignment - 1}; }
// Bytes of a header with its padding and newline.
constexpr std::uint64_t padded_header_length(std::size_t json) { return align_up(json + 1); }

struct Preamble {
  char type = 0;
  bool crc = true;
  std::uint32_t header_length = 0;
  std::uint64_t payload_length = 0, seq = 0, part_id = 0;
  std::uint32_t payload_crc = 0, header_crc = 0;

  std::uint64_t size() const { return kPreambleBytes + header_length + align_up(payload_length); }
};

// The magic and the CRC of the preamble itself are good: a frame starts here.
bool is_preamble(std::span<const std::byte> bytes);
Preamble read_preamble(std::span<const std::byte> bytes, std::uint64_t max_frame);
void write_preamble(const Preamble& preamble, std::span<std::byte> out);

// The JSON of one line without padding; throws where the CRC or the line is bad.
std::string_view unpadded_header(const Preamble& preamble, std::span<const std::byte> header);
// CRC and the zeros behind it; `padded` reaches to the next multiple of 64.
void check_payload(const Preamble& preamble, std::span<const std::byte> padded, bool verify);

// "segment" of 'S'; the letter itself for an unknown type.
std::string word_of(char type);
// 'S' of "segment"; 0 for what is neither a word nor a letter.
char type_of(std::string_view word);
bool is_known(char type);
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace cfm::stream
