#include "format/mat_hdf5.h"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace cfm::format {
namespace {

// An HDF5 identifier and the function that closes it.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

struct ClassName {
  std::string_view name;
  matio_classes type;
};
constexpr std::array kClasses = {
    ClassName{"double", MAT_C_DOUBLE}, ClassName{"single", MAT_C_SINGLE}, ClassName{"int8", MAT_C_INT8},
    ClassName{"uint8", MAT_C_UINT8},   ClassName{"int16", MAT_C_INT16},   ClassName{"uint16", MAT_C_UINT16},
    ClassName{"int32", MAT_C_INT32},   ClassName{"uint32", MAT_C_UINT32}, ClassName{"int64", MAT_C_INT64},
    ClassName{"uint64", MAT_C_UINT64}, ClassName{"logical", MAT_C_UINT8}, ClassName{"char", MAT_C_CHAR},
    ClassName{"cell", MAT_C_CELL},     ClassName{"struct", MAT_C_STRUCT}, ClassName{"function_handle", MAT_C_FUNCTION},
};

std::string class_name(hid_t object) {
  const Handle attribute(H5Aopen(object, "MATLAB_class", H5P_DEFAULT), H5Aclose);
  if (attribute < 0) return {};
  const Handle type(H5Aget_type(attribute), H5Tclose);
  constexpr std::size_t kLongest = 64;
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0 || H5Tget_size(type) > kLongest) return {};
  std::string text(H5Tget_size(type), '\0');
  if (H5Aread(attribute, type, text.data()) < 0) return {};
  return text.substr(0, text.find('\0'));
}

struct Number {
  matio_classes type;
  matio_types data;
  hid_t native;
};

// The numbers of a dataset, by how they are stored; class MAT_C_EMPTY for none.
Number number_of(hid_t type) {
  const std::size_t size = H5Tget_size(type);
  if (H5Tget_class(type) == H5T_FLOAT) {
    if (size == 4) return {MAT_C_SINGLE, MAT_T_SINGLE, H5T_NATIVE_FLOAT};
    if (size == 8) return {MAT_C_DOUBLE, MAT_T_DOUBLE, H5T_NATIVE_DOUBLE};
  }
  if (H5Tget_class(type) == H5T_INTEGER) {
    const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
    if (size == 1 && is_signed) return {MAT_C_INT8, MAT_T_INT8, H5T_NATIVE_INT8};
    if (size == 1) return {MAT_C_UINT8, MAT_T_UINT8, H5T_NATIVE_UINT8};
    if (size == 2 && is_signed) return {MAT_C_INT16, MAT_T_INT16, H5T_NATIVE_INT16};
    if (size == 2) return {MAT_C_UINT16, MAT_T_UINT16, H5T_NATIVE_UINT16};
    if (size == 4 && is_signed) return {MAT_C_INT32, MAT_T_INT32, H5T_NATIVE_INT32};
    if (size == 4) return {MAT_C_UINT32, MAT_T_UINT32, H5T_NATIVE_UINT32};
    if (size == 8 && is_signed) return {MAT_C_INT64, MAT_T_INT64, H5T_NATIVE_INT64};
    if (size == 8) return {MAT_C_UINT64, MAT_T_UINT64, H5T_NATIVE_UINT64};
  }
  return {MAT_C_EMPTY, MAT_T_UNKNOWN, -1};
}

