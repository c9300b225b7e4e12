// Lengths within a MAT file, verified before anything else reads it.
//
//   MatLayout layout = check_mat_lengths(map_file(path).text(), path);
//   layout.variables;    // that the file holds; unknown (0) for version 7.3, which HDF5 verifies
//
// Throws kMalformed for a file that ends within a variable, with the place and both numbers. Versions 4 and 5: MAT-File
// Format, The MathWorks, 2023.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cfm::format {

enum class MatVersion { k4, k5, k73 };

struct MatLayout {
  MatVersion version = MatVersion::k5;
  std::size_t variables = 0;
  bool compressed = false;  // any variable
};

MatLayout check_mat_lengths(std::string_view file, const std::string& path);

// Whether this is how a file of version 4 begins. It has no signature: a type number, the size, a plausible name.
bool is_mat_4(std::string_view file);

}  // namespace cfm::format
