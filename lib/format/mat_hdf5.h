// Variables of a MAT file of version 7.3, which is HDF5, as matio has them.
//
// matio itself knows a variable only where its class is written as MATLAB writes it, and not as other programs do
// (padded, not closed by a NUL). Datasets of numbers and structs of them, one level deep; others by their kind, without
// values. Numbers keep their type; sizes are MATLAB's, the reverse of HDF5's. Not for two threads at once.
#pragma once

#include <matio.h>

#include <string>
#include <vector>

namespace cfm::format {

// All variables, without values; the caller frees them. Empty where HDF5 can't read the file.
std::vector<matvar_t*> list_hdf5(const std::string& path);

// One variable with its values; nullptr where HDF5 can't read it.
matvar_t* load_hdf5(const std::string& path, const std::string& name);

}  // namespace cfm::format