matvar_t* dataset(hid_t object, const std::string& name, bool with_values) {
  const Handle space(H5Dget_space(object), H5Sclose), type(H5Dget_type(object), H5Tclose);
  const int rank = H5Sget_simple_extent_ndims(space);
  constexpr int kMostDimensions = 8;
  if (rank < 0 || rank > kMostDimensions) return nullptr;
  hsize_t sizes[kMostDimensions] = {};
  H5Sget_simple_extent_dims(space, sizes, nullptr);
  std::vector<std::size_t> dims(sizes, sizes + rank);
  std::ranges::reverse(dims);
  while (dims.size() < 2) dims.push_back(1);
  const bool is_empty = H5Aexists(object, "MATLAB_empty") > 0;
  if (is_empty) dims.assign(2, 0);

  Number number = number_of(type);
  const std::string text = class_name(object);
  const auto known = std::ranges::find(kClasses, text, &ClassName::name);
  const bool is_compound = H5Tget_class(type) == H5T_COMPOUND;
  if (is_compound) number.type = MAT_C_DOUBLE;  // how complex numbers are stored
  const bool other_kind = known != kClasses.end() && (known->type < MAT_C_DOUBLE || known->type > MAT_C_UINT64);
  if (other_kind) number.type = known->type;
  const bool is_number = !is_empty && !is_compound && !other_kind && number.data != MAT_T_UNKNOWN;

  matvar_t* v = Mat_VarCalloc();
  if (v == nullptr) return nullptr;
  // Fields are filled as Mat_VarFree() takes them back: with malloc.
  v->name = static_cast<char*>(std::malloc(name.size() + 1));
  v->dims = static_cast<std::size_t*>(std::malloc(dims.size() * sizeof(std::size_t)));
  std::copy_n(name.c_str(), name.size() + 1, v->name);
  std::ranges::copy(dims, v->dims);
  v->rank = static_cast<int>(dims.size());
  v->class_type = number.type;
  v->data_type = number.data;
  v->isComplex = is_compound;
  v->isLogical = text == "logical";
  if (!with_values || !is_number) return v;
  const hssize_t n = H5Sget_simple_extent_npoints(space);
  v->data_size = static_cast<int>(H5Tget_size(number.native));
  v->nbytes = static_cast<std::size_t>(n) * static_cast<std::size_t>(v->data_size);
  v->data = std::malloc(std::max<std::size_t>(1, v->nbytes));
  if (v->data != nullptr && H5Dread(object, number.native, H5S_ALL, H5S_ALL, H5P_DEFAULT, v->data) >= 0) return v;
  Mat_VarFree(v);
  return nullptr;
}

std::vector<std::string> names_in(hid_t group) {
  std::vector<std::string> names;
  hsize_t at = 0;
  const auto keep = [](hid_t, const char* name, const H5L_info_t*, void* all) -> herr_t {
    if (*name != '#') static_cast<std::vector<std::string>*>(all)->emplace_back(name);  // #refs#, #subsystem#
    return 0;
  };
  H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &at, keep, &names);
  return names;
}

matvar_t* object(hid_t parent, const std::string& name, bool with_values, bool nested) {
  const Handle opened(H5Oopen(parent, name.c_str(), H5P_DEFAULT), H5Oclose);
  if (opened < 0) return nullptr;
  if (H5Iget_type(opened) == H5I_DATASET) return dataset(opened, name, with_values);
  if (H5Iget_type(opened) != H5I_GROUP) return nullptr;
  const std::vector<std::string> fields = nested ? std::vector<std::string>{} : names_in(opened);
  std::vector<const char*> texts;
  for (const std::string& field : fields) texts.push_back(field.c_str());
  std::size_t one[2] = {1, 1};
  matvar_t* v = Mat_VarCreateStruct(name.c_str(), 2, one, texts.data(), static_cast<unsigned>(texts.size()));
  for (std::size_t i = 0; v != nullptr && i < fields.size(); ++i) {
    Mat_VarSetStructFieldByIndex(v, i, 0, object(opened, fields[i], with_values, true));
  }
  return v;
}

}  // namespace

std::vector<matvar_t*> list_hdf5(const std::string& path) {
  const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  std::vector<matvar_t*> all;
  if (file < 0) return all;
  for (const std::string& name : names_in(file)) {
    if (matvar_t* v = object(file, name, false, false)) all.push_back(v);
  }
  return all;
}

matvar_t* load_hdf5(const std::string& path, const std::string& name) {
  const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  return file < 0 ? nullptr : object(file, name, true, false);
}

}  // namespace cfm::format
