// Where records go as files: which form, which path, and that no two get the same.
//
//   Destination files(ExportForm::kEdf, "nights/", force, inputs);
//   auto writer = files.open("ward/0042", layout);            // nights/ward/0042.edf
//
// Throws kUsage for names that leave the folder, for a record that comes again, for a second record where the
// destination is a file, and for an existing file without `force`; kIo.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "format/writer.h"

namespace cfm::record {

enum class ExportForm { kWfdb, kEdf, kNpy };
std::optional<ExportForm> export_form(std::string_view name);  // "wfdb", "edf", "npy"

// Where records go: WFDB always into a folder; others into a file, or a folder where the path is one or ends in /.
class Destination {
 public:
  // inputs: several, or a folder, may be several records.
  Destination(ExportForm form, std::string path, bool force, const std::vector<std::string>& inputs);
  // A writer for the record (its path below the input folder). kUsage for names that leave the folder.
  std::unique_ptr<format::RecordWriter> open(const std::string& record, format::RecordLayout layout);
  // The path of a record's files, its folder made; of WFDB without a suffix. kUsage as above, and for a record that
  // comes again.
  std::string place(const std::string& record);
  bool is_folder() const { return is_folder_; }
  const std::string& path() const { return path_; }

 private:
  ExportForm form_;
  std::string path_;
  bool force_, is_folder_;
  std::set<std::string> names_;
};

}  // namespace cfm::record
