// Headers of NPY files: what NumPy's format says of an array, read strictly.
//
//   NpyHeader header = parse_npy_header(map_file(path).text(), path);
//   header.element_size * header.rows * header.columns;   // bytes there are, verified
//
// Versions 1.0, 2.0 and 3.0 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). Arrays of one or
// two dimensions of numbers; others throw kMalformed by the name of their kind, as does a file that is shorter or
// longer than its header says.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cfm::format {

enum class NpyType { kBool, kI8, kU8, kI16, kU16, kI32, kU32, kI64, kU64, kF16, kF32, kF64 };

struct NpyHeader {
  NpyType type = NpyType::kF32;
  bool swapped = false;  // the bytes of an element stand the other way round than in this machine
  bool fortran = false;  // columns one after the other, not rows
  int dimensions = 2;    // 1: one row
  std::int64_t rows = 1, columns = 0;
  std::int64_t element_size = 4;  // bytes
  std::int64_t data_offset = 0;   // bytes before the first element
};

NpyHeader parse_npy_header(std::string_view file, const std::string& path);

// "(2, 400)".
std::string shape_text(const NpyHeader& header);

// Header of an array of that shape in C order, version 1.0; `descr` as NumPy has it: "<f4".
std::string npy_header(std::string_view descr, std::span<const std::int64_t> shape);

}  // namespace cfm::format
