// What a variable of a MAT file of version 5 says of itself, compared with the bytes that there are: matio allocates by
// it, and reads as far as it says.
//
//   check_mat_variable({.bytes = element, .compressed = true, .big = false}, "a.mat: byte 128");
//
// Dimensions, fields of structs, cells, and all within those. Compressed ones are inflated for it, 64 KiB at a time.
// Throws kMalformed, `where` first. MAT-File Format, The MathWorks, 2023, chapter 1.
#pragma once

#include <string>
#include <string_view>

namespace cfm::format {

struct MatVariable {
  std::string_view bytes;   // behind the tag of the element
  bool compressed = false;  // miCOMPRESSED, else miMATRIX
  bool big = false;         // big-endian
};

void check_mat_variable(const MatVariable& variable, const std::string& where);

}  // namespace cfm::format
