// Reader of MAT files, versions 4, 5 and 7.3: one real matrix, a variable or a field of a struct, held in memory.
//
// The shorter side of the matrix are the channels (rows where both are equal), unless as many channels are named as it
// has rows or columns. Samples stay in their type; the lowest number of 32 bits is a missing sample, as in WFDB's
// format
// 32. The rate is the user's, else a scalar beside the matrix that is called as one.
#include <hdf5.h>
#include <matio.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "format/mat_hdf5.h"
#include "format/mat_layout.h"
#include "format/memory_recording.h"
#include "format/names.h"
#include "format/readers.h"

namespace cfm::format {
namespace {

constexpr std::uint64_t kBestDeflation = 1032;  // to one, of zlib: a compressed file can't hold more
constexpr double kMostExact = 0x1p53;           // whole numbers up to here are exact in a double

// In lower case, without underscores.
constexpr std::array<std::string_view, 10> kRateNames = {
    "fs",    "samplingrate", "samplerate", "samplingfrequency", "samplefrequency", "samplingfreq",
    "srate", "sfreq",        "freq",       "frequency"};

// Neither matio nor HDF5 may be used by two threads at once.
std::mutex g_mutex;
bool g_complained = false;

void note_complaint(int level, char*) {
  if (level != MATIO_LOG_LEVEL_MESSAGE && level != (MATIO_LOG_LEVEL_DEBUG)) g_complained = true;
}

void silence() {
  static const bool done = [] {
    Mat_LogInitFunc("cfm", note_complaint);
    H5Eset_auto(H5E_DEFAULT, nullptr, nullptr);
    return true;
  }();
  static_cast<void>(done);
  g_complained = false;
}

struct CloseFile {
  void operator()(mat_t* file) const { Mat_Close(file); }
};
struct FreeVariable {
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};
using File = std::unique_ptr<mat_t, CloseFile>;
using Variable = std::unique_ptr<matvar_t, FreeVariable>;

// A variable, or a field of a struct.
struct Item {
  std::string variable, field;
  const matvar_t* info = nullptr;

