#include "format/recording.h"

#include "base/error.h"
#include "base/file.h"
#include "format/sniff.h"
#include "format/readers.h"

namespace cfm::format {

std::unique_ptr<Recording> open_recording(const std::string& path, const std::string& name,
                                          const OpenOptions& options) {
  if (!is_regular_file(path)) throw Error(Status::kIo, "{}: no such record", path);
  switch (const FileKind kind = sniff(path)) {
    case FileKind::kWfdbHeader:
      return open_wfdb_record(path, name, options);
    default:
      throw Error(Status::kMalformed, "{}: {} is not read by this version", path, name_of(kind));
  }
}

}  // namespace cfm::format
