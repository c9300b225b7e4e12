#include "stream/preamble.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "base/hash.h"

namespace cfm::stream {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint16_t kFlagCrc = 1;
constexpr std::string_view kLineEnd{"\0\0\0\n", 4};

constexpr std::array<std::pair<char, std::string_view>, 6> kWords = {
    {{'H', "head"}, {'S', "segment"}, {'E', "end"}, {'x', "index"}, {'m', "metrics"}, {'n', "note"}}};

template <typename T>
T load(std::span<const std::byte> bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

template <typename T>
void store(std::span<std::byte> bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

std::string_view text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

bool is_preamble(std::span<const std::byte> bytes) {
  return bytes.size() >= kPreambleBytes && text(bytes.first(kMagic.size())) == kMagic &&
         load<std::uint32_t>(bytes, 56) == crc32c(bytes.first(56));
}

Preamble read_preamble(std::span<const std::byte> bytes, std::uint64_t max_frame) {
  if (text(bytes.first(kMagic.size())) != kMagic) throw Error(Status::kMalformed, "no frame starts here (no magic)");
  if (load<std::uint32_t>(bytes, 56) != crc32c(bytes.first(56))) {
    throw Error(Status::kMalformed, "damaged preamble (checksum)");
  }
  if (text(bytes.subspan(60, 4)) != kLineEnd || load<std::uint64_t>(bytes, 48) != 0) {
    throw Error(Status::kMalformed, "damaged preamble (reserved bytes)");
  }
  const auto version = load<std::uint8_t>(bytes, 8);
  if (version != kVersion) {
    throw Error(Status::kIncompatible, "cfm-stream version {}; this program reads version {}", version, kVersion);
  }
  Preamble p;
  p.type = static_cast<char>(bytes[9]);
  if (!is_upper(p.type) && !is_lower(p.type)) {
    throw Error(Status::kMalformed, "frame type {} is no letter", static_cast<int>(bytes[9]));
  }
  if (is_upper(p.type) && !is_known(p.type)) {
    throw Error(Status::kIncompatible, "critical frame of unknown type '{}'; a newer program is needed", p.type);
  }
  const auto flags = load<std::uint16_t>(bytes, 10);
  if ((flags & ~kFlagCrc) != 0) {
    throw Error(Status::kIncompatible, "unknown flags {:#06x}; a newer program is needed", flags);
  }
  p.crc = (flags & kFlagCrc) != 0;
  p.header_length = load<std::uint32_t>(bytes, 12);
  p.payload_length = load<std::uint64_t>(bytes, 16);
  p.seq = load<std::uint64_t>(bytes, 24);
  p.part_id = load<std::uint64_t>(bytes, 32);
  p.payload_crc = load<std::uint32_t>(bytes, 40);
  p.header_crc = load<std::uint32_t>(bytes, 44);
  if (p.header_length % kAlignment != 0 || p.header_length == 0 || p.header_length > kLargestHeader) {
    throw Error(Status::kMalformed, "header of {} bytes", p.header_length);
  }
  if (p.payload_length > max_frame) {
    throw Error(Status::kMalformed, "payload of {} bytes, more than --max-frame {}", p.payload_length, max_frame);
  }
  if (p.type == 'E' && (p.header_length != kEndBytes - kPreambleBytes || p.payload_length != 0)) {
    throw Error(Status::kMalformed, "end frame of {} bytes where {} are due", p.size(), kEndBytes);
  }
  return p;
}

void write_preamble(const Preamble& p, std::span<std::byte> out) {
  std::fill(out.begin(), out.begin() + kPreambleBytes, std::byte{0});
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  store(out, 8, kVersion);
  store(out, 9, p.type);
  store(out, 10, static_cast<std::uint16_t>(p.crc ? kFlagCrc : 0));
  store(out, 12, p.header_length);
  store(out, 16, p.payload_length);
  store(out, 24, p.seq);
  store(out, 32, p.part_id);
  store(out, 40, p.payload_crc);
  store(out, 44, p.header_crc);
  store(out, 56, crc32c(out.first(56)));
  std::memcpy(out.data() + 60, kLineEnd.data(), kLineEnd.size());
}

std::string_view unpadded_header(const Preamble& preamble, std::span<const std::byte> header) {
  if (crc32c(header) != preamble.header_crc) throw Error(Status::kMalformed, "damaged header (checksum)");
  std::string_view json = text(header);
  if (json.find('\n') != json.size() - 1) throw Error(Status::kMalformed, "header is not one line");
  json.remove_suffix(1);
  return json.substr(0, json.find_last_not_of(' ') + 1);
}

void check_payload(const Preamble& preamble, std::span<const std::byte> padded, bool verify) {
  const auto payload = padded.first(preamble.payload_length), rest = padded.subspan(preamble.payload_length);
  if (!preamble.crc ? preamble.payload_crc != 0 : verify && crc32c(payload) != preamble.payload_crc) {
    throw Error(Status::kMalformed, "damaged payload (checksum)");
  }
  if (std::any_of(rest.begin(), rest.end(), [](std::byte b) { return b != std::byte{0}; })) {
    throw Error(Status::kMalformed, "padding of the payload is not zero");
  }
}

std::string word_of(char type) {
  for (const auto& [letter, word] : kWords) {
    if (letter == type) return std::string(word);
  }
  return std::string(1, type);
}

char type_of(std::string_view word) {
  for (const auto& [letter, known] : kWords) {
    if (known == word) return letter;
  }
  return word.size() == 1 && (is_upper(word[0]) || is_lower(word[0])) && !is_known(word[0]) ? word[0] : '\0';
}

bool is_known(char type) {
  return std::any_of(kWords.begin(), kWords.end(), [&](const auto& entry) { return entry.first == type; });
}

}  // namespace cfm::stream