  std::string label() const { return field.empty() ? variable : variable + "." + field; }
};

std::uint64_t count_of(const matvar_t& v) {
  std::uint64_t n = v.rank > 0 ? 1 : 0;
  for (int i = 0; i < v.rank; ++i) {
    if (__builtin_mul_overflow(n, std::uint64_t{v.dims[i]}, &n)) return ~std::uint64_t{0};
  }
  return n;
}

std::string kind_text(const matvar_t& v) {
  static constexpr std::array names = {"empty",  "cell",   "struct", "object", "char",     "sparse",
                                       "double", "single", "int8",   "uint8",  "int16",    "uint16",
                                       "int32",  "uint32", "int64",  "uint64", "function", "opaque"};
  const auto i = static_cast<std::size_t>(v.class_type);
  const std::string name = i < names.size() ? names[i] : "unknown";
  return fmt::format("{}{}", v.isComplex ? "complex " : "", v.isLogical ? "logical" : name);
}

std::string size_text(const matvar_t& v) {
  std::string text;
  for (int i = 0; i < v.rank; ++i) text += fmt::format("{}{}", i > 0 ? "x" : "", v.dims[i]);
  return text;
}

bool is_number(const matvar_t& v) {
  return v.class_type >= MAT_C_DOUBLE && v.class_type <= MAT_C_UINT64 && !v.isComplex;
}

// Why this can't be a recording; empty where it can.
std::string refusal(const matvar_t& v) {
  if (!is_number(v)) return fmt::format("{} array", kind_text(v));
  if (v.rank != 2) return fmt::format("array of {} dimensions ({})", v.rank, size_text(v));
  if (count_of(v) == 0) return fmt::format("empty matrix ({})", size_text(v));
  return {};
}

bool is_rate_name(std::string_view name) {
  std::string key;
  for (const char c : name) {
    if (c != '_') key += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return std::ranges::find(kRateNames, key) != kRateNames.end();
}

matvar_t* field_of(const matvar_t& v, const std::string& name) {
  return Mat_VarGetStructFieldByName(const_cast<matvar_t*>(&v), name.c_str(), 0);
}

// use(value) with value a pointer to the elements, of their own type.
template <typename Use>
bool with_elements(const matvar_t& v, const Use& use) {
  switch (v.data_type) {
    case MAT_T_INT8:
      return use(static_cast<const std::int8_t*>(v.data)), true;
    case MAT_T_UINT8:
      return use(static_cast<const std::uint8_t*>(v.data)), true;
    case MAT_T_INT16:
      return use(static_cast<const std::int16_t*>(v.data)), true;
    case MAT_T_UINT16:
      return use(static_cast<const std::uint16_t*>(v.data)), true;
    case MAT_T_INT32:
      return use(static_cast<const std::int32_t*>(v.data)), true;
    case MAT_T_UINT32:
      return use(static_cast<const std::uint32_t*>(v.data)), true;
    case MAT_T_INT64:
      return use(static_cast<const std::int64_t*>(v.data)), true;
    case MAT_T_UINT64:
      return use(static_cast<const std::uint64_t*>(v.data)), true;
    case MAT_T_SINGLE:
      return use(static_cast<const float*>(v.data)), true;
    case MAT_T_DOUBLE:
      return use(static_cast<const double*>(v.data)), true;
    default:
      return false;
  }
}

SampleType sample_type(matio_types type) {
  switch (type) {
    case MAT_T_INT8:
    case MAT_T_UINT8:
    case MAT_T_INT16:
      return SampleType::kI16;
    case MAT_T_UINT16:
    case MAT_T_INT32:
      return SampleType::kI32;
    case MAT_T_SINGLE:
      return SampleType::kF32;
    default:
      return SampleType::kF64;
  }
}

class MatReader {
 public:
  MatReader(const std::string& path, const OpenOptions& options) : path_(path), options_(options) {
    const Bytes bytes = map_file(path);
    size_ = bytes.size();
    layout_ = check_mat_lengths(bytes.text(), path);
    silence();
    if (layout_.version == MatVersion::k73) {
      for (matvar_t* info : list_hdf5(path)) keep(Variable(info));
      if (variables_.empty()) refuse_damage();
    } else {
      file_.reset(Mat_Open(path.c_str(), MAT_ACC_RDONLY));
      if (!file_) refuse_damage();
      while (Variable info{Mat_VarReadNextInfo(file_.get())}) keep(std::move(info));
      if (g_complained || variables_.size() < layout_.variables) refuse_damage();
    }
  }

  std::unique_ptr<Recording> read(const std::string& name) {
    const Item& item = chosen();
    const Variable whole = load(item.variable);
    const matvar_t* matrix = item.field.empty() ? whole.get() : field_of(*whole, item.field);
    if (matrix == nullptr || matrix->data == nullptr || count_of(*matrix) != count_of(*item.info) ||
        matrix->nbytes < count_of(*matrix) * Mat_SizeOf(matrix->data_type)) {
      refuse_damage();
    }
    const auto rows = static_cast<std::int64_t>(matrix->dims[0]), columns = static_cast<std::int64_t>(matrix->dims[1]);
    const bool by_rows = rows_are_channels(rows, columns, options_);
    const std::int64_t count = by_rows ? rows : columns;
    // matio makes doubles of the integers of version 4.
    const SampleType type = sample_type(layout_.version == MatVersion::k4 ? item.info->data_type : matrix->data_type);
    RecordingParts parts{.name = name, .fs = rate(item, *whole), .frames = by_rows ? columns : rows};
    parts.channels = plain_channels(path_, count, parts.fs, parts.frames, type, options_);
    const std::string& last = item.field.empty() ? item.variable : item.field;
    if (count == 1 && options_.channels.empty() && kind_of(last, "") != "other") {
      parts.channels[0].name = last;
      parts.channels[0].kind = kind_of(last, "");
    }
    for (std::int64_t c = 0; c < count; ++c) {
      parts.rows.push_back(samples(*matrix, item, c * (by_rows ? 1 : rows), by_rows ? rows : 1, parts.frames, type));
    }
    return std::make_unique<MemoryRecording>(std::move(parts));
  }

 private:
  [[noreturn]] void refuse_damage() const {
    throw Error(Status::kMalformed, "{}: truncated or damaged MAT file{}", path_,
                layout_.version == MatVersion::k73 ? " (version 7.3, HDF5)" : "");
  }

  void keep(Variable info) {
    if (info->name != nullptr) {
      const std::string_view name = info->name;  // by which a variable is asked for: the one that was looked at
      if (std::ranges::any_of(variables_, [&](const Variable& v) { return v->name != nullptr && v->name == name; })) {
        throw Error(Status::kMalformed, "{}: damaged: two variables named {}", path_, in_quotes(name));
      }
      items_.push_back({info->name, "", info.get()});
      if (info->class_type == MAT_C_STRUCT && count_of(*info) == 1) list_fields(*info);
    }
    variables_.push_back(std::move(info));
  }

  void list_fields(const matvar_t& info) {
    const unsigned n = Mat_VarGetNumberOfFields(const_cast<matvar_t*>(&info));
    char* const* names = Mat_VarGetStructFieldnames(&info);
    for (unsigned i = 0; i < n; ++i) {
      const matvar_t* field = field_of(info, names[i]);
      if (field != nullptr) items_.push_back({info.name, names[i], field});
    }
  }

  // "ecg (double, 1x600), fs (double, 1x1)".
  std::string inventory() const {
    std::string text;
    for (const Item& item : items_) {
      if (!text.empty()) text += ", ";
      text += fmt::format("{} ({}, {})", as_utf8(item.label()), kind_text(*item.info), size_text(*item.info));
    }
    return text.empty() ? "nothing" : text;
  }

  const Item& chosen() const {
    if (!options_.variable.empty()) {
      const auto at = std::ranges::find(items_, options_.variable, &Item::label);
      if (at == items_.end()) {
        throw Error(Status::kUsage, "{}: no variable {}; there is {}", path_, in_quotes(options_.variable),
                    inventory());
      }
      const std::string why = refusal(*at->info);
      if (!why.empty()) {
        throw Error(Status::kMalformed, "{}: {}: {}, where a real matrix of two dimensions is needed", path_,
                    at->label(), why);
      }
      return *at;
    }
    std::vector<const Item*> candidates;
    for (const Item& item : items_) {
      if (refusal(*item.info).empty() && count_of(*item.info) > 1) candidates.push_back(&item);
    }
    if (candidates.size() == 1) return *candidates.front();
    if (candidates.empty()) {
      if (items_.size() == 1) {
        const std::string why = refusal(*items_.front().info);
        throw Error(Status::kMalformed, "{}: {}: {}, where a real matrix of two dimensions is needed", path_,
                    as_utf8(items_.front().label()), why.empty() ? "single number" : why);
      }
      throw Error(Status::kMalformed, "{}: no real matrix of two dimensions; there is {}", path_, inventory());
    }
    throw Error(Status::kUsage, "{}: several matrices, --variable NAME chooses one; there is {}", path_, inventory());
  }

  // Bytes that a variable takes in memory, fields and cells included.
  static std::uint64_t bytes_of(const matvar_t* v) {
    if (v == nullptr) return 0;
    std::uint64_t bytes = 0;
    if (v->class_type != MAT_C_STRUCT && v->class_type != MAT_C_CELL) {
      const std::uint64_t size = std::max<std::uint64_t>(1, Mat_SizeOfClass(v->class_type)) * (v->isComplex ? 2 : 1);
      return __builtin_mul_overflow(count_of(*v), size, &bytes) ? ~std::uint64_t{0} : bytes;
    }
    if (v->data == nullptr || v->data_size <= 0) return 0;
    for (std::size_t i = 0; i < v->nbytes / static_cast<std::size_t>(v->data_size); ++i) {
      if (__builtin_add_overflow(bytes, bytes_of(static_cast<matvar_t* const*>(v->data)[i]), &bytes)) {
        return ~std::uint64_t{0};
      }
    }
    return bytes;
  }

  Variable load(const std::string& name) const {
    for (const Variable& info : variables_) {
      if (info->name == nullptr || info->name != name) continue;
      // A number of eight bytes may be stored in one.
      const std::uint64_t most = layout_.compressed ? kBestDeflation : 1, need = bytes_of(info.get());
      if (need / 8 > most * size_) {
        throw Error(Status::kMalformed, "{}: {} claims {} bytes, more than a file of {} holds", path_, as_utf8(name),
                    need, size_);
      }
    }
    g_complained = false;
    Variable whole{layout_.version == MatVersion::k73 ? load_hdf5(path_, name)
                                                      : Mat_VarRead(file_.get(), name.c_str())};
    if (!whole || g_complained) refuse_damage();
    return whole;
  }

  double rate(const Item& item, const matvar_t& whole) const {
    if (options_.fs) return required_rate(path_, options_);
    for (const bool beside : {true, false}) {
      for (const Item& other : items_) {
        const bool is_beside = other.variable == item.variable;
        if (is_beside != beside || (!beside && !other.field.empty())) continue;
        if (!is_rate_name(other.field.empty() ? other.variable : other.field)) continue;
        if (!is_number(*other.info) || count_of(*other.info) != 1) continue;
        const Variable loaded = beside ? nullptr : load(other.variable);
        const matvar_t* v = beside ? field_of(whole, other.field) : loaded.get();
        if (v == nullptr || v->data == nullptr) refuse_damage();
        double fs = 0;
        with_elements(*v, [&](const auto* x) { fs = static_cast<double>(*x); });
        if (std::isfinite(fs) && fs > 0) return fs;
        throw Error(Status::kMalformed, "{}: {} is {}, which is no rate; --fs F gives it, in Hz", path_, other.label(),
                    fs);
      }
    }
    return required_rate(path_, options_);
  }

  Samples samples(const matvar_t& matrix, const Item& item, std::int64_t first, std::int64_t stride, std::int64_t count,
                  SampleType type) const {
    Samples out;
    const bool real = is_real(type);
    out.real.resize(real ? static_cast<std::size_t>(count) : 0);
    out.digital.resize(real ? 0 : static_cast<std::size_t>(count));
    const bool known = with_elements(matrix, [&]<typename T>(const T* from) {
      from += first;
      for (double& x : out.real) {
        x = static_cast<double>(*from);
        if (sizeof(T) == 8 && std::is_integral_v<T> && std::fabs(x) >= kMostExact) {
          throw Error(Status::kMalformed, "{}: {}: {} is beyond 2^53, where whole numbers can't be kept exactly", path_,
                      item.label(), x);
        }
        from += stride;
      }
      for (std::int32_t& x : out.digital) {
        x = static_cast<std::int32_t>(*from);
        from += stride;
      }
    });
    if (!known) refuse_damage();
    return out;
  }

  std::string path_;
  OpenOptions options_;
  std::uint64_t size_ = 0;
  MatLayout layout_;
  File file_;
  std::vector<Variable> variables_;
  std::vector<Item> items_;
};

}  // namespace

std::unique_ptr<Recording> open_mat(const std::string& path, const std::string& name, const OpenOptions& options) {
  const std::lock_guard lock(g_mutex);
  return MatReader(path, options).read(name);
}

}  // namespace cfm::format
