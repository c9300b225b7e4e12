#include "format/mat_variable.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/error.h"

namespace cfm::format {
namespace {

constexpr std::uint64_t kTag = 8;  // bytes, and what elements are aligned to
constexpr std::uint32_t kInt8 = 1, kInt32 = 5, kUint32 = 6, kMatrix = 14, kUtf8 = 16;  // types
constexpr std::uint32_t kCell = 1, kStruct = 2, kObject = 3, kSparse = 5, kDouble = 6, kFunction = 16,
                        kOpaque = 17;  // classes
constexpr int kDeepest = 32;           // cells and structs in another
constexpr std::uint64_t kMostDimensions = 64, kLongestField = 256;

// Bytes of a number by its type; 0: no number.
std::uint64_t size_of_type(std::uint32_t type) {
  static constexpr std::array<std::uint8_t, 14> kSizes = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8};
  return type < kSizes.size() ? kSizes[type] : 0;
}

// The bytes of a variable in order, inflated where they are compressed.
class Input {
 public:
  Input(const MatVariable& variable, const std::string& where) : rest_(variable.bytes), where_(where) {
    if (!variable.compressed) return;
    inflated_.resize(kPiece);
    is_open_ = inflateInit(&zlib_) == Z_OK;
    if (!is_open_) throw Error(Status::kDevice, "{}: no memory to inflate", where_);
    zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest_.data()));  // which zlib does not write
    zlib_.avail_in = static_cast<uInt>(rest_.size());                           // of 32 bits in the file
    rest_ = {};
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input() {
    if (is_open_) inflateEnd(&zlib_);
  }

  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(Status::kMalformed, "{}: {}", where_, fmt::format(format, std::forward<Args>(args)...));
  }

  void read(std::uint8_t* to, std::uint64_t n) {
    while (n > 0) {
      const std::string_view piece = take(n);
      std::memcpy(to, piece.data(), piece.size());
      to += piece.size();
      n -= piece.size();
    }
  }
  void skip(std::uint64_t n) {
    while (n > 0) n -= take(n).size();
  }

 private:
  static constexpr std::size_t kPiece = 1 << 16;

  // At least one byte and at most n.
  std::string_view take(std::uint64_t n) {
    if (rest_.empty() && is_open_) {
      zlib_.next_out = inflated_.data();
      zlib_.avail_out = static_cast<uInt>(inflated_.size());
      const int status = inflate(&zlib_, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END) fail("damaged: the compressed data can't be inflated");
      rest_ = {reinterpret_cast<const char*>(inflated_.data()), inflated_.size() - zlib_.avail_out};
    }
    if (rest_.empty()) fail("truncated: the variable ends within an element");
    const std::string_view piece = rest_.substr(0, n);
    rest_.remove_prefix(piece.size());
    return piece;
  }

  std::string_view rest_;
  std::string where_;
  bool is_open_ = false;
  z_stream zlib_{};
  std::vector<Bytef> inflated_;
};

struct Tag {
  std::uint32_t type = 0;
  std::uint64_t bytes = 0;
  bool is_small = false;  // its bytes stand within the tag
  std::array<std::uint8_t, 4> small = {};
};

class Checker {
 public:
  Checker(Input& in, bool big) : in_(in), big_(big) {}

  Tag tag() {
    std::array<std::uint8_t, kTag> raw{};
    in_.read(raw.data(), raw.size());
    const std::uint32_t first = word(raw.data());
    if (first >> 16 != 0) {
      Tag tag{.type = first & 0xffff, .bytes = first >> 16, .is_small = true};
      if (tag.bytes > tag.small.size()) in_.fail("damaged: a small element of {} bytes", tag.bytes);
      std::copy_n(raw.data() + 4, 4, tag.small.begin());
      return tag;
    }
    return {.type = first, .bytes = word(raw.data() + 4)};
  }

