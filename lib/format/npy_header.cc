#include "format/npy_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <bit>
#include <limits>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace cfm::format {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;  // bytes; NumPy's own, of the whole header

struct Element {
  std::string_view code;  // without the byte order
  NpyType type;
  int size;
};
constexpr std::array kElements = {
    Element{"b1", NpyType::kBool, 1}, Element{"i1", NpyType::kI8, 1},  Element{"u1", NpyType::kU8, 1},
    Element{"i2", NpyType::kI16, 2},  Element{"u2", NpyType::kU16, 2}, Element{"i4", NpyType::kI32, 4},
    Element{"u4", NpyType::kU32, 4},  Element{"i8", NpyType::kI64, 8}, Element{"u8", NpyType::kU64, 8},
    Element{"f2", NpyType::kF16, 2},  Element{"f4", NpyType::kF32, 4}, Element{"f8", NpyType::kF64, 8},
};

// The literal that stands in the header: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 400), }.
class Literal {
 public:
  Literal(std::string_view text, const std::string& path) : rest_(text), path_(path) {}

  NpyHeader parse() {
    expect('{');
    bool has_descr = false, has_order = false, has_shape = false;
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !has_descr) {
        has_descr = true;
        descr();
      } else if (key == "fortran_order" && !has_order) {
        has_order = true;
        order();
      } else if (key == "shape" && !has_shape) {
        has_shape = true;
        shape();
      } else {
        fail("key {} is unknown or there twice", in_quotes(key));
      }
      if (!take(',') && !at('}')) fail("{} where a comma or }} should stand", in_quotes(rest_));
    }
    if (!trimmed_rest().empty()) fail("{} after its end", in_quotes(rest_));
    if (!has_descr || !has_order || !has_shape) fail("descr, fortran_order or shape is missing");
    return header_;
  }

 private:
  template <typename... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(Status::kMalformed, "{}: NPY header: {}", path_, fmt::format(format, std::forward<Args>(args)...));
  }

  std::string_view trimmed_rest() {
    const auto first = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(first == std::string_view::npos ? rest_.size() : first);
    return rest_;
  }
  bool at(char c) { return trimmed_rest().starts_with(c); }
  bool take(char c) {
    if (!at(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail("{} where '{}' should stand", in_quotes(rest_), c);
  }

  std::string_view quoted() {
    const char mark = at('"') ? '"' : '\'';
    expect(mark);
    const auto end = rest_.find(mark);
    if (end == std::string_view::npos) fail("a quote is opened and not closed");
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }

  void descr() {
    if (at('[')) fail("a structured array (named fields); one of plain numbers is needed");
    const std::string_view text = quoted();
    std::string_view code = text;
    const char order =
        code.empty() || std::string_view("<>=|").find(code.front()) == std::string_view::npos ? '=' : code.front();
    if (!code.empty() && order == code.front()) code.remove_prefix(1);
    for (const Element& element : kElements) {
      if (element.code != code) continue;
      header_.type = element.type;
      header_.element_size = element.size;
      const bool is_big = order == '>';
      header_.swapped =
          element.size > 1 && (order == '<' || order == '>') && is_big != (std::endian::native == std::endian::big);
      return;
    }
    refuse_kind(text, code);
  }

  [[noreturn]] void refuse_kind(std::string_view text, std::string_view code) const {
    switch (code.empty() ? '\0' : code.front()) {
      case 'O':
        fail("an object array (pickled Python objects), which is never read; save an array of numbers");
      case 'c':
        fail("a complex array ({}); save its real part or its magnitude", in_quotes(text));
      case 'V':
        fail("a structured array ({}); one of plain numbers is needed", in_quotes(text));
      case 'S':
      case 'U':
        fail("an array of text ({}); one of numbers is needed", in_quotes(text));
      case 'm':
      case 'M':
        fail("an array of times ({}); one of numbers is needed", in_quotes(text));
      default:
        fail("type {} is unknown; there are {}", in_quotes(text), known());
    }
  }

  static std::string known() {
    std::vector<std::string_view> codes;
    for (const Element& element : kElements) codes.push_back(element.code);
    return fmt::format("{}", fmt::join(codes, " "));
  }

  void order() {
    for (const auto& [word, value] : {std::pair{std::string_view("True"), true}, {std::string_view("False"), false}}) {
      if (!trimmed_rest().starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      header_.fortran = value;
      return;
    }
    fail("fortran_order {} is neither True nor False", in_quotes(rest_));
  }

  void shape() {
    expect('(');
    std::vector<std::int64_t> sizes;
    while (!take(')')) {
      if (at('-')) fail("shape: a negative size");
      const auto size = take_number<std::int64_t>(rest_);
      if (!size) fail("shape: {} is no size", in_quotes(rest_));
      sizes.push_back(*size);
      if (!take(',') && !at(')')) fail("shape: {} where a comma or ) should stand", in_quotes(rest_));
    }
    if (sizes.empty() || sizes.size() > 2) {
      fail("an array of {} dimensions ({}); one of [channels, samples] or [samples] is needed", sizes.size(),
           fmt::join(sizes, ", "));
    }
    header_.dimensions = static_cast<int>(sizes.size());
    header_.columns = sizes.back();
    if (sizes.size() == 2) header_.rows = sizes.front();
  }

  std::string_view rest_;
  const std::string& path_;
  NpyHeader header_;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view file, const std::string& path) {
  if (!file.starts_with(kMagic)) throw Error(Status::kMalformed, "{}: no NPY file", path);
  const std::size_t before_length = kMagic.size() + 2;
  const int version = file.size() > kMagic.size() ? static_cast<unsigned char>(file[kMagic.size()]) : 1;
  if (version < 1 || version > 3) throw Error(Status::kMalformed, "{}: NPY version {} is unknown", path, version);
  const std::size_t length_size = version == 1 ? 2 : 4, start = before_length + length_size;
  if (file.size() < start) {
    throw Error(Status::kMalformed, "{}: NPY header truncated: {} bytes where {} should stand", path, file.size(),
                start);
  }
  std::size_t length = 0;
  for (std::size_t i = length_size; i-- > 0;)
    length = length << 8 | static_cast<unsigned char>(file[before_length + i]);
  if (length > file.size() - start) {
    throw Error(Status::kMalformed, "{}: NPY header truncated: it claims {} bytes and {} are there", path, length,
                file.size() - start);
  }
  NpyHeader header = Literal(file.substr(start, length), path).parse();
  header.data_offset = static_cast<std::int64_t>(start + length);
  const auto there = static_cast<std::int64_t>(file.size() - start - length);
  if (header.rows == 0 || header.columns == 0) {
    throw Error(Status::kMalformed, "{}: shape {} holds no samples", path, shape_text(header));
  }
  if (header.columns > std::numeric_limits<std::int64_t>::max() / header.element_size / header.rows) {
    throw Error(Status::kMalformed, "{}: shape {} is more than any file holds; {} bytes are there", path,
                shape_text(header), there);
  }
  const std::int64_t need = header.rows * header.columns * header.element_size;
  if (there < need) {
    throw Error(Status::kMalformed, "{}: truncated: {} bytes of samples where shape {} promises {}", path, there,
                shape_text(header), need);
  }
  if (there > need) {
    throw Error(Status::kMalformed, "{}: {} bytes of samples where shape {} needs {}: {} trailing bytes", path, there,
                shape_text(header), need, there - need);
  }
  return header;
}

std::string shape_text(const NpyHeader& header) {
  return header.dimensions == 1 ? fmt::format("({},)", header.columns)
                                : fmt::format("({}, {})", header.rows, header.columns);
}

std::string npy_header(std::string_view descr, std::span<const std::int64_t> shape) {
  std::string literal = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", descr,
                                    fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  const std::size_t before = kMagic.size() + 4;
  literal.append((kAlignment - (before + literal.size() + 1) % kAlignment) % kAlignment, ' ');
  literal += '\n';
  std::string text(kMagic);
  text += '\x01';
  text += '\0';
  text += static_cast<char>(literal.size() & 0xff);
  text += static_cast<char>(literal.size() >> 8);
  return text + literal;
}

}  // namespace cfm::format
