#include "format/mat_layout.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "format/mat_variable.h"

namespace cfm::format {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kHeader5 = 128, kTag5 = 8, kHeader4 = 20;  // bytes
constexpr std::uint32_t kMatrix5 = 14, kCompressed5 = 15;        // miMATRIX, miCOMPRESSED

std::uint32_t word(std::string_view file, std::size_t at, bool big) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<std::uint8_t>(file[at + (big ? i : 3 - i)]);
  }
  return value;
}

[[noreturn]] void refuse_end(const std::string& path, std::size_t at, std::uint64_t end, std::size_t size) {
  throw Error(Status::kMalformed, "{}: truncated: {} bytes where the variable at byte {} reaches to {}", path, size, at,
              end);
}

struct Header4 {
  std::uint32_t type, rows, columns, imaginary, name;

  // As the number MOPT says: O is 0; P the kind of number; T full, text or sparse.
  bool good() const {
    return type < 53 && type / 100 == 0 && type / 10 <= 5 && type % 10 <= 2 && imaginary <= 1 && name >= 2;
  }
  // Of the name and the numbers; at most 2^68, so it is judged before it is multiplied out.
  bool bytes(std::uint64_t& total) const {
    static constexpr std::array<std::uint64_t, 6> kSizes = {8, 4, 4, 2, 2, 1};
    std::uint64_t n = 0;
    if (__builtin_mul_overflow(std::uint64_t{rows} * columns, kSizes[type / 10] * (1 + imaginary), &n)) return false;
    return !__builtin_add_overflow(n, kHeader4 + std::uint64_t{name}, &total);
  }
};

// Big-endian files have 1000 in the type.
bool read_header_4(std::string_view file, std::size_t at, Header4& header) {
  for (const bool big : {false, true}) {
    const auto get = [&](std::size_t i) { return word(file, at + 4 * i, big); };
    header = {get(0), get(1), get(2), get(3), get(4)};
    if (big && header.type < 1000) continue;
    if (big) header.type -= 1000;
    if (header.good()) return true;
  }
  return false;
}

MatLayout check_4(std::string_view file, const std::string& path) {
  MatLayout layout{.version = MatVersion::k4};
  for (std::size_t at = 0; at < file.size(); ++layout.variables) {
    if (file.size() - at < kHeader4) refuse_end(path, at, at + kHeader4, file.size());
    Header4 header{};
    if (!read_header_4(file, at, header)) {
      throw Error(Status::kMalformed, "{}: byte {}: no variable of a MAT file of version 4", path, at);
    }
    std::uint64_t bytes = 0;
    if (!header.bytes(bytes)) {
      throw Error(Status::kMalformed, "{}: byte {}: {} x {} values are more than any file holds", path, at, header.rows,
                  header.columns);
    }
    if (bytes > file.size() - at) refuse_end(path, at, at + bytes, file.size());
    at += bytes;
  }
  return layout;
}

MatLayout check_5(std::string_view file, const std::string& path, bool big) {
  MatLayout layout{.version = MatVersion::k5};
  for (std::size_t at = kHeader5; at < file.size(); ++layout.variables) {
    if (file.size() - at < kTag5) refuse_end(path, at, at + kTag5, file.size());
    const std::uint32_t type = word(file, at, big), bytes = word(file, at + 4, big);
    if (type != kMatrix5 && type != kCompressed5) {
      throw Error(Status::kMalformed, "{}: byte {}: element of type {} where a variable should stand", path, at, type);
    }
    if (bytes > file.size() - at - kTag5) refuse_end(path, at, at + kTag5 + bytes, file.size());
    const bool compressed = type == kCompressed5;
    check_mat_variable({file.substr(at + kTag5, bytes), compressed, big},
                       fmt::format("{}: variable at byte {}", path, at));
    layout.compressed |= compressed;
    at += kTag5 + bytes;
  }
  return layout;
}

}  // namespace

bool is_mat_4(std::string_view file) {
  constexpr std::size_t kLongestName = 64;
  Header4 header{};
  if (file.size() < kHeader4 || !read_header_4(file, 0, header)) return false;
  if (header.name > kLongestName || file.size() < kHeader4 + header.name) return false;
  const std::string_view name = file.substr(kHeader4, header.name);
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return name.back() == '\0' && is_letter(name.front()) && std::all_of(name.begin(), name.end() - 1, [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
         });
}

MatLayout check_mat_lengths(std::string_view file, const std::string& path) {
  if (is_mat_4(file)) return check_4(file, path);
  if (file.size() < kHeader5) {
    throw Error(Status::kMalformed, "{}: truncated: {} bytes where the header of a MAT file has {}", path, file.size(),
                kHeader5);
  }
  const std::string_view version = file.substr(kHeader5 - 4, 4);
  if (version == "\x00\x01IM"sv) return check_5(file, path, false);
  if (version == "\x01\x00MI"sv) return check_5(file, path, true);
  if (version == "\x00\x02IM"sv || version == "\x02\x00MI"sv) return {.version = MatVersion::k73, .compressed = true};
  throw Error(Status::kMalformed, "{}: no MAT file of version 4, 5 or 7.3", path);
}

}  // namespace cfm::format