  // What stands in the `left` bytes behind the tag of a matrix.
  void matrix(std::uint64_t left, int depth) {
    if (left == 0) return;
    if (depth > kDeepest) in_.fail("cells and structs more than {} deep", kDeepest);
    const std::vector<std::uint32_t> flags = words(left, kUint32, 2, "flags");
    const std::uint32_t kind = flags[0] & 0xff;
    if (kind == kOpaque) {  // which has no dimensions, and matio looks for them
      in_.fail("a MATLAB object (string, table, datetime, …), which can't be read; save the file without it");
    }
    if (kind == kSparse && depth > 0) {  // which matio reads with what it is in, by sizes that are not verified here
      in_.fail("a sparse matrix within a cell or struct, which can't be read; save it in full");
    }
    if (kind < kCell || kind > kOpaque) in_.fail("damaged: a variable of class {}", kind);
    std::uint64_t values = 1;
    for (const std::uint32_t n : words(left, kInt32, 0, "dimensions")) {
      if (n > INT32_MAX || __builtin_mul_overflow(values, std::uint64_t{n}, &values)) {
        in_.fail("damaged: dimensions that no file holds");
      }
    }
    const Tag name = element(left);
    if ((name.type != kInt8 && name.type != kUtf8) || (depth > 0 && name.bytes != 0)) {
      in_.fail("damaged: a name of {} bytes of type {}", name.bytes, name.type);
    }
    skip(name, left);
    if (kind == kCell || kind == kFunction) return matrices(left, values, 1, depth);
    if (kind == kStruct || kind == kObject) {
      if (kind == kObject) skip_element(left);  // name of the class
      const std::uint64_t length = words(left, kInt32, 1, "length of field names")[0];
      const Tag names = element(left);
      if (names.type != kInt8 || names.is_small || length == 0 || length > kLongestField || names.bytes % length != 0) {
        in_.fail("damaged: field names of {} bytes, {} each", names.bytes, length);
      }
      skip(names, left);
      return matrices(left, values, names.bytes / length, depth);
    }
    const bool is_complex = (flags[0] & 0x800) != 0;
    for (int part = 0; kind >= kDouble && values > 0 && part < (is_complex ? 2 : 1); ++part) {
      const Tag data = element(left);
      const std::uint64_t size = size_of_type(data.type);
      if (size == 0) in_.fail("damaged: numbers of type {}", data.type);
      if (data.bytes / size < values) {
        in_.fail("damaged: {} numbers where the dimensions promise {}", data.bytes / size, values);
      }
      skip(data, left);
    }
    in_.skip(left);
  }

 private:
  std::uint32_t word(const std::uint8_t* from) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | from[big_ ? i : 3 - i];
    return value;
  }

  // The next element, which fits into what is left; of a small one nothing is left to skip.
  Tag element(std::uint64_t& left) {
    if (left < kTag) in_.fail("damaged: {} bytes where an element should stand", left);
    const Tag next = tag();
    left -= kTag;
    if (!next.is_small && next.bytes > left) in_.fail("damaged: an element of {} bytes in {}", next.bytes, left);
    return next;
  }
  void skip(const Tag& element, std::uint64_t& left) {
    if (element.is_small) return;
    const std::uint64_t padded = std::min(left, (element.bytes + kTag - 1) / kTag * kTag);
    in_.skip(padded);
    left -= padded;
  }
  void skip_element(std::uint64_t& left) { skip(element(left), left); }

  // The numbers of an element of 32 bits each; `count` of them, or any at all where that is 0.
  std::vector<std::uint32_t> words(std::uint64_t& left, std::uint32_t type, std::uint64_t count, const char* what) {
    const Tag next = element(left);
    const std::uint64_t n = next.bytes / 4;
    // A single number stands in the tag, where matio looks for it.
    if (next.type != type || next.bytes % 4 != 0 || n == 0 || next.is_small != (n == 1) || n > kMostDimensions ||
        (count != 0 && n != count)) {
      in_.fail("damaged: {} of {} bytes of type {}", what, next.bytes, next.type);
    }
    std::vector<std::uint8_t> raw(next.small.begin(), next.small.end());
    if (!next.is_small) {
      raw.resize(next.bytes);
      in_.read(raw.data(), raw.size());
      const std::uint64_t padding = std::min(left - next.bytes, (kTag - next.bytes % kTag) % kTag);
      in_.skip(padding);
      left -= next.bytes + padding;
    }
    std::vector<std::uint32_t> values;
    for (std::uint64_t i = 0; i < n; ++i) values.push_back(word(raw.data() + 4 * i));
    return values;
  }

  void matrices(std::uint64_t left, std::uint64_t values, std::uint64_t each, int depth) {
    std::uint64_t n = 0;
    if (__builtin_mul_overflow(values, each, &n) || n > left / kTag) {
      in_.fail("damaged: {} x {} matrices in {} bytes", values, each, left);
    }
    for (; n > 0; --n) {
      const Tag next = element(left);
      if (next.type != kMatrix || next.is_small) in_.fail("damaged: an element of type {} within another", next.type);
      matrix(next.bytes, depth + 1);
      left -= next.bytes;
    }
    in_.skip(left);
  }

  Input& in_;
  bool big_;
};

}  // namespace

void check_mat_variable(const MatVariable& variable, const std::string& where) {
  Input in(variable, where);
  Checker checker(in, variable.big);
  std::uint64_t bytes = variable.bytes.size();
  if (variable.compressed) {
    const Tag tag = checker.tag();
    if (tag.type != kMatrix || tag.is_small) in.fail("damaged: a compressed element of type {}", tag.type);
    bytes = tag.bytes;
  }
  checker.matrix(bytes, 0);
}

}  // namespace cfm::format
