#include "record/destination.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace cfm::record {
namespace {

std::string_view suffix_of(ExportForm form) { return form == ExportForm::kEdf ? ".edf" : ".npy"; }

bool names_folder(const std::string& path) { return path.ends_with('/') || is_directory(path); }

// Whether a record's name is that of a file below a folder, wherever it came from.
bool names_file(std::string_view record) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  if (std::ranges::any_of(record, is_control)) return false;
  for (;;) {
    const std::size_t slash = record.find('/');
    const std::string_view part = record.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    record.remove_prefix(slash + 1);
  }
}

}  // namespace

std::optional<ExportForm> export_form(std::string_view name) {
  if (name == "wfdb") return ExportForm::kWfdb;
  if (name == "edf") return ExportForm::kEdf;
  if (name == "npy") return ExportForm::kNpy;
  return std::nullopt;
}

Destination::Destination(ExportForm form, std::string path, bool force, const std::vector<std::string>& inputs)
    : form_(form),
      path_(std::move(path)),
      force_(force),
      is_folder_(form == ExportForm::kWfdb || names_folder(path_) || inputs.size() > 1 ||
                 std::ranges::any_of(inputs, [](const std::string& input) { return is_directory(input); })) {
  if (path_.empty() || path_ == "-") {
    throw Error(Status::kUsage, "-o says where to: {}", form == ExportForm::kWfdb ? "a folder" : "a file or folder");
  }
  if (is_folder_ && is_regular_file(path_)) {
    throw Error(Status::kUsage, "{}: a file where a folder is needed for the records", path_);
  }
}

std::string Destination::place(const std::string& record) {
  namespace fs = std::filesystem;
  if (!names_file(record))
    throw Error(Status::kUsage, "record {}: no name for a file below {}", in_quotes(record), path_);
  if (!names_.insert(record).second) {
    throw Error(Status::kUsage, "record {} comes again after others; its segments must stand together", record);
  }
  if (!is_folder_) {
    if (names_.size() > 1) {
      throw Error(Status::kUsage, "{}: a second record, {}; -o FOLDER/ takes several", path_, record);
    }
    return path_;
  }
  const fs::path path = fs::path(path_) / record;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) throw Error(Status::kIo, "{}: {}", path.parent_path().string(), error.message());
  return form_ == ExportForm::kWfdb ? path.string() : path.string() + std::string(suffix_of(form_));
}

std::unique_ptr<format::RecordWriter> Destination::open(const std::string& record, format::RecordLayout layout) {
  const std::string path = place(record);
  layout.name = std::filesystem::path(record).filename().string();
  layout.force = force_;
  const auto create = [form = form_, path](const format::RecordLayout& l) {
    switch (form) {
      case ExportForm::kWfdb:
        return format::create_wfdb(path, l);
      case ExportForm::kEdf:
        return format::create_edf(path, l);
      default:
        return format::create_npy(path, l);
    }
  };
  const bool real = std::ranges::any_of(layout.channels, [](const format::Channel& c) { return is_real(c.type); });
  if (!real || form_ == ExportForm::kNpy) return create(layout);
  const int bits = form_ == ExportForm::kWfdb ? 32 : path.ends_with(".bdf") ? 24 : 16;
  return format::quantised(layout, bits, create);
}

}  // namespace cfm::record
